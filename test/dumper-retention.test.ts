// A5 to A7, F31: which dumps are kept; files of others are not touched, whatever they are called; several processes agree.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { createDumper, type Dumper, type DumperOptions } from 'pino-blackbox'
import { doomed, type DumpFile } from '../lib/dumper/sweep.js'
import { beside, dumping, dumps, told, torn } from './fixtures/dump-files.js'
import { until } from './fixtures/harness.js'

const DAY = 86_400_000
const HOUR = 3_600_000
const NOW = 100 * DAY

const file = (name: string, age: number, bytes = 1): DumpFile => ({ name, bytes, modified: NOW - age })
const names = (files: DumpFile[]): string => files.map(({ name }) => name).sort().join('')

t.test('what has to go: the oldest beyond the count and the bytes, what is too old, never the newest', async t => {
  const table: Array<[string, DumpFile[], { count?: number, age?: number, totalSize?: number }, gone: string]> = [
    ['none', [], {}, ''],
    ['count', [file('a', 3), file('b', 2), file('c', 1)], { count: 2 }, 'a'],
    ['one only', [file('a', 3), file('b', 2), file('c', 1)], { count: 1 }, 'ab'],
    ['age', [file('a', 3 * DAY), file('b', DAY), file('c', DAY + 1), file('d', 0)], { age: DAY }, 'ac'],
    ['bytes', [file('a', 3, 5), file('b', 2, 5), file('c', 1, 5)], { totalSize: 10 }, 'a'],
    ['no gap is left', [file('a', 4, 1), file('b', 3, 9), file('c', 2, 1), file('d', 1, 1)], { totalSize: 10 }, 'ab'],
    ['expired bytes do not count', [file('a', 2 * DAY, 90), file('b', 2, 5), file('c', 1, 5)], { age: DAY, totalSize: 10 }, 'a'],
    ['the newest stays, however old', [file('a', 9 * DAY), file('b', 8 * DAY)], { age: DAY }, 'a'],
    ['the newest stays, however large', [file('a', 2, 5), file('b', 1, 500)], { totalSize: 10 }, 'a'],
    ['of the same moment the last name is the newest', [file('c', 1), file('a', 1), file('b', 1)], { count: 1 }, 'ab'],
    ['from the future: first of all', [file('a', -HOUR), file('b', 2), file('c', 1)], { count: 2 }, 'a'],
    ['from the future only', [file('a', -2 * HOUR), file('b', -HOUR)], { count: 2, age: DAY }, '']
  ]
  for (const [title, files, { count = 10, age = Infinity, totalSize = Infinity }, gone] of table) {
    t.equal(names(doomed(files, { count, age, totalSize }, NOW)), gone, title)
    t.equal(names(doomed([...files].reverse(), { count, age, totalSize }, NOW)), gone, `${title}, listed in another order`)
  }
})

function made (t: Test, options: DumperOptions, before: Record<string, string> = {}): Dumper {
  return createDumper({ enabled: true, dumpPath: join(t.testdir({ dumps: before }), 'dumps'), rate: false, ...options })
}

async function dump (dumper: Dumper, name: string, bytes = 10): Promise<string> {
  const result = await dumper.dumpBytes(Buffer.alloc(bytes, 'x'), name)
  if (!result.ok || !result.path) throw new Error(JSON.stringify(result))
  return basename(result.path)
}

/** Makes a file older, by its mtime. */
function aged (dumper: Dumper, name: string, ms: number): void {
  const time = new Date(Date.now() - ms)
  fs.utimesSync(join(dumper.dumpPath, name), time, time)
}

const sizes = (dumper: Dumper): number => dumps(dumper.dumpPath).reduce((sum, name) => sum + fs.statSync(join(dumper.dumpPath, name)).size, 0)

t.test('the newest `maxBackups` are kept, of all kinds together', async t => {
  const dumper = made(t, { maxBackups: 3 })
  const written: string[] = []
  for (let at = 0; at < 4; at++) {
    const results = [await dumper.dumpBytes('', `bytes ${at}`), await dumper.dumpStruct({}, `struct ${at}`), await dumper.dumpStreamEvents([], `events ${at}`)]
    for (const result of results) if (result.ok && result.path) written.push(basename(result.path))
    t.strictSame(dumps(dumper.dumpPath), written.slice(-3).sort())
  }
})

t.test('also of many at once no more than that are there of which it was told that they are', async t => {
  const dumper = made(t, { maxBackups: 3 })
  for (let round = 0; round < 5; round++) {
    const told: string[] = []
    await Promise.all(Array.from({ length: 30 }, async (_, at) => {
      told.push(await dump(dumper, `dump ${at}`))
      const there = told.filter(name => fs.existsSync(join(dumper.dumpPath, name)))
      if (there.length > 3) t.fail(`${there.length} are there`)
    }))
    t.equal(dumps(dumper.dumpPath).length, 3)
  }
})

