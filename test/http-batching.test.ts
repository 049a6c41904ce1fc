// When a batch leaves and how large it may be, for journals on disk and in memory: each trigger alone, both maxima, and what a journal in
// memory does when it is about to be full, when memory is short and at its end.
import t from 'tap'
import { Block } from '../lib/journal/block.js'
import { Forecast } from '../lib/journal/forecast.js'
import type { Amount } from '../lib/amount.js'
import { MemoryJournal, type MemorySegment } from '../lib/journal/memory.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import { stayAwake, until } from './fixtures/harness.js'
import { range } from './fixtures/jsonl.js'
import { runs, turn } from './fixtures/outage.js'
import { judge, receiver, type Request } from './fixtures/receiver.js'
import { sender } from './fixtures/sender.js'

const AGE = 1000
const ON_ITS_WAY = 3000
const MOST = 16 * 1024
const BOUND = { maxRecords: 10_000, maxBytes: 8 * 1024 * 1024 }

stayAwake(t)
t.jobs = 4

const dir = t.testdir()
const place = await receiver(t, { texts: true })
const KINDS = ['disk', 'memory'] as const
await place.script(Object.fromEntries(KINDS.flatMap(kind => ['growth', 'most'].map(name => [`/${kind}-${name}`, [{ delay: ON_ITS_WAY }, {}]]))))
const senders = await sender(t)
const sizes = (requests: Request[]): number[] => requests.map(({ lines }) => lines)
const times = (request: Request): number => JSON.parse(request.text!.split('\n')[0]!).time as number

for (const kind of KINDS) {
  const open = (name: string, options: object) => senders.open({
    url: `${place.url}/${kind}-${name}`, name: `${kind}-${name}`, journal: kind === 'memory' ? 'memory' : { dir }, ...options
  })
  const came = (name: string): Promise<Request[]> => place.requests(`/${kind}-${name}`)

  t.test(`${kind}: as many lines as the trigger says are a batch, whatever their age`, { buffered: true }, async t => {
    const outlet = await open('records', { batch: { flushRecords: 50, flushAge: false } })
    await outlet.log(49)
    await outlet.reaches(({ acceptedRecords }) => acceptedRecords === 49)
    await outlet.log(1)
    await outlet.reaches(({ deliveredRecords }) => deliveredRecords === 50)
    await outlet.log(30)
    await outlet.flush()
    t.strictSame(sizes(await came('records')), [50, 30])
    await outlet.end()
  })

  t.test(`${kind}: a line leaves when it is as old as the trigger says, within 10 %; without triggers only flush() sends`, { buffered: true }, async t => {
    const [aged, never] = await Promise.all([
      open('age', { batch: { flushRecords: false, flushAge: AGE } }), open('never', { batch: { flushRecords: false, flushAge: false } })
    ])
    await never.log(300)
    for (const round of range(5)) {
      await aged.log(2)
      await aged.reaches(({ deliveredRecords }) => deliveredRecords === 2 * round + 2)
    }
    const requests = await came('age')
    const waits = requests.map(request => request.at - times(request)).sort((a, b) => a - b)
    t.ok(waits[0]! >= AGE - 2 && waits[2]! <= AGE * 1.1, `${waits.join(', ')} ms`)
    t.strictSame(sizes(requests), [2, 2, 2, 2, 2])
    t.strictSame(await came('never'), [])
    await never.flush()
    t.strictSame(sizes(await came('never')), [300])
    await Promise.all([aged.end(), never.end()])
  })

  t.test(`${kind}: while a batch is on its way, the next one grows`, { buffered: true }, async t => {
    const outlet = await open('growth', { batch: { flushRecords: 1, flushAge: 10 } })
    await outlet.log(1)
    await until(async () => (await came('growth')).length > 0)
    for (const lines of [100, 150, 250]) await outlet.log(lines)
    await outlet.flush()
    t.strictSame(sizes(await came('growth')), [1, 500])
    await outlet.end()
  })

  t.test(`${kind}: no batch has more lines or bytes than its most, but for a line that is longer by itself`, { buffered: true }, async t => {
    const outlet = await open('most', { batch: { flushRecords: 1, maxRecords: 100, maxBytes: MOST } })
    await outlet.log(1)
    await until(async () => (await came('most')).length > 0)
    await outlet.log(1000)
    await outlet.log(40, { pad: 1000 })
    await outlet.log(1, { pad: 40_000 })
    await outlet.log(10, { pad: 1000 })
    await outlet.log(1, { pad: 20_000 })
    await outlet.flush()
    const requests = await came('most')
    t.strictSame(sizes(requests).slice(0, 11), [1, ...range(10).map(() => 100)])
    const bytes = requests.map(({ text }) => Buffer.byteLength(text!))
    const wrong = requests.filter(({ lines, text }, at) => {
      const next = requests[at + 1]?.text?.split('\n')[0]
      const tooMuch = lines > 1 && (lines > 100 || bytes[at]! > MOST)
      const tooLittle = at > 0 && next !== undefined && lines < 100 && bytes[at]! + Buffer.byteLength(next) + 1 <= MOST
      return tooMuch || tooLittle || (bytes[at]! > MOST && text!.split('\n').length > 2)
    })
    t.strictSame(wrong, [])
    t.equal(bytes.filter(length => length > MOST).length, 2)
    t.equal(runs(judge(requests).accepted.get('w')), '0-1052')
    await outlet.end()
  })
}

