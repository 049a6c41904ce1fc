// A4 to A8: every option of the dumper, by code and by environment. A bad one is one clear error, thrown before there is a dumper.
import t from 'tap'
import { join, resolve } from 'node:path'
import { createDumper, DEFAULTS, dumper, OptionError, type DumperOptions } from 'pino-blackbox'
import { parseDumper } from '../lib/config/dumper.js'
import { dumping, dumps, told } from './fixtures/dump-files.js'
import { BYTES, COUNT, DURATION, FLAG, MEGABYTES, nested, not, TEXT, throwsOption, veiled, type Refused } from './fixtures/option-errors.js'

const LIST = 'an array with at least one entry'
const REDACT = 'an array of paths, or `{ paths, censor, remove }`'
const RATE = '`{ perKey, total }`, each a positive integer, or false'
const lists: Array<[unknown, string]> = [[[], '[] (array)'], ['a', '"a" (string)'], ...not().filter(([value]) => !Array.isArray(value) && value !== '')]
const groups = not().filter(([value]) => value?.constructor !== Object)

const refused: Refused = {
  enabled: [FLAG, [...not(true), ['true', '"true" (string)'], [1, '1 (number)']]],
  dumpPath: [TEXT, not()],
  maxSize: [MEGABYTES, [...not(), [10_000, '10000 (number)'], ['10000', '"10000" (string)'], ['1x', '"1x" (string)'], ['-1m', '"-1m" (string)']]],
  maxAge: [DURATION, [...not(), ['7', '"7" (string)'], ['1 day', '"1 day" (string)']]],
  maxBackups: [COUNT, [...not(), [1.5, '1.5 (number)'], ['5', '"5" (string)']]],
  pretty: [FLAG, [...not(true), [2, '2 (number)']]],
  redact: [REDACT, [...not().filter(([value]) => !Array.isArray(value)), [[], '[] (array)'], [{ paths: [] }, '{"paths":[]} (object)'], [{ path: ['a'] }, '{"path":["a"]} (object)'], [[5], '[5] (array)']]],
  deny: [LIST, lists],
  headers: [LIST, lists],
  body: [`${BYTES}, or false`, not()],
  limits: ['an object', [...groups, [[], '[] (array)']]],
  'limits.depth': [`${COUNT} up to 100`, [...not(), [101, '101 (number)']]],
  'limits.breadth': [`${COUNT} up to 1000000`, [...not(), [1_000_001, '1000001 (number)']]],
  'limits.string': [COUNT, [...not(), [15, '15 (number)']]],
  'limits.bytes': [BYTES, not()],
  'limits.time': [DURATION, not()],
  rate: [RATE, [...groups, [{ perKey: 0 }, '{"perKey":0} (object)'], [{ total: '5' }, '{"total":"5"} (object)'], [{ all: 5 }, '{"all":5} (object)']]],
  logger: ['an object with a method `warn`', veiled([...not(), [{ warn: true }, '{"warn":true} (object)'], [console.warn, 'undefined (function)']])]
}

for (const [option, [expected, values]] of Object.entries(refused)) {
  t.test(`\`${option}\` is refused unless it is ${expected}`, async t => {
    for (const [value, shown] of values) {
      const problem = `Expected \`${option}\` to be ${expected}, got ${shown}`
      throwsOption(t, () => createDumper(nested(option, value) as DumperOptions), 'dumper', option, problem, shown)
      throwsOption(t, () => dumper.configure(nested(option, value) as DumperOptions), 'dumper', option, problem, `${shown}, configure()`)
    }
  })
}

t.test('unknown options are refused with the nearest known one', async t => {
  const table: Array<[object, option: string, problem: string]> = [
    [{ dump_path: 'a' }, 'dump_path', 'Unknown option `dump_path`; did you mean `dumpPath`?'],
    [{ maxBackup: 5 }, 'maxBackup', 'Unknown option `maxBackup`; did you mean `maxBackups`?'],
    [{ limits: { byte: 5 } }, 'limits.byte', 'Unknown option `limits.byte`; did you mean `bytes`?']
  ]
  for (const [options, option, problem] of table) throwsOption(t, () => createDumper(options as DumperOptions), 'dumper', option, problem, option)
  throwsOption(t, () => createDumper('dumps' as DumperOptions), 'dumper', 'options', 'Expected the options to be an object, got a value of type string', 'no object')
  throwsOption(t, () => createDumper({ deny: ['a', ''] }), 'dumper', 'deny.1', 'Expected `deny.1` to be a non-empty string, got "" (string)', 'an entry')
})

