// B9, B10, B13-B17: the options of the parquet output. Every bad one is one clear error at construction.
import t from 'tap'
import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { OptionError, parquet } from 'pino-blackbox'
import { parseParquet } from '../lib/config/parquet.js'
import { COLUMN_TYPES, columnsOf, KEYS, nameOf, parsePath } from '../lib/parquet/columns.js'
import { program } from './fixtures/harness.js'
import { BYTES, CLOSE, COUNT, DURATION, FLAG, FREQUENCY, FSYNC, TEXT, TIMER, nested, not, shown, throwsOption, type Options, type Refused } from './fixtures/option-errors.js'

const MB = 1024 ** 2
const directory = t.testdir({ occupied: 'a regular file' })
const dir = join(directory, 'logs', 'app')
const occupied = join(directory, 'occupied')

const build = (options: Options) => parquet({ dir, ...options } as Parameters<typeof parquet>[0])
const refuses = (title: string, options: Options, option: string, problem: string) =>
  t.test(`refused: ${title}`, async t => throwsOption(t, () => build(options), 'parquet', option, problem, title))

const OBJECT = not().filter(([value]) => value?.constructor !== Object)

const refused: Refused = {
  dir: [TEXT, [[undefined, 'undefined'], ...not()]],
  size: [`${BYTES}, or false`, [...not(), ['0', '"0" (string)'], ['1x', '"1x" (string)'], ['false', '"false" (string)']]],
  frequency: [`${FREQUENCY}, or false`, [...not(), ['weekly', '"weekly" (string)'], ['Daily', '"Daily" (string)'], ['0h', '"0h" (string)']]],
  partition: ['false or "day" or "hour"', [...not(), ['month', '"month" (string)'], ['daily', '"daily" (string)']]],
  columns: ['an object, without the keys __proto__, prototype, constructor', [...OBJECT, [JSON.parse('{"constructor":"string"}'), '{"constructor":"string"} (object)']]],
  'columns.a': [`${COLUMN_TYPES.map(type => JSON.stringify(type)).join(' or ')}, or an object`, [
    ...not(), ['text', '"text" (string)'], ['INT32', '"INT32" (string)'], [{ type: 'int8' }, '{"type":"int8"} (object)'], [{ name: 'b' }, '{"name":"b"} (object)'],
    [{ type: 'int32', name: '' }, '{"type":"int32","name":""} (object)'], [{ type: 'int32', as: 'b' }, '{"type":"int32","as":"b"} (object)']
  ]],
  codec: ['"zstd" or "snappy" or "gzip" or "none"', [...not(), [false, 'false (boolean)'], ['ZSTD', '"ZSTD" (string)'], ['lz4', '"lz4" (string)']]],
  compressLevel: [COUNT, [...not(), [1.5, '1.5 (number)'], ['3', '"3" (string)']]],
  rowGroupRows: [COUNT, [...not(), [0.5, '0.5 (number)'], ['20k', '"20k" (string)']]],
  engine: ['"hyparquet" or "parquetjs-lite"', [...not(), ['parquetjs', '"parquetjs" (string)']]],
  limit: ['an object', OBJECT],
  'limit.count': [COUNT, [...not(), ['5', '"5" (string)']]],
  'limit.age': [DURATION, [...not(), ['7', '"7" (string)']]],
  'limit.totalSize': [BYTES, [...not(), ['0k', '"0k" (string)']]],
  journal: ['an object', OBJECT],
  'journal.dir': [TEXT, not()],
  'journal.maxSize': [BYTES, not()],
  'journal.whenFull': ['"drop-oldest" or "drop-newest" or "block"', [...not(), ['drop', '"drop" (string)']]],
  'journal.blockTimeout': [TIMER, not()],
  'journal.fsync': [FSYNC, [...not(true), ['sometimes', '"sometimes" (string)']]],
  'journal.maxAge': [DURATION, not()],
  mkdir: [FLAG, not(true)],
  name: [TEXT, not()],
  hooks: [TEXT, not()],
  closeTimeout: [CLOSE, [...not(), [10_000, '10000 (number)'], ['10s', '"10s" (string)']]]
}

