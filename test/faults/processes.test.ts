// P17, E10, F10: several processes and threads write under one name. Nobody's bytes are mixed, nobody's lines are lost, the
// dead are taken over and the living never.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { logFiles, produce, program, readLines, until, type Producer } from '../fixtures/harness.js'
import { hidden, owners, shared, wrong } from '../fixtures/faults.js'

t.test('four processes, two of them killed and started again at once: each acknowledged line once, nothing left behind', async t => {
  const directory = join(t.testdir(), 'logs')
  const start = (writer: string, count: number): Producer => produce({ transport: shared(directory), writer, count, ackEvery: 300 })
  const survivors = ['a', 'b'].map(writer => start(writer, 8000))
  const runs = ['a', 'b'].map(writer => ({ writer, acked: 8000 }))
  let victims = ['c0', 'd0'].map(writer => start(writer, 1e9))
  for (const round of [1, 2]) {
    await Promise.all(victims.map(({ reached }) => reached(300)))
    for (const { process } of victims) process.kill('SIGKILL')
    await Promise.all(victims.map(({ exited }) => exited))
    runs.push(...victims.map(({ acked }, at) => ({ writer: `${'cd'[at]}${round - 1}`, acked })))
    victims = ['c', 'd'].map(name => start(`${name}${round}`, round === 2 ? 1000 : 1e9))
  }
  for (const { exited } of [...victims, ...survivors]) t.match(await exited, { code: 0 })
  runs.push(...['c2', 'd2'].map(writer => ({ writer, acked: 1000 })))
  t.same(await wrong(directory, runs), [], `acknowledged: ${runs.map(({ acked }) => acked).join(' + ')}`)
  for (const name of logFiles(directory, 'app')) t.ok(fs.statSync(join(directory, name)).size <= 128 * 1024, `${name} is not over size`)
  t.same(hidden(directory), [], 'nothing hidden is left after a clean end')
  for (const { errors } of [...victims, ...survivors]) t.same(errors, [])
})

t.test('a writer under SIGSTOP is not robbed, and goes on afterwards', { skip: !fs.existsSync('/proc/self/stat') && 'needs /proc' }, async t => {
  const directory = join(t.testdir(), 'logs')
  // All in one file: closed ones are for the retention of the others.
  const stopped = produce({ transport: shared(directory, { size: '10m' }), writer: 'stopped', count: 12_000, ackEvery: 500 })
  await stopped.reached(500)
  stopped.process.kill('SIGSTOP')
  await until(() => / T /.test(fs.readFileSync(`/proc/${stopped.process.pid}/stat`, 'utf8').replace(/^.*\)/, '')))
  const [owner] = owners(directory)
  const own = join(directory, owner!.claims[0]!)
  const before = fs.statSync(own).size
  const others = ['b', 'c'].map(writer => produce({ transport: shared(directory, { limit: { count: 1 } }), writer, count: 3000 }))
  for (const other of others) t.match(await other.exited, { code: 0 })
  t.equal(fs.statSync(own).size, before, 'its file is untouched, and not removed by their retention')
  t.same(owners(directory).map(({ id }) => id), [owner!.id], 'its directory is there')
  stopped.process.kill('SIGCONT')
  t.match(await stopped.exited, { code: 0 })
  t.same(await wrong(directory, [{ writer: 'stopped', acked: 12_000 }]), [])
  t.same(hidden(directory), [])
})

t.test('two transports of one configuration in each of four threads of one process', async t => {
  const directory = join(t.testdir(), 'logs')
  const child = program('threads.js', { transport: shared(directory, { size: '64k' }), threads: 4, count: 1000 })
  t.match(await child.exited, { code: 0 })
  t.ok(child.messages.some(({ acknowledged }) => acknowledged), 'every line flushed')
  const writers = [0, 1, 2, 3].flatMap(thread => [`${thread}-0`, `${thread}-1`])
  t.same(await wrong(directory, writers.map(writer => ({ writer, acked: 1000 }))), [])
  t.equal((await readLines(directory, 'app')).length, 8000)
  t.same(hidden(directory), [])
})

t.test('in a directory whose path is longer than a socket may have, writers see each other all the same', async t => {
  const directory = join(t.testdir(), 'deep'.repeat(10), 'deeper'.repeat(10), 'logs')
  t.ok(directory.length > 107)
  const [living, victim] = ['living', 'victim'].map(writer => produce({ transport: shared(directory), writer, count: 1e9, ackEvery: 300 })) as [Producer, Producer]
  await Promise.all([victim.reached(600), living.reached(300)])
  t.same(owners(directory).map(({ socket }) => socket), [true, true], 'both have sockets')
  victim.process.kill('SIGKILL')
  await victim.exited
  const next = produce({ transport: shared(directory), writer: 'next', count: 500 })
  t.match(await next.exited, { code: 0 })
  t.same(owners(directory).map(({ pid }) => pid), [living.process.pid], 'the dead one is cleared away, the living one is not')
  await living.reached(living.acked + 300)
  living.process.kill('SIGKILL')
  await living.exited
  const last = produce({ transport: shared(directory), writer: 'last', count: 10 })
  t.match(await last.exited, { code: 0 })
  const runs = [{ writer: 'living', acked: living.acked }, { writer: 'victim', acked: victim.acked }, { writer: 'next', acked: 500 }, { writer: 'last', acked: 10 }]
  t.same(await wrong(directory, runs), [])
  t.same(hidden(directory), [])
})
