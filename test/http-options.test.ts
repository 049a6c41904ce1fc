// B9, B10: the options of the http output. Every bad one is one clear error at construction, the same from the builder and in the
// worker, and none of them shows a secret.
import t, { type Test } from 'tap'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { http, tee, type HttpOptions, type OptionError } from 'pino-blackbox'
import target from 'pino-blackbox/http'
import { parseDestination } from '../lib/config/destination.js'
import { parseHttp } from '../lib/config/http.js'
import { Authority } from './fixtures/certificates.js'
import {
  BYTES, CLOSE, COUNT, DURATION, FLAG, FSYNC, MAP, SECRET, TEXT, TIMER, nested, not, shown, throwsOption, veiled, type Options, type Refused
} from './fixtures/option-errors.js'

const url = 'http://127.0.0.1:9/in'
const directory = t.testdir({
  occupied: 'a regular file',
  empty: ' \n',
  lines: 'a\nb\n',
  'no-function.mjs': 'export default 5',
  'no-default.mjs': 'export const a = () => {}',
  'broken.mjs': "throw new Error('no such luck')"
})
const path = (name: string): string => join(directory, name)

const build = (options: Options) => http({ url, ...options } as HttpOptions)

async function refuses (t: Test, options: Options, option: string, problem: string, title = problem): Promise<void> {
  throwsOption(t, () => build(options), 'http', option, problem, title)
  const message = await target({ url, ...options } as HttpOptions).then(() => 'it was taken', (error: OptionError) => error.message)
  t.equal(message, `BLACKBOX_OPTION: http: ${problem}`, `${title}, in the worker`)
}

const OBJECT = not().filter(([value]) => value?.constructor !== Object)
const secret: Refused[string] = [SECRET, veiled([
  ...not(), [{ env: '' }, ''], [{ env: 5 }, ''], [{ file: '' }, ''], [{ env: 'A', file: 'b' }, ''], [{ token: 'a' }, ''], [{ env: 'A', default: 'a' }, '']
])]

const refused: Refused = {
  url: [TEXT, veiled([[undefined, 'undefined'], ...not()])],
  auth: ['an object', veiled(OBJECT)],
  'auth.bearer': secret,
  'auth.basic': ['an object', veiled(OBJECT)],
  'auth.basic.username': [TEXT, [[undefined, 'undefined'], ...not()]],
  'auth.header': ['an object', veiled(OBJECT)],
  'auth.header.name': [TEXT, [[undefined, 'undefined'], ...not()]],
  method: ['"POST" or "PUT" or "PATCH"', [...not(), ['post', '"post" (string)'], ['GET', '"GET" (string)']]],
  headers: [MAP, veiled([...OBJECT, [{ constructor: 'x' }, '']])],
  'headers.x': [TEXT, veiled(not())],
  format: [TEXT, not()],
  compress: ['"gzip" or "zstd" or false', [...not(), ['br', '"br" (string)']]],
  compressLevel: [COUNT, [...not(), ['1', '"1" (string)']]],
  batch: ['an object', OBJECT],
  'batch.flushRecords': [`${COUNT}, or false`, [...not(), ['200', '"200" (string)']]],
  'batch.flushAge': [`${TIMER}, or false`, [...not(), ['25d', '"25d" (string)']]],
  'batch.maxRecords': [COUNT, [...not(), [false, 'false (boolean)']]],
  'batch.maxBytes': [BYTES, [...not(), [false, 'false (boolean)']]],
  concurrency: [`${COUNT} up to 64`, [...not(), [65, '65 (number)'], [1.5, '1.5 (number)']]],
  timeout: [TIMER, [...not(), ['25d', '"25d" (string)'], [false, 'false (boolean)']]],
  connectTimeout: [TIMER, [...not(), [24 * 86_400_000 + 1, '2073600001 (number)']]],
  tls: ['an object', veiled(OBJECT)],
  'tls.ca': secret,
  'tls.cert': secret,
  'tls.key': secret,
  'tls.passphrase': secret,
  'tls.servername': [TEXT, not()],
  'tls.rejectUnauthorized': [FLAG, not(true)],
  retry: ['an object', OBJECT],
  'retry.retries': [COUNT, not()],
  'retry.minDelay': [DURATION, not()],
  'retry.maxDelay': [DURATION, not()],
  'retry.factor': ['a number from 1 to 100', [...not(), [0.9, '0.9 (number)'], [101, '101 (number)']]],
  'retry.jitter': [FLAG, not(true)],
  journal: ['an object or "memory"', [...OBJECT, ['Memory', '"Memory" (string)'], [false, 'false (boolean)']]],
  'journal.dir': [`${TEXT}, or false`, not()],
  'journal.maxSize': [BYTES, not()],
  'journal.whenFull': ['"drop-oldest" or "drop-newest" or "block"', [...not(), ['drop', '"drop" (string)']]],
  'journal.blockTimeout': [TIMER, not()],
  'journal.fsync': [FSYNC, [...not(true), ['sometimes', '"sometimes" (string)']]],
  'journal.maxAge': [DURATION, not()],
  'journal.fallbackDir': [TEXT, not()],
  'journal.maxBufferRecords': [COUNT, not()],
  'journal.maxBufferBytes': [BYTES, not()],
  name: [TEXT, not()],
  hooks: [TEXT, not()],
  closeTimeout: [CLOSE, [...not(), ['10s', '"10s" (string)']]]
}