for (const [option, [expected, values]] of Object.entries(refused)) {
  t.test(`\`${option}\` is refused unless it is ${expected}`, async t => {
    for (const [value, text] of values) throwsOption(t, () => build(nested(option, value)), 'parquet', option, `Expected \`${option}\` to be ${expected}, got ${text}`, text)
  })
}

t.test('the table above has every option that there is', async t => {
  const known = (options: Options): string[] => {
    const { problem } = t.throws(() => build(options)) as OptionError
    return [...problem.split('known are')[1]!.matchAll(/`(\w+)`/g)].map(match => match[1]!)
  }
  const below = (group: string): string[] => Object.keys(refused).filter(name => name.startsWith(`${group}.`)).map(name => name.slice(group.length + 1))
  t.strictSame(known({ qqqqqqqqqqqq: 1 }), Object.keys(refused).filter(name => !name.includes('.')))
  for (const group of ['limit', 'journal']) t.strictSame(known({ [group]: { qqqqqqqqqqqq: 1 } }), below(group), group)
})

refuses('an unknown option', { colums: {} }, 'colums', 'Unknown option `colums`; did you mean `columns`?')
refuses('an unknown option of the journal', { journal: { maxsize: '1g' } }, 'journal.maxsize', 'Unknown option `journal.maxsize`; did you mean `maxSize`?')
refuses('a level among the options', { level: 'info' }, 'level', 'Unknown option `level`; `level` belongs beside `target`, not into its options')
refuses('a path that no directory has', { dir: 'a\0b' }, 'dir', 'Expected `dir` to be the path of a directory, got "a\\u0000b" (string)')
refuses('the root, which nothing is beside', { dir: '/' }, 'dir', 'Expected `dir` to be the path of a directory, got "/" (string)')

refuses('a level of a codec that has none', { codec: 'snappy', compressLevel: 1 }, 'compressLevel', 'Contradictory options: `compressLevel` means nothing with `codec: "snappy"`')
refuses('a level without compression', { codec: 'none', compressLevel: 1 }, 'compressLevel', 'Contradictory options: `compressLevel` means nothing with `codec: "none"`')
refuses('a level that gzip has not', { codec: 'gzip', compressLevel: 10 }, 'compressLevel', 'Contradictory options: `compressLevel` of gzip is 1 to 9, got 10')
refuses('a level that zstd has not', { compressLevel: 23 }, 'compressLevel', 'Contradictory options: `compressLevel` of zstd is 1 to 22, got 23')
refuses('no room for a second file', { size: '1m', limit: { totalSize: MB } }, 'limit.totalSize', `Contradictory options: \`limit.totalSize\` (${MB} bytes) leaves no room beside one file of \`size\` (${MB} bytes)`)
refuses('no room beside a file of the default size', { limit: { totalSize: '64m' } }, 'limit.totalSize', `Contradictory options: \`limit.totalSize\` (${64 * MB} bytes) leaves no room beside one file of \`size\` (${64 * MB} bytes)`)

refuses('nothing that ends a file', { size: false, frequency: false }, 'frequency', 'Contradictory options: `size: false` and `frequency: false`: nothing would be published before the end')
refuses('a size that was meant as megabytes', { size: 100 }, 'size', 'Expected `size` to be at least 4096 bytes (a bare number is bytes), got 100')
refuses('a directory whose name leaves no room for those of its files', { dir: 'x'.repeat(191) }, 'dir', `Expected the last part of \`dir\` to have at most 190 bytes, because files are called after it, got ${shown('x'.repeat(191))}`)

t.test('what looks like a contradiction and is none', async t => {
  for (const options of [{ compressLevel: 22 }, { codec: 'gzip', compressLevel: 9 }, { size: false, limit: { totalSize: 1 } }, { size: '1m', limit: { totalSize: MB + 1 } }, { size: '4k' }, { frequency: false }]) {
    t.doesNotThrow(() => build(options), JSON.stringify(options))
  }
})

