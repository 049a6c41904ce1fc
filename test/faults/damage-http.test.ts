// Somebody else's hands in the journal, while it is in use and while nobody is there: the damage stays where it is, everything else is
// delivered, and what is lost is counted as lost.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { accountedFor } from '../fixtures/faults.js'
import { stayAwake, until } from '../fixtures/harness.js'
import { range } from '../fixtures/jsonl.js'
import { runs } from '../fixtures/outage.js'
import { judge, receiver, type Receiver, type Step } from '../fixtures/receiver.js'
import { left, sender, type Outlet } from '../fixtures/sender.js'

const AWAY: Step[] = [{ status: 503 }]
const LINES = 200

stayAwake(t)
t.jobs = 2

/** A hang of the worker must not take all the memory there is. */
const limits: object = { resourceLimits: { maxOldGenerationSizeMb: 128 } }
const seqsOf = async (place: Receiver): Promise<number[]> => (judge(await place.requests()).accepted.get('w') ?? []).sort((a, b) => a - b)
const without = (...seqs: number[]): string => runs(range(LINES).filter(seq => !seqs.includes(seq)))

class Scene {
  readonly dir: string
  readonly place: Receiver
  readonly #t: Test
  readonly #size: number

  static async open (t: Test, size = 20): Promise<Scene> {
    return new Scene(t, size, await receiver(t, { script: AWAY, texts: true }))
  }

  private constructor (t: Test, size: number, place: Receiver) {
    this.#t = t
    this.#size = size
    this.place = place
    this.dir = t.testdir()
  }

