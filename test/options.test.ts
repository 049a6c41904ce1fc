// B9, B10: every bad option is one clear error at construction, the same from a builder and from a target by name.
import t from 'tap'
import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { console, jsonl, tee, type OptionError } from 'pino-blackbox'
import { program } from './fixtures/harness.js'
import {
  BYTES, CLOSE, COUNT, COUNT_0, DURATION, FLAG, FREQUENCY, FSYNC, MEGABYTES, TEXT, nested, not, shown, throwsOption, type Options, type Refused
} from './fixtures/option-errors.js'

const file = join(t.testdir({ occupied: 'a regular file' }), 'logs', 'app')
const occupied = join(t.testdirName, 'occupied')

/** Option by option: what it expects, and what it must refuse. */
const refused: Record<'jsonl' | 'console', Refused> = {
  jsonl: {
    file: [TEXT, [[undefined, 'undefined'], ...not()]],
    size: [MEGABYTES, [...not(), [10_000, '10000 (number)'], ['10000', '"10000" (string)'], ['1x', '"1x" (string)'], ['-1m', '"-1m" (string)'], [1e-9, '1e-9 (number)']]],
    frequency: [FREQUENCY, [...not(), ['weekly', '"weekly" (string)'], ['Daily', '"Daily" (string)'], ['0h', '"0h" (string)']]],
    utc: [FLAG, [...not(true), ['true', '"true" (string)']]],
    dateFormat: [TEXT, not()],
    extension: [TEXT, not()],
    symlink: [FLAG, not(true)],
    limit: ['an object', [...not().filter(([value]) => value?.constructor !== Object), [[], '[] (array)']]],
    'limit.count': [COUNT, [...not(), [1.5, '1.5 (number)'], ['5', '"5" (string)'], [2 ** 53, '9007199254740992 (number)']]],
    'limit.age': [DURATION, [...not(), ['7', '"7" (string)']]],
    'limit.totalSize': [BYTES, [...not(), ['0k', '"0k" (string)']]],
    'limit.removeOtherLogFiles': [FLAG, not(true)],
    compress: ['false or "gzip" or "zstd"', [...not(), ['brotli', '"brotli" (string)'], ['GZIP', '"GZIP" (string)']]],
    mkdir: [FLAG, not(true)],
    mode: [`${COUNT_0} up to 4095`, [...not(0), [0.5, '0.5 (number)'], ['640', '"640" (string)']]],
    fsync: [FSYNC, [...not(true), ['sometimes', '"sometimes" (string)']]],
    minLength: [COUNT_0, [...not(0), ['4k', '"4k" (string)']]],
    maxLength: [BYTES, not()],
    maxWrite: [BYTES, not()],
    periodicFlush: [DURATION, not()],
    sync: [FLAG, not(true)],
    append: ['true', [...not(true), [false, 'false (boolean)']]],
    name: [TEXT, not()],
    hooks: [TEXT, not()],
    closeTimeout: [CLOSE, [...not(), [10_000, '10000 (number)'], ['10s', '"10s" (string)']]]
  },
  console: {
    stream: ['"stdout" or "stderr"', [...not(), ['stdin', '"stdin" (string)'], [1, '1 (number)']]],
    maxLength: [BYTES, not()],
    name: [TEXT, not()],
    hooks: [TEXT, not()],
    closeTimeout: [CLOSE, [...not(), ['10s', '"10s" (string)']]]
  }
}

const build = (output: 'jsonl' | 'console', options: Options) =>
  output === 'jsonl' ? jsonl({ file, ...options }) : console(options as Parameters<typeof console>[0])

for (const [output, options] of Object.entries(refused) as Array<['jsonl' | 'console', Refused]>) {
  for (const [option, [expected, values]] of Object.entries(options)) {
    t.test(`${output}: \`${option}\` is refused unless it is ${expected}`, async t => {
      for (const [value, shown] of values) {
        throwsOption(t, () => build(output, nested(option, value)), output, option, `Expected \`${option}\` to be ${expected}, got ${shown}`, shown)
      }
    })
  }
}

t.test('the table above has every option that there is', async t => {
  const unknown = (make: () => unknown): string[] => [...String((t.throws(make) as Error).message.split('known are')[1]).matchAll(/`(\w+)`/g)].map(match => match[1]!)
  const tops = (table: object) => [...new Set(Object.keys(table).map(name => name.split('.')[0]))].sort()
  t.strictSame(unknown(() => build('jsonl', { qqqqqqqqqqqq: 1 })).sort(), tops(refused.jsonl))
  t.strictSame(unknown(() => build('console', { qqqqqqqqqqqq: 1 })).sort(), tops(refused.console))
  t.strictSame(unknown(() => build('jsonl', { limit: { qqqqqqqqqqqq: 1 } })), ['count', 'age', 'totalSize', 'removeOtherLogFiles'])
})