t.test('a directory that cannot be made or written to is refused, that of the journal too', async t => {
  const file = (path: string): string => `got ${shown(path)}: ${occupied} is not a directory`
  throwsOption(t, () => parquet({ dir: occupied }), 'parquet', 'dir', `Expected \`dir\` to be in a writable directory, ${file(occupied)}`, 'a file')
  throwsOption(t, () => build({ dir, mkdir: false }), 'parquet', 'dir', `Expected \`dir\` to be in a writable directory, got ${shown(dir)}: ${dir} does not exist, and \`mkdir\` is false`, 'mkdir false')
  throwsOption(t, () => build({ journal: { dir: occupied } }), 'parquet', 'journal.dir', `Expected \`journal.dir\` to be in a writable directory, ${file(occupied)}`, 'journal: a file')
  const below = join(occupied, 'below')
  throwsOption(t, () => build({ journal: { dir: below } }), 'parquet', 'journal.dir', `Expected \`journal.dir\` to be in a writable directory, got ${shown(below)}: ${below}: ENOTDIR`, 'journal: below a file')
  t.notOk(fs.existsSync(resolve(dir, '..')), 'checking makes no directory')
})

t.test('a directory of somebody else is refused', async t => {
  const directory = t.testdir({ locked: {}, open: {} })
  const locked = join(directory, 'locked')
  fs.chmodSync(locked, 0o555)
  fs.chmodSync(join(directory, 'open'), 0o777)
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534, cwd: '/' } : {}
  for (const [option, options] of [['dir', { dir: join(locked, 'app') }], ['journal.dir', { dir: join(directory, 'open'), journal: { dir: join(locked, 'journal') } }]] as const) {
    const { messages, exited, stderr } = program('build.js', { parquet: options }, user)
    t.match(await exited, { code: 0 }, stderr)
    t.match(messages, [{ code: 'BLACKBOX_OPTION', option, message: `: ${locked}: EACCES` }], option)
  }
})

// --- columns ---

const NAME = 'some engines do not tell case, or take no dots'
const clash = (columns: object, field: string, problem: string) => refuses(JSON.stringify(columns), { columns }, `columns.${field}`, `\`columns\`: ${field}: ${problem}`)
for (const field of ['', 'a.', '.a', 'a..b']) clash({ [field]: 'string' }, field, 'Expected the path of a field such as `req.method`')
for (const name of ['A', 'a b', 'a.b', '9', 'ü', 'a-b', ' a']) clash({ a: { name, type: 'string' } }, 'a', `Expected the name of a column to be of a-z, 0-9 and _, got ${JSON.stringify(name)} (string); ${NAME}`)
for (const { name } of columnsOf([], KEYS).filter(({ name }) => !['req_id', 'trace_id', 'span_id'].includes(name))) {
  clash({ x: { name, type: 'string' } }, 'x', `every file has a column ${name}`)
}
clash({ x: { name: 'dt', type: 'string' } }, 'x', 'dt is the name of a partition')
clash({ hr: 'int32' }, 'hr', 'hr is the name of a partition')
clash({ x: { name: 'trace_id', type: 'int64' } }, 'x', 'trace_id is a string')
clash({ 'a.b': 'string', a_b: 'string' }, 'a_b', 'two columns would be called a_b')
clash({ reqMethod: 'string', 'req.method': 'string' }, 'req.method', 'two columns would be called req_method')
clash({ 'a.b': 'string', a: 'string' }, 'a.b', 'its path leads to, or through, what is in column a')
clash({ a: { name: 'whole', type: 'string' }, 'a.b.c': 'string' }, 'a', 'its path leads to, or through, what is in column a_b_c')
clash({ err: 'string' }, 'err', 'its path leads to, or through, what is in column err_type')
clash({ 'msg.text': 'string' }, 'msg.text', 'its path leads to, or through, what is in column msg')
clash({ reqId: { name: 'request', type: 'string' } }, 'reqId', 'its path leads to, or through, what is in column req_id')
clash(Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`c${n}`, 'string'])), 'c1000', 'more than 1000 columns')

