// Where lines wait when they cannot wait where they should: in the fallback while the first directory is full or cannot be written to, in
// memory where nothing can, and again in the first one when that is well.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { accountedFor, forbidden, inside, namespaced, smallDisk } from '../fixtures/faults.js'
import { preloaded, stayAwake, until } from '../fixtures/harness.js'
import { range } from '../fixtures/jsonl.js'
import { runs } from '../fixtures/outage.js'
import { judge, receiver, type Request, type Step } from '../fixtures/receiver.js'
import { left, sender } from '../fixtures/sender.js'

const AWAY: Step[] = [{ status: 503 }]
/** So many times as fast go the clocks of a worker. */
const FACTOR = 100
const fast = { FAST_TIMERS_FACTOR: String(FACTOR), FAST_TIMERS_START: String(Date.now()) }

stayAwake(t)
t.jobs = 2
const skip = forbidden('-rm')

const numbers = (lines: string[]): number[] => lines.map(line => JSON.parse(line).seq as number)

/** Numbers in the segments of one directory, each segment by itself. One that is sealed meanwhile has another name all at once. */
function waiting (dir: string, name: string, tries = 20): number[][] {
  try {
    return left(dir, name).segments.map(({ lines }) => numbers(lines)).filter(({ length }) => length > 0)
  } catch (error) {
    if (tries === 0) throw error
    return waiting(dir, name, tries - 1)
  }
}

const sorted = (seqs: number[] = []): number[] => [...seqs].sort((a, b) => a - b)
/** Each request has lines without a gap between them. */
const inOrder = (requests: Request[]): boolean => requests.every(({ runs }) => runs.length === 1)

t.test('a full disk: lines go on in the fallback, all are delivered, and the first directory is used again when there is room', { buffered: true, skip }, async t => {
  const base = t.testdir({ small: {}, fallback: {} })
  const [dir, fallbackDir] = [join(base, 'small'), join(base, 'fallback')]
  const place = await receiver(t, { script: AWAY })
  const own = await sender(t, smallDisk(dir, 3000))
  const outlet = await own.open({ url: place.url, name: 'small', journal: { dir, fallbackDir }, batch: { maxBytes: '64k' }, retry: { retries: 1 } }, { ...preloaded('fast-timers.js'), env: fast })
  const root = inside(own.program, dir)
  for (let round = 0; round < 20; round++) {
    await outlet.log(500, { pad: 100 })
    await outlet.flush('durable')
  }
  t.match(await outlet.metrics(), { pendingRecords: 10_000, droppedRecords: 0 })
  const [here, there] = [waiting(root, 'small'), waiting(fallbackDir, 'small')]
  t.strictSame(sorted([...here, ...there].flat()), range(10_000), 'each line is in one of them')
  t.ok(here.flat().length > 2000 && there.flat().length > 2000, `${here.flat().length} and ${there.flat().length} lines`)
  t.ok([...here, ...there].every(seqs => !runs(seqs).includes(' ')), 'in order within each segment')
  t.equal(own.told('small').filter(line => line.includes('cannot write to the log: ENOSPC')).length > 0, true)

  fs.rmSync(join(root, 'ballast'))
  const files = (): number => fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name => /\.(jsonl|open)$/.test(name)).length
  const before = files()
  await until(async () => {
    await outlet.log(500, { pad: 100 })
    return files() > before
  })
  await place.script([{}])
  await outlet.flush()
  const requests = (await place.requests()).filter(({ stored }) => stored)
  const { acceptedRecords, deliveredRecords, droppedRecords } = await outlet.metrics()
  t.strictSame(sorted(judge(requests).accepted.get('w')), range(acceptedRecords))
  t.ok(inOrder(requests))
  t.strictSame([deliveredRecords, droppedRecords], [acceptedRecords, 0])
  await outlet.end()
  t.strictSame([left(root, 'small').writers, left(fallbackDir, 'small').writers], [[], []], 'nothing is left in either')
})

t.test('a directory that cannot be written to for a while: lines go on in the fallback; after a kill both are taken over', { buffered: true }, async t => {
  const base = t.testdir({ first: {}, fallback: {} })
  const [dir, fallbackDir] = [join(base, 'first'), join(base, 'fallback')]
  const place = await receiver(t, { script: AWAY })
  const options = { url: place.url, name: 'both', journal: { dir, fallbackDir }, batch: { maxRecords: 50, flushRecords: 50 }, retry: { minDelay: 20, maxDelay: 50, jitter: false } }
  const own = await sender(t)
  // Three calls of write in a row are what makes it leave an open segment; what is opened or renamed fails a while longer.
  const faults = [{ call: 'write', at: [6, 7, 8], codes: ['EROFS'] }, { call: 'open', at: range(8, 6), codes: ['EROFS'] }, { call: 'ftruncate', at: range(3, 1), codes: ['EROFS'] }]
  const outlet = await own.open(options, {
    execArgv: ['fast-timers.js', 'failing-fs.js'].flatMap(name => preloaded(name).execArgv), env: { ...fast, FAULTS: JSON.stringify({ under: dir, faults }) }
  })
  const [here, there] = [() => waiting(dir, 'both'), () => waiting(fallbackDir, 'both')]
  const newest = (segments: number[][]): number => Math.max(-1, ...segments.flat())
  const logged = async (): Promise<void> => {
    await outlet.log(25)
    await outlet.flush('durable')
  }
  while (here().length < 2) await logged()
  await until(async () => {
    await logged()
    return there().length > 1
  })
  await until(async () => {
    await logged()
    return newest(here()) > newest(there())
  })
  const { acceptedRecords: lines, ...figures } = await outlet.metrics()
  t.match(figures, { pendingRecords: lines, droppedRecords: 0 })
  await own.kill()
  t.strictSame(sorted([...here(), ...there()].flat()), range(lines))

  const heir = await sender(t)
  const again = await heir.open(options)
  await place.script([{}])
  await again.reaches(({ deliveredRecords }) => deliveredRecords === lines)
  const metrics = await again.metrics()
  t.match(metrics, { recoveredRecords: lines, pendingRecords: 0, droppedRecords: 0 })
  t.ok(accountedFor(metrics))
  const requests = await place.requests()
  const { accepted, altered, doubled } = judge(requests)
  t.strictSame([sorted(accepted.get('w')), altered, doubled], [range(lines), [], []])
  t.ok(inOrder(requests))
  await again.end()
  t.strictSame([left(dir, 'both').writers, left(fallbackDir, 'both').writers], [[], []])
})

