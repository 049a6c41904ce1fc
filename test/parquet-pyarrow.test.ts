// D4: the Arrow C++ reader, which most of Python reads Parquet with. It comes with pyarrow and is no npm package, so that this runs
// where there is one.
import t from 'tap'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { CODECS, openCodec } from '../lib/parquet/codec.js'
import type { Column, Value, Values } from '../lib/parquet/columns.js'
import { ENGINES } from '../lib/parquet/engine.js'
import { fixture } from './fixtures/harness.js'
import { column, CREATED_BY, difference, writeFile } from './fixtures/parquet.js'
import { COLUMNS, EXTREMES, shapes, STRINGS } from './fixtures/parquet-values.js'

interface Look {
  createdBy: string
  rows: number
  groups: number[]
  codecs: string[]
  metadata: Record<string, string>
  types: Record<string, string>
  nullable: Record<string, boolean>
  values: Record<string, Values>
  statistics: Array<Record<string, { nulls: number | null, bounds: [string, string] | null } | null>>
}

const skip = spawnSync('python3', ['-c', 'import pyarrow.parquet']).status === 0 ? false : 'there is no python3 with pyarrow'

function look (...paths: string[]): Look[] {
  const { status, stdout, stderr } = spawnSync('python3', [fixture('arrow_look.py'), ...paths], { encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

const TYPES: Record<Column['type'], string> = {
  string: 'string', int32: 'int32', int64: 'int64', double: 'double', boolean: 'bool', timestamp: 'timestamp[us, tz=UTC]'
}

/** As arrow_look.py has them. Doubles are numbers on this side, as both languages write them in their own way. */
function wanted ({ type }: Column, values: Values): Values {
  return values.map(value => value !== null && (type === 'int64' || type === 'timestamp') ? String(BigInt(value as bigint)) : value)
}

function found ({ type }: Column, values: Values): Values {
  return values.map(value => type === 'double' && value !== null ? Number(String(value).replace('inf', 'Infinity').replace('nan', 'NaN')) : value)
}

function fault (column: Column, given: Values, values: Values): string | undefined {
  const [a, b] = [found(column, given), wanted(column, values)].map(values => values.map(value => ({ [column.name]: value })))
  return difference(a!, b!)
}

const flat = (groups: ReadonlyArray<readonly Values[]>, at: number): Values => groups.flatMap(values => values[at]!)

for (const engine of ENGINES) {
  t.test(`${engine}: pyarrow reads every type, every shape, every codec`, { skip }, async t => {
    const groups = shapes(COLUMNS)
    const metadata = { 'pino-blackbox.schema': '1', größe: '😀' }
    const paths = await Promise.all(CODECS.map(codec => writeFile(join(t.testdir(), `${codec}.parquet`), { engine, codec, columns: COLUMNS, groups, metadata })))
    for (const [at, seen] of look(...paths).entries()) {
      t.strictSame(seen.codecs, [(await openCodec(CODECS[at]!)).name])
      t.match(seen, { createdBy: CREATED_BY, rows: flat(groups, 0).length, metadata })
      t.strictSame(seen.groups, groups.map(values => values[0]!.length))
      t.strictSame(seen.types, Object.fromEntries(COLUMNS.map(({ name, type }) => [name, TYPES[type]])))
      t.strictSame(seen.nullable, Object.fromEntries(COLUMNS.map(({ name, required }) => [name, !required])))
      for (const [index, column] of COLUMNS.entries()) t.equal(fault(column, seen.values[column.name]!, flat(groups, index)), undefined, CODECS[at]!)
    }
  })

  t.test(`${engine}: pyarrow reads extremes`, { skip }, async t => {
    const tables = Object.entries({ ...EXTREMES, ...Object.fromEntries(Object.entries(STRINGS).map(([name, groups]) => [name, { type: 'string' as const, groups }])) })
    const paths = await Promise.all(tables.map(([, { type, groups }], at) =>
      writeFile(join(t.testdir(), `${at}.parquet`), { engine, codec: 'zstd', columns: [column('c', type)], groups: groups.map(values => [values]) })))
    for (const [at, { values }] of look(...paths).entries()) {
      const [name, { type, groups }] = tables[at]!
      t.equal(fault(column('c', type), values['c']!, groups.flat()), undefined, name)
    }
  })
}

t.test('pyarrow accepts the statistics of strings, and their order', { skip }, async t => {
  const values: Value[] = ['\uFF21', '😀', null, 'b']
  const columns = [column('c', 'string'), column('quiet', 'string', { statistics: false })]
  const path = await writeFile(join(t.testdir(), 'app.parquet'), { engine: 'hyparquet', codec: 'none', columns, groups: [[values, values]] })
  const [seen] = look(path)
  t.strictSame(seen!.statistics, [{ c: { nulls: 1, bounds: ['b', '😀'] }, quiet: null }])
})