for (const [option, [expected, values]] of Object.entries(refused)) {
  t.test(`\`${option}\` is refused unless it is ${expected}`, async t => {
    for (const [value, got] of values) await refuses(t, nested(option, value), option, `Expected \`${option}\` to be ${expected}, got ${got}`, `${String(got)} ${inspect(value)}`)
  })
}

t.test('a secret beside a name', async t => {
  const [expected, values] = secret
  for (const [group, of] of [['basic', { username: 'u' }], ['header', { name: 'x-key' }]] as const) {
    const option = `auth.${group}.${group === 'basic' ? 'password' : 'value'}`
    for (const [value, got] of [...values, [undefined, 'undefined']]) {
      await refuses(t, { auth: { [group]: { ...of, [option.split('.')[2]!]: value } } }, option, `Expected \`${option}\` to be ${expected}, got ${got}`)
    }
  }
})

t.test('the tables above have every option that there is', async t => {
  const known = (options: Options): string[] => [...(t.throws(() => build(options)) as OptionError).problem.split('known are')[1]!.matchAll(/`(\w+)`/g)].map(match => match[1]!)
  const told = (group: string): string[] => Object.keys(refused).filter(name => name.startsWith(group) && !name.slice(group.length).includes('.')).map(name => name.slice(group.length))
  const wrong = { qqqqqqqqqqqq: 1 }
  t.strictSame(known(wrong), told(''))
  for (const group of ['batch', 'tls', 'retry', 'journal']) t.strictSame(known({ [group]: wrong }), told(`${group}.`), group)
  t.strictSame(known({ auth: wrong }), ['bearer', 'basic', 'header'])
  t.strictSame(known({ auth: { basic: { username: 'u', password: 'p', ...wrong } } }), ['username', 'password'])
  t.strictSame(known({ auth: { header: { name: 'n', value: 'v', ...wrong } } }), ['name', 'value'])
})

t.test('an unknown option is refused and the nearest known one named', async t => {
  for (const [option, nearest] of [['urll', 'url'], ['batch.flushrecords', 'flushRecords'], ['auth.Bearer', 'bearer'], ['journal.maxAges', 'maxAge'], ['retry.retrys', 'retries']] as const) {
    await refuses(t, nested(option, 1), option, `Unknown option \`${option}\`; did you mean \`${nearest}\`?`)
  }
  await refuses(t, { level: 'info' }, 'level', 'Unknown option `level`; `level` belongs beside `target`, not into its options')
})

const AUTH = { bearer: 'a', basic: { username: 'u', password: 'p' }, header: { name: 'x-key', value: 'v' } }
const [CERTIFICATE, LOCKED] = [new Authority().issue('a client'), new Authority().issue('a client', 'a passphrase')]

