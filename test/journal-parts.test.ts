import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { Appender } from '../lib/journal/appender.js'
import { Block, countLines, cutAt, firstLine, wholeLines } from '../lib/journal/block.js'
import { Bound, type BoundOptions } from '../lib/journal/bound.js'
import type { Amount } from '../lib/amount.js'
import { Queue } from '../lib/journal/queue.js'
import { Watermark } from '../lib/journal/watermark.js'
import { Counters } from '../lib/telemetry/counters.js'
import { LONGEST_WINDOW } from '../lib/telemetry/incidents.js'
import { fixture, seeded } from './fixtures/harness.js'

const blockOf = (...lines: string[]): Block => new Block(lines.map(line => `${line}\n`).join(''), lines.length)
const sized = (bytes: number, records = 1): Block => new Block(Buffer.alloc(bytes, 0x0a), records)
const line = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀'), maxLength: 12 })
const block = fc.array(line, { minLength: 1, maxLength: 8 }).map(lines => blockOf(...lines))
const joined = (blocks: readonly (Block | undefined)[]): string => Buffer.concat(blocks.flatMap(block => block ? [block.bytes] : [])).toString()
const records = (blocks: readonly (Block | undefined)[]): number => blocks.reduce((sum, block) => sum + (block?.records ?? 0), 0)
/** Lets promises that have settled be heard. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

t.test('a block is cut behind the last line that fits, nothing is lost and both counts are right', async () => {
  fc.assert(fc.property(block, fc.integer({ min: -5, max: 300 }), (whole, room) => {
    for (const { head, tail } of [cutAt(whole, room), firstLine(whole)]) {
      if (joined([head, tail]) !== joined([whole]) || records([head, tail]) !== whole.records) return false
      for (const part of [head, tail]) {
        if (part && (part.bytes.at(-1) !== 0x0a || countLines(part.bytes) !== part.records)) return false
      }
    }
    const { head, tail } = cutAt(whole, room)
    const fits = head?.bytes.length ?? 0
    return fits <= Math.max(0, room) && (!tail || fits + firstLine(tail).head!.bytes.length > room) && firstLine(whole).head!.records === 1 &&
      wholeLines(whole.bytes, Math.min(room, whole.bytes.length)) === fits
  }), { numRuns: 2000 })
})

t.test('a block of text is that of its bytes', async () => {
  const texts = fc.array(fc.oneof(line, fc.constantFrom('\ud800', 'x\udc00y', 'ÿ')), { minLength: 1 }).map(lines => lines.map(line => `${line}\n`).join(''))
  fc.assert(fc.property(texts, fc.nat(20), (text, at) => {
    const [bytes, block] = [Buffer.from(text), new Block(text, 1)]
    const memory = Buffer.alloc(at + bytes.length + 1, '?')
    block.copy(memory, at)
    const expected = Buffer.concat([Buffer.alloc(at, '?'), bytes, Buffer.from('?')])
    return block.length === bytes.length && !block.made && memory.equals(expected) && block.bytes.equals(bytes) && block.made
  }))
})

t.test('what is written one after the other, of all sizes, is in the file', async t => {
  const path = join(t.testdir(), 'file')
  const fd = fs.openSync(path, 'a')
  let appender = new Appender(fd)
  const random = seeded(1)
  let expected = ''
  for (const size of [0, 1, 100, 99, 250, 5_000_000, 3, 3_000_000, 4_500_000, 10, 1_000_000, 10]) {
    const texts = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, at) => String.fromCharCode(0x61 + at).repeat(Math.floor(size * random())) + '€\n')
    const blocks = texts.map(text => random() < 0.5 ? new Block(text, 1) : new Block(Buffer.from(text), 1))
    await appender.append(blocks)
    t.equal(appender.confirmed, Buffer.byteLength(texts.join('')))
    expected += texts.join('')
    if (random() < 0.3) {
      appender.release()
      appender = new Appender(fd)
    }
  }
  fs.closeSync(fd)
  t.ok(fs.readFileSync(path, 'utf8') === expected)
})

t.test('what is taken, put back and taken again leaves a queue in the order in which it came', async () => {
  const step = fc.oneof(
    fc.record({ push: block }),
    fc.record({ take: fc.integer({ min: -3, max: 200 }), lines: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 6 })), empty: fc.boolean(), again: fc.boolean() })
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), steps => {
    const queue = new Queue(() => 0)
    const [came, left]: [Block[], Block[]] = [[], []]
    for (const step of steps) {
      if ('push' in step) {
        queue.push(step.push)
        came.push(step.push)
        continue
      }
      const batch = queue.take({ bytes: step.take, records: step.lines }, step.empty)
      const bytes = joined(batch).length && Buffer.byteLength(joined(batch))
      if (bytes > Math.max(0, step.take) && !(step.empty && records(batch) === 1)) return false
      if (records(batch) > step.lines) return false
      if (step.again) queue.putBack(batch)
      else left.push(...batch)
    }
    const bytes = queue.bytes
    const rest = queue.drain()
    return joined([...left, ...rest]) === joined(came) && bytes === Buffer.byteLength(joined(rest)) && queue.empty && queue.bytes === 0
  }), { numRuns: 2000 })
})

t.test('a queue knows since when its oldest line waits', async t => {
  let now = 5
  const queue = new Queue(() => now)
  queue.push(blockOf('a'))
  now = 9
  queue.push(blockOf('b'))
  t.equal(queue.since, 5)
  queue.take({ bytes: Infinity, records: Infinity }, true)
  queue.push(blockOf('c'))
  t.equal(queue.since, 9)
})

t.test('a flush resolves when what was taken before it is secure, whatever came after it', async () => {
  const step = fc.oneof(fc.record({ take: fc.integer({ min: 1, max: 9 }) }), fc.record({ secure: fc.integer({ min: 1, max: 9 }) }), fc.constant({ wait: true }))
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
    const mark = new Watermark()
    let [taken, secured] = [0, 0]
    const waiting: Array<{ at: number, state: string }> = []
    for (const step of steps) {
      if ('take' in step) mark.take((taken += step.take, step.take))
      if ('secure' in step) {
        const bytes = Math.min(step.secure, taken - secured)
        mark.secure((secured += bytes, bytes))
      }
      if ('wait' in step) {
        const one = { at: taken, state: 'waits' }
        waiting.push(one)
        mark.reached().then(() => { one.state = 'reached' }, () => { one.state = 'failed' })
      }
      await turn()
      if (mark.ahead !== taken - secured || waiting.some(({ at, state }) => (state === 'reached') !== (at <= secured))) return false
    }
    mark.fail()
    await turn()
    return waiting.every(({ at, state }) => state === (at <= secured ? 'reached' : 'failed'))
  }), { numRuns: 200 })
})

/** A bound of 100 bytes over segments that can be given up. */
function bounded (options: Partial<BoundOptions>, segments: Amount[] = []): { bound: Bound, evicted: number[] } {
  const evicted: number[] = []
  const bound = new Bound({ maxBytes: 100, whenFull: 'drop-newest', blockTimeout: 60_000, ...options }, () => {
    const segment = segments.shift()
    if (segment) evicted.push(segment.bytes)
    return segment
  })
  for (const segment of segments) bound.book(segment)
  return { bound, evicted }
}