t.test('an unknown option is refused and the nearest known one named', async t => {
  const table: Array<[Options, string, string]> = [
    [{ sizee: '1m' }, 'sizee', 'Unknown option `sizee`; did you mean `size`?'],
    [{ Frequency: 'daily' }, 'Frequency', 'Unknown option `Frequency`; did you mean `frequency`?'],
    [{ compres: 'gzip' }, 'compres', 'Unknown option `compres`; did you mean `compress`?'],
    [{ limit: { cout: 1 } }, 'limit.cout', 'Unknown option `limit.cout`; did you mean `count`?'],
    [{ level: 'info' }, 'level', 'Unknown option `level`; `level` belongs beside `target`, not into its options'],
    [{ constructor: 1 }, 'constructor', 'Unknown option `constructor`; known are ' + Object.keys(refused.jsonl).filter(name => !name.includes('.')).map(name => `\`${name}\``).join(', ')]
  ]
  for (const [options, option, problem] of table) throwsOption(t, () => build('jsonl', options), 'jsonl', option, problem, option)
  throwsOption(t, () => build('console', { steam: 'stdout' }), 'console', 'steam', 'Unknown option `steam`; did you mean `stream`?', 'console')
})

t.test('options that contradict each other are refused', async t => {
  const table: Array<[Options, string, string]> = [
    [{ size: '1m', limit: { totalSize: '1m' } }, 'limit.totalSize', 'Contradictory options: `limit.totalSize` (1048576 bytes) leaves no room beside one file of `size` (1048576 bytes)'],
    [{ size: 1, limit: { totalSize: 1024 } }, 'limit.totalSize', 'Contradictory options: `limit.totalSize` (1024 bytes) leaves no room beside one file of `size` (1048576 bytes)'],
    [{ compress: 'gzip' }, 'compress', 'Contradictory options: `compress` needs `size` or `frequency`: without them no file is ever closed'],
    [{ minLength: 16 * 1024, maxWrite: '16k' }, 'minLength', 'Contradictory options: `minLength` (16384) must be smaller than `maxWrite` (16384)'],
    [{ minLength: 100, maxWrite: 10 }, 'minLength', 'Contradictory options: `minLength` (100) must be smaller than `maxWrite` (10)']
  ]
  for (const [options, option, problem] of table) throwsOption(t, () => build('jsonl', options), 'jsonl', option, problem, problem)
  t.doesNotThrow(() => build('jsonl', { size: '1m', limit: { totalSize: '2m' } }))
  t.doesNotThrow(() => build('jsonl', { frequency: 'daily', compress: 'gzip' }))
})

t.test('a date format is refused unless it gives names of files that can be told apart again', async t => {
  throwsOption(t, () => build('jsonl', { dateFormat: 'yyyy/MM/dd' }), 'jsonl', 'dateFormat',
    'Expected `dateFormat` to have no characters that a file name cannot hold, got "yyyy/MM/dd" (string)', 'a slash in the format')
  for (const dateFormat of ['foo', 'yyyy-MM-dd z', 'P']) {
    const error = t.throws(() => build('jsonl', { dateFormat }), dateFormat) as OptionError
    t.match(error, { code: 'BLACKBOX_OPTION', option: 'dateFormat' }, dateFormat)
  }
  for (const dateFormat of ['yyyy-MM-dd', 'yyyy-MM-dd-HH', 'dd.MM.yyyy', "RRRR'W'II", 'HHmmss']) t.doesNotThrow(() => build('jsonl', { dateFormat }), dateFormat)
})

t.test('names and modes that no file can have are refused', async t => {
  for (const options of [{ file: 'a\0b' }, { file: '.' }, { file: 'logs/..' }, { extension: 'a/b' }, { extension: '../b' }, { extension: 'a\0b' }, { mode: 2 ** 33 }, { mode: 0o1000000 }]) {
    const [option] = Object.keys(options)
    t.match(t.throws(() => build('jsonl', options), JSON.stringify(options)), { code: 'BLACKBOX_OPTION', option: option! }, JSON.stringify(options))
  }
})

t.test('a directory that cannot be made or written to is refused', async t => {
  const path = join(occupied, 'below', 'app')
  throwsOption(t, () => jsonl({ file: path }), 'jsonl', 'file',
    `Expected \`file\` to be in a writable directory, got ${shown(path)}: ${join(occupied, 'below')}: ENOTDIR`, 'below a regular file')
  throwsOption(t, () => jsonl({ file: join(occupied, 'app') }), 'jsonl', 'file',
    `Expected \`file\` to be in a writable directory, got ${shown(join(occupied, 'app'))}: ${occupied} is not a directory`, 'in a regular file')
  throwsOption(t, () => jsonl({ file, mkdir: false }), 'jsonl', 'file',
    `Expected \`file\` to be in a writable directory, got ${shown(file)}: ${resolve(file, '..')} does not exist, and \`mkdir\` is false`, 'not there, mkdir false')
  t.notOk(fs.existsSync(resolve(file, '..')), 'checking makes no directory')
})

