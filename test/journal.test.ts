// P1, P4: both journals as wholes. Every line that goes in comes out once and in order, or is counted as dropped, whatever is
// sealed, evicted, made to fail or closed in between.
import t from 'tap'
import fc from 'fast-check'
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { Block } from '../lib/journal/block.js'
import { DiskJournal, type DiskOptions } from '../lib/journal/disk.js'
import type { Journal, Sealed } from '../lib/journal/journal.js'
import { MemoryJournal } from '../lib/journal/memory.js'
import { SegmentFile } from '../lib/journal/segment.js'
import { SpoolShelf } from '../lib/journal/spool.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import { until, stayAwake } from './fixtures/harness.js'
import { accountedFor } from './fixtures/faults.js'
import { range } from './fixtures/jsonl.js'

stayAwake(t)

const blockOf = (from: number, lines: number): Block => new Block(range(lines, from).map(seq => `${seq}\n`).join(''), lines)
const seqsIn = (text: string): number[] => text.split('\n').slice(0, -1).map(Number)
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const quiet = (): Monitor => new Monitor('test', () => {})
const balanced = ({ counters }: Monitor): boolean => accountedFor({ kind: '', name: '', ...counters.read() })
const failing = (code: string): Error => Object.assign(new Error(`${code}: made to fail`), { code })
const state = async (promise: Promise<unknown>): Promise<string> => {
  let seen = 'waits'
  promise.then(() => { seen = 'resolved' }, () => { seen = 'rejected' })
  await turn()
  return seen
}

interface Handed extends Sealed { path: string, opened: number }

/** Segments in one directory, handed out when sealed. */
class Folder {
  readonly product = false
  readonly directory: string
  readonly created: number[] = []
  constructor (directory: string) { this.directory = directory }
  async open (): Promise<undefined> {}
  async create (now: number): Promise<SegmentFile> {
    this.created.push(now)
    return (await SegmentFile.open(join(this.directory, `${this.created.length}.open`), 'always', { mode: 0o600 })).file
  }

  async reopen ({ path }: SegmentFile): Promise<SegmentFile> { return (await SegmentFile.open(path, 'never', { mode: 0o600 })).file }
  async holds (): Promise<boolean> { return true }
  async seal ({ path, size }: SegmentFile, { records, opened }: { records: number, opened: number }): Promise<Handed> {
    return { id: path, path, opened, records, bytes: size, read: () => fsp.readFile(path) }
  }

  async remove ({ path }: Handed): Promise<void> { fs.rmSync(path) }
  async close (): Promise<void> {}
}

function disk (shelf: Folder, monitor: Monitor, options: Partial<DiskOptions<Handed>> = {}): DiskJournal<Handed> {
  return new DiskJournal({ shelf, monitor, rule: {}, fsync: 'never', ...options })
}

/** Takes the next segment, if one is there by now, and is done with it. */
async function deliver<S extends Sealed> (journal: Journal<S>): Promise<number[]> {
  const segment = await journal.next()
  if (!segment) return []
  const text = String(await segment.read())
  await journal.remove(segment, {})
  return seqsIn(text)
}

t.test('a memory journal under any sequence: in order, once, and every line accounted for at each step', async () => {
  const step = fc.oneof(fc.record({ append: fc.integer({ min: 1, max: 9 }) }), fc.constant('take' as const), fc.constant('done' as const))
  await fc.assert(fc.asyncProperty(fc.constantFrom('drop-oldest' as const, 'drop-newest' as const), fc.array(step, { maxLength: 40 }), async (whenFull, steps) => {
    const monitor = quiet()
    const journal = new MemoryJournal({ monitor, maxBytes: 60, rule: { maxBytes: 25, early: { records: 1, age: 0 } }, whenFull, blockTimeout: 0 })
    const out: number[] = []
    let seq = 100
    let leased: Sealed | undefined
    for (const step of steps) {
      const { pendingRecords } = monitor.counters.read()
      if (typeof step === 'object') {
        journal.append(blockOf(seq, step.append))
        seq += step.append
      } else if (step === 'take' && !leased && pendingRecords > 0) {
        leased = await journal.next()
      } else if (step === 'done' && leased) {
        out.push(...seqsIn(String(await leased.read())))
        await journal.remove(leased as never, {})
        leased = undefined
      }
      if (!balanced(monitor) || monitor.counters.read().pendingBytes > 60) return false
    }
    await journal.close(Date.now())
    const { deliveredRecords, pendingRecords } = monitor.counters.read()
    return out.every((value, at) => at === 0 || value > out[at - 1]!) && deliveredRecords === out.length && pendingRecords === 0 && balanced(monitor)
  }), { numRuns: 300 })
})

t.test('a memory journal is flushed when what was taken has been delivered, not when something newer was evicted', async t => {
  const monitor = quiet()
  const journal = new MemoryJournal({ monitor, maxBytes: 40, rule: { maxBytes: 10, early: { records: 1, age: 0 } }, whenFull: 'drop-oldest', blockTimeout: 0 })
  journal.append(blockOf(100, 2))
  const leased = await journal.next()
  const flushed = journal.flush()
  for (const from of [200, 300, 400, 500, 600, 700]) journal.append(blockOf(from, 2))
  t.ok(monitor.counters.get('dropped:evicted') > 0, 'newer lines were pushed out')
  t.equal(await state(flushed), 'waits')
  await journal.remove(leased!, {})
  t.equal(await state(flushed), 'resolved')
  await journal.close(Date.now())
})