t.test('dumps older than `maxAge` go with the next one, by the time of the file', async t => {
  const dumper = made(t, { maxAge: '24h' })
  const [old, fresh] = [await dump(dumper, 'old'), await dump(dumper, 'fresh')]
  aged(dumper, old, DAY + 1000)
  aged(dumper, fresh, DAY - 60_000)
  const next = await dump(dumper, 'next')
  t.strictSame(dumps(dumper.dumpPath), [fresh, next].sort())
})

t.test('the file just written stays, also with the strictest limits', async t => {
  const dumper = made(t, { maxAge: 1, maxBackups: 1, maxSize: '2k' })
  for (let at = 0; at < 5; at++) {
    const name = await dump(dumper, `dump ${at}`, 5000)
    t.strictSame(dumps(dumper.dumpPath), [name])
    t.equal(sizes(dumper), 2048)
  }
})

t.test('all dumps together take no more than `maxSize`, after each one', async t => {
  const dumper = made(t, { maxSize: '10k', maxBackups: 1000 })
  for (let at = 0; at < 30; at++) {
    await dump(dumper, `dump ${at}`, 1 + at * 577 % 6000)
    t.ok(sizes(dumper) <= 10_240, `${sizes(dumper)} bytes`)
  }
  const large = await dump(dumper, 'large', 50_000)
  t.strictSame(dumps(dumper.dumpPath), [large])
  t.equal(sizes(dumper), 10_240, 'cut, not left out')
})

t.test('expired dumps do not push fresh ones out', async t => {
  const dumper = made(t, { maxSize: '10k', maxAge: '1h' })
  const old = [await dump(dumper, 'old 1', 4000), await dump(dumper, 'old 2', 4000)]
  for (const name of old) aged(dumper, name, 2 * HOUR)
  const fresh = await dump(dumper, 'fresh', 3000)
  t.strictSame(dumps(dumper.dumpPath), [fresh])
  const next = await dump(dumper, 'next', 6000)
  t.strictSame(dumps(dumper.dumpPath), [fresh, next].sort())
})

t.test('a file from the future goes before any other, and never the one just written', async t => {
  const dumper = made(t, { maxBackups: 2 })
  const ahead = [await dump(dumper, 'ahead 1'), await dump(dumper, 'ahead 2')]
  for (const name of ahead) aged(dumper, name, -HOUR)
  const next = await dump(dumper, 'next')
  t.ok(dumps(dumper.dumpPath).includes(next))
  const last = await dump(dumper, 'last')
  t.strictSame(dumps(dumper.dumpPath), [last, next].sort())
})

t.test('files of others stay, also those that have the name of a dump', async t => {
  const foreign = {
    'notes.txt': 'mine',
    'state.json': '{}',
    'x_20200101_000000.json': 'looks like one',
    'x_20200101_000000_123-0a1b2c3d.jsonl': 'so does this',
    '.blackbox': {
      'keep.me': 'not a name of ours', 'x.json': 'nor this', 'a_20200101_000000.json': 'a marker that has lost its file', folder_20200101_000000: {}, 'http-1a2b': { 'owner.json': '{}' }
    }
  }
  const complaints: string[] = []
  const logger = { warn: (_: object, message: string) => { complaints.push(message) } }
  const dumper = made(t, { maxBackups: 1, maxAge: 1, maxSize: '1k', logger }, foreign as unknown as Record<string, string>)
  // A directory is nobody's dump.
  fs.mkdirSync(join(dumper.dumpPath, 'dir_20200101_000000.json'))
  fs.writeFileSync(join(dumper.dumpPath, '.blackbox', 'dir_20200101_000000.json'), '')
  const old = new Date(0)
  for (const name of dumps(dumper.dumpPath)) fs.utimesSync(join(dumper.dumpPath, name), old, old)
  for (let at = 0; at < 3; at++) await dump(dumper, 'x', 5000)
  t.strictSame(dumps(dumper.dumpPath).filter(name => !name.endsWith('.bin')),
    ['dir_20200101_000000.json', 'notes.txt', 'state.json', 'x_20200101_000000.json', 'x_20200101_000000_123-0a1b2c3d.jsonl'])
  t.equal(fs.readFileSync(join(dumper.dumpPath, 'x_20200101_000000.json'), 'utf8'), 'looks like one')
  t.equal(dumps(dumper.dumpPath).filter(name => name.endsWith('.bin')).length, 1)
  t.strictSame(complaints, [])
  t.match(beside(dumper.dumpPath).filter(name => !name.endsWith('.bin')), ['folder_20200101_000000', 'http-1a2b', 'keep.me', 'x.json'])
})

