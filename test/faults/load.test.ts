// F13, F14, P5: 100,000 lines in and out; OTel's test of retries at its own rate; a receiver that takes a tenth of what is logged; a disk
// that takes 50 ms for each write. SLOW_RECEIVER=120 and SLOW_DISK=120, the seconds of the last two, in the soak.
import t, { type Test } from 'tap'
import { join } from 'node:path'
import { http, jsonl, type OutputMetrics } from 'pino-blackbox'
import { accountedFor } from '../fixtures/faults.js'
import { program, readLines, until, type Program } from '../fixtures/harness.js'
import { judge, receiver, type Receiver } from '../fixtures/receiver.js'
import { sender } from '../fixtures/sender.js'
import { spooledBytes } from '../fixtures/spooled.js'

const SLOW_RECEIVER = Number(process.env.SLOW_RECEIVER ?? 8)
const SLOW_DISK = Number(process.env.SLOW_DISK ?? 6)
const RATE = 10_000
const MB = 2 ** 20
/** ms. */
const LONGEST = 60_000 + 2000 * Math.max(SLOW_RECEIVER, SLOW_DISK)

interface Delay { mean: number, p99: number }
interface Sample { main: number, worker: number, rss: number, metrics: OutputMetrics }

interface Paced extends Program { samples (): Sample[] }

interface Load { rate: number, seconds: number, every?: number, preload?: string[] }

function paced (t: Test, transport: object, load: Load, execArgv: string[] = []): Paced {
  const child = program('paced.js', { transport, ...load }, { execArgv, timeout: LONGEST })
  t.teardown(() => child.process.kill('SIGKILL'))
  return Object.assign(child, { samples: () => child.messages.flatMap(({ sample }) => sample ? [sample as Sample] : []) })
}

/** All of `lines` lines have come, once each by key, in order. */
async function complete (t: Test, place: Receiver, lines: number): Promise<void> {
  const { accepted, altered, doubled, unordered } = judge(await place.requests())
  const seqs = accepted.get('w') ?? []
  t.strictSame({ lines: seqs.length, stray: seqs.findIndex((seq, at) => seq !== at), altered, doubled, unordered }, { lines, stray: -1, altered: [], doubled: [], unordered: [] })
}

t.test('100,000 lines in, 100,000 out', async t => {
  const place = await receiver(t)
  const outlet = await (await sender(t)).open({ url: place.url, journal: { dir: t.testdir() } })
  await outlet.log(100_000)
  await outlet.flush()
  await complete(t, place, 100_000)
  t.match(await outlet.metrics(), { acceptedRecords: 100_000, deliveredRecords: 100_000, pendingRecords: 0, failures: 0 })
  await outlet.end()
})

t.test('70 % of the answers are 503, at 10,000 lines/s for 5 s: within 10 s everything has come', async t => {
  const seconds = 5
  const place = await receiver(t, { script: [{ status: 503, when: { share: 0.7 } }, { status: 200 }], seed: 70 })
  // With the defaults, 1 s and 30 s, five refusals in a row, of which there are some here, would take longer than that.
  const child = paced(t, http({ url: place.url, journal: { dir: t.testdir() }, retry: { minDelay: 20, maxDelay: 200 } }), { rate: RATE, seconds, every: 100 })
  const { logged } = await child.said('logged')
  const stopped = Date.now()
  t.equal(logged, RATE * seconds)
  await until(() => child.samples().at(-1)!.metrics.deliveredRecords === logged, 10_000)
  t.comment(`delivered ${Date.now() - stopped} ms after the load stopped`)
  await complete(t, place, RATE * seconds)
  const requests = await place.requests()
  const refused = requests.filter(({ status }) => status === 503).length
  t.ok(refused >= requests.length / 2, `${refused} of ${requests.length} answers were 503`)
  const { metrics } = child.samples().at(-1)!
  t.match(metrics, { failures: refused, droppedRecords: 0, deadRecords: 0 })
  child.process.send('end')
  t.match(await child.exited, { code: 0 })
})

/** Of the last quarter of the samples, less that of the second: in the first one caches and pools get their size. */
function growth (samples: Sample[], which: 'main' | 'worker' | 'rss'): { bytes: number, share: number, series: string } {
  const values = samples.map(sample => sample[which])
  const median = (part: number[]): number => part.sort((a, b) => a - b)[part.length >> 1]!
  const quarter = values.length / 4
  const [before, after] = [median(values.slice(quarter, 2 * quarter)), median(values.slice(-quarter))]
  return { bytes: after - before, share: after / before - 1, series: `${which} in MB: ${values.map(bytes => (bytes / MB).toFixed(1)).join(' ')}` }
}