t.test('promoted columns: from paths and types to columns, before attrs', async t => {
  const { promoted } = parseParquet({ dir, columns: { 'req.method': 'string', 'res.statusCode': { name: 'status', type: 'int32' }, 'a\\.b': 'double', traceId: { name: 'trace_id', type: 'string' } } })
  t.strictSame(promoted, [
    { path: ['req', 'method'], name: 'req_method', type: 'string' },
    { path: ['res', 'statusCode'], name: 'status', type: 'int32' },
    { path: ['a.b'], name: 'a_b', type: 'double' },
    { path: ['traceId'], name: 'trace_id', type: 'string' }
  ])
  const columns = columnsOf(promoted, KEYS)
  t.strictSame(columns.slice(-5).map(({ name }) => name), ['req_method', 'status', 'a_b', 'attrs', '_corrupt'])
  t.strictSame(columns.find(({ name }) => name === 'trace_id')!.path, ['traceId'], 'a fixed one with another source')
  t.equal(new Set(columns.map(({ name }) => name)).size, columns.length)
  t.strictSame(columnsOf([], { messageKey: 'message', errorKey: 'error' }).filter(({ name }) => /^(msg|err_)/.test(name)).map(({ path }) => path.join('.')),
    ['message', 'error.type', 'error.message', 'error.stack'], 'keys as the logger calls them')
})

t.test('parsePath: dots separate keys, unless they are escaped', async t => {
  const table: Array<[string, string[]]> = [
    ['a', ['a']], ['a.b', ['a', 'b']], ['a.b.c', ['a', 'b', 'c']], ['a\\.b', ['a.b']], ['a\\.b.c\\.d', ['a.b', 'c.d']], ['', ['']], ['a.', ['a', '']], ['http\\.status_code', ['http.status_code']]
  ]
  for (const [text, path] of table) t.strictSame(parsePath(text), path, text)
})

t.test('nameOf: the name of a column that was given none', async t => {
  const table: Array<[string[], string]> = [
    [['req', 'remoteAddress'], 'req_remote_address'], [['responseTime'], 'response_time'], [['req', 'headers', 'x-request-id'], 'req_headers_x_request_id'],
    [['a.b'], 'a_b'], [['HTTPStatus'], 'httpstatus'], [['2xx'], '_2xx'], [['größe'], 'gr__e'], [['tier1Name'], 'tier1_name']
  ]
  for (const [path, name] of table) {
    t.equal(nameOf(path), name)
    t.match(name, /^[a-z_][a-z0-9_]*$/)
  }
})

t.test('filled: sizes in bytes, periods, the most that is held in memory for a row group', async t => {
  t.match(parseParquet({ dir }), { dir, size: 64 * MB, period: { frequency: 3_600_000, utc: true }, rule: { maxRecords: 20_000, maxBytes: 8 * MB }, base: 'app', label: `parquet ${dir}`, promoted: [] })
  t.match(parseParquet({ dir, size: '10m', frequency: 'daily', rowGroupRows: 5 }), { size: 10 * MB, period: { frequency: 'daily' }, rule: { maxRecords: 5, maxBytes: 2 * MB } }, 'five row groups at least')
  t.match(parseParquet({ dir, size: false }), { size: Infinity, rule: { maxBytes: 8 * MB } })
  t.match(parseParquet({ dir, frequency: false, journal: { maxSize: 1 } }), { period: undefined, rule: { maxBytes: 1 } })
  t.match(parseParquet({ dir: `${dir}/`, name: 'shop', journal: { dir: 'j', fsync: true } }), { dir, base: 'app', label: 'shop', journal: { dir: resolve('j'), fsync: 'always' } })
})
