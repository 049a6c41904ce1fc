// Journals in memory: their bounds are hard whatever comes, what goes is what the policy says, every line is accounted for at each step,
// and what is left at the end is sent for as long as there is time.
import t from 'tap'
import fc from 'fast-check'
import { MemoryJournal, type MemorySegment } from '../lib/journal/memory.js'
import { Block } from '../lib/journal/block.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import { accountedFor } from './fixtures/faults.js'
import { stayAwake, until } from './fixtures/harness.js'
import { range } from './fixtures/jsonl.js'
import { runs, seqsIn, turn } from './fixtures/outage.js'
import { judge, receiver, type Receiver } from './fixtures/receiver.js'
import { sender, type Sender } from './fixtures/sender.js'

const POLICIES = ['drop-oldest', 'drop-newest', 'block'] as const
const BOUND = { maxRecords: 40, maxBytes: 1600 }

stayAwake(t)
t.jobs = 4

const senders = await sender(t)
const path = (name: string): string => name.replace(/\W+/g, '-')

const open = (name: string, { url }: Receiver, options: { journal?: object, [option: string]: unknown } = {}, { open }: Sender = senders) => open({
  url,
  name: path(name),
  retry: { minDelay: 50, maxDelay: 50 },
  ...options,
  journal: { dir: false, ...options.journal }
})

/** Short lines that come all at once. */
const burstOf = (from: number, lines: number): string => range(lines, from).map(seq => `{"writer":"w","seq":${seq}}`).join('\n')

type Step = { append: Block } | 'take' | 'give back' | 'done' | 'hour'

/** One journal, with what the test knows of it. */
class Model {
  readonly whenFull: typeof POLICIES[number]
  running = 0
  seq = 0
  readonly monitor = new Monitor('test', () => {})
  readonly journal: MemoryJournal
  readonly out: number[] = []
  leased: MemorySegment | undefined
  /** Lines that wait for room: nothing else is read meanwhile. */
  entering: { block: Block, entered: Promise<void> } | undefined

  constructor (whenFull: typeof POLICIES[number]) {
    this.whenFull = whenFull
    const rule = { maxRecords: 10, maxBytes: 400, early: { records: 1, age: 0 } }
    this.journal = new MemoryJournal({ monitor: this.monitor, rule, ...BOUND, whenFull, blockTimeout: 60_000, maxAge: 3, uptime: () => this.running })
  }

  async do (step: Step): Promise<void> {
    const { journal, leased } = this
    if (step === 'hour') this.running++
    else if (typeof step === 'object') this.#append(step.append)
    else if (step === 'take') await this.take()
    else if (leased && step === 'give back') journal.giveBack(leased)
    else if (leased) await this.#done(leased)
    if (step === 'done' || step === 'give back') this.leased = undefined
    await turn()
  }

  /** The next segment, if there is one. */
  async take (): Promise<void> {
    if (this.leased || this.monitor.counters.get('pendingRecords') === (this.entering?.block.records ?? 0)) return
    const next = this.journal.next()
    await turn()
    // When all that waited was too old, a line that comes ends the wait.
    if (this.monitor.counters.get('pendingRecords') === 0) this.#append(lines([1]))
    this.leased = await next
  }

  async #done (segment: MemorySegment): Promise<void> {
    const seqs = seqsIn(await segment.read())
    const [dead, refused] = [seqs.filter(seq => seq % 7 === 0).length, seqs.filter(seq => seq % 7 === 1).length]
    this.out.push(...seqs)
    await this.journal.remove(segment, { dead: { records: dead, bytes: dead }, dropped: [{ why: 'refused', records: refused, bytes: refused }] })
  }

  #append (block: Block): void {
    if (this.entering) return
    const numbered = String(block.bytes).replaceAll('seq":0', () => `seq":${++this.seq}`)
    const bytes = Buffer.from(numbered)
    const entered = this.journal.append(new Block(bytes, block.records))
    if (!entered) return
    this.entering = { block: new Block(bytes, block.records), entered }
    entered.then(() => { this.entering = undefined })
  }

  /** What is not so that has to be so at all times. */
  get wrong (): string | undefined {
    const figures = this.monitor.counters.read()
    const { pendingRecords, pendingBytes, dropped } = figures
    if (!accountedFor({ kind: '', name: '', ...figures })) return `not accounted for: ${JSON.stringify(figures)}`
    const { records, bytes } = this.entering ? { records: this.entering.block.records, bytes: this.entering.block.length } : { records: 0, bytes: 0 }
    if (pendingRecords - records > BOUND.maxRecords || pendingBytes - bytes > BOUND.maxBytes) return `${pendingRecords} lines, ${pendingBytes} bytes`
    if (this.whenFull === 'drop-oldest' ? dropped.full > 0 : dropped.evicted > 0) return `dropped ${JSON.stringify(dropped)}`
    return this.out.some((seq, at) => at > 0 && seq <= this.out[at - 1]!) ? `out of order: ${runs(this.out)}` : undefined
  }
}

const lines = (pads: number[]): Block => new Block(pads.map(pad => `{"seq":0,"pad":"${'x'.repeat(pad)}"}\n`).join(''), pads.length)
const block = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 }).map(lines)
const step: fc.Arbitrary<Step> = fc.oneof({ weight: 3, arbitrary: block.map(append => ({ append })) }, fc.constantFrom('take', 'take', 'give back', 'done', 'hour'))