/** Neither memory nor the delay of the event loop shows that this process has a slow output and the other one a fast. */
function flat (t: Test, slow: Paced, fast: Paced, slowed: Delay, normal: Delay): void {
  const samples = slow.samples()
  const { main, worker, rss } = { main: growth(samples, 'main'), worker: growth(samples, 'worker'), rss: growth(samples, 'rss') }
  // Some of it comes from V8, and at the same second in both.
  const usual = Math.max(0, growth(fast.samples(), 'rss').share)
  t.ok(main.bytes <= 2 * MB, main.series)
  t.ok(worker.bytes <= 2 * MB, worker.series)
  t.ok(rss.share - usual <= 0.1, rss.series)
  const delays = `delay of the event loop: p99 ${slowed.p99.toFixed(1)} ms, mean ${slowed.mean.toFixed(1)} ms; with a fast one ${normal.p99.toFixed(1)} and ${normal.mean.toFixed(1)} ms`
  t.ok(slowed.p99 <= normal.p99 + 20, delays)
  t.ok(slowed.mean <= normal.mean + 2, delays)
  t.comment(`RSS ${(rss.share * 100).toFixed(1)} %, ${(usual * 100).toFixed(1)} % with a fast one; ${delays}`)
}

const delaysOf = async (...children: Paced[]): Promise<Delay[]> => (await Promise.all(children.map(child => child.said('logged')))).map(({ delay }) => delay as Delay)

t.test(`a receiver that takes a tenth of what is logged, for ${SLOW_RECEIVER} s: nothing grows but the journal, up to its maxSize`, { timeout: LONGEST }, async t => {
  const maxSize = 4 * MB
  const dirs = t.testdir({ slow: {}, fast: {} })
  const start = async (name: string, delay: number): Promise<{ child: Paced, place: Receiver }> => {
    const place = await receiver(t, { script: [{ delay }] }, { timeout: LONGEST })
    const options = { url: place.url, journal: { dir: join(dirs, name), maxSize }, batch: { maxRecords: RATE / 10 } }
    return { child: paced(t, http(options), { rate: RATE, seconds: SLOW_RECEIVER }, ['--expose-gc']), place }
  }
  // Side by side, so that both have the same machine.
  const [slow, fast] = await Promise.all([start('slow', 1000), start('fast', 0)])
  let most = 0
  const looking = setInterval(() => { most = Math.max(most, spooledBytes(join(dirs, 'slow'))) }, 20)
  t.teardown(() => clearInterval(looking))
  const [slowed, normal] = await delaysOf(slow.child, fast.child) as [Delay, Delay]
  clearInterval(looking)

  flat(t, slow.child, fast.child, slowed, normal)
  const samples = slow.child.samples()
  t.ok(most <= maxSize && most > maxSize / 2, `${most} bytes on disk at most, ${maxSize} allowed`)
  t.strictSame(samples.filter(({ metrics }) => !accountedFor(metrics)), [])
  const { deliveredRecords, droppedRecords, dropped } = samples.at(-1)!.metrics
  t.ok(deliveredRecords > 0 && deliveredRecords <= RATE / 10 * (SLOW_RECEIVER + 1), `${deliveredRecords} delivered meanwhile`)
  t.ok(droppedRecords > 0 && dropped.evicted === droppedRecords, `${droppedRecords} evicted`)

  await slow.place.script([{ status: 200 }])
  for (const { child, place } of [slow, fast]) {
    await until(() => child.samples().at(-1)!.metrics.pendingRecords === 0)
    const { metrics } = child.samples().at(-1)!
    const { accepted, altered, doubled, unordered } = judge(await place.requests())
    t.strictSame({ received: accepted.get('w')!.length, altered, doubled, unordered }, { received: metrics.deliveredRecords, altered: [], doubled: [], unordered: [] })
    t.equal(metrics.deliveredRecords + metrics.droppedRecords, RATE * SLOW_RECEIVER)
    child.process.send('end')
    t.match(await child.exited, { code: 0 })
  }
})

t.test(`a disk that takes 50 ms for each write, for ${SLOW_DISK} s: larger writes, nothing else`, { timeout: LONGEST }, async t => {
  const dirs = t.testdir({ slow: {}, fast: {} })
  const start = (name: string, preload: string[]): Paced =>
    paced(t, jsonl({ file: join(dirs, name, 'app'), size: '2m' }), { rate: RATE / 2, seconds: SLOW_DISK, preload }, ['--expose-gc'])
  const [slow, fast] = [start('slow', ['slow-fs.js']), start('fast', [])]
  const [slowed, normal] = await delaysOf(slow, fast) as [Delay, Delay]
  flat(t, slow, fast, slowed, normal)
  t.strictSame(slow.samples().filter(({ metrics }) => !accountedFor(metrics)), [])
  for (const [name, child] of Object.entries({ slow, fast })) {
    child.process.send('end')
    t.match(await child.exited, { code: 0 })
    const lines = await readLines(join(dirs, name), 'app')
    t.strictSame({ lines: lines.length, stray: lines.findIndex(({ seq }, at) => seq !== at) }, { lines: RATE / 2 * SLOW_DISK, stray: -1 })
  }
  const { batches } = slow.samples().at(-1)!.metrics
  t.ok(batches > 0 && batches <= SLOW_DISK * 1000 / 50 + 20, `${batches} writes`)
})