t.test('paths of `redact` that are none are refused at construction', async t => {
  for (const redact of [['a['], ['a..b'], { paths: ['a', '*['] }]) {
    t.throws(() => createDumper({ redact }), OptionError, JSON.stringify(redact))
    t.throws(() => dumper.configure({ redact }), OptionError)
  }
})

t.test('an accident with a logger shows nothing of it', async t => {
  t.throws(() => createDumper({ logger: { secret: 'the-canary' } as unknown as DumperOptions['logger'] }), { message: /got a value of type object$/ })
})

const plain = parseDumper({}, {})

t.test('the defaults are those of the documentation', async t => {
  t.strictSame(plain, {
    enabled: false,
    dumpPath: resolve('dumps'),
    maxSize: 100 * 1024 ** 2,
    maxAge: 86_400_000,
    maxBackups: 10,
    pretty: true,
    body: false,
    limits: { depth: 16, breadth: 1000, string: 16_384, bytes: 1024 ** 2, time: 50 },
    rate: { perKey: 10, total: 60 }
  })
  t.strictSame(DEFAULTS.dumper, {
    enabled: false,
    dumpPath: './dumps',
    maxSize: 100,
    maxAge: '24h',
    maxBackups: 10,
    pretty: true,
    body: false,
    limits: { depth: 16, breadth: 1000, string: 16_384, bytes: '1m', time: 50 },
    rate: { perKey: 10, total: 60 }
  })
})

t.test('every option is taken, in each of its forms', async t => {
  const logger = { warn () {} }
  const table: Array<[DumperOptions, object]> = [
    [{ enabled: true }, { enabled: true }],
    [{ dumpPath: '/var/dumps' }, { dumpPath: '/var/dumps' }],
    [{ dumpPath: 'a/b' }, { dumpPath: resolve('a/b') }],
    [{ maxSize: 5 }, { maxSize: 5 * 1024 ** 2 }], [{ maxSize: '5' }, { maxSize: 5 * 1024 ** 2 }], [{ maxSize: '512k' }, { maxSize: 512 * 1024 }],
    [{ maxAge: '30m' }, { maxAge: 1_800_000 }], [{ maxAge: '7d' }, { maxAge: 7 * 86_400_000 }], [{ maxAge: 5000 }, { maxAge: 5000 }],
    [{ maxBackups: 3 }, { maxBackups: 3 }],
    [{ pretty: false }, { pretty: false }],
    [{ redact: ['a.b', 'c[*].d'] }, { redact: ['a.b', 'c[*].d'] }],
    [{ redact: { paths: ['a'], censor: '***', remove: true } }, { redact: { paths: ['a'], censor: '***', remove: true } }],
    [{ deny: ['iban'] }, { deny: ['iban'] }],
    [{ headers: ['x-tenant'] }, { headers: ['x-tenant'] }],
    [{ body: '4k' }, { body: 4096 }], [{ body: 100 }, { body: 100 }],
    [{ limits: { depth: 5, bytes: '64k' } }, { limits: { ...plain.limits, depth: 5, bytes: 65_536 } }],
    [{ limits: { breadth: 5, string: 16, time: '1s' } }, { limits: { ...plain.limits, breadth: 5, string: 16, time: 1000 } }],
    [{ rate: { perKey: 5 } }, { rate: { perKey: 5, total: 60 } }], [{ rate: { total: 5 } }, { rate: { perKey: 10, total: 5 } }], [{ rate: {} }, { rate: plain.rate }], [{ rate: false }, { rate: false }],
    [{ logger }, { logger }]
  ]
  for (const [options, filled] of table) {
    t.strictSame(parseDumper(options, {}), { ...plain, ...filled }, JSON.stringify(options))
    createDumper(options)
  }
  t.equal(createDumper({ dumpPath: 'a/b' }).dumpPath, resolve('a/b'))
})

