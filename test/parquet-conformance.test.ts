// D4: whatever is written, by either engine and with every codec, four readers give it back as it was, and the file is what the
// format says. What readers make of statistics: parquet-queries.test.ts.
import t, { type Test } from 'tap'
import fc from 'fast-check'
import { join } from 'node:path'
import { CODECS, openCodec, type CodecName } from '../lib/parquet/codec.js'
import { COLUMN_TYPES, type Column, type ColumnType, type Value } from '../lib/parquet/columns.js'
import { ENGINES, openEngine, type EngineName } from '../lib/parquet/engine.js'
import { conform } from './fixtures/conformance.js'
import { column, CREATED_BY, difference, duck, footerOf, READERS, rowsOf, withoutPolars, writeFile, type FileOptions } from './fixtures/parquet.js'
import { columnData } from './fixtures/rows.js'
import { pagesOf } from './fixtures/parquet-structure.js'
import { COLUMNS, distinct, EXTREMES, shapes, STRINGS } from './fixtures/parquet-values.js'

const PAGES: Record<EngineName, 'V1' | 'V2'> = { hyparquet: 'V2', 'parquetjs-lite': 'V1' }
/** Engines whose files have bounds. */
const BOUNDS: readonly EngineName[] = ['hyparquet']

t.test('four readers', { skip: withoutPolars }, async t => {
  t.strictSame(Object.keys(READERS), ['duckdb', 'hyparquet', 'parquet-wasm', 'polars'])
})

/** Everything that is wrong with what an engine makes of these rows. */
async function faults (path: string, options: FileOptions): Promise<string[]> {
  const { engine, codec, columns, groups } = options
  const wanted = rowsOf(columns, groups)
  await writeFile(path, options)
  const { name } = await openCodec(codec)
  const found = await conform(path, { codec: name, rows: wanted.length, columns, pages: PAGES[engine], bounds: BOUNDS.includes(engine) })
  for (const [name, read] of Object.entries(READERS)) {
    const fault = await read([path]).then(rows => difference(rows, wanted), error => String(error))
    if (fault) found.push(`${name}: ${fault}`)
  }
  return found
}

/** Of the dictionary that the first column has in each row group. */
function entries (path: string): Array<number | undefined> {
  return footerOf(path).metadata.row_groups.map(({ columns }) => {
    const { dictionary_page_offset: start, data_page_offset: end, codec } = columns[0]!.meta_data!
    return start === undefined ? undefined : pagesOf(path, Number(start), Number(end - start), codec)[0]!.values
  })
}

const file = (t: Test): string => join(t.testdir(), 'app.parquet')