interface Rise { forecasts?: boolean, width?: number, jump?: number, bound?: { maxRecords: number, maxBytes: number } }

/** Ten seconds of lines that come faster and faster, up to 20 a ms, while a delivery takes 200 ms. In the midst of one the wall clock is set by `jump` ms. */
async function rise ({ forecasts = true, width = 100, jump = 0, bound = BOUND }: Rise): Promise<{ batches: number, most: Amount, dropped: number }> {
  let [wall, running, batches, ahead] = [Date.UTC(2026, 0, 1), 0, 0, jump]
  let held: { segment: MemorySegment, since: number } | undefined
  const monitor = new Monitor('test', () => {})
  const forecast = forecasts ? { forecast: new Forecast(bound, () => false) } : {}
  const journal = new MemoryJournal({ monitor, rule: {}, ...bound, whenFull: 'drop-newest', blockTimeout: 0, now: () => wall, uptime: () => running, ...forecast })
  const take = (): void => {
    journal.next().then(segment => {
      held = segment && { segment, since: running }
      batches++
    })
  }
  take()
  const most = { records: 0, bytes: 0 }
  for (; running < 10_000; running += 5, wall += 5) {
    if (running > 5000 && held && running - held.since > 100) [wall, ahead] = [wall + ahead, 0]
    const records = running / 100
    if (records >= 1) journal.append(new Block(Buffer.alloc(Math.floor(records) * width, 0x0a), Math.floor(records)))
    await turn()
    const { pendingRecords, pendingBytes } = monitor.counters.read()
    most.records = Math.max(most.records, pendingRecords)
    most.bytes = Math.max(most.bytes, pendingBytes)
    if (!held || running - held.since < 200) continue
    await journal.remove(held.segment, {})
    held = undefined
    take()
  }
  const { dropped } = monitor.counters.read()
  await journal.close(0)
  return { batches, most, dropped: dropped.full }
}

t.test('a journal in memory is sent before it is full, however fast the rate rises: by records and by bytes', async t => {
  const byRecords = await rise({})
  t.ok(byRecords.most.records < BOUND.maxRecords && byRecords.dropped === 0, JSON.stringify(byRecords))
  t.ok(byRecords.batches < 60, 'and yet in large batches')
  const byBytes = await rise({ width: 1000, bound: { maxRecords: 1e6, maxBytes: 8_000_000 } })
  t.ok(byBytes.most.bytes < 8_000_000 && byBytes.dropped === 0, JSON.stringify(byBytes))
  t.ok((await rise({ forecasts: false })).dropped > 0, 'without a forecast lines are dropped')
})

for (const days of [-1, 1]) {
  t.test(`a wall clock that is set by ${days} d does not mislead the forecast`, async t => {
    const [{ batches }, set] = [await rise({}), await rise({ jump: days * 86_400_000 })]
    t.equal(set.dropped, 0)
    t.ok(Math.abs(set.batches - batches) <= 3, `${set.batches} batches instead of ${batches}`)
  })
}

t.test('when memory is short, a journal in memory is sent at once', async t => {
  let [short, now] = [false, 0]
  const monitor = new Monitor('test', () => {})
  const journal = new MemoryJournal({ monitor, rule: {}, ...BOUND, whenFull: 'drop-newest', blockTimeout: 0, now: () => now, uptime: () => now, forecast: new Forecast(BOUND, () => short) })
  let sent = 0
  journal.next().then(segment => { sent = segment?.records ?? 0 })
  journal.append(new Block('{}\n', 1))
  await turn()
  t.equal(sent, 0)
  short = true
  now += 1000
  journal.append(new Block('{}\n', 1))
  await turn()
  t.equal(sent, 2)
  await journal.close(0)
})

/** Fills the heap of the thread that loads it, but for the last 14 %. */
const BALLAST = `data:text/javascript,${encodeURIComponent(`
  import v8 from 'node:v8'
  globalThis.ballast = []
  const { heap_size_limit: limit } = v8.getHeapStatistics()
  while (v8.getHeapStatistics().used_heap_size < limit * 0.86) ballast.push(Array.from({ length: 10_000 }, () => 1.5))
`)}`

t.test('when the heap of a worker is full, lines are sent that nothing else would send', async t => {
  const outlet = await senders.open({ url: `${place.url}/full`, name: 'full', journal: 'memory', batch: { flushRecords: false, flushAge: false } }, {
    execArgv: ['--import', BALLAST], resourceLimits: { maxOldGenerationSizeMb: 240, maxYoungGenerationSizeMb: 8 }
  } as object)
  await outlet.log(10)
  await t.resolves(outlet.reaches(({ deliveredRecords }) => deliveredRecords === 10))
  await outlet.end()
})
