// F23, P14 for all outputs at once: however a process ends or is held up, and whatever its receiver does, it ends in time, and every line is in every
// output or waits in its journal for the next who starts. HTTP by itself, each ending under each sky: shutdown-http.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { controlled } from '../fixtures/faults.js'
import { produce, program, until } from '../fixtures/harness.js'
import { oracle, type Run } from '../fixtures/oracle.js'
import { outputsIn, type Outputs } from '../fixtures/outputs.js'
import { receiver, type Receiver, type Step } from '../fixtures/receiver.js'

const LINES = 1000
/** ms: starting on a busy machine, and the longest closeTimeout of the outputs. */
const LONGEST = 15_000 + 9000

const skies: Record<string, { listening?: boolean, script?: Step[] }> = { up: {}, down: { listening: false }, hanging: { script: [{ fault: 'hang' }] } }
/** Each ending under one sky, and what of it is seen from outside. */
const endings: Array<[how: string, sky: string, code: number | null, signal?: NodeJS.Signals]> = [
  ['drain', 'hanging', 0],
  ['exit', 'down', 0],
  ['uncaught', 'up', 1],
  ['end', 'down', 0],
  ['terminate', 'up', 0],
  ['terminate', 'hanging', 0],
  ['signals', 'hanging', null, 'SIGTERM'],
  ['signals', 'down', null, 'SIGINT']
]

interface Judged { left: string[], recovered: string[] }

/** What is wrong with these lines as they have been left; and then when somebody has started again, with a receiver that works. */
async function judged (outputs: Outputs, runs: Run[], place: Receiver): Promise<Judged> {
  const left = oracle(await outputs.evidence(), runs).faults
  await place.script([{ status: 200 }])
  await place.listen(true)
  const last = produce({ transport: outputs.transport, writer: 'last', count: 10, deliver: true })
  await last.exited
  const { faults, outputs: found } = oracle(await outputs.evidence(), [...runs, { writer: 'last', acked: 10 }])
  const pending = found.filter(({ pending }) => pending > 0).map(({ output, pending }) => `${output}: ${pending} pending`)
  return { left, recovered: [...faults, ...pending, ...outputs.leftovers()] }
}

t.jobs = 2

for (const [how, sky, code, signal = null] of endings) {
  t.test(`${signal ?? how} with the receiver ${sky}: every line is somewhere, and the process ends in time`, async t => {
    const place = await receiver(t, skies[sky])
    const outputs = outputsIn(`${t.testdir()}/base`, place)
    const child = program('ending.js', { transport: outputs.transport, lines: LINES, how })
    let began = performance.now()
    if (signal) {
      await child.said('ready')
      began = performance.now()
      child.process.kill(signal)
    }
    t.match(await child.exited, { code, signal }, child.stderr)
    t.ok(performance.now() - began < LONGEST, `${performance.now() - began} ms`)
    t.notMatch(child.stderr, /took too long|dropping/)
    const of = (key: string): number | undefined => child.messages.findLast(message => key in message)?.[key] as number | undefined
    const acked = of('logged') ?? of('flushed') ?? LINES
    const { left, recovered } = await judged(outputs, [{ writer: 'w', acked }, { writer: 'before', acked: signal ? 1 : 0 }], place)
    t.strictSame(left, [], `${acked} lines, in outputs and journals`)
    t.strictSame(recovered, [], 'and in the outputs after a restart')
  })
}

t.test('SIGSTOP, SIGCONT: nothing is lost, doubled or taken over, though another process starts, delivers and ends meanwhile', { skip: !fs.existsSync('/proc/self/stat') && 'needs /proc' }, async t => {
  const place = await receiver(t)
  const outputs = outputsIn(`${t.testdir()}/base`, place)
  const app = controlled({ transport: outputs.transport })
  t.teardown(() => app.process.kill('SIGKILL'))
  await app.said('ready')
  app.process.send({ log: LINES })
  await until(() => app.metrics().some(({ acceptedRecords }) => acceptedRecords > 0))
  app.process.kill('SIGSTOP')
  await until(() => / T /.test(fs.readFileSync(`/proc/${app.process.pid}/stat`, 'utf8').replace(/^.*\)/, '')))
  const other = produce({ transport: outputs.transport, writer: 'other', count: 300, deliver: true })
  t.match(await other.exited, { code: 0 }, other.stderr)
  app.process.kill('SIGCONT')
  await until(() => app.messages.some(({ logged }) => logged === LINES))
  await app.flush()
  await app.stop('end')
  t.strictSame([app.errors(), app.unaccounted()], [[], []])
  t.strictSame(await judged(outputs, [{ writer: 'w', acked: LINES }, { writer: 'other', acked: 300 }], place), { left: [], recovered: [] })
})