  /** An output whose segments have `size` lines, in a process of its own. */
  async start (): Promise<Outlet & { kill: () => Promise<void>, told: () => string[] }> {
    const own = await sender(this.#t)
    const outlet = await own.open({
      url: this.place.url, name: 'x', journal: { dir: this.dir }, batch: { maxRecords: this.#size, flushRecords: this.#size, flushAge: 50 }, retry: { minDelay: 20, maxDelay: 50 }
    }, limits)
    return { ...outlet, kill: own.kill, told: () => own.told('x') }
  }

  /** Names of files of segments, oldest first. */
  files (end = '.jsonl'): string[] {
    const home = join(this.dir, 'http-x')
    return fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith(end)).sort().map(name => join(home, name))
  }

  /** LINES lines in the journal, the first `sealed` of them in sealed segments. */
  async fill (outlet: Outlet, sealed = LINES): Promise<void> {
    await outlet.log(LINES)
    await outlet.flush('durable')
    await until(() => this.files().length === sealed / this.#size)
  }

  /** The same in a journal whose owner is dead. */
  async orphan (sealed = LINES): Promise<void> {
    const outlet = await this.start()
    await this.fill(outlet, sealed)
    await outlet.kill()
  }

  /** The receiver is back; all that can be is delivered. */
  async recover (outlet: Outlet): Promise<Awaited<ReturnType<Outlet['metrics']>>> {
    await this.place.script([{}])
    await outlet.flush('delivered', 8000)
    const metrics = await outlet.metrics()
    this.#t.ok(accountedFor(metrics), 'accounted for')
    this.#t.strictSame([metrics.pendingRecords, metrics.pendingBytes], [0, 0])
    return metrics
  }
}

t.test('the journal is removed while it is in use: made anew, later lines are safe, the others are counted as gone', { buffered: true }, async t => {
  const scene = await Scene.open(t, 60)
  const outlet = await scene.start()
  await scene.fill(outlet, 180)
  fs.rmSync(scene.dir, { recursive: true })
  await until(() => fs.existsSync(join(scene.dir, 'http-x')) && scene.files('.open').length > 0)
  await outlet.log(100)
  await outlet.flush('durable')
  t.equal(left(scene.dir, 'x').segments.reduce((sum, { lines }) => sum + lines.length, 0), 100)
  const { deliveredRecords, dropped } = await scene.recover(outlet)
  const found = await seqsOf(scene.place)
  t.equal(runs(found.filter(seq => seq >= LINES)), '200-299')
  t.strictSame([deliveredRecords, dropped.gone], [found.length, 300 - found.length])
  await outlet.end()
  t.strictSame(left(scene.dir, 'x').writers, [])
})

t.test('a sealed segment is removed: its lines are counted as gone, and told', { buffered: true }, async t => {
  const scene = await Scene.open(t)
  const outlet = await scene.start()
  await scene.fill(outlet)
  fs.rmSync(scene.files()[3]!)
  t.match(await scene.recover(outlet), { deliveredRecords: 180, droppedRecords: 20, dropped: { gone: 20 } })
  t.equal(runs(await seqsOf(scene.place)), '0-59 80-199')
  t.ok(outlet.told().some(line => line.includes('dropping lines (gone): 20 so far')), outlet.told().join('\n'))
  await outlet.end()
})

const NEWLINE = 0x0a
/** Bytes that another one takes the place of: where in the lines of a segment, counted from 0; and what becomes of the line. */
const FLIPS: Array<{ what: string, size?: number, at: (bytes: Buffer) => number, to: number, lost: number[], dead: number, invalid?: number }> = [
  { what: 'the first brace', at: () => 0, to: 0x7a, lost: [60], dead: 1 },
  { what: 'the last brace', at: bytes => bytes.length - 2, to: 0x7c, lost: [79], dead: 1 },
  { what: 'a brace between', at: bytes => bytes.indexOf('\n{') + 1, to: 0x5b, lost: [61], dead: 1 },
  { what: 'a byte of a message', at: bytes => bytes.indexOf('xx'), to: 0x79, lost: [], dead: 0 },
  { what: 'a newline between', at: bytes => bytes.indexOf(NEWLINE), to: 0x0b, lost: [60, 61], dead: 0, invalid: 1 },
  { what: 'the last newline', at: bytes => bytes.length - 1, to: 0x0b, lost: [79], dead: 1 },
  { what: 'a byte of a message, a newline now', at: bytes => bytes.indexOf('xx'), to: NEWLINE, lost: [60], dead: 2 },
  { what: 'a byte of the only line, a newline now', size: 1, at: bytes => bytes.indexOf('xx'), to: NEWLINE, lost: [3], dead: 2 }
]

for (const { what, size = 20, at, to, lost, dead, invalid = 0 } of FLIPS) {
  t.test(`a flipped byte in a sealed segment, ${what}: no more than that line suffers`, { buffered: true }, async t => {
    const scene = await Scene.open(t, size)
    const outlet = await scene.start()
    await scene.fill(outlet)
    const path = scene.files()[3]!
    const bytes = fs.readFileSync(path)
    bytes[at(bytes)] = to
    fs.writeFileSync(path, bytes)
    await scene.recover(outlet)
    t.equal(runs(await seqsOf(scene.place)), without(...lost))
    t.equal(left(scene.dir, 'x').dead.length, dead)
    t.equal((await scene.place.requests()).filter(({ stored }) => stored).reduce((sum, request) => sum + (request.invalid ?? 0), 0), invalid)
    await outlet.end()
  })
}

/** What is left of a sealed segment, and which lines that costs. */
const CUTS: Array<{ what: string, length: (bytes: Buffer) => number, lost: number[], dead: number }> = [
  { what: 'in the midst of a line', length: bytes => bytes.indexOf(NEWLINE, bytes.indexOf('"seq":70')) - 5, lost: range(10, 70), dead: 1 },
  { what: 'between two lines', length: bytes => bytes.indexOf(NEWLINE, bytes.indexOf('"seq":69')) + 1, lost: range(10, 70), dead: 0 },
  { what: 'to nothing', length: () => 0, lost: range(20, 60), dead: 0 }
]

for (const { what, length, lost, dead } of CUTS) {
  t.test(`a sealed segment that was cut, ${what}: what is missing is counted as gone, not as delivered`, { buffered: true }, async t => {
    const scene = await Scene.open(t)
    await scene.orphan()
    const path = scene.files()[3]!
    fs.truncateSync(path, length(fs.readFileSync(path)))
    const outlet = await scene.start()
    await outlet.reaches(({ recoveredRecords }) => recoveredRecords > 0)
    const { deliveredRecords, deadRecords, recoveredRecords, dropped } = await scene.recover(outlet)
    const found = await seqsOf(scene.place)
    t.equal(runs(found), without(...lost))
    t.strictSame([deliveredRecords, deadRecords], [found.length, dead])
    t.equal(recoveredRecords, found.length + dead + dropped.gone)
    await outlet.end()
  })
}

t.test('a torn tail in the open segment of a dead writer: that line is cut off, the whole ones are delivered', { buffered: true }, async t => {
  const scene = await Scene.open(t, 60)
  await scene.orphan(180)
  const tail = '{"level":30,"writer":"w","seq":200,"msg":"cut in the mid'
  fs.appendFileSync(scene.files('.open')[0]!, tail)
  const outlet = await scene.start()
  await outlet.reaches(({ recoveredRecords }) => recoveredRecords === LINES)
  t.match(await scene.recover(outlet), { deliveredRecords: LINES, deadRecords: 0, droppedRecords: 0, tornBytes: tail.length })
  t.equal(runs(await seqsOf(scene.place)), without())
  await outlet.end()
  t.strictSame(left(scene.dir, 'x'), { segments: [], dead: [], writers: [] })
})

for (const what of ['missing', 'zeroed', 'empty'] as const) {
  t.test(`owner.json of a dead writer is ${what}: what it left is found all the same`, { buffered: true }, async t => {
    const scene = await Scene.open(t)
    await scene.orphan()
    const path = join(scene.dir, 'http-x', left(scene.dir, 'x').writers[0]!, 'owner.json')
    if (what === 'missing') fs.rmSync(path)
    else fs.writeFileSync(path, Buffer.alloc(what === 'zeroed' ? fs.statSync(path).size : 0))
    // Who cannot be asked is dead when its lease has run out.
    if (what !== 'missing') fs.utimesSync(path, new Date(), Date.now() / 1000 - 60)
    const outlet = await scene.start()
    await outlet.reaches(({ recoveredRecords }) => recoveredRecords === LINES)
    t.match(await scene.recover(outlet), { deliveredRecords: LINES, droppedRecords: 0 })
    t.equal(runs(await seqsOf(scene.place)), without())
    await outlet.end()
  })
}