t.test('dead letters go to the fallback when the first directory is full', { buffered: true, skip }, async t => {
  const base = t.testdir({ small: {}, fallback: {} })
  const [dir, fallbackDir] = [join(base, 'small'), join(base, 'fallback')]
  const place = await receiver(t, { script: [{ status: 400 }] })
  const own = await sender(t, smallDisk(dir, 4096))
  const outlet = await own.open({ url: place.url, name: 'dead', journal: { dir, fallbackDir } })
  await outlet.log(5)
  await outlet.flush()
  t.match(await outlet.metrics(), { deadRecords: 5, pendingRecords: 0, droppedRecords: 0 })
  t.strictSame(left(fallbackDir, 'dead').dead.map(({ record }) => JSON.parse(record).seq), range(5))
  await outlet.end()
})

t.test('a read-only file system: in memory, told once by each output', { buffered: true, skip }, async t => {
  const cwd = join(t.testdir({ volume: {} }), 'volume')
  const place = await receiver(t)
  const own = await sender(t, namespaced(['-rm'], 'mount -t tmpfs -o ro tmpfs "$0" && cd "$0" && exec "$@"', cwd))
  for (const name of ['one', 'two']) {
    const outlet = await own.open({ url: `${place.url}/${name}`, name, batch: { flushAge: false } })
    await outlet.log(100)
    // Memory is not safe: nothing is but what was delivered.
    await outlet.flush('durable')
    t.match(await outlet.metrics(), { deliveredRecords: 100, pendingRecords: 0 })
    t.strictSame(judge(await place.requests(`/${name}`)).accepted.get('w'), range(100))
    await outlet.end()
    const [told, ...more] = own.told(name)
    t.match(told, /^the journal is in memory, and lost with the process, because .*\/\.blackbox\/http-\w+ cannot be written to \(EROFS\)$/)
    t.strictSame(more, [])
  }
})

t.test('a directory that is a file, and no fallback: in memory; with a fallback, there', { buffered: true }, async t => {
  const cwd = t.testdir({ '.blackbox': 'in the way', fallback: {} })
  const place = await receiver(t, { script: AWAY })
  const own = await sender(t, { cwd })
  const memory = await own.open({ url: place.url, name: 'memory' })
  const other = await own.open({ url: place.url, name: 'other', journal: { fallbackDir: join(cwd, 'fallback') } })
  await other.log(10)
  await other.flush('durable')
  t.strictSame(waiting(join(cwd, 'fallback'), 'other').flat(), range(10))
  t.match(own.told('other')[0], /^the journal is in .*\/fallback\/http-other, because .*\/\.blackbox\/http-other cannot be written to \(E(EXIST|NOTDIR)\)$/)
  t.match(own.told('memory')[0], /^the journal is in memory, and lost with the process/)
  await place.script([{}])
  await memory.log(10)
  await Promise.all([memory.flush(), other.flush()])
  await Promise.all([memory.end(), other.end()])
  t.strictSame(fs.readdirSync(cwd).sort(), ['.blackbox', 'fallback'])
})

t.test('a first segment that takes not one line: nothing of it is left at a clean end', { buffered: true }, async t => {
  const base = t.testdir({ first: {}, fallback: {} })
  const [dir, fallbackDir] = [join(base, 'first'), join(base, 'fallback')]
  const place = await receiver(t)
  const own = await sender(t)
  const faults = [{ call: 'write', at: [1] }, { call: 'open', at: [2, 3] }]
  const outlet = await own.open({ url: place.url, name: 'none', journal: { dir, fallbackDir } }, { ...preloaded('failing-fs.js'), env: { FAULTS: JSON.stringify({ under: dir, faults }) } })
  await outlet.log(10)
  await outlet.flush()
  t.match(await outlet.metrics(), { deliveredRecords: 10, droppedRecords: 0 })
  await outlet.end()
  t.strictSame([left(dir, 'none').writers, left(fallbackDir, 'none').writers], [[], []])
})