t.test("'drop-newest': what does not fit is refused, by bytes and by records, until something is released", async t => {
  const { bound } = bounded({ maxRecords: 5 })
  t.equal(bound.admit(sized(60)), true)
  t.equal(bound.admit(sized(41)), false)
  t.equal(bound.admit(sized(40)), true)
  bound.release({ bytes: 60, records: 1 })
  t.equal(bound.booked.bytes, 40)
  t.equal(bound.admit(sized(10, 5)), false)
  t.equal(bound.admit(sized(10, 4)), true)
})

t.test("'drop-oldest': segments go, oldest first, as many as are needed and no more", async t => {
  const { bound, evicted } = bounded({ whenFull: 'drop-oldest' }, [30, 30, 30].map(bytes => ({ bytes, records: 1 })))
  t.equal(bound.admit(sized(50)), true)
  t.same(evicted, [30, 30])
  t.equal(bound.booked.bytes, 80)
})

t.test("'drop-oldest': what could not fit anyway pushes nothing out", async t => {
  const { bound, evicted } = bounded({ whenFull: 'drop-oldest' }, [30, 30, 30].map(bytes => ({ bytes, records: 1 })))
  t.equal(bound.admit(sized(101)), false)
  t.same(evicted, [])
})

t.test("'block': waits for room, in order", async t => {
  const { bound } = bounded({ whenFull: 'block' })
  t.equal(bound.admit(sized(90)), true)
  const admitted: string[] = []
  const first = bound.admit(sized(50))
  t.type(first, Promise)
  Promise.resolve(first).then(() => admitted.push('first'))
  if (bound.admit(sized(5)) === true) admitted.push('second')
  bound.release({ bytes: 90, records: 1 })
  await turn()
  t.equal(await first, true)
  t.equal(admitted[0], 'first', 'what came later and is smaller does not go before it')
})