for (const whenFull of POLICIES) {
  t.test(`${whenFull}, any sequence: within both bounds, in order, once, what goes is what has to go`, async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const model = new Model(whenFull)
      for (const step of steps) {
        await model.do(step)
        if (model.wrong) throw new Error(model.wrong)
      }
      if (model.leased) await model.do('done')
      await model.journal.close(0)
      await turn()
      const { acceptedRecords, deliveredRecords, deadRecords, pendingRecords, dropped } = model.monitor.counters.read()
      if (model.wrong) throw new Error(model.wrong)
      return pendingRecords === 0 && deliveredRecords + deadRecords + dropped.refused === model.out.length && acceptedRecords === model.seq
    }), { numRuns: 300 })
  })

  t.test(`${whenFull}, with a dead receiver and lines in bursts: never more than the bounds say`, { buffered: true }, async t => {
    const place = await receiver(t, { script: [{ status: 503 }] })
    const outlet = await open(`bursts ${whenFull}`, place, { journal: { maxBufferRecords: 100, maxBufferBytes: '10k', whenFull, blockTimeout: 100 } })
    let [most, bytes] = [0, 0]
    for (const burst of range(10)) {
      await outlet.write(burstOf(burst * 300, 300))
      await outlet.reaches(({ acceptedRecords }) => acceptedRecords > burst * 300)
      const { pendingRecords, pendingBytes } = await outlet.metrics()
      ;[most, bytes] = [Math.max(most, pendingRecords), Math.max(bytes, pendingBytes)]
    }
    await outlet.reaches(({ acceptedRecords, pendingRecords, droppedRecords }) => acceptedRecords === 3000 && pendingRecords + droppedRecords === 3000)
    if (whenFull !== 'block') t.ok(most <= 100 && bytes <= 10 * 1024, `${most} lines, ${bytes} bytes`)
    await outlet.reaches(({ pendingRecords, pendingBytes }) => pendingRecords <= 100 && pendingBytes <= 10 * 1024, 3000).catch(error => t.fail(error.message))
    await place.script([{}])
    await outlet.flush()
    const found = judge(await place.requests()).accepted.get('w') ?? []
    if (whenFull === 'drop-oldest') t.equal(found.at(-1), 2999, `the newest is there: ${runs(found)}`)
    else t.equal(found[0], 0, `the oldest is there: ${runs(found)}`)
    t.ok(found.length >= 50, `${found.length} lines`)
    const { dropped, droppedRecords, deliveredRecords } = await outlet.metrics()
    t.equal(deliveredRecords, 3000 - droppedRecords)
    t.equal(whenFull === 'drop-oldest' ? dropped.evicted + dropped.full : dropped.full, droppedRecords)
    await outlet.end()
  })
}

t.test('default bounds, a batch on its way, and blocks of very short lines, as intake makes them: the newest are kept', async t => {
  const monitor = new Monitor('test', () => {})
  const rule = { maxRecords: 2500, maxBytes: 512 * 1024, early: { records: 200, age: 1000 } }
  const journal = new MemoryJournal({ monitor, rule, maxRecords: 10_000, maxBytes: 8 * 1024 * 1024, whenFull: 'drop-oldest', blockTimeout: 0 })
  const append = (from: number, records: number): void => { journal.append(new Block(`${burstOf(from, records)}\n`, records)) }
  append(0, 200)
  let segment = await journal.next()
  for (const from of [200, 9200, 18_200]) append(from, 9000)
  t.ok(monitor.counters.get('pendingRecords') <= 10_000)
  const found: number[] = []
  const flushed = journal.flush()
  while (segment) {
    found.push(...seqsIn(await segment.read()))
    await journal.remove(segment, {})
    segment = monitor.counters.get('pendingRecords') > 0 ? await journal.next() : undefined
  }
  await flushed
  t.match(runs(found), /-27199$/)
  t.ok(found.length > 5000, `${found.length} lines`)
  await journal.close(0)
})

const ENDS = [
  { title: 'a receiver that comes back in time gets what is left', steps: [...range(5).map(() => ({ status: 503 })), { status: 200 }], left: 0, attempts: 6 },
  { title: 'a receiver that does not: it is tried until there is no time left', steps: [{ status: 503 }], left: 10, attempts: 6 },
  { title: 'a receiver that hangs: there is no more time than closeTimeout', steps: [{ fault: 'hang' as const }], left: 10, attempts: 1 }
]

for (const { title, steps, left, attempts } of ENDS) {
  t.test(`the end, ${title}`, { buffered: true }, async t => {
    const place = await receiver(t, { script: steps })
    // The end of one holds up everybody in its process.
    const own = await sender(t)
    const outlet = await open(title, place, { closeTimeout: 2000, retry: { minDelay: '1h', maxDelay: '1h', jitter: false } }, own)
    await outlet.log(10)
    await until(async () => (await place.requests()).length > 0)
    const began = Date.now()
    await outlet.end()
    const took = Date.now() - began
    t.ok(took < 2000 + 1500 && (left === 0 || took >= 1500), `${took} ms`)
    t.match(await outlet.metrics(), { deliveredRecords: 10 - left, pendingRecords: 0, droppedRecords: left, dropped: { closed: left } })
    const requests = await place.requests()
    t.ok(requests.length >= attempts, `${requests.length} attempts`)
    t.equal(new Set(requests.map(({ key, sha256 }) => `${key} ${sha256}`)).size, 1, 'the same each time')
    t.equal(own.told(path(title)).some(line => line.includes('of the lines taken 10 were dropped (10 closed)')), left > 0, 'told')
  })
}
