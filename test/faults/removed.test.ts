// F9, P7: `rm -rf` of a directory that an output is working in. The application notices nothing, the directory comes back, what is logged from then
// on is safe, and the outputs beside it miss no line. Of the files of one output alone: rotation-outside.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { controlled } from '../fixtures/faults.js'
import { produce, until } from '../fixtures/harness.js'
import { oracle } from '../fixtures/oracle.js'
import { outputsIn } from '../fixtures/outputs.js'
import { receiver } from '../fixtures/receiver.js'

/** What is removed, and whose lines may go with it. */
const places: Array<[directory: string, of: string[]]> = [
  ['logs', ['jsonl']],
  ['.rows.blackbox', ['parquet']],
  ['rows', ['parquet']],
  ['spool', ['http', 'exporter']]
]

for (const [name, of] of places) {
  t.test(`rm -rf ${name} of a process that logs`, async t => {
    const place = await receiver(t, { script: [{ status: 503, when: { share: 0.3 } }, { status: 200 }] })
    const base = join(t.testdir(), 'base')
    const outputs = outputsIn(base, place)
    const app = controlled({ transport: outputs.transport })
    t.teardown(() => app.process.kill('SIGKILL'))
    await app.said('ready')
    let logged = 0
    const log = async (lines: number): Promise<void> => {
      await app.log(lines)
      await app.flush()
      logged += lines
    }
    const target = join(base, name)
    await log(500)
    await until(() => fs.existsSync(target))
    // Somebody may put something into it meanwhile.
    const removed = (): boolean => {
      try {
        fs.rmSync(target, { recursive: true, force: true })
        return true
      } catch {
        return false
      }
    }
    await until(removed)
    const inUse = (): boolean => fs.existsSync(target) && fs.readdirSync(target, { recursive: true, encoding: 'utf8' }).some(path => /\.(log|open|jsonl)$/.test(path))
    // Nothing has been published into the dataset yet, and nothing is lost with it.
    if (name !== 'rows') {
      await log(20)
      await until(async () => {
        // A log has to come back by itself; of a journal there is nothing when nothing waits.
        if (name !== 'logs') await log(20)
        return inUse()
      })
    }
    const from = name === 'rows' ? 0 : logged
    await log(500)
    await app.stop('end')
    t.strictSame([app.errors(), app.unaccounted()], [[], []])

    const last = produce({ transport: outputs.transport, writer: 'last', count: 10, deliver: true })
    t.match(await last.exited, { code: 0 }, last.stderr)
    const [touched, others] = [true, false].map(hit => async () => (await outputs.evidence()).filter(({ output }) => of.includes(output) === hit))
    const runs = (from: number): Parameters<typeof oracle>[1] => [{ writer: 'w', from, acked: logged }, { writer: 'last', acked: 10 }]
    t.strictSame(oracle(await touched!(), runs(from)).faults, [], `${of.join(' and ')}: lines from ${from} on`)
    t.strictSame(oracle(await others!(), runs(0)).faults, [], 'all lines of the others')
  })
}
