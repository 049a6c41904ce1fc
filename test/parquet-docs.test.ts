// docs/parquet.md is true: every snippet that it does not mark as not run is run, in order, in one directory.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { COLUMN_TYPES, columnsOf, KEYS, type ColumnType } from '../lib/parquet/columns.js'
import { cleanEnv, until } from './fixtures/harness.js'
import { column, duck, polars, withoutPolars, writeFile } from './fixtures/parquet.js'
import { reader } from './fixtures/rows.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = fs.readFileSync(join(root, 'docs/parquet.md'), 'utf8')
const snippets = [...page.matchAll(/^```(js|sql)\n(.*?)^```/gms)].map(([, kind, code]) => ({ kind: kind!, code: code! }))
const directory = t.testdir({ node_modules: {} })
for (const name of ['pino', '@duckdb', 'nodejs-polars']) fs.symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
const before = process.cwd()
process.chdir(directory)
t.teardown(() => process.chdir(before))

const published = (): string[] => fs.readdirSync('logs/shop', { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.parquet'))

function run (code: string, ...args: string[]): { status: number | null, stdout: string, stderr: string } {
  fs.writeFileSync('snippet.mjs', code)
  return spawnSync(process.execPath, ['snippet.mjs', ...args], { cwd: directory, env: cleanEnv(), encoding: 'utf8', timeout: 30_000 })
}

const DAY = 86_400_000
const [write] = snippets.filter(({ kind }) => kind === 'js')
const compact = snippets.find(({ code }) => code.startsWith('// compact.js'))!

t.test('the first snippet writes the dataset that the others ask', async t => {
  // Around midnight its files would be of two days.
  await until(() => Date.now() % DAY < DAY - 60_000, 70_000)
  for (let writer = 0; writer < 3; writer++) {
    const { status, stderr } = run(write!.code)
    t.equal(status, 0, stderr)
  }
  t.equal(published().length, 3)
  for (const name of published()) t.match(name, /^dt=\d{4}-\d\d-\d\d\/shop_\d{8}_\d{6}_\d{3}-\d{3}-[0-9a-f]{12}\.parquet$/)
})

t.test('every snippet of JavaScript ends well', async t => {
  for (const { code } of snippets.filter(snippet => snippet.kind === 'js' && snippet !== write && snippet !== compact)) {
    const title = code.split('\n')[0]!
    if (code.includes('nodejs-polars') && withoutPolars) {
      t.comment(withoutPolars)
      continue
    }
    const { status, stderr } = run(code)
    t.equal(status, 0, `${title}: ${stderr}`)
  }
})

t.test('every question in SQL has an answer', async t => {
  const questions = snippets.filter(({ kind }) => kind === 'sql')
  t.ok(questions.length >= 6)
  for (const { code } of questions) {
    const rows = await duck(code)
    if (!code.startsWith('create')) t.ok(rows.length > 0, code)
  }
  t.strictSame(await duck('select distinct url from (select attrs->>\'$.req.url\' as url from log) where url is not null order by url'), [{ url: '/checkout' }, { url: '/products' }])
})

t.test('a filter on the partition reads no other directory', async t => {
  const [name] = published()
  for (const day of ['2020-01-01', '2020-01-02']) fs.cpSync(join('logs/shop', name!), join('pruned', `dt=${day}`, 'a.parquet'))
  const plan = await duck("explain select msg from read_parquet('pruned/**/*.parquet', hive_partitioning = true) where dt = '2020-01-02'")
  t.match(JSON.stringify(plan), /Scanning Files: 1\/2/)
})

t.test('what spills is as the page says', async t => {
  t.strictSame(await duck("select response_ms, attrs->>'$.responseTime' as spilled, status from log where req_method = 'POST' limit 1"), [{ response_ms: null, spilled: '41 ms', status: 200 }])
  t.match(await duck('select err_type, err_message, attrs from log where level = 50 limit 1'), [{ err_type: 'TypeError', err_message: 'no such invoice', attrs: null }])
})

t.test('the table of columns has each one, with its type and statistics', async t => {
  const rows = [...page.split('## Columns')[1]!.split('\n### ')[0]!.matchAll(/^\| (`.*?`) \| (.*?) \| .*? \| .*? \| (yes)? ?\|$/gm)]
  const told = rows.flatMap(([, names, type, statistics]) => names!.split(', ').map(name => ({ name: name.replaceAll('`', ''), type: type!.split(',')[0]!, statistics: statistics === 'yes' })))
  t.strictSame(told, columnsOf([], KEYS).map(({ name, type, statistics }) => ({ name, type, statistics })))
})

t.test('fit or spill: each row of the table', async t => {
  const rows = [...page.split('### Fit or spill')[1]!.split('\n### ')[0]!.matchAll(/^\| `(.*?)` \| ([\w, ]+) \| (.*?)(?:: .*)? \|$/gm)]
  t.equal(rows.length, 9)
  for (const [, value, types, becomes] of rows) {
    for (const type of types === 'any' ? COLUMN_TYPES : types!.split(', ') as ColumnType[]) {
      const columns = columnsOf([{ path: ['x'], name: 'x', type }], KEYS)
      const { row, spilled: count } = reader(columns, {})(`{"time":1700000000000,"x":${value}}`, 0)
      const spilled = /^null, and `attrs` has `(.*?)`/.exec(becomes!)
      t.strictSame([String(row.x), row.attrs, count], spilled ? ['null', `{"x":${spilled[1]}}`, value === 'null' ? 0 : 1] : [becomes, null, 0], `${value} as ${type}`)
    }
  }
})

t.test('files before and after a new column, as the page says that readers take them', async t => {
  const fixed = columnsOf([], KEYS)
  const file = (name: string, columns: typeof fixed): Promise<string> => writeFile(name, {
    engine: 'hyparquet', codec: 'zstd', columns, groups: [columns.map(({ name, type }) => [name === 'time' ? 1e15 : name === 'added' ? (type === 'string' ? 'new' : type === 'double' ? 1.5 : 1) : null])]
  })
  fs.mkdirSync('evolved')
  fs.mkdirSync('foreign')
  await file('evolved/a.parquet', fixed)
  await file('evolved/b.parquet', columnsOf([{ path: ['added'], name: 'added', type: 'string' }], KEYS))
  await t.rejects(duck("select added from 'evolved/*.parquet'"), /added/)
  t.equal((await duck("select * from 'evolved/*.parquet'")).length, 2)
  t.strictSame(await duck("select added from read_parquet('evolved/*.parquet', union_by_name = true) order by 1"), [{ added: 'new' }, { added: null }])
  if (polars) {
    await t.rejects(polars.scanParquet('evolved/*.parquet').collect(), /added/)
    const both = polars.concat(['evolved/a.parquet', 'evolved/b.parquet'].map(path => polars!.readParquet(path)), { how: 'diagonal' })
    t.strictSame(both.getColumn('added').toArray(), [null, 'new'])
  }
  await writeFile('foreign/a.parquet', { engine: 'hyparquet', codec: 'none', columns: [column('n', 'int64')], groups: [[[1]]] })
  await writeFile('foreign/b.parquet', { engine: 'hyparquet', codec: 'none', columns: [column('n', 'double')], groups: [[[1.5]]] })
  t.strictSame(await duck("select n from 'foreign/*.parquet'"), [{ n: 1n }, { n: 2n }])
})

t.test('compaction: one sorted file with the same rows, readable as before, also when it was interrupted', async t => {
  const day = published()[0]!.slice(3, 13)
  const rows = (): Promise<object[]> => duck("select * from read_parquet('./logs/shop/**/*.parquet', union_by_name = true, hive_partitioning = true) order by all")
  const all = await rows()
  t.equal(all.length, 9)
  // As if an earlier call had been killed in between: what it names is another file, which is not there.
  fs.mkdirSync('logs/.shop.compacting')
  fs.writeFileSync(`logs/.shop.compacting/${day}.json`, JSON.stringify({ name: 'never.parquet', old: published().map(name => name.slice(14)) }))
  const kept = published().map(name => ({ from: join('logs/shop', name), to: join('kept', name) }))
  fs.mkdirSync(join('kept', `dt=${day}`), { recursive: true })
  for (const { from, to } of kept) fs.copyFileSync(from, to)

  const first = run(compact.code, day)
  t.equal(first.status, 0, first.stderr)
  const [file] = published()
  t.equal(published().length, 1)
  t.match(file, /\/shop_\d{8}_000000_000-000-[0-9a-f]{12}\.parquet$/)
  t.strictSame(await rows(), all)
  t.strictSame(fs.readdirSync('logs/.shop.compacting'), [])
  const [pair] = await duck(`select decode(value) as schema from parquet_kv_metadata('./logs/shop/${file}') where decode(key) = 'pino-blackbox.schema'`)
  t.match(JSON.parse(pair!.schema as string), { version: 1 })

  // Killed after its rename: both are there, and the next call removes what was replaced.
  for (const { from, to } of kept) fs.copyFileSync(to, from)
  fs.writeFileSync(`logs/.shop.compacting/${day}.json`, JSON.stringify({ name: file!.slice(14), old: kept.map(({ from }) => from.slice(-file!.slice(14).length)) }))
  const second = run(compact.code, day)
  t.equal(second.status, 0, second.stderr)
  t.strictSame(published(), [file])
  t.strictSame(await rows(), all)

  const third = run(write!.code)
  t.equal(third.status, 0, third.stderr)
  t.equal(third.stderr, '', 'the writer goes on beside it')
  t.equal((await rows()).length, 12)
})
