// Lines as bytes become the rows that JSON.parse would make of them: not a cell, a null, a character of attrs or a raw line is another.
// Segments of generated lines go the way that the converting thread sends them; LINES says how many, SEED which. A long run:
// LINES=5000000 npx tap run --timeout=0 test/parquet-scanner.test.ts
import t from 'tap'
import fc from 'fast-check'
import { columnsOf, KEYS, type ColumnType, type Keys } from '../lib/parquet/columns.js'
import { LEVELS } from '../lib/levels.js'
import { seeded } from './fixtures/harness.js'
import { line, mutated } from './fixtures/json-lines.js'
import { hostile, pinoLine } from './fixtures/log-lines.js'
import { latest, parser } from './fixtures/parsed-row.js'
import { segmentReader, type Reading } from './fixtures/rows.js'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const LINES = Number(process.env.LINES ?? 40_000)
const SEGMENT = 500
const OPENED = 1_700_000_000_000
const LABELS = { ...LEVELS, audit: 35, half: 0.5, alsoInfo: 30 }

const columnsFor = (columns: Record<string, ColumnType>, keys: Keys = KEYS): ReturnType<typeof columnsOf> =>
  columnsOf(Object.entries(columns).map(([path, type]) => ({ path: path.split('.'), name: path.replaceAll('.', '_').toLowerCase(), type })), keys)

/** Schemas: as it comes; every type; other keys, and nested ones; paths that cross, and a column that is an id. */
const SCHEMAS = {
  plain: columnsFor({}),
  'every type': columnsFor({
    'req.method': 'string', 'res.statusCode': 'int32', responseTime: 'double', seq: 'int64', cache: 'boolean', at: 'timestamp', 'a.b.c': 'string', 'a.d': 'double', '__proto__.x': 'int32', constructor: 'boolean' as const
  }),
  'other keys': columnsFor({ 'req.headers.host': 'string', 'user.id': 'int64', 'user.plan': 'string', ms: 'int32', é: 'string' }, { messageKey: 'message', errorKey: 'error' }),
  'paths that cross': columnsFor({ 'req.url': 'string', req: 'string', 'user.id.x': 'int32', user: 'int32', err: 'string', reqId: 'string' })
}

/** Lines that once went wrong, or nearly. */
const REGRESSIONS = [
  '', ' ', '{}', ' { } ', '{"a":1', '{"a":1}{', '{"a":1},', '"a"', '{"msg":"a"\u0000}', '{"msg":"a\u0000"}', '\ufeff{"msg":"a"}', '{"pid":1}\u0000', '{"pid":1,', '{"msg":"\\', '{"msg":"\\u12', '{"pid":-',
  '{"x":1}', '{ "x" : 1 }', '{"pid":1,"x":1 }', '{"x":1 , "pid":1}', '{"x":1,"pid":1,"y":2}', '{"x":{},"pid":1,"y":[]}', '{"err":{"type":"A","x":1}}', '{"err":{"x":1,"type":"A","y":2},"z":3}', '{"z":3,"err":{"type":"A"}}',
  '{"err":{"type":"A"},"z":3}', '{"z":3,"err":{},"y":2}', '{"z":3,"err":{"x":1},"y":2}', '{"z":3,"err":{"x":1,"stack":"s"},"y":2}', '{"a":{"b":{"c":"x"},"d":1}}', '{"a":{"b":{"c":"x","e":2},"d":1,"f":{}},"g":0}', '{"a":{"b":{"c":1},"d":1}}',
  '{"msg":"a\\nb","err":{"type":"\\u0041","stack":"Error: x\\n    at y"},"x":"\\""}', '{"msg":"\\ud800","x":1}', '{"msg":"\\ud83d\\ude00"}', '{"msg":"😀€é"}', '{"é":"\\u00e9","x":"é"}', '{"level":"info","pid":1}', '{"level":"\\u0069nfo"}', '{"level":"half"}',
  '{"pid":1,"pid":2}', '{"x":1,"x":2,"pid":3}', '{"x":1 , "pid":3, "x":2, "y":3}', '{"err":{"type":"A","type":"B","x":1},"y":{"z":1,"z":2}}', '{"\\u0070id":1,"pid":2}', '{"msg":"\\t","msg":"\\n","x":1,"x":2}',
  '{"pid":-0,"seq":-0,"responseTime":-0,"time":-0}', '{"responseTime":1e400,"seq":1e3,"pid":1.0}', '{"seq":9007199254740993,"responseTime":9007199254740993}', '{"time":"2025-01-01T00:00:00.123456Z","at":1700000000}', '{"__proto__":{"x":1,"y":2},"constructor":true}',
  `{"x":${'['.repeat(70)}1${']'.repeat(70)},"pid":1}`, `{"x":${'['.repeat(70)}1${']'.repeat(69)},"pid":1}`, `{"msg":"${'x'.repeat(70_000)}","x":"${'y'.repeat(70_000)}"}`, `{"${'k'.repeat(300)}":1,"pid":1}`, '{"pid":1}\r', '\r', '{"pid"\t:\r1}'
]

