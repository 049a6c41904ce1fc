// The checks, checked: what is wrong with a file is found, by the number of the check that it breaks. Without this, a check that
// checks nothing would pass everywhere.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { RowGroup } from 'hyparquet'
import { openCodec } from '../lib/parquet/codec.js'
import type { Value, Values } from '../lib/parquet/columns.js'
import { ENGINES, MAGIC, openEngine } from '../lib/parquet/engine.js'
import { conform, type Expectations } from './fixtures/conformance.js'
import { column, CREATED_BY, difference, duck, READERS, rowsOf, writeFile } from './fixtures/parquet.js'
import { columnData } from './fixtures/rows.js'
import { distinct } from './fixtures/parquet-values.js'

const file = (t: Test): string => join(t.testdir(), 'app.parquet')
const count = async (sql: string): Promise<number> => Number((await duck(`select count(*) as n ${sql}`))[0]!['n'])
/** The checks that found something. */
const numbers = (violations: string[]): number[] => [...new Set(violations.map(violation => Number(violation.split(' ')[0])))].sort((a, b) => a - b)

interface RowWriter { appendRow (row: object): Promise<void>, close (): Promise<void> }
interface Peer {
  ParquetSchema: new (fields: object) => object
  ParquetWriter: { openFile (schema: object, path: string): Promise<RowWriter> }
}

t.test('a file as parquetjs-lite writes it by itself does not conform, and queries on it are wrong', async t => {
  const { ParquetSchema, ParquetWriter } = createRequire(import.meta.url)('parquetjs-lite') as Peer
  const path = file(t)
  const texts = Array.from({ length: 10_000 }, (_, row) => row % 2 === 0 ? 'm\uFF21' : 'm😀')
  const writer = await ParquetWriter.openFile(new ParquetSchema({ msg: { type: 'UTF8' }, n: { type: 'INT64', optional: true } }), path)
  for (const [row, msg] of texts.entries()) await writer.appendRow({ msg, ...(row % 3 === 0 && { n: row }) })
  await writer.close()
  const found = await conform(path)
  t.strictSame(numbers(found), [2, 4, 8, 16, 20, 21], found.join('\n'))
  t.equal(await count(`from '${path}' where msg >= 'm😀'`), 0)
  t.equal(await count(`from '${path}' where msg || '' >= 'm😀'`), 5000)

  const ours = await writeFile(path, { engine: 'parquetjs-lite', codec: 'none', columns: [column('msg', 'string')], groups: [[texts]] })
  t.strictSame(await conform(ours), [])
  t.equal(await count(`from '${ours}' where msg >= 'm😀'`), 5000)
})

type Chunk = NonNullable<RowGroup['columns'][number]['meta_data']>
type Change = (chunk: Chunk, group: RowGroup) => void

const COLUMNS = [column('text', 'string'), column('real', 'double'), column('id', 'string', { unique: true })]
const VALUES: Values[] = [distinct(3, 100), Array.from({ length: 100 }, (_, row) => row === 7 ? null : row % 2), Array.from({ length: 100 }, (_, row) => `${'z'.repeat(80)}${row}`)]

