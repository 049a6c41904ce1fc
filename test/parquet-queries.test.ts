// D4: what queries find. A reader skips row groups by their statistics and wrong ones cost rows silently, so that each filter is
// counted against the values that were written. And: files of both engines are one table.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { CODECS } from '../lib/parquet/codec.js'
import { columnsOf, KEYS, type Column, type Value, type Values } from '../lib/parquet/columns.js'
import { ENGINES, MAGIC } from '../lib/parquet/engine.js'
import { column, difference, duck, footerOf, polars, READERS, rowsOf, withoutPolars, writeFile } from './fixtures/parquet.js'
import { EXTREMES, STRINGS } from './fixtures/parquet-values.js'

t.test('DuckDB and Polars', { skip: withoutPolars }, async t => {
  t.ok(polars)
})

const file = (t: Test): string => join(t.testdir(), 'app.parquet')
const count = async (sql: string): Promise<number> => Number((await duck(`select count(*) as n ${sql}`))[0]!['n'])
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

type Compared = string | number | bigint

type Filter = '>=' | '<=' | '=' | '>' | '<'
const FILTERS: Record<Filter, { polars: 'gtEq' | 'ltEq' | 'eq' | 'gt' | 'lt', holds (order: number): boolean }> = {
  '>=': { polars: 'gtEq', holds: order => order >= 0 },
  '<=': { polars: 'ltEq', holds: order => order <= 0 },
  '=': { polars: 'eq', holds: order => order === 0 },
  '>': { polars: 'gt', holds: order => order > 0 },
  '<': { polars: 'lt', holds: order => order < 0 }
}

/** How many of the values a filter has to find. Strings by their bytes. */
function matching (values: readonly Value[], filter: Filter, than: Compared): number {
  const order = (value: Value): number => typeof value === 'string' ? Buffer.compare(Buffer.from(value), Buffer.from(String(than))) : value! < than ? -1 : value! > than ? 1 : 0
  return values.filter(value => value !== null && FILTERS[filter].holds(order(value))).length
}

/** Some of the values, and strings beside them. */
function probes (values: readonly Value[]): Compared[] {
  const different = [...new Set(values.filter((value): value is Compared => value !== null && typeof value !== 'boolean'))]
  const some = different.filter((_, at) => at % Math.ceil(different.length / 5) === 0)
  return [...some, ...some.flatMap(value => typeof value === 'string' ? [`${value}a`, [...value].slice(0, 10).join('')] : [])]
}

const ORDERED: Record<string, { type: Column['type'], groups: readonly Values[] }> = {
  ...Object.fromEntries(Object.entries(STRINGS).map(([name, groups]) => [name, { type: 'string' as const, groups }])),
  int32: EXTREMES['int32']!,
  int64: EXTREMES['int64']!,
  // A NaN is above everything in DuckDB and Polars; which order the footer means is not said before IEEE_754_TOTAL_ORDER.
  double: { type: 'double', groups: EXTREMES['double']!.groups.filter(values => !values.some(Number.isNaN)) },
  'zeros of both signs': EXTREMES['zeros of both signs']!
}

const few = (text: unknown): string => String(text).slice(0, 40)

for (const engine of ENGINES) {
  for (const [name, { type, groups }] of Object.entries(ORDERED)) {
    t.test(`${engine}: a filter finds every row that it should: ${name}`, async t => {
      const path = await writeFile(file(t), { engine, codec: 'snappy', columns: [column('c', type)], groups: groups.map(values => [values]) })
      const values = groups.flat()
      const wrong: string[] = []
      for (const than of probes(values)) {
        const literal = typeof than === 'string' ? quoted(than) : type === 'double' ? `'${than}'::double` : `${than}`
        for (const [filter, { polars: method }] of Object.entries(FILTERS) as Array<[Filter, typeof FILTERS[Filter]]>) {
          const wanted = matching(values, filter, than)
          const found = await count(`from '${path}' where c ${filter} ${literal}`)
          if (found !== wanted) wrong.push(`DuckDB: ${found} instead of ${wanted} ${filter} ${few(than)}`)
          if (!polars) continue
          const typed = typeof than === 'bigint' ? polars.lit(String(than)).cast(polars.Int64) : polars.lit(than)
          const frame = polars.scanParquet(path).filter(polars.col('c')[method](typed)).select(polars.len()).collectSync()
          const seen = frame.toRecords()[0]!['len']
          if (seen !== wanted) wrong.push(`Polars: ${seen} instead of ${wanted} ${filter} ${few(than)}`)
        }
      }
      t.strictSame(wrong, [])
      t.equal(await count(`from '${path}' where c is null`), values.filter(value => value === null).length)
    })
  }

  t.test(`${engine}: times are found by time`, async t => {
    const groups = EXTREMES['timestamp']!.groups
    const path = await writeFile(file(t), { engine, codec: 'zstd', columns: [column('c', 'timestamp')], groups: groups.map(values => [values]) })
    const values = groups.flat().map(value => value === null ? null : BigInt(value as bigint))
    for (const than of probes(values)) {
      for (const filter of Object.keys(FILTERS) as Filter[]) t.equal(await count(`from '${path}' where c ${filter} make_timestamptz(${than})`), matching(values, filter, than), `${filter} ${than}`)
    }
    t.strictSame(await duck(`select epoch_us(max(c)) as most, epoch_us(min(c)) as least from '${path}'`), [{ most: 253_402_300_799_999_999n, least: -62_135_596_800_000_000n }])
  })
}