t.test('a segment is sealed by records, by bytes and by age, and keeps its lines in order', async t => {
  const shelf = new Folder(t.testdir())
  const monitor = quiet()
  let now = 1000
  const journal = disk(shelf, monitor, { rule: { maxRecords: 10, maxBytes: 60, early: { records: Infinity, age: 5000 } }, now: () => now })
  journal.append(blockOf(100, 12))
  const first = (await journal.next())!
  t.same([first.records, first.opened], [10, 1000], 'never more than its records')
  journal.giveBack(first)
  journal.append(blockOf(112, 20))
  await until(() => monitor.counters.get('segmentsSealed') >= 2)
  const out = [...await deliver(journal), ...await deliver(journal)]
  now += 5000
  while (out.length < 32) out.push(...await deliver(journal))
  t.same(out, range(32, 100))
  t.ok(shelf.created.length >= 3)
  await journal.close(now + 1000)
  t.ok(balanced(monitor))
})

t.test('calls that fail at random: a disk journal gives every line out once, in order', async t => {
  const base = t.testdir()
  const kinds = ['write', 'fdatasync', 'ftruncate', 'fstat', 'open', 'close'] as const
  let round = 0
  await fc.assert(fc.asyncProperty(fc.constantFrom('never' as const, 'always' as const, 1), fc.array(fc.constantFrom(...kinds, 'half' as const, undefined, undefined, undefined), { maxLength: 12 }), async (fsync, plan) => {
    const directory = fs.mkdtempSync(join(base, String(round++)))
    const queue = [...plan]
    const real = Object.fromEntries(kinds.map(kind => [kind, fs[kind]])) as unknown as Record<typeof kinds[number], (...args: unknown[]) => void>
    for (const kind of kinds) {
      Object.assign(fs, {
        [kind]: (...args: unknown[]) => {
          const callback = args.at(-1)
          if (queue[0] !== kind && !(kind === 'write' && queue[0] === 'half')) return real[kind](...args)
          const half = queue.shift() === 'half'
          if (half) queue.unshift('write')
          if (half) return real.write(args[0], (args[1] as Buffer).subarray(0, (args[1] as Buffer).length >> 1), callback)
          if (kind === 'close') return real.close(args[0], () => (callback as (error: Error) => void)(failing('EIO')))
          setImmediate(callback as (error: Error) => void, failing('EIO'))
        }
      })
    }
    const monitor = quiet()
    const journal = disk(new Folder(directory), monitor, { fsync, rule: { maxBytes: 100 } })
    const out: number[] = []
    try {
      for (const from of range(6)) {
        journal.append(blockOf(100 + from * 10, 10))
        if (from === 3) await journal.flush()
      }
      const closed = journal.close(Date.now() + 5000)
      while (out.length < 60) out.push(...await deliver(journal))
      await closed
    } finally {
      Object.assign(fs, real)
    }
    return out.join() === range(60, 100).join() && balanced(monitor) && monitor.counters.read().deliveredRecords === 60
  }), { numRuns: 25 })
})

t.test('closing with a disk that takes nothing any more: over at the deadline, the rest dropped and counted', async t => {
  const shelf = new Folder(t.testdir())
  shelf.create = async () => { throw failing('ENOSPC') }
  const monitor = quiet()
  const journal = disk(shelf, monitor)
  journal.append(blockOf(100, 10))
  const flushed = journal.flush()
  flushed.catch(() => {})
  const began = Date.now()
  await journal.close(began + 300)
  t.ok(Date.now() - began < 2000)
  await t.rejects(flushed, { code: 'BLACKBOX_CLOSED' })
  t.match(monitor.counters.read(), { acceptedRecords: 10, deliveredRecords: 0, pendingRecords: 0, dropped: { closed: 10 } })
  t.equal(await journal.next(), undefined)
  journal.append(blockOf(110, 1))
  t.match(monitor.counters.read(), { pendingRecords: 0, dropped: { closed: 11 } })
})

t.test("'block': a journal that closes while a block waits for room does not lose sight of it", async t => {
  const shelf = new Folder(t.testdir())
  shelf.create = async () => { throw failing('ENOSPC') }
  const monitor = quiet()
  const journal = disk(shelf, monitor, { bound: { maxBytes: 50, whenFull: 'block', blockTimeout: 5000 } })
  journal.append(blockOf(100, 10))
  t.type(journal.append(blockOf(110, 10)), Promise)
  await journal.close(Date.now() + 50)
  await turn()
  t.match(monitor.counters.read(), { acceptedRecords: 20, pendingRecords: 0, droppedRecords: 20 })
})

t.test('a spool that could not seal its last segment when it closed keeps it for the next', async t => {
  const home = join(t.testdir(), 'spool')
  const monitor = quiet()
  const journal = new DiskJournal({ shelf: new SpoolShelf({ home, monitor }), monitor, rule: {}, fsync: 'never' })
  journal.append(blockOf(100, 10))
  await journal.flush()
  const { rename } = fsp
  fsp.rename = (async (from: string, to: string) => {
    if (to.endsWith('.jsonl')) throw failing('EIO')
    await rename(from, to)
  }) as unknown as typeof rename
  await journal.close(Date.now() + 300)
  fsp.rename = rename
  await journal.release()
  const next = new DiskJournal({ shelf: new SpoolShelf({ home, monitor: quiet() }), monitor: quiet(), rule: {}, fsync: 'never' })
  await next.opened
  const found = await Promise.race([deliver(next), turn().then(turn).then(() => new Promise<number[]>(resolve => setTimeout(resolve, 500, [])))])
  t.same(found, range(10, 100), 'lines that were safe on disk are still there')
  await next.close(Date.now())
  await next.release()
})