t.test('options that contradict each other are refused', async t => {
  const table: Array<[Options, string, string]> = [
    [{ auth: { bearer: AUTH.bearer, basic: AUTH.basic } }, 'auth', '`auth` has both `bearer` and `basic`'],
    [{ auth: { header: AUTH.header, basic: AUTH.basic } }, 'auth', '`auth` has both `basic` and `header`'],
    [{ auth: AUTH }, 'auth', '`auth` has both `bearer` and `basic`'],
    [{ url: 'http://u:p@h/', auth: { bearer: 'a' } }, 'auth', '`url` has a user and a password, and there is `auth`'],
    [{ headers: { 'X-Key': 'a' }, auth: { header: AUTH.header } }, 'auth', '`headers` has x-key, and `auth` sets it too'],
    [{ retry: { minDelay: '2s', maxDelay: '1s' } }, 'retry.minDelay', '`retry.minDelay` (2000 ms) is longer than `retry.maxDelay` (1000 ms)'],
    [{ compress: false, compressLevel: 1 }, 'compressLevel', '`compressLevel` means nothing with `compress: false`'],
    [{ compressLevel: 10 }, 'compressLevel', '`compressLevel` of gzip is 1 to 9, got 10'],
    [{ compress: 'zstd', compressLevel: 23 }, 'compressLevel', '`compressLevel` of zstd is 1 to 22, got 23'],
    [{ tls: { cert: CERTIFICATE.cert } }, 'tls.key', '`tls.cert` and `tls.key` belong together'],
    [{ tls: { key: CERTIFICATE.key } }, 'tls.cert', '`tls.cert` and `tls.key` belong together'],
    [{ tls: { cert: CERTIFICATE.cert, key: new Authority().issue('another').key } }, 'tls.key', '`tls.key` is not the key of `tls.cert`'],
    [{ tls: LOCKED }, 'tls.passphrase', '`tls.key` is encrypted, and there is no `tls.passphrase`'],
    [{ journal: { dir: false, fallbackDir: path('fallback') } }, 'journal.fallbackDir', '`journal.fallbackDir` means nothing where lines wait in memory']
  ]
  for (const [options, option, problem] of table) await refuses(t, options, option, `Contradictory options: ${problem}`)
  for (const options of [
    { batch: { flushRecords: false, maxRecords: 1 } }, { batch: { maxRecords: 100 } }, { retry: { minDelay: '30s' } }, { compress: 'zstd', compressLevel: 22 }, { tls: CERTIFICATE }, { tls: { ...LOCKED, passphrase: 'a passphrase' } },
    { auth: { bearer: 'a', basic: undefined } }, { timeout: '24d' }, { headers: { 'X-Other': 'a' }, auth: { header: AUTH.header } }, { journal: 'memory' }, { journal: { dir: false } }
  ]) t.doesNotThrow(() => build(options), inspect(options))
})

