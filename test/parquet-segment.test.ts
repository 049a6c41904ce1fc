// A segment as the converting thread takes it up: whole or piece by piece, one after the other in the same memory.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { formatId } from '../lib/journal/segment-id.js'
import { openParquet } from '../lib/parquet/reading.js'
import { ask, type Task } from './fixtures/wreck.js'

const OPENED = Date.UTC(2026, 10, 20, 12)
const WRITER = 'feedfacefeedface'
const world = { dataset: 'data', home: 'home', segments: 1, rows: 1, size: 1e9 }

const line = (seq: number, length: number): string => JSON.stringify({ level: 30, time: OPENED, seq, msg: 'x'.repeat(length) })
/** What is looked at of a row. */
const row = (seq: number, length: number, severity: unknown = 'info'): unknown[] => [seq, length, severity]

/** Leaves a segment, the first one in a new directory; what has it converted. */
function put (root: string, number: number, bytes: Buffer | string, pieces: number): Extract<Task, { do: 'convert' }> {
  const directory = join(root, 'home', WRITER)
  if (number === 1) fs.rmSync(root, { recursive: true, force: true })
  fs.mkdirSync(directory, { recursive: true })
  const id = formatId({ opened: OPENED, writer: WRITER, number })
  const path = join(directory, `${id}.1.jsonl`)
  fs.writeFileSync(path, bytes)
  return { do: 'convert', directory, segment: { id, path, opened: OPENED }, pieces }
}

/** Converts segments of these bytes, and returns the rows of the file that they become, group by group. */
async function converted (root: string, pieces: number, ...segments: Buffer[]): Promise<Array<Array<Record<string, unknown>>>> {
  for (const [at, bytes] of segments.entries()) {
    const task = put(root, at + 1, bytes, pieces)
    t.match(await ask(root, world, task), { gone: false, trouble: [] })
    t.notOk(fs.existsSync(task.segment.path))
  }
  await ask(root, world, { do: 'close', directory: join(root, 'home', WRITER) })
  const [name] = fs.readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.parquet'))
  const file = openParquet(join(root, 'data', name!))
  return await Promise.all(Array.from(file.groups.keys(), group => file.read(group)))
}

const told = (rows: Array<Record<string, unknown>>): unknown[] => rows.map(({ seq, msg, severity, _corrupt: corrupt }) => corrupt ?? row(Number(seq), (msg as string).length, severity))

t.test('in pieces: the same rows in the same order, a line that is longer than a piece among them', async t => {
  const root = join(t.testdir(), 'p')
  const lengths = Array.from({ length: 300 }, (_, seq) => seq === 150 ? 100_000 : seq % 70)
  const text = lengths.map((length, seq) => `${line(seq, length)}\n`).join('')
  const expected = lengths.map((length, seq) => row(seq, length))
  for (const pieces of [1, 2, 3, 7, 300, 4096]) {
    const groups = await converted(root, pieces, Buffer.from(text))
    t.same(told(groups.flat()), expected, `${pieces} pieces`)
    t.equal(groups.length > 1, pieces > 1)
    t.same(told((await converted(root, pieces, Buffer.from(text.slice(0, -1)))).flat()), expected, `${pieces} pieces, without the last newline`)
  }
})

t.test('in pieces: what is no UTF-8, and no JSON', async t => {
  const root = join(t.testdir(), 'p')
  const bytes = Buffer.concat([Buffer.from(`${line(0, 5)}\nno JSON\n{"seq":1,"msg":"`), Buffer.of(0xff, 0xfe), Buffer.from(`","level":30}\n\n${line(2, 7)}\n{"seq":`)])
  for (const pieces of [1, 2, 5, 100]) t.same(told((await converted(root, pieces, bytes)).flat()), [row(0, 5), 'no JSON', row(1, 2), '', row(2, 7), '{"seq":'], `${pieces} pieces`)
})

t.test('one after the other: nothing of a longer one is in the next', async t => {
  const segment = (from: number, count: number, length: number): Buffer => Buffer.from(Array.from({ length: count }, (_, at) => `${line(from + at, length)}\n`).join(''))
  const groups = await converted(join(t.testdir(), 'p'), 1, segment(0, 2000, 100), segment(2000, 1, 3), Buffer.from('{"seq":2001,"msg":"ab"'), segment(2002, 3, 20_000), segment(2005, 2, 0))
  t.same(groups.map(({ length }) => length), [2000, 1, 1, 3, 2])
  t.same(told(groups.slice(1).flat()), [row(2000, 3), '{"seq":2001,"msg":"ab"', ...[2002, 2003, 2004].map(seq => row(seq, 20_000)), row(2005, 0), row(2006, 0)])
})

t.test('one that is shorter than it was a moment ago is an error, and then read as it is', async t => {
  const root = join(t.testdir(), 'p')
  const task = put(root, 1, `${line(0, 5)}\n${line(1, 6)}\n`, 1)
  const before = fs.fstatSync
  // Nobody can be made to cut it just between two calls.
  t.intercept(fs, 'fstatSync', { value: (fd: number) => Object.assign(before(fd), { size: 1000 }) })
  await t.rejects(ask(root, world, task), { message: 'the file is shorter than it was: somebody has cut it' })
  Object.defineProperty(fs, 'fstatSync', { value: before })
  t.match(await ask(root, world, task), { gone: false, corrupt: 0 })
  await ask(root, world, { do: 'close', directory: task.directory })
})