t.test('a file of others that has the name which a dump was to get stays as it is', async t => {
  const dumper = made(t, {})
  const taken = new Set<string>()
  fs.mkdirSync(dumper.dumpPath, { recursive: true })
  for (let second = -1; second < 30; second++) {
    const stamp = new Date(Date.now() + second * 1000).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15)
    taken.add(`x_${stamp}.bin`)
    fs.writeFileSync(join(dumper.dumpPath, `x_${stamp}.bin`), 'mine')
  }
  const written = await dump(dumper, 'x')
  t.match(written, /^x_\d{8}_\d{6}_\d{3}-[0-9a-f]{8}\.bin$/)
  for (const name of taken) t.equal(fs.readFileSync(join(dumper.dumpPath, name), 'utf8'), 'mine')
  t.strictSame(beside(dumper.dumpPath), [written], 'and has no marker')
})

t.test('what was left behind is swept, what is under way is not', async t => {
  const home = {
    'dead_20200101_000000.json': '', 'dead_20200101_000000.json.tmp': 'half', 'busy_20200101_000000.json': '', 'busy_20200101_000000.json.tmp': 'half', 'lost_20200101_000000.json': ''
  }
  const dumper = made(t, {}, { '.blackbox': home } as unknown as Record<string, string>)
  const before = new Date(Date.now() - HOUR - 1000)
  fs.utimesSync(join(dumper.dumpPath, '.blackbox', 'dead_20200101_000000.json.tmp'), before, before)
  const name = await dump(dumper, 'next')
  t.strictSame(beside(dumper.dumpPath), ['busy_20200101_000000.json', 'busy_20200101_000000.json.tmp', name])
})

/** Events that fill more than what is written at once, and then wait. */
function waiting (): { events: AsyncIterable<unknown>, go: () => void } {
  let go: () => void = () => {}
  const gate = new Promise<void>(resolve => { go = resolve })
  return {
    go,
    events: (async function * () {
      yield * Array(80).fill('x'.repeat(1000))
      await gate
      yield { end: true }
    })()
  }
}

for (const [title, again] of [['is ours all the same', false], ['whose name is taken once more is not mixed with the other one', true]] as const) {
  t.test(`a dump under way that has lost its marker ${title}`, async t => {
    const dumper = made(t, {})
    const tmp = (): string | undefined => beside(dumper.dumpPath).find(name => name.endsWith('.tmp'))
    const { events, go } = waiting()
    const slow = dumper.dumpStreamEvents(events, 'same')
    await until(tmp)
    fs.rmSync(join(dumper.dumpPath, '.blackbox', tmp()!.slice(0, -4)))
    if (again) t.match(await dumper.dumpStreamEvents([{ end: true }], 'same'), { ok: true, truncated: false })
    go()
    t.match(await slow, { ok: true, truncated: false })
    t.strictSame([dumps(dumper.dumpPath).length, torn(dumper.dumpPath)], [again ? 2 : 1, []])
    t.strictSame(beside(dumper.dumpPath), dumps(dumper.dumpPath))
  })
}

t.test('a source that is silent for hours does not lose what came before', async t => {
  const intervals: Array<[callback: () => void, ms: number]> = []
  const real = globalThis.setInterval
  globalThis.setInterval = ((callback: () => void, ms: number) => {
    intervals.push([callback, ms])
    return real(() => {}, ms)
  }) as typeof setInterval
  t.teardown(() => { globalThis.setInterval = real })
  const dumper = made(t, {})
  const { events, go } = waiting()
  const slow = dumper.dumpStreamEvents(events, 'slow')
  await until(() => intervals.length === 1)
  const tmp = join(dumper.dumpPath, '.blackbox', beside(dumper.dumpPath).find(name => name.endsWith('.tmp'))!)
  const [[touch, every]] = intervals as [[() => void, number]]
  t.ok(every <= HOUR / 2, `touched every ${every} ms`)
  const before = new Date(Date.now() - HOUR - 1000)
  fs.utimesSync(tmp, before, before)
  touch()
  await until(() => fs.statSync(tmp).mtimeMs > Date.now() - 60_000)
  await dump(dumper, 'meanwhile')
  go()
  t.match(await slow, { ok: true, truncated: false })
  t.strictSame(torn(dumper.dumpPath).filter(name => name.startsWith('slow')), [])
})

t.test('several processes keep to the limits together, and lose nothing of one another', async t => {
  const dumpPath = join(t.testdir(), 'dumps')
  const options = { enabled: true, dumpPath, maxBackups: 5, maxSize: '200k', rate: false as const }
  const children = [1, 2].map(() => dumping({ options, kinds: ['struct', 'events', 'bytes'], count: 60, size: 500, name: 'same' }))
  for (const child of children) t.match(await child.exited, { code: 0 }, child.stderr)
  const paths = children.flatMap(told)
  t.equal(paths.length, 360)
  t.strictSame(paths.filter(path => !path?.startsWith(dumpPath)), [], 'each dump was written')
  t.strictSame(children.map(({ stderr }) => stderr), ['', ''])
  t.equal(dumps(dumpPath).length, 5)
  t.strictSame(torn(dumpPath), [])
  const markers = beside(dumpPath)
  t.strictSame(dumps(dumpPath).filter(name => !markers.includes(name)), [], 'each has its marker')
})