/** `chunk` is that of the column that is named. */
const CHANGES: Record<string, { column: 'text' | 'real' | 'id', finds: number[], change?: Change, expected?: Expectations, createdBy?: string }> = {
  nothing: { column: 'text', finds: [] },
  'another creator': { column: 'text', finds: [2], createdBy: 'parquet.js' },
  'other columns': { column: 'text', finds: [3, 4], expected: { columns: [column('text', 'timestamp'), ...COLUMNS.slice(1)] } },
  'other rows': { column: 'text', finds: [5], expected: { rows: 99 } },
  'columns in another order': { column: 'id', finds: [1, 5, 7], change: (_, { columns }) => columns.reverse() },
  'values without nulls': { column: 'real', finds: [6], change: chunk => { chunk.num_values -= 1n } },
  'rows that are not there': { column: 'real', finds: [6, 19], change: (_, group) => { group.num_rows += 1n } },
  'a dictionary that is not named': { column: 'text', finds: [1], change: chunk => { delete chunk.dictionary_page_offset } },
  'data at the dictionary': { column: 'text', finds: [7], change: chunk => { chunk.data_page_offset = chunk.dictionary_page_offset! } },
  'a size without headers': { column: 'id', finds: [8], change: chunk => { chunk.total_uncompressed_size -= 20n } },
  'a size of the row group': { column: 'id', finds: [8], change: (_, group) => { group.total_byte_size += 1n } },
  'an encoding that is not listed': { column: 'text', finds: [10], change: chunk => { chunk.encodings = ['PLAIN'] } },
  'an encoding that is not there': { column: 'id', finds: [10], change: chunk => { chunk.encodings.push('DELTA_BYTE_ARRAY') } },
  'pages of another version': { column: 'id', finds: [10], expected: { pages: 'V1' } },
  'another codec': { column: 'id', finds: [10], expected: { codec: 'ZSTD' } },
  'a bound that does not hold': { column: 'text', finds: [16], change: ({ statistics }) => { statistics!.min_value = 'a value of some length 000001' } },
  'a bound that is not tight': { column: 'real', finds: [16], change: ({ statistics }) => { statistics!.max_value = 2 } },
  'one bound only': { column: 'text', finds: [17], change: ({ statistics }) => { delete statistics!.min_value } },
  'a cut that says it is none': { column: 'id', finds: [17], change: ({ statistics }) => { statistics!.is_max_value_exact = true } },
  'a bound that is longer than the value': { column: 'text', finds: [17], change: ({ statistics }) => { statistics!.max_value = `${Buffer.from(statistics!.max_value as Uint8Array).toString()}z` } },
  NaN: { column: 'real', finds: [18], change: ({ statistics }) => { statistics!.max_value = NaN } },
  'a positive zero': { column: 'real', finds: [18], change: ({ statistics }) => { statistics!.min_value = 0 } },
  'no null_count': { column: 'real', finds: [19], change: ({ statistics }) => { delete statistics!.null_count } },
  'another null_count': { column: 'real', finds: [19], change: ({ statistics }) => { statistics!.null_count = 2n } },
  'no statistics': { column: 'real', finds: [19], change: chunk => { delete chunk.statistics }, expected: { columns: COLUMNS, bounds: true } },
  'bounds the wrong way round': { column: 'real', finds: [16, 20], change: ({ statistics }) => { [statistics!.min_value, statistics!.max_value] = [1, -1] } },
  'bounds of old': { column: 'text', finds: [20], change: ({ statistics }) => { statistics!.max = 'z' } },
  'a column index alone': {
    column: 'text', finds: [1, 21], change: (_, { columns }) => { Object.assign(columns[0]!, { column_index_offset: 4n, column_index_length: 3 }) }
  }
}

t.test('what is wrong in a footer is found', async t => {
  const codec = await openCodec('none')
  for (const [what, { column: name, finds, change, expected, createdBy = CREATED_BY }] of Object.entries(CHANGES)) {
    const engine = await openEngine('hyparquet', { columns: COLUMNS, codec, createdBy })
    const { bytes, group } = await engine.encode(columnData(COLUMNS, VALUES), 100, MAGIC.length)
    const row = group as RowGroup
    change?.(row.columns.find(({ meta_data: data }) => data!.path_in_schema[0] === name)!.meta_data!, row)
    const path = file(t)
    fs.writeFileSync(path, Buffer.concat([MAGIC, bytes, engine.footer([group], { version: '1' })]))
    const found = await conform(path, expected)
    t.strictSame(numbers(found), finds, `${what}: ${found.join('; ')}`)
  }
})

t.test('a byte that is changed is found', async t => {
  const path = file(t)
  const options = { columns: [column('c', 'string'), column('n', 'int64')], codec: 'none' as const, groups: [[distinct(3, 100), Array<Value>(100).fill(7n)]] }
  for (const engine of ENGINES) {
    const right = fs.readFileSync(await writeFile(path, { ...options, engine }))
    t.strictSame(await conform(path), [], engine)
    for (const [what, change] of Object.entries({
      'the magic': (bytes: Buffer) => { bytes[0] = 0 },
      'a page header': (bytes: Buffer) => { bytes[5]! += 2 },
      'the length of the footer': (bytes: Buffer) => { bytes.writeInt32LE(bytes.readInt32LE(bytes.length - 8) - 1, bytes.length - 8) },
      'its end': (bytes: Buffer) => { bytes[bytes.length - 1] = 0 }
    })) {
      const bytes = Buffer.from(right)
      change(bytes)
      fs.writeFileSync(path, bytes)
      t.not((await conform(path)).length, 0, `${engine}: ${what}`)
    }
  }
})

t.test('a value that is not the one that was written is found, from every reader', async t => {
  const columns = [column('text', 'string'), column('large', 'int64'), column('real', 'double')]
  const groups: Values[][] = [[['a', 'b', null], [1n, 2n, null], [0, -0.5, null]]]
  const path = await writeFile(file(t), { engine: 'parquetjs-lite', codec: 'none', columns, groups })
  for (const [name, read] of Object.entries(READERS)) {
    const rows = await read([path])
    t.equal(difference(rows, rowsOf(columns, groups)), undefined, name)
    for (const [at, values] of [['a', 'B', null], [1n, 2n, 0n], [-0, -0.5, null]].entries()) {
      t.match(difference(rows, rowsOf(columns, [groups[0]!.map((same, index) => index === at ? values : same)])), /instead of/, name)
    }
    t.match(difference(rows, []), /3 rows instead of 0/)
    t.match(difference([], rowsOf(columns, groups)), /0 rows instead of 3/)
  }
})