for (const engine of ENGINES) {
  for (const codec of CODECS) {
    t.test(`${engine}, ${codec}`, async t => {
      t.test('levels: nulls in every shape, columns of every type', async t => {
        t.strictSame(await faults(file(t), { engine, codec, columns: COLUMNS, groups: shapes(COLUMNS) }), [])
      })

      for (const [name, groups] of Object.entries(STRINGS)) {
        t.test(`strings: ${name}`, async t => {
          t.strictSame(await faults(file(t), { engine, codec, columns: [column('c', 'string')], groups: groups.map(values => [values]) }), [])
        })
      }

      for (const [name, { type, groups }] of Object.entries(EXTREMES)) {
        t.test(`extremes: ${name}`, async t => {
          const columns = [column('c', type), column('u', type, { unique: true })]
          t.strictSame(await faults(file(t), { engine, codec, columns, groups: groups.map(values => [values, values]) }), [])
        })
      }

      t.test('dictionaries: where the width of their indexes changes', async t => {
        const sizes = [1, 2, 3, 255, 256, 257]
        const groups = sizes.map(count => [distinct(count, 1500)])
        const path = file(t)
        t.strictSame(await faults(path, { engine, codec, columns: [column('c', 'string')], groups }), [])
        t.strictSame(entries(path), engine === 'hyparquet' ? sizes : sizes.map(() => undefined))
      })
    })
  }

  // One codec: what is compressed is the same with every other. Times so many that they take two pages.
  t.test(`${engine}: dictionaries of 65,535 values and more`, async t => {
    const path = file(t)
    const rows = 160_000
    const text = [column('c', 'string')]
    const time = column('time', 'timestamp', { required: true, unique: true })
    for (const count of engine === 'hyparquet' ? [65_535, 65_536] : []) {
      const groups = [[distinct(count, rows)]]
      await writeFile(path, { engine, codec: 'none', columns: text, groups })
      t.equal(difference(await READERS['parquet-wasm']!([path]), rowsOf(text, groups)), undefined)
      t.strictSame(entries(path), [count])
    }
    const groups = [[distinct(65_537, rows), Array.from({ length: rows }, (_, row) => 1_700_000_000_000_000 + row * 997)]]
    t.strictSame(await faults(path, { engine, codec: 'none', columns: [...text, time], groups }), [])
    t.strictSame(entries(path), [engine === 'hyparquet' ? 65_537 : undefined])
  })

  t.test(`${engine}: a file without key-value metadata, and one with text of every kind`, async t => {
    const path = file(t)
    const options = { engine, codec: 'none', columns: [column('c', 'int32')], groups: [[[1, null]]] } as const
    t.strictSame(await faults(path, { ...options, groups: [[[1, null]]], metadata: {} }), [])
    const metadata = { 'pino-blackbox.schema': '1', empty: '', größe: '😀 "quoted" \n', long: 'x'.repeat(100_000) }
    t.strictSame(await faults(path, { ...options, groups: [[[1, null]]], metadata }), [])
    const pairs = await duck(`select decode(key) as key, decode(value) as value from parquet_kv_metadata('${path}')`)
    t.strictSame(Object.fromEntries(pairs.map(({ key, value }) => [key, value])), metadata)
    t.strictSame(await duck(`select created_by, num_rows from parquet_file_metadata('${path}')`), [{ created_by: CREATED_BY, num_rows: 2n }])
  })

  t.test(`${engine}: a row group beyond 4 GiB`, async t => {
    const path = file(t)
    const offset = 2 ** 32 + 2 ** 31 + 12_345
    const columns = [column('text', 'string'), column('large', 'int64')]
    const groups = [[['a', null, 'b'], [1n, 2n, null]], [['c'], [3n]]]
    await writeFile(path, { engine, codec: 'zstd', columns, groups, offset })
    const chunk = footerOf(path).metadata.row_groups[0]!.columns[0]!.meta_data!
    t.equal(Number(chunk.dictionary_page_offset ?? chunk.data_page_offset), offset)
    t.strictSame(await conform(path, { columns, rows: 4 }), [])
    for (const name of ['duckdb', 'hyparquet']) t.equal(difference(await READERS[name]!([path]), rowsOf(columns, groups)), undefined, name)
  })

  t.test(`${engine}: row groups that are encoded at the same time, with two codecs, do not mix`, async t => {
    const columns = [column('text', 'string'), column('large', 'int64')]
    const values = columnData(columns, [distinct(20, 400), Array.from({ length: 400 }, (_, row) => BigInt(row))])
    const engines = await Promise.all((['zstd', 'gzip', 'snappy', 'none'] as const).map(async codec =>
      openEngine(engine, { columns, codec: await openCodec(codec), createdBy: CREATED_BY })))
    const alone: Buffer[] = []
    for (const engine of engines) alone.push(Buffer.from((await engine.encode(values, 400, 4)).bytes))
    const together = await Promise.all([...engines, ...engines].map(engine => engine.encode(values, 400, 4)))
    for (const [at, { bytes }] of together.entries()) t.ok(alone[at % 4]!.equals(bytes), CODECS[at % 4]!)
  })
}

const VALUE: Record<ColumnType, fc.Arbitrary<Value>> = {
  string: fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.constantFrom('a', 'b', '')),
  int32: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 })),
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger(), fc.constantFrom(30, 40)),
  double: fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0.5, 1)),
  boolean: fc.boolean(),
  timestamp: fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })
}

const about = fc.record({ type: fc.constantFrom(...COLUMN_TYPES), required: fc.boolean(), statistics: fc.boolean(), unique: fc.boolean() })
const columns: fc.Arbitrary<Column[]> = fc.array(about, { minLength: 1, maxLength: 5 })
  .map(all => all.map(({ type, ...rest }, at) => column(`c${at}`, type, rest)))

const written = columns.chain(columns => fc.record({
  columns: fc.constant(columns),
  codec: fc.constantFrom<CodecName>(...CODECS),
  groups: fc.array(fc.integer({ min: 1, max: 40 }).chain(rows => fc.tuple(...columns.map(({ type, required }) =>
    fc.array(required ? VALUE[type] : fc.option(VALUE[type], { freq: 3 }), { minLength: rows, maxLength: rows })))), { minLength: 1, maxLength: 3 })
}))

for (const engine of ENGINES) {
  t.test(`${engine}: any columns, any row groups`, async t => {
    const path = file(t)
    await fc.assert(fc.asyncProperty(written, async options => {
      const found = await faults(path, { engine, ...options })
      if (found.length > 0) throw new Error(found.join('\n'))
    }), { numRuns: 40 })
  })
}
