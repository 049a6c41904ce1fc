// P17 where process ids lie: writers in containers share a directory, and every one of them is process 1.
import t from 'tap'
import { join } from 'node:path'
import { program, until, type Program } from './fixtures/harness.js'
import { forbidden, hidden, namespaced, owners, shared, wrong } from './fixtures/faults.js'

const acked = (child: Program): number => Number(child.messages.findLast(message => message.acked !== undefined)?.acked ?? 0)

for (const { where, flags } of [
  { where: 'pid namespaces', flags: ['-rpf', '--mount-proc', '--kill-child'] },
  { where: 'pid and network namespaces', flags: ['-rpfn', '--mount-proc', '--kill-child'] }
]) {
  t.test(`two writers in ${where} of their own: the killed one is taken over, the living one is not`, { skip: forbidden(...flags) }, async t => {
    const directory = join(t.testdir(), 'logs')
    const start = (writer: string, count: number): Program =>
      program('producer.js', { transport: shared(directory), writer, count, ackEvery: 300 }, namespaced(flags))
    const living = start('living', 1e9)
    const runs: Array<{ writer: string, acked: number }> = []
    for (const round of [0, 1]) {
      const victim = start(`victim-${round}`, 1e9)
      await until(() => acked(victim) >= 600 && acked(living) > 0)
      t.same(owners(directory).map(({ pid, socket }) => ({ pid, socket })), [{ pid: 1, socket: true }, { pid: 1, socket: true }])
      victim.process.kill('SIGKILL')
      await victim.exited
      runs.push({ writer: `victim-${round}`, acked: acked(victim) })
    }
    living.process.kill('SIGKILL')
    await living.exited
    runs.push({ writer: 'living', acked: acked(living) })
    const last = start('last', 1000)
    t.match(await last.exited, { code: 0 })
    runs.push({ writer: 'last', acked: 1000 })
    t.same(await wrong(directory, runs), [])
    t.same(hidden(directory), [], 'nothing hidden is left after a clean end')
  })
}
