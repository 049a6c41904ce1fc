// B9, the http output: options from the environment, PINO_BLACKBOX_HTTP_<OPTION> and the short names. What is wrong with one is told by
// its name, without a secret.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { httpSchema, parseHttp, type HttpOptions } from '../lib/config/http.js'
import { parseOptions } from '../lib/config/options.js'
import { program } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

const url = 'http://127.0.0.1:9/'

t.test('every scalar option has a variable, some have two', async t => {
  const filled = (env: Record<string, string>, input: object = { url }) => parseOptions('http', httpSchema, input, env)
  const plain = filled({})
  const [batch, tls, retry, journal] = [plain.batch!, plain.tls!, plain.retry!, plain.journal!]
  const table: Array<[variable: string, text: string, filled: object]> = [
    ['URL', 'https://logs.example/in', { url: 'https://logs.example/in' }],
    ['AUTH_BEARER', 'a token', { auth: { bearer: 'a token' } }],
    ['AUTH_BEARER', '12345', { auth: { bearer: '12345' } }],
    ['API_KEY', 'true', { auth: { bearer: 'true' } }],
    ['METHOD', 'PUT', { method: 'PUT' }],
    ['FORMAT', 'json', { format: 'json' }],
    ['COMPRESS', 'zstd', { compress: 'zstd' }],
    ['COMPRESS', 'false', { compress: false }],
    ['COMPRESS_LEVEL', '6', { compressLevel: 6 }],
    ['BATCH_FLUSH_RECORDS', '50', { batch: { ...batch, flushRecords: 50 } }],
    ['FLUSH_EVERY_RECORDS', 'false', { batch: { ...batch, flushRecords: false } }],
    ['BATCH_FLUSH_AGE', '5s', { batch: { ...batch, flushAge: 5000 } }],
    ['FLUSH_EVERY_MS', '5000', { batch: { ...batch, flushAge: 5000 } }],
    ['BATCH_MAX_RECORDS', '500', { batch: { ...batch, maxRecords: 500 } }],
    ['BATCH_MAX_BYTES', '1m', { batch: { ...batch, maxBytes: 1024 ** 2 } }],
    ['CONCURRENCY', '4', { concurrency: 4 }],
    ['TIMEOUT', '5s', { timeout: 5000 }],
    ['CONNECT_TIMEOUT', '300', { connectTimeout: 300 }],
    ...['CA', 'CERT', 'KEY', 'PASSPHRASE', 'SERVERNAME'].map((name): [string, string, object] => [`TLS_${name}`, 'a text', { tls: { ...tls, [name.toLowerCase()]: 'a text' } }]),
    ['TLS_REJECT_UNAUTHORIZED', 'false', { tls: { ...tls, rejectUnauthorized: false } }],
    ['RETRY_RETRIES', '9', { retry: { ...retry, retries: 9 } }],
    ['RETRY_MIN_DELAY', '10ms', { retry: { ...retry, minDelay: 10 } }],
    ['RETRY_MAX_DELAY', '1h', { retry: { ...retry, maxDelay: 3_600_000 } }],
    ['RETRY_FACTOR', '1.5', { retry: { ...retry, factor: 1.5 } }],
    ['RETRY_JITTER', 'false', { retry: { ...retry, jitter: false } }],
    ['JOURNAL_DIR', '/var/spool', { journal: { ...journal, dir: '/var/spool' } }],
    ['SPOOL_DIR', '2024', { journal: { ...journal, dir: '2024' } }],
    ['SPOOL_DIR', 'false', { journal: { ...journal, dir: false } }],
    ['JOURNAL_MAX_SIZE', '1g', { journal: { ...journal, maxSize: 1024 ** 3 } }],
    ['JOURNAL_WHEN_FULL', 'block', { journal: { ...journal, whenFull: 'block' } }],
    ['JOURNAL_BLOCK_TIMEOUT', '3s', { journal: { ...journal, blockTimeout: 3000 } }],
    ['JOURNAL_FSYNC', 'true', { journal: { ...journal, fsync: true } }],
    ['JOURNAL_MAX_AGE', '1d', { journal: { ...journal, maxAge: 86_400_000 } }],
    ['JOURNAL_FALLBACK_DIR', '/tmp/spool', { journal: { ...journal, fallbackDir: '/tmp/spool' } }],
    ['MAX_BUFFER_RECORDS', '5', { journal: { ...journal, maxBufferRecords: 5 } }],
    ['JOURNAL_MAX_BUFFER_RECORDS', '5', { journal: { ...journal, maxBufferRecords: 5 } }],
    ['MAX_BUFFER_BYTES', '1k', { journal: { ...journal, maxBufferBytes: 1024 } }],
    ['NAME', 'shop', { name: 'shop' }],
    ['HOOKS', './hooks.mjs', { hooks: './hooks.mjs' }],
    ['CLOSE_TIMEOUT', '2s', { closeTimeout: 2000 }]
  ]
  for (const [variable, text, expected] of table) {
    t.strictSame(filled({ [`PINO_BLACKBOX_HTTP_${variable}`]: text }, variable === 'URL' ? {} : { url }), { ...plain, ...expected }, `${variable}=${text}`)
  }
  const told = (name: string): string[] => table.flatMap(([, , filled]) => Object.keys((name === '' ? filled : filled[name as keyof object]) ?? {}))
  t.strictSame(Object.keys(httpSchema.entries).filter(name => !told('').includes(name)), ['headers'], 'only headers, which are no one value, are not in this table')
  for (const [group, all] of Object.entries({ batch, tls, retry, journal })) t.strictSame(Object.keys(all).filter(name => !told(group).includes(name)), [], group)
  const pair = (kind: string, a: string, b: string) => filled({ [`PINO_BLACKBOX_HTTP_AUTH_${kind}_${a}`]: 'a', [`PINO_BLACKBOX_HTTP_AUTH_${kind}_${b}`]: 'b' }).auth
  t.strictSame(pair('BASIC', 'USERNAME', 'PASSWORD'), { basic: { username: 'a', password: 'b' } })
  t.strictSame(pair('HEADER', 'NAME', 'VALUE'), { header: { name: 'a', value: 'b' } })
  t.match(filled({ PINO_BLACKBOX_HTTP_AUTH_BEARER: 'one', PINO_BLACKBOX_HTTP_API_KEY: 'two' }), { auth: { bearer: 'one' } }, 'the name of the option goes first')
  t.match(filled({ PINO_BLACKBOX_HTTP_API_KEY: 'two' }, { url, auth: { bearer: { env: 'TOKEN' } } }), { auth: { bearer: { env: 'TOKEN' } } }, 'and the option itself before both')
  t.match(filled({ PINO_BLACKBOX_HTTP_SPOOL_DIR: '/a', PINO_BLACKBOX_HTTP_JOURNAL_MAX_SIZE: '1k' }, { url, journal: 'memory' }), { journal: { dir: false, maxSize: 1024 } }, 'a word, too')
})