t.test('a directory of somebody else is refused', async t => {
  const directory = t.testdir({ locked: {} })
  fs.chmodSync(join(directory, 'locked'), 0o555)
  const path = join(directory, 'locked', 'logs', 'app')
  const root = process.getuid?.() === 0
  const { messages, exited, stderr } = program('build.js', { jsonl: { file: path } }, root ? { uid: 65534, gid: 65534, cwd: '/' } : {})
  t.match(await exited, { code: 0 }, stderr)
  t.match(messages, [{
    code: 'BLACKBOX_OPTION',
    option: 'file',
    message: `BLACKBOX_OPTION: jsonl: Expected \`file\` to be in a writable directory, got ${shown(path)}: ${join(directory, 'locked')}: EACCES`
  }])
})

t.test('values that cannot be shown do not break the message', async t => {
  const cyclic: Options = {}
  cyclic.self = cyclic
  const table: Array<[unknown, string]> = [
    [cyclic, 'something that JSON cannot show (object)'],
    [{ n: 1n }, 'something that JSON cannot show (object)'],
    [{ toJSON () { throw new Error('no') } }, 'something that JSON cannot show (object)'],
    [{ get secret () { throw new Error('no') } }, 'something that JSON cannot show (object)'],
    [Symbol('mark'), 'Symbol(mark) (symbol)'],
    [() => 1, '() => 1 (function)'],
    ['x'.repeat(1e6), `"${'x'.repeat(76)}... (string)`],
    [Array(1e5).fill(0), `[${'0,'.repeat(38)}... (array)`],
    [2n ** 4000n, `${String(2n ** 4000n).slice(0, 77)}... (bigint)`]
  ]
  for (const [value, text] of table) {
    throwsOption(t, () => build('console', { stream: value }), 'console', 'stream', `Expected \`stream\` to be "stdout" or "stderr", got ${text}`, text)
  }
})

t.test('options that are no object are refused', async t => {
  for (const [value, text] of [[5, '5 (number)'], ['x', '"x" (string)'], [null, 'null'], [[], '[] (array)']] as Array<[never, string]>) {
    throwsOption(t, () => jsonl(value), 'jsonl', 'options', `Expected the options to be an object, got ${text}`, text)
    throwsOption(t, () => console(value), 'console', 'options', `Expected the options to be an object, got ${text}`, text)
  }
})

t.test('tee: its outputs are checked, each with its place', async t => {
  const to = (entry: unknown) => () => tee([console(), entry as never])
  const target = 'pino-blackbox/console'
  const LEVEL = '"trace" or "debug" or "info" or "warn" or "error" or "fatal", or zero or a positive integer'
  const TARGET = "Expected `outputs[].target` to be 'pino-blackbox/jsonl' or 'pino-blackbox/parquet' or 'pino-blackbox/http' or 'pino-blackbox/exporter' or 'pino-blackbox/console', got "
  // Options of an output may hold a secret.
  for (const [value, text] of [[undefined, 'undefined'], [[], '[] (array)'], ['x', 'a value of type string'], [{}, '{} (object)'], [{ target }, 'a value of type object']] as Array<[never, string]>) {
    throwsOption(t, () => tee(value), 'tee', 'outputs', `Expected \`outputs\` to be an array with at least one entry, got ${text}`, text)
  }
  throwsOption(t, to(5), 'tee', 'outputs.1', 'Expected `outputs.1` to be an object, got a value of type number', 'no object')
  throwsOption(t, to({}), 'tee', 'outputs.1.target', 'Expected `outputs.1.target` to be a non-empty string, got undefined', 'no target')
  throwsOption(t, to({ target, level: 'loud' }), 'tee', 'outputs.1.level', `Expected \`outputs.1.level\` to be ${LEVEL}, got "loud" (string)`, 'a wrong label')
  throwsOption(t, to({ target, level: NaN }), 'tee', 'outputs.1.level', `Expected \`outputs.1.level\` to be ${LEVEL}, got NaN (number)`, 'NaN')
  throwsOption(t, to({ target, levle: 'info' }), 'tee', 'outputs.1.levle', 'Unknown option `outputs.1.levle`; did you mean `level`?', 'an unknown option')
  throwsOption(t, to({ target: 'pino/file' }), 'tee', 'outputs.target', `${TARGET}"pino/file" (string)`, 'a target of somebody else')
  throwsOption(t, to({ target: 'pino-blackbox/tee' }), 'tee', 'outputs.target', `${TARGET}"pino-blackbox/tee" (string)`, 'a tee')
  throwsOption(t, to({ target, options: { stream: 'x' } }), 'console', 'stream', 'Expected `stream` to be "stdout" or "stderr", got "x" (string)', 'an option of an output')
  throwsOption(t, to({ target: 'pino-blackbox/jsonl' }), 'jsonl', 'file', 'Expected `file` to be a non-empty string, got undefined', 'a missing option of an output')
  throwsOption(t, to({ target: 'pino-blackbox/http', options: { url: 'ftp://u:p@h/' } }), 'http', 'url', 'Expected `url` to be an http:// or https:// URL, got one that begins with ftp://', 'http, too')
  throwsOption(t, to({ target: 'pino-blackbox/parquet', options: { dir: 'a', codec: 'x' } }), 'parquet', 'codec', 'Expected `codec` to be "zstd" or "snappy" or "gzip" or "none", got "x" (string)', 'parquet, too')
})