t.test('what no request could be made of is refused', async t => {
  const NEWLINE = 'it holds characters that no header may have'
  const HTTP = 'Expected `url` to be an http:// or https:// URL, got'
  const sent = (option: string, why: string): [string, string] => [option, `Expected \`${option}\` to be a secret that can be sent: ${why}`]
  const format = (text: string, why: string): [Options, string, string] => [{ format: text }, 'format', `Expected \`format\` to be "ndjson", "json" or the path of a module, got ${shown(text)}: ${why}`]
  const table: Array<[Options, string, string]> = [
    [{ url: 'nowhere' }, 'url', `${HTTP} one that begins with neither`],
    [{ url: 'localhost:8080' }, 'url', `${HTTP} one that begins with neither`],
    [{ url: 'a-user:p@h' }, 'url', `${HTTP} one that begins with neither`],
    [{ url: 'ftp://u:p@h/' }, 'url', `${HTTP} one that begins with ftp://`],
    [{ url: 'http://u:p@h:99999/' }, 'url', `${HTTP} one that cannot be read`],
    [{ url: 'hooks.example/a-key' }, 'url', `${HTTP} one that begins with neither`],
    [{ url: 'http://a%3Ab:p@h/' }, 'url', 'Expected `url` to have a user without a colon, which begins the password'],
    [{ url: 'http://u:100%@h/' }, 'url', 'Expected `url` to have a user and a password in which special characters, % too, are percent-encoded'],
    [{ auth: {} }, 'auth', 'Expected `auth` to have `bearer`, `basic` or `header`, got none of them'],
    [{ auth: { basic: { username: 'a:b', password: 'p' } } }, 'auth.basic.username', 'Expected `auth.basic.username` to have a user without a colon, which begins the password'],
    [{ auth: { bearer: 'a\nb' } }, ...sent('auth.bearer', NEWLINE)],
    [{ auth: { bearer: 'a→b' } }, ...sent('auth.bearer', NEWLINE)],
    [{ auth: { bearer: { file: path('lines') } } }, ...sent('auth.bearer', NEWLINE)],
    [{ auth: { bearer: { file: path('empty') } } }, ...sent('auth.bearer', `${path('empty')} is empty`)],
    [{ auth: { bearer: { env: 'NO_SUCH_VARIABLE' } } }, ...sent('auth.bearer', 'the environment variable NO_SUCH_VARIABLE is not set')],
    [{ auth: { basic: { username: 'u', password: { file: path('nothing') } } } }, ...sent('auth.basic.password', `${path('nothing')} cannot be read (ENOENT)`)],
    [{ auth: { header: { name: 'x-key', value: { file: directory } } } }, ...sent('auth.header.value', `${directory} cannot be read (EISDIR)`)],
    [{ auth: { header: { name: 'Host', value: 'v' } } }, 'auth.header.name', '`auth.header.name`: host is set by the output itself'],
    [{ auth: { header: { name: 'a b', value: 'v' } } }, 'auth.header.name', 'Expected `auth.header.name` to have names of headers, got "a b" (string)'],
    [{ headers: { Authorization: 'v' } }, 'headers', '`headers`: authorization belongs into `auth`'],
    [{ headers: { 'a:': 'v' } }, 'headers', 'Expected `headers` to have names of headers, got "a:" (string)'],
    [{ headers: { 'X-A': 'v\r\nx: y' } }, 'headers', '`headers`: the value of x-a holds characters that no header may have'],
    ...['Content-Length', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive', 'host', 'Idempotency-Key', 'x-batch-seq', 'expect', 'upgrade', 'proxy-authorization'].map((name): [Options, string, string] =>
      [{ headers: { [name]: 'v' } }, 'headers', `\`headers\`: ${name.toLowerCase()} is set by the output itself`]),
    format('xml', `ENOENT: no such file or directory, stat '${join(process.cwd(), 'xml')}'`),
    format(directory, `${directory} is no file`),
    format('file://elsewhere/a.mjs', `File URL host must be "localhost" or empty on ${process.platform}`),
    format('file:///nowhere/a.mjs', "ENOENT: no such file or directory, stat '/nowhere/a.mjs'"),
    [{ tls: { ca: { file: path('nothing') } } }, 'tls.ca', `Expected \`tls.ca\` to be usable: ${path('nothing')} cannot be read (ENOENT)`],
    [{ tls: { ...CERTIFICATE, passphrase: { env: 'NO_SUCH_VARIABLE' } } }, 'tls.passphrase', 'Expected `tls.passphrase` to be usable: the environment variable NO_SUCH_VARIABLE is not set']
  ]
  for (const [options, option, problem] of table) await refuses(t, options, option, problem)
  for (const [option, tls] of [['ca', { ca: './ca.pem' }], ['cert', { ...CERTIFICATE, cert: './cert.pem' }], ['key', { ...CERTIFICATE, key: './key.pem' }], ['key', { ...LOCKED, passphrase: 'wrong' }]] as const) {
    t.match(t.throws(() => build({ tls })), { option: `tls.${option}`, problem: /to be usable: error:/ }, `${option} that is no PEM`)
  }
  for (const option of ['journal.dir', 'journal.fallbackDir']) {
    await refuses(t, nested(option, path('occupied')), option, `Expected \`${option}\` to be in a writable directory, got ${shown(path('occupied'))}: ${path('occupied')} is not a directory`)
  }
})

t.test('a format module that fails, or exports no function, is refused where it is loaded, in the worker', async t => {
  for (const [name, why] of [['no-function.mjs', /default export/], ['no-default.mjs', /default export/], ['broken.mjs', /no such luck/]] as const) {
    await t.rejects(target({ url, format: path(name) }), { code: 'BLACKBOX_OPTION', option: 'format', message: why }, name)
  }
})