t.test("'block': after blockTimeout the newest is dropped, and nothing waits again until there has been room", async t => {
  const { bound } = bounded({ whenFull: 'block', blockTimeout: 20 })
  bound.admit(sized(90))
  t.equal(await bound.admit(sized(50)), false)
  t.equal(bound.admit(sized(50)), false)
  bound.release({ bytes: 10, records: 0 })
  const next = bound.admit(sized(50))
  t.type(next, Promise)
  bound.release({ bytes: 80, records: 1 })
  t.equal(await next, true)
  t.equal(bound.booked.bytes, 50)
})

t.test('a block larger than the whole bound is taken while nothing else is held, or its lines could never pass', async t => {
  for (const whenFull of ['drop-newest', 'block'] as const) {
    const { bound } = bounded({ whenFull, blockTimeout: 10 })
    t.equal(bound.admit(sized(130)), true, whenFull)
    t.equal(await bound.admit(sized(1)), false)
  }
})

t.test('figures of a worker that changes them all the time, and is terminated, are whole at every look', async t => {
  const counters = new Counters()
  const writer = new Worker(fixture('counting.js'), { workerData: { memory: counters.memory, counters: import.meta.resolve('../dist/lib/telemetry/counters.js') } })
  let torn = 0
  let last = 0
  for (let looks = 0; looks < 20_000 || last < 1000; looks++) {
    const { acceptedRecords, deliveredRecords, pendingRecords, dropped } = counters.read()
    if (acceptedRecords !== deliveredRecords + pendingRecords + dropped.full || acceptedRecords < last) torn++
    last = acceptedRecords
    if (last === 0) await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(torn, 0)
  await writer.terminate()
  const { acceptedRecords, deliveredRecords, pendingRecords, dropped } = counters.read()
  t.equal(acceptedRecords, deliveredRecords + pendingRecords + dropped.full)
  t.equal(counters.look().error, `error ${acceptedRecords}`, 'and so is the last error')
})

t.test('failures and drops lately: those of the window, whole seconds, and again none when it is over', async t => {
  const { incidents } = new Counters()
  const noon = Date.UTC(2026, 10, 20, 12)
  for (let second = 0; second < 30; second++) incidents.add({ failures: 1, dropped: 5 }, noon + second * 1000)
  t.strictSame(incidents.within(10_000, noon + 29_999), { failures: 11, dropped: 55 })
  t.strictSame(incidents.within(60_000, noon + 29_999), { failures: 30, dropped: 150 })
  t.strictSame(incidents.within(60_000, noon + 88_500), { failures: 2, dropped: 10 })
  t.strictSame(incidents.within(60_000, noon + 90_000), { failures: 0, dropped: 0 })
  incidents.add({ failures: 1, dropped: 0 }, noon + 600_000)
  t.strictSame(incidents.within(LONGEST_WINDOW, noon + 600_000), { failures: 30, dropped: 145 }, 'a slot is used again after ten minutes')
  t.strictSame(incidents.within(60_000, noon - 60_000), { failures: 0, dropped: 0 }, 'a clock that was set back')
})
