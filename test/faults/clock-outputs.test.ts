// F16 for all outputs at once: the clock of a running process is set, forward and back, by hours and days. No line is lost or doubled, names stay unique,
// and nobody waits for a time that has gone. Rotation by time: clock.test.ts; an outage of days: http-outage.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { controlled } from '../fixtures/faults.js'
import { preloaded, produce, until } from '../fixtures/harness.js'
import { DAY, HOUR } from '../fixtures/jsonl.js'
import { oracle } from '../fixtures/oracle.js'
import { outputsIn } from '../fixtures/outputs.js'
import { receiver } from '../fixtures/receiver.js'

/** ms by which the clock is off, one after the other. */
const STEPS = [0, DAY, DAY - HOUR, -2 * DAY, -2 * DAY + HOUR, 400 * DAY, 0]
const LINES = 150

t.test('the clock is set while outputs wait, send, convert and rotate', async t => {
  const directory = t.testdir()
  const clock = join(directory, 'clock')
  const set = (ms: number): void => {
    fs.writeFileSync(`${clock}.new`, String(ms))
    fs.renameSync(`${clock}.new`, clock)
  }
  set(0)
  const place = await receiver(t, { script: [{ status: 503, headers: { 'retry-after': '1' }, when: { share: 0.2 } }, { status: 200 }] })
  const outputs = outputsIn(join(directory, 'base'), place)
  const app = controlled({ transport: { ...outputs.transport, worker: preloaded('clock.js') } }, { env: { CLOCK: clock } })
  t.teardown(() => app.process.kill('SIGKILL'))
  await app.said('ready')
  const delivered = (): number[] => app.metrics().map(({ deliveredRecords }) => deliveredRecords)
  let logged = 0
  for (const step of STEPS) {
    await app.log(LINES)
    // Something is under way when the clock is set.
    set(step)
    await app.log(LINES)
    await app.flush()
    logged += 2 * LINES
    await until(() => delivered().filter((_, at) => at !== 1).every(records => records === logged), 30_000)
  }
  await app.stop('end')
  t.strictSame([app.errors(), app.unaccounted()], [[], []])
  const last = produce({ transport: outputs.transport, writer: 'last', count: 10, deliver: true })
  t.match(await last.exited, { code: 0 }, last.stderr)
  const { faults, outputs: found } = oracle(await outputs.evidence(), [{ writer: 'w', acked: logged }, { writer: 'last', acked: 10 }])
  t.strictSame(faults, [])
  t.strictSame(found.map(({ delivered }) => delivered), Array(4).fill(logged + 10), 'everything is delivered, also what was logged in another year')
  t.strictSame(outputs.leftovers(), [])
})
