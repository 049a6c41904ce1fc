// Any lines through the whole output, with either engine: every reader gives back every record. F21, B17, B18.
import t from 'tap'
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { join } from 'node:path'
import type { ParquetOptions } from 'pino-blackbox'
import { columnsOf, KEYS, nameOf, parsePath, type ColumnType } from '../lib/parquet/columns.js'
import { restore } from '../lib/parquet/restore.js'
import { duck, READERS } from './fixtures/parquet.js'
import { files, open } from './fixtures/dataset.js'
import { seeded } from './fixtures/harness.js'
import { line, mutated } from './fixtures/json-lines.js'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = Number(process.env.RUNS ?? 800)

const COLUMNS: Record<string, ColumnType> = {
  'req.method': 'string', 'res.statusCode': 'int32', responseTime: 'double', big: 'int64', flag: 'boolean', at: 'timestamp', 'a.b.c': 'string', 'a.d': 'double'
}
const OTHERS: Record<string, ColumnType> = { 'req.method': 'string', 'a.b': 'string', type: 'string', big: 'int64' }
const schema = (columns: Record<string, ColumnType>) => columnsOf(Object.entries(columns).map(([field, type]) => ({ path: parsePath(field), name: nameOf(parsePath(field)), type })), KEYS)

const TIMES = [
  1_700_000_000_000, 1_700_000_000, 1.7e15, '"2025-01-01T00:00:00.123456789Z"', '"1969-12-31T23:59:59.999+02:00"', -1e12, -62_135_596_800_000, 253_402_300_799_999,
  '"0001-01-01T00:00:00Z"', '1700000000123456789', '1e400', 'null', '"soon"', '-0', '{}'
]
const BY_HAND = [
  ...TIMES.map(time => `{"level":30,"time":${time},"msg":"${String(time).replaceAll('"', "'")}"}`),
  `{"level":"info","time":1700000000000,"msg":"${'x'.repeat(1 << 20)}"}`, `{"err":{"type":"E","stack":"${'€'.repeat(1 << 18)}"},"name":"${'é'.repeat(100)}"}`,
  '{"level":10,"level":"error","msg":1,"msg":"last","a":1,"__proto__":{"x":1},"a":2}', 'Segmentation fault', '[1]', '{"msg":"half', '"text"', '{}'
]

/**
 * What a line is when it has got through pino's pipe: UTF-8 without line breaks. And without byte order marks, which three of the
 * readers, made with TextDecoder, take away at the head of a value; Polars shows that they are there.
 */
const piped = (text: string): string => Buffer.from(text.replace(/[\r\n]/g, ' ').replace(/\ufeff|\\ufeff/gi, '?')).toString()

function record (text: string): unknown {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : text
  } catch {
    return text
  }
}

const lines = [...BY_HAND, ...fc.sample(fc.oneof({ weight: 3, arbitrary: line }, mutated), { numRuns: RUNS, seed: SEED })].map(piped).filter(text => text !== '')

async function write (options: ParquetOptions, texts: readonly string[]): Promise<void> {
  const log = await open(options)
  for (const text of texts) log.write(text)
  await log.flush('delivered')
  await log.end()
}

for (const [engine, codec] of [['hyparquet', 'zstd'], ['parquetjs-lite', 'snappy']] as const) {
  t.test(`${engine}: ${lines.length} lines, seed ${SEED}`, async t => {
    const dir = join(t.testdir(), 'logs')
    await write({ dir, engine, codec, columns: COLUMNS, rowGroupRows: 500, frequency: false }, lines)
    const paths = files(dir).map(file => join(dir, file))
    t.equal(paths.length, 1)
    for (const [name, read] of Object.entries(READERS)) {
      const rows = await read(paths)
      t.equal(rows.length, lines.length, `${name}: as many rows as lines`)
      const wrong = rows.findIndex((row, at) => !isDeepStrictEqual(restore(row, schema(COLUMNS)), record(lines[at]!)))
      t.equal(wrong, -1, `${name}: ${wrong < 0 ? 'every record' : lines[wrong]!.slice(0, 300)}`)
    }
  })

  t.test(`${engine}: a filter that can skip finds as much as one that cannot`, async t => {
    const dir = join(t.testdir(), 'logs')
    await write({ dir, engine, codec, columns: COLUMNS, rowGroupRows: 50, frequency: false }, lines)
    const from = `from read_parquet('${join(dir, files(dir)[0]!)}')`
    const pick = seeded(SEED)
    for (const name of ['time', 'level', 'severity', 'name', 'hostname', 'pid', 'err_type', 'req_method', 'res_status_code', 'response_time', 'big', 'at', 'a_b_c', 'a_d']) {
      const values = (await duck(`select distinct "${name}"::varchar as value ${from} where "${name}" is not null`)).map(({ value }) => String(value)).filter(value => !value.includes('\0'))
      for (let look = 0; look < Math.min(5, values.length); look++) {
        const value = `'${values[Math.floor(pick() * values.length)]!.replaceAll("'", "''")}'`
        for (const by of ['>=', '<=', '=']) {
          const [counts] = await duck(`select (select count(*) ${from} where "${name}" ${by} ${value}) as skipping, (select count(*) ${from} where coalesce("${name}", "${name}") ${by} ${value}) as reading`)
          t.equal(counts!.skipping, counts!.reading, `${name} ${by} ${value.slice(0, 60)}: ${counts!.reading}`)
        }
      }
    }
  })
}

t.test('files of two configurations, and of both engines, are one table', async t => {
  const dir = join(t.testdir(), 'logs')
  const half = lines.length >> 1
  await write({ dir, columns: COLUMNS }, lines.slice(0, half))
  await write({ dir, columns: OTHERS, engine: 'parquetjs-lite', codec: 'gzip' }, lines.slice(half))
  const both = [...schema(COLUMNS), ...schema(OTHERS).filter(({ name }) => !schema(COLUMNS).some(column => column.name === name))]
  const rows = await duck(`select * from read_parquet('${dir}/*.parquet', union_by_name = true, filename = true) order by filename`)
  t.equal(rows.length, lines.length)
  t.equal(rows.findIndex((row, at) => !isDeepStrictEqual(restore(row, both), record(lines[at]!))), -1, 'every record')
  t.match(await duck(`select count(*)::int as rows from '${dir}/*.parquet'`), [{ rows: lines.length }], 'also as the first file has the columns')
})