/** What `options` are filled up to, with these variables in the environment of this process. */
function withVariables (variables: Record<string, string>, options: Partial<HttpOptions> = { url }) {
  const named = Object.entries(variables).map(([name, text]) => [`PINO_BLACKBOX_HTTP_${name}`, text] as const)
  try {
    for (const [name, text] of named) process.env[name] = text
    return parseHttp(options)
  } finally {
    for (const [name] of named) delete process.env[name]
  }
}

t.test('a bad value, alone or beside others, is told by the name of its variable, and no secret', async t => {
  const table: Array<[variables: Record<string, string>, problem: string, options?: Partial<HttpOptions>]> = [
    [{ URL: 'ftp://u:5ecret@h/' }, 'Expected `url` to be an http:// or https:// URL, got one that begins with ftp://', {}],
    [{ API_KEY: '5ecret\n' }, 'Expected `auth.bearer` to be a secret that can be sent: it holds characters that no header may have'],
    [{ API_KEY: '5ecret' }, 'Contradictory options: `auth` has both `bearer` and `basic`', { url, auth: { basic: { username: 'u', password: 'p' } } }],
    [{ AUTH_BEARER: '5ecret' }, 'Contradictory options: `url` has a user and a password, and there is `auth`', { url: 'http://u:p@h/' }],
    [{ AUTH_HEADER_NAME: 'x-key', AUTH_HEADER_VALUE: '5ecret' }, 'Contradictory options: `headers` has x-key, and `auth` sets it too', { url, headers: { 'X-Key': 'a' } }],
    [{ AUTH_HEADER_NAME: 'host', AUTH_HEADER_VALUE: '5ecret' }, '`auth.header.name`: host is set by the output itself'],
    [{ TLS_CERT: '5ecret' }, 'Contradictory options: `tls.cert` and `tls.key` belong together'],
    [{ RETRY_MAX_DELAY: '500' }, 'Contradictory options: `retry.minDelay` (1000 ms) is longer than `retry.maxDelay` (500 ms)'],
    [{ JOURNAL_FALLBACK_DIR: '/tmp/5ecret' }, 'Contradictory options: `journal.fallbackDir` means nothing where lines wait in memory', { url, journal: 'memory' }]
  ]
  for (const [variables, problem, options] of table) {
    const option = `PINO_BLACKBOX_HTTP_${Object.keys(variables)[0]}`
    t.throws(() => withVariables(variables, options), { code: 'BLACKBOX_OPTION', option, message: `BLACKBOX_OPTION: http: ${problem} (from the environment variable ${option})` }, problem)
  }
  for (const [variable, text, problem] of [
    ['MAX_BUFFER_RECORDS', 'many', 'a positive integer, got "many" (string)'],
    ['FLUSH_EVERY_MS', '0', "a positive duration such as 500, '500ms', '15m' or '7d', up to 24 days, or false, got 0 (number)"],
    ['RETRY_FACTOR', '0.5', 'a number from 1 to 100, got 0.5 (number)'],
    ['HEADERS', 'x-key: 5ecret', 'an object, without the keys __proto__, prototype, constructor, got a value of type string']
  ] as const) {
    const option = `PINO_BLACKBOX_HTTP_${variable}`
    t.throws(() => withVariables({ [variable]: text }), { code: 'BLACKBOX_OPTION', option, message: `BLACKBOX_OPTION: http: Expected the environment variable ${option} to be ${problem}` }, variable)
  }
  t.match(t.throws(() => withVariables({ AUTH_BASIC_USERNAME: 'u' })), { option: 'auth.basic.password' }, 'what is missing is told as an option')
  t.match(t.throws(() => withVariables({ NAME: 'shop' }, { url, compressLevel: 10 })), { option: 'compressLevel' }, 'no variable is blamed for what is in the code')
})

t.test('http by name, with nothing but variables', async t => {
  const directory = t.testdir()
  const place = await receiver(t)
  const variables = { URL: `${place.url}/in`, API_KEY: 'from the environment', FLUSH_EVERY_RECORDS: '7', FLUSH_EVERY_MS: 'false', SPOOL_DIR: join(directory, 'spool'), NAME: 'shop', BATCH_MAX_RECORDS: '10' }
  const env = Object.fromEntries(Object.entries(variables).map(([name, text]) => [`PINO_BLACKBOX_HTTP_${name}`, text]))
  const child = program('ending.js', { transport: { target: 'pino-blackbox/http' }, lines: 100, how: 'shutdown' }, { env })
  t.match(await child.exited, { code: 0 }, child.stderr)
  t.equal(child.stderr, '')
  const requests = await place.requests('/in')
  t.ok(requests.length >= 10 && requests.every(({ lines }) => lines <= 10), `${requests.length} requests`)
  t.ok(requests.every(({ headers }) => headers.authorization === 'Bearer from the environment'))
  t.equal(requests.reduce((sum, { lines }) => sum + lines, 0), 100)
  t.strictSame(fs.readdirSync(join(directory, 'spool')), [], 'the journal was there, and all of it is delivered')
})