const same = (one: Reading, other: Reading): string | undefined => {
  if (one.spilled !== other.spilled || one.corrupt !== other.corrupt) return 'counters'
  return Object.keys(other.row).find(name => !Object.is(one.row[name], other.row[name]))
}

/** What is wrong with the rows of a segment; undefined when nothing is. */
function fault (lines: readonly Buffer[], columns: typeof SCHEMAS['plain'], read: ReturnType<typeof segmentReader>, parse: ReturnType<typeof parser>): string | undefined {
  const { rows, spilled, corrupt } = read(Buffer.concat(lines.flatMap(line => [line, Buffer.from('\n')])), OPENED)
  if (rows.length !== lines.length) return `${rows.length} rows of ${lines.length} lines`
  let [misfits, raw] = [0, 0]
  for (const [at, row] of rows.entries()) {
    const text = lines[at]!.toString()
    const expected = parse(text, OPENED * 1000)
    misfits += expected.spilled
    raw += expected.corrupt
    const reading = { ...expected, row }
    // Keys that are too many to be remembered, or too long, may come twice for all that the reader knows: then it writes the line anew.
    const wrong = same(reading, expected) && same(reading, parse(latest(columns, text), OPENED * 1000))
    if (wrong !== undefined) return `${wrong} of ${JSON.stringify(text)}: ${String(row[wrong])} instead of ${String(expected.row[wrong])}`
  }
  return spilled === misfits && corrupt === raw ? undefined : `${spilled} spilled and ${corrupt} corrupt instead of ${misfits} and ${raw}`
}

for (const [name, columns] of Object.entries(SCHEMAS)) {
  t.test(`${name}: lines by hand, and JSON as nobody writes it`, async t => {
    const [read, parse] = [segmentReader(columns, LABELS), parser(columns, LABELS)]
    for (const text of REGRESSIONS) t.equal(fault([Buffer.from(text)], columns, read, parse), undefined, text.slice(0, 100))
    t.equal(fault(REGRESSIONS.map(text => Buffer.from(text)), columns, read, parse), undefined, 'one behind the other')
    const odd = fc.sample(fc.oneof(line, mutated), { numRuns: 1500, seed: SEED }).map(text => Buffer.from(text))
    t.equal(fault(odd, columns, read, parse), undefined, `seed ${SEED}`)
  })

  t.test(`${name}: ${LINES / 4} lines of a log, and what is left of them when something goes wrong, seed ${SEED}`, async t => {
    const [read, parse] = [segmentReader(columns, LABELS), parser(columns, LABELS)]
    const random = seeded(SEED)
    for (let done = 0; done < LINES / 4; done += SEGMENT) {
      // Bytes that are no UTF-8 make the whole segment be written anew: not in each.
      const broken = random() < 0.3
      const lines = Array.from({ length: SEGMENT }, () => random() < 0.6 ? Buffer.from(pinoLine(random)) : hostile(pinoLine(random), random, broken))
      const found = fault(lines, columns, read, parse)
      if (found !== undefined) return t.fail(`segment at line ${done}: ${found}`)
    }
    t.pass(`${LINES / 4} lines`)
  })
}