const COLUMNS = columnsOf([
  { path: ['n'], name: 'n', type: 'int64' }, { path: ['ratio'], name: 'ratio', type: 'double' },
  { path: ['ok'], name: 'ok', type: 'boolean' }, { path: ['started'], name: 'started', type: 'timestamp' }
], KEYS)

const ROW: Record<Column['type'], (row: number) => Value> = {
  string: row => row % 3 === 0 ? null : `text ${row % 50}`,
  int32: row => row % 60,
  int64: row => BigInt(row) * 10n ** 14n,
  double: row => row / 4,
  boolean: row => row % 2 === 0,
  timestamp: row => 1_700_000_000_000_000n + BigInt(row)
}
const logged = (rows: number, from = 0): Values[] => COLUMNS.map(({ type }) => Array.from({ length: rows }, (_, at) => ROW[type](from + at)))

t.test('files of both engines and of all codecs are one table', async t => {
  const directory = t.testdir()
  const wanted: Values[][] = []
  const paths: string[] = []
  for (const engine of ENGINES) {
    for (const codec of CODECS) {
      const groups = [logged(100, wanted.length * 1000), logged(30, wanted.length * 1000 + 100)]
      paths.push(await writeFile(join(directory, `${paths.length}.parquet`), { engine, codec, columns: COLUMNS, groups }))
      wanted.push(...groups)
    }
  }
  const rows = rowsOf(COLUMNS, wanted)
  for (const [name, read] of Object.entries(READERS)) t.equal(difference(await read(paths), rows), undefined, name)

  const glob = join(directory, '*.parquet')
  for (const options of ['', ', union_by_name = true']) {
    const source = `read_parquet('${glob}'${options})`
    t.equal(difference(await duck(`select * from ${source} order by time`), [...rows].sort((a, b) => a['time']! < b['time']! ? -1 : 1)), undefined, source)
    t.equal(await count(`from ${source} where level >= 30 and n >= 200000000000000`), rows.filter(({ level, n }) => Number(level) >= 30 && Number(n) >= 2e14).length, source)
  }
  const tables = await Promise.all(paths.map(path => duck(`describe select * from '${path}'`)))
  for (const table of tables) t.strictSame(table, tables[0], 'DESCRIBE')
  t.strictSame(tables[0]!.map(({ column_name: name, column_type: type }) => `${name} ${type}`), COLUMNS.map(({ name, type }) => `${name} ${SQL[type]}`))
  // Not compared: which encodings and statistics there are.
  const schemas = await Promise.all(paths.map(path => duck(`select * exclude (file_name) from parquet_schema('${path}')`)))
  for (const schema of schemas) t.strictSame(schema, schemas[0], 'parquet_schema')

  if (!polars) return
  const frame = polars.scanParquet(glob).collectSync()
  t.equal(frame.height, rows.length)
  t.match(String(frame.getColumn('time').dtype), /Datetime\(us, ?UTC\)/)
})

const SQL: Record<Column['type'], string> = {
  string: 'VARCHAR', int32: 'INTEGER', int64: 'BIGINT', double: 'DOUBLE', boolean: 'BOOLEAN', timestamp: 'TIMESTAMP WITH TIME ZONE'
}

t.test('by statistics readers skip row groups: what is broken in there does not matter', async t => {
  const groups = [0, 1, 2].map(group => logged(2000, group * 10_000))
  for (const engine of ENGINES) {
    const path = await writeFile(file(t), { engine, codec: 'zstd', columns: COLUMNS, groups })
    const { columns } = footerOf(path).metadata.row_groups[2]!
    const begins = Number(columns[0]!.meta_data!.dictionary_page_offset ?? columns[0]!.meta_data!.data_page_offset)
    const bytes = fs.readFileSync(path)
    fs.writeFileSync(path, bytes.fill(0xff, MAGIC.length, begins))
    for (const where of ['time >= make_timestamptz(1700000000020000)', 'n >= 2000000000000000000', 'ratio >= 5000']) {
      const query = count(`from '${path}' where ${where}`)
      if (engine === 'hyparquet') t.equal(await query, 2000, where)
      else await t.rejects(query, `${engine} has no statistics`)
    }
    await t.rejects(duck(`select sum(n) from '${path}'`), 'it is broken')
  }
})
