// F1, P2, P4, P10, P11, E3: a process that logs to every output at once is killed again and again, at any moment, and started again on what it left.
// What flush() had acknowledged is in every output, once and in order; over HTTP and in an exporter it comes again under its key alone.
//
// 50 kills; KILLS=1000 in the soak. SEED=<number> repeats the moments, as far as a clock can.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { logFiles, produce, seeded } from '../fixtures/harness.js'
import { range } from '../fixtures/jsonl.js'
import { figures, oracle, total, type Run, type Verdict } from '../fixtures/oracle.js'
import { outputsIn } from '../fixtures/outputs.js'
import { receiver, type Receiver } from '../fixtures/receiver.js'

const KILLS = Number(process.env.KILLS ?? 50)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
/** Lines a second. */
const RATE = 5000
/** Every so many kills are of one that logs as fast as it can. */
const HEAVY = 5
/** Kills on the same directories. */
const ROUND = 25
const AT_ONCE = 2
const HEIRS = 5
/** Share of the kills after which files end with half a line. */
const TORN = 0.3
/** Answers that get lost, batches of which an exporter has forgotten that it has kept them. */
const FORGOTTEN = 0.25
const LONGEST = 60_000 + KILLS * 6000

/** Files that ended with half a line. */
let torn = 0

async function round (t: Test, number: number, place: Receiver): Promise<Verdict> {
  const random = seeded(SEED + number)
  const directory = join(t.testdirName, `round-${number}`)
  const outputs = outputsIn(directory, place, { path: `/${number}`, forget: FORGOTTEN })
  const runs: Run[] = []
  for (const kill of range(Math.min(ROUND, KILLS - number * ROUND))) {
    const writer = `run-${kill}`
    const heavy = kill % HEAVY === HEAVY - 1
    const producer = produce({ transport: outputs.transport, writer, ...(heavy ? { pad: 200, burst: 1000, ackEvery: 1000 } : { pad: 10, burst: 500, rate: RATE }) })
    t.teardown(() => producer.process.kill('SIGKILL'))
    await producer.reached(1)
    await new Promise(resolve => setTimeout(resolve, 5 + random() * (heavy ? 55 : 495)))
    const killed = Date.now()
    producer.process.kill('SIGKILL')
    await producer.exited
    if (random() < TORN) torn += outputs.tear()
    const { acked, logged, errors } = producer
    runs.push({ writer, acked, logged, killed })
    if (errors.length > 0) t.fail(`${writer}: ${errors.join()}`)
  }
  // What there is no time for at the end of one is for the next.
  for (let heir = 0; heir === 0 || (outputs.leftovers().length > 0 && heir < HEIRS); heir++) {
    const writer = `heir-${heir}`
    const last = produce({ transport: outputs.transport, writer, count: 100, deliver: true })
    t.match(await last.exited, { code: 0, signal: null }, last.stderr)
    runs.push({ writer, acked: 100 })
  }
  const verdict = oracle(await outputs.evidence(), runs)
  t.strictSame(verdict.faults, [], `round ${number}: ${verdict.acknowledged} lines acknowledged`)
  t.strictSame(outputs.leftovers(), [], 'nothing is left of those that were killed')
  const logs = logFiles(join(directory, 'logs'), 'app')
  t.strictSame(logs.map(name => Number(name.split('.')[1])), range(logs.length, 1), 'no number of a log is left out or used twice')
  fs.rmSync(directory, { recursive: true })
  return verdict
}

t.test(`${KILLS} SIGKILLs of a process with all outputs (SEED=${SEED})`, { timeout: LONGEST }, async t => {
  t.testdir()
  const place = await receiver(t, { script: [{ fault: 'reset after the full body', when: { share: FORGOTTEN } }, { status: 200 }], seed: 1 + SEED }, { timeout: LONGEST })
  const verdicts: Verdict[] = []
  const rounds = range(Math.ceil(KILLS / ROUND))
  await Promise.all(range(AT_ONCE).map(async () => {
    for (let number = rounds.shift(); number !== undefined; number = rounds.shift()) verdicts.push(await round(t, number, place))
  }))
  const verdict = total(verdicts)
  t.ok(verdict.outputs.slice(2).every(({ repeats }) => KILLS < ROUND || repeats > 0), 'something came again')
  t.comment(`${KILLS} kills, SEED=${SEED}: ${figures(verdict)}\n${torn} files ended with half a line`)
})