t.test('what was meant as something else shows no secret either', async t => {
  const secret = 'http://user:5ecret@h/'
  const entry = { target: 'pino-blackbox/http', options: { url: secret } }
  const outputs = 'an array with at least one entry'
  throwsOption(t, () => http(secret as never), 'http', 'options', 'Expected the options to be an object, got a value of type string', 'the url as options')
  throwsOption(t, () => tee(entry as never), 'tee', 'outputs', `Expected \`outputs\` to be ${outputs}, got a value of type object`, 'an output as outputs')
  throwsOption(t, () => tee([secret as never]), 'tee', 'outputs.0', 'Expected `outputs.0` to be an object, got a value of type string', 'the url as an output')
  throwsOption(t, () => tee([{ ...entry, options: secret }]), 'http', 'options', 'Expected the options to be an object, got a value of type string', 'the url as options of an output')
  for (const options of [[{ url: secret }], [http({ url }), { bearer: '5ecret' }]]) t.notMatch(inspect(t.throws(() => tee(options as never))), '5ecret')
})

t.test('another destination at run time: what is refused, and whose credentials go where', async t => {
  const before = parseHttp({ url, auth: { bearer: 'a token' }, headers: { 'X-Key': 'v' } })
  const after = (change: unknown) => parseDestination(change, before, before.headers)
  const table: Array<[unknown, string, string]> = [
    ['http://h/', 'options', 'Expected the options to be an object, got a value of type string'],
    [{}, 'url', 'Expected `url` or `auth`, got neither'],
    [{ urls: 'x' }, 'urls', 'Unknown option `urls`; did you mean `url`?'],
    [{ timeout: 1 }, 'timeout', 'Unknown option `timeout`; known are `url`, `auth`'],
    [{ url: 5 }, 'url', 'Expected `url` to be a non-empty string, got a value of type number'],
    [{ auth: AUTH }, 'auth', 'Contradictory options: `auth` has both `bearer` and `basic`'],
    [{ auth: { header: { name: 'x-key', value: 'v' } } }, 'auth', 'Contradictory options: `headers` has x-key, and `auth` sets it too']
  ]
  for (const [change, option, problem] of table) t.throws(() => after(change), { code: 'BLACKBOX_OPTION', option, message: `BLACKBOX_OPTION: http: ${problem}` }, problem)
  const token = { authorization: 'Bearer a token' }
  t.strictSame(after({ url: 'http://127.0.0.1:9/elsewhere' }).credentials.headers, token, 'the same origin')
  t.strictSame(after({ url: 'http://127.0.0.1:10/in' }).credentials.headers, {}, 'another one')
  t.strictSame(after({ url: 'http://u:p@127.0.0.1:9/' }).credentials.headers, { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` }, 'the same, with a user of its own')
  t.strictSame(after({ auth: { bearer: 'b' } }), { url: before.url, credentials: after({ auth: { bearer: 'b' } }).credentials })
  t.strictSame(after({ auth: { bearer: 'b' } }).credentials.headers, { authorization: 'Bearer b' })
})

t.test('filled: what the output gets', async t => {
  const filled = parseHttp({ url: 'HTTP://u:p@Host:80/in?key=k#top', headers: { 'X-A': 'v' }, batch: { maxBytes: '1k', flushAge: false, flushRecords: false }, retry: { maxDelay: '1m' }, journal: 'memory', format: join(directory, 'no-function.mjs') })
  t.equal(filled.url.href, 'http://host/in?key=k')
  t.match(filled, { label: 'http http://host', identity: /^[0-9a-f]{12}$/, headers: { 'x-a': 'v' }, format: path('no-function.mjs'), tls: { rejectUnauthorized: true } })
  t.match(filled, { batch: { early: { records: Infinity, age: Infinity }, maxBytes: 1024, maxRecords: 10_000 }, retry: { minDelay: 1000, maxDelay: 60_000 }, timeout: 30_000, connectTimeout: 10_000 })
  t.match(filled, { journal: { dir: false, maxAge: 72 * 3_600_000, fsync: 'never' } })
  t.match(parseHttp({ url, name: 'shop', journal: { fsync: true } }), { label: 'shop', identity: 'shop', journal: { dir: undefined, fsync: 'always' }, batch: { early: { records: 200, age: 1000 } } })
  t.match(parseHttp({ url, name: 'a shop' }), { label: 'a shop', identity: /^[0-9a-f]{12}$/ }, 'a name that no directory should have')
  t.notSame(parseHttp({ url }).identity, parseHttp({ url: `${url}/b` }).identity, 'another journal for another destination')
})