t.test('every option that is one value has a variable', async t => {
  const limits = plain.limits
  const table: Array<[variable: string, text: string, filled: object]> = [
    ['ENABLED', 'true', { enabled: true }], ['ENABLED', 'false', {}],
    ['DUMP_PATH', '/var/dumps', { dumpPath: '/var/dumps' }], ['DUMP_PATH', '2024', { dumpPath: resolve('2024') }],
    ['MAX_SIZE', '5', { maxSize: 5 * 1024 ** 2 }], ['MAX_SIZE', '1g', { maxSize: 1024 ** 3 }],
    ['MAX_AGE', '7d', { maxAge: 7 * 86_400_000 }], ['MAX_AGE', '60000', { maxAge: 60_000 }],
    ['MAX_BACKUPS', '3', { maxBackups: 3 }],
    ['PRETTY', 'false', { pretty: false }],
    ['BODY', '4k', { body: 4096 }], ['BODY', 'false', {}],
    ['LIMITS_DEPTH', '5', { limits: { ...limits, depth: 5 } }], ['LIMITS_BREADTH', '5', { limits: { ...limits, breadth: 5 } }],
    ['LIMITS_STRING', '50', { limits: { ...limits, string: 50 } }], ['LIMITS_BYTES', '64k', { limits: { ...limits, bytes: 65_536 } }],
    ['LIMITS_TIME', '20ms', { limits: { ...limits, time: 20 } }],
    ['RATE', 'false', { rate: false }]
  ]
  for (const [variable, text, filled] of table) {
    t.strictSame(parseDumper({}, { [`PINO_BLACKBOX_DUMPER_${variable}`]: text }), { ...plain, ...filled }, `${variable}=${text}`)
  }
})

t.test('option over environment over default, each option by itself', async t => {
  const env = { PINO_BLACKBOX_DUMPER_MAX_BACKUPS: '3', PINO_BLACKBOX_DUMPER_MAX_AGE: '1h', PINO_BLACKBOX_DUMPER_LIMITS_DEPTH: '5', PINO_BLACKBOX_DUMPER_LIMITS_BYTES: '64k' }
  t.strictSame(parseDumper({ maxBackups: 7, limits: { depth: 9 } }, env),
    { ...plain, maxBackups: 7, maxAge: 3_600_000, limits: { ...plain.limits, depth: 9, bytes: 65_536 } })
})

t.test('a bad variable is an error that names it', async t => {
  const table: Array<[variable: string, text: string, expected: string, shown: string]> = [
    ['ENABLED', 'yes', FLAG, '"yes" (string)'], ['MAX_SIZE', '10000', MEGABYTES, '10000 (number)'], ['MAX_AGE', 'soon', DURATION, '"soon" (string)'],
    ['MAX_BACKUPS', '0', COUNT, '0 (number)'], ['DENY', 'iban', LIST, '"iban" (string)'], ['LIMITS_DEPTH', 'deep', `${COUNT} up to 100`, '"deep" (string)'],
    ['LOGGER', 'pino', 'an object with a method `warn`', 'a value of type string']
  ]
  for (const [name, text, expected, shown] of table) {
    const variable = `PINO_BLACKBOX_DUMPER_${name}`
    t.throws(() => parseDumper({}, { [variable]: text }),
      { code: 'BLACKBOX_OPTION', option: variable, problem: `Expected the environment variable ${variable} to be ${expected}, got ${shown}` }, `${name}=${text}`)
  }
})

t.test('a process takes its five variables; a bad one stops it before anything is dumped', async t => {
  const base = t.testdir()
  const env = (more: object = {}): Record<string, string> => Object.fromEntries(Object.entries({ ENABLED: 'true', DUMP_PATH: join(base, 'dumps'), MAX_SIZE: '1', MAX_AGE: '1h', MAX_BACKUPS: '3', ...more })
    .map(([name, value]) => [`PINO_BLACKBOX_DUMPER_${name}`, value]))
  const good = dumping({ options: { rate: false }, count: 8 }, { env: env() })
  const bad = dumping({ options: { rate: false } }, { env: env({ MAX_BACKUPS: 'few' }) })
  t.match(await good.exited, { code: 0 }, good.stderr)
  t.equal(told(good).length, 8)
  t.equal(dumps(join(base, 'dumps')).length, 3)
  t.match(await bad.exited, { code: 1 })
  t.match(bad.stderr, /OptionError: BLACKBOX_OPTION: dumper: Expected the environment variable PINO_BLACKBOX_DUMPER_MAX_BACKUPS to be a positive integer, got "few" \(string\)/)
})
