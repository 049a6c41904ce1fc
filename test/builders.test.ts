// B9, B10: what the builders give, and the errors of options when a target is named instead.
import t from 'tap'
import { once } from 'node:events'
import fs from 'node:fs'
import { join, resolve } from 'node:path'
import pino from 'pino'
import { console, DEFAULTS, http, jsonl, parquet, shutdown, tee } from 'pino-blackbox'
import { stayAwake } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

type Options = Record<string, unknown>
const file = join(t.testdir({ occupied: 'a regular file' }), 'logs', 'app')
const occupied = join(t.testdirName, 'occupied')
const url = 'http://127.0.0.1:9/in'

t.test('builders refuse what stands beside the options as well', async t => {
  for (const settings of [{ lvl: 'info' }, { level: NaN }, { level: {} }, { level: -1 }, { level: '' }]) {
    t.match(t.throws(() => jsonl({ file }, settings as never), JSON.stringify(settings)), { code: 'BLACKBOX_OPTION' }, JSON.stringify(settings))
  }
})

t.test('by name, the same error arrives as the transport\'s own, code at the head', async t => {
  const outputs = (entry: object) => ({ target: 'pino-blackbox/tee', options: { outputs: [{ target: 'pino-blackbox/jsonl', options: { file } }, entry] } })
  const path = JSON.stringify(join(occupied, 'app'))
  const unwritable = `jsonl: Expected \`file\` to be in a writable directory, got ${path.length > 80 ? `${path.slice(0, 77)}...` : path} (string): ${occupied} is not a directory`
  const table: Array<[Parameters<typeof pino.transport>[0], string]> = [
    [{ target: 'pino-blackbox/jsonl', options: { file, limit: { count: 0 } } }, 'jsonl: Expected `limit.count` to be a positive integer, got 0 (number)'],
    [{ target: 'pino-blackbox/jsonl' }, 'jsonl: Expected `file` to be a non-empty string, got undefined'],
    [{ target: 'pino-blackbox/jsonl', options: { file, sizee: 1 } }, 'jsonl: Unknown option `sizee`; did you mean `size`?'],
    [{ target: 'pino-blackbox/jsonl', options: { file: join(occupied, 'app') } }, unwritable],
    [{ target: 'pino-blackbox/parquet' }, 'parquet: Expected `dir` to be a non-empty string, got undefined'],
    [{ target: 'pino-blackbox/parquet', options: { dir: file, columns: { msg: 'string' } } }, 'parquet: `columns`: msg: every file has a column msg'],
    [{ target: 'pino-blackbox/http' }, 'http: Expected `url` to be a non-empty string, got undefined'],
    [{ target: 'pino-blackbox/http', options: { url, batch: { maxbytes: 1 } } }, 'http: Unknown option `batch.maxbytes`; did you mean `maxBytes`?'],
    [{ target: 'pino-blackbox/http', options: { url, auth: { bearer: 5 } } }, 'http: Expected `auth.bearer` to be a non-empty string, `{ env: NAME }` or `{ file: PATH }`, got a value of type number'],
    [{ target: 'pino-blackbox/http', options: { url, journal: 'Memory' } }, 'http: Expected `journal` to be an object or "memory", got "Memory" (string)'],
    [{ pipeline: [{ target: 'pino-blackbox/http', options: { url, compressLevel: 10 } }] }, 'http: Contradictory options: `compressLevel` of gzip is 1 to 9, got 10'],
    [{ targets: [{ target: 'pino-blackbox/http', options: { url: 'ftp://u:p@h/' } }] }, 'http: Expected `url` to be an http:// or https:// URL, got one that begins with ftp://'],
    [{ target: 'pino-blackbox/console', options: { stream: 'x' } }, 'console: Expected `stream` to be "stdout" or "stderr", got "x" (string)'],
    [{ targets: [{ target: 'pino/file', options: { destination: '/dev/null' } }, { target: 'pino-blackbox/jsonl', options: { file, utc: 1 } }] }, 'jsonl: Expected `utc` to be true or false, got 1 (number)'],
    [{ pipeline: [{ target: 'pino-blackbox/jsonl', options: { file, utc: 1 } }] }, 'jsonl: Expected `utc` to be true or false, got 1 (number)'],
    [outputs({ target: 'pino-blackbox/console', options: { stream: 'x' } }), 'console: Expected `stream` to be "stdout" or "stderr", got "x" (string)'],
    [outputs({ target: 'pino-blackbox/http', options: { url, auth: {} } }), 'http: Expected `auth` to have `bearer`, `basic` or `header`, got none of them'],
    [outputs({ target: 'pino/file' }), 'tee: Expected `outputs[].target` to be \'pino-blackbox/jsonl\' or \'pino-blackbox/parquet\' or \'pino-blackbox/http\' or \'pino-blackbox/exporter\' or \'pino-blackbox/console\', got "pino/file" (string)']
  ]
  for (const [options, message] of table) {
    const transport = pino.transport(options)
    const closed = new Promise(resolve => transport.once('close', resolve))
    const [error] = await once(transport, 'error')
    t.equal(error.message, `BLACKBOX_OPTION: ${message}`, message)
    await closed
  }
})

t.test('what builders give can be cloned, says where the transport is, and finds its file from anywhere', async t => {
  const made = tee([jsonl({ file: './logs/app', limit: { count: 3 } }, { level: 'warn' }), console({ stream: 'stderr' }, { level: 10 })], { level: 'debug' })
  t.strictSame(structuredClone(made), made)
  t.strictSame(made, {
    target: import.meta.resolve('pino-blackbox/tee'),
    level: 'debug',
    options: {
      outputs: [
        { target: import.meta.resolve('pino-blackbox/jsonl'), level: 'warn', options: { file: resolve('logs/app'), limit: { count: 3 } } },
        { target: import.meta.resolve('pino-blackbox/console'), level: 10, options: { stream: 'stderr' } }
      ]
    }
  })
  t.strictSame(jsonl({ file: './logs/' }).options, { file: resolve('logs') + '/' }, 'a directory stays one')
  t.strictSame(jsonl({ file: '/tmp/app' }), { target: import.meta.resolve('pino-blackbox/jsonl'), options: { file: '/tmp/app' } })
  t.strictSame(parquet({ dir: './logs/app/', columns: { 'req.method': 'string' }, journal: { dir: './journals', maxSize: '1g' } }, { level: 'info' }), {
    target: import.meta.resolve('pino-blackbox/parquet'),
    level: 'info',
    options: { dir: resolve('logs/app'), columns: { 'req.method': 'string' }, journal: { dir: resolve('journals'), maxSize: '1g' } }
  })
  t.strictSame(parquet({ dir: '/tmp/app' }), { target: import.meta.resolve('pino-blackbox/parquet'), options: { dir: '/tmp/app' } })
  t.strictSame(console(), { target: import.meta.resolve('pino-blackbox/console'), options: {} })
  const plain = tee([{ target: 'pino-blackbox/jsonl', options: { file: './logs/app' } }, { target: 'pino-blackbox/parquet', options: { dir: './logs/app' } }])
  t.match(plain.options.outputs, [{ options: { file: resolve('logs/app') } }, { options: { dir: resolve('logs/app') } }], 'in a tee by name too')
})

t.test('http: every path is of the directory of the call, wherever the process is when its worker starts', async t => {
  stayAwake(t)
  const directory = t.testdir({
    here: { 'body.mjs': "export default (records, { key }) => ({ body: key + ' ' + records.length, headers: { 'content-type': 'text/plain' } })", token: 'a token\n' },
    elsewhere: {}
  })
  const [here, elsewhere] = [join(directory, 'here'), join(directory, 'elsewhere')]
  const place = await receiver(t, { texts: true })
  const options = {
    url: place.url, format: './body.mjs', auth: { bearer: { file: './token' } }, journal: { dir: './journal', fallbackDir: './fallback' }, headers: { file: 'a', dir: './b' }, name: 'shop', batch: { flushAge: false as const }
  }
  const paths = { ...options, format: join(here, 'body.mjs'), auth: { bearer: { file: join(here, 'token') } }, journal: { dir: join(here, 'journal'), fallbackDir: join(here, 'fallback') } }
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(here)
  const made = http(options, { level: 'info' })
  const [output] = tee([{ target: 'pino-blackbox/http', options }]).options.outputs
  t.match(t.throws(() => http({ ...options, auth: { bearer: { file: './tokens' } } })), { option: 'auth.bearer', problem: './tokens cannot be read' })
  process.chdir(elsewhere)
  t.strictSame(structuredClone(made), { target: import.meta.resolve('pino-blackbox/http'), level: 'info', options: paths })
  t.strictSame(output!.options, paths, 'in a tee by name too')

  const log = pino({ transport: made })
  log.info('one')
  await shutdown(log, { until: 'delivered' })
  const requests = await place.requests()
  t.equal(requests.length, 1)
  t.match(requests[0], { headers: { authorization: 'Bearer a token', 'content-type': 'text/plain', file: 'a', dir: './b' }, text: /^\d{15}-[0-9a-f]{16}-\d{9} 1$/ })
  t.strictSame([fs.readdirSync(here).sort(), fs.readdirSync(elsewhere)], [['body.mjs', 'fallback', 'journal', 'token'], []])
})

t.test('http: secrets that are files, and words that are no paths', async t => {
  const directory = t.testdir({ secret: 'open sesame' })
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(directory)
  const file = './secret'
  const resolved = { file: join(directory, 'secret') }
  t.strictSame(http({ url, auth: { basic: { username: 'file', password: { file } } } }).options.auth, { basic: { username: 'file', password: resolved } })
  t.strictSame(http({ url, auth: { header: { name: 'dir', value: { file } } }, tls: { passphrase: { file } } }).options, { url, auth: { header: { name: 'dir', value: resolved } }, tls: { passphrase: resolved } })
  for (const options of [{ url }, { url, format: 'json' }, { url, auth: { bearer: './secret' } }, { url, auth: { bearer: { env: 'HOME' } } }, { url, journal: 'memory' as const }, { url, journal: { dir: false as const } }]) {
    t.strictSame(http(options), { target: import.meta.resolve('pino-blackbox/http'), options }, JSON.stringify(options))
  }
})

t.test('DEFAULTS are the defaults, and cannot be changed', async t => {
  t.strictSame(DEFAULTS, {
    jsonl: {
      utc: true,
      symlink: false,
      limit: { removeOtherLogFiles: true },
      compress: false,
      mkdir: true,
      fsync: 'never',
      minLength: 0,
      maxLength: 64 * 1024 * 1024,
      maxWrite: 8 * 1024 * 1024,
      sync: false,
      append: true,
      closeTimeout: 5000
    },
    parquet: {
      size: 64 * 1024 * 1024,
      frequency: '1h',
      partition: false,
      codec: 'zstd',
      rowGroupRows: 20_000,
      engine: 'hyparquet',
      journal: { maxSize: 2 * 1024 ** 3, whenFull: 'drop-oldest', blockTimeout: 2000, fsync: 'never' },
      mkdir: true,
      closeTimeout: 5000
    },
    http: {
      method: 'POST',
      format: 'ndjson',
      compress: 'gzip',
      batch: { flushRecords: 200, flushAge: 1000, maxRecords: 10_000, maxBytes: '512k' },
      concurrency: 1,
      timeout: '30s',
      connectTimeout: '10s',
      tls: { rejectUnauthorized: true },
      retry: { retries: 3, minDelay: 1000, maxDelay: 30_000, factor: 2, jitter: true },
      journal: { maxSize: 256 * 1024 * 1024, whenFull: 'drop-oldest', blockTimeout: 2000, fsync: 'never', maxAge: '72h', maxBufferRecords: 10_000, maxBufferBytes: 8 * 1024 * 1024 },
      closeTimeout: 5000
    },
    exporter: {
      batch: { flushRecords: 200, flushAge: 1000, maxRecords: 10_000, maxBytes: '512k' },
      concurrency: 1,
      timeout: '30s',
      retry: { retries: 3, minDelay: 1000, maxDelay: 30_000, factor: 2, jitter: true },
      journal: { maxSize: 256 * 1024 * 1024, whenFull: 'drop-oldest', blockTimeout: 2000, fsync: 'never', maxAge: '72h', maxBufferRecords: 10_000, maxBufferBytes: 8 * 1024 * 1024 },
      closeTimeout: 5000
    },
    console: { stream: 'stdout', maxLength: 64 * 1024 * 1024, closeTimeout: 5000 },
    dumper: {
      enabled: false,
      dumpPath: './dumps',
      maxSize: 100,
      maxAge: '24h',
      maxBackups: 10,
      pretty: true,
      body: false,
      limits: { depth: 16, breadth: 1000, string: 16_384, bytes: '1m', time: 50 },
      rate: { perKey: 10, total: 60 }
    },
    recorder: { records: 100, bytes: '256k', totalBytes: '32m', level: 'trace' }
  })
  t.throws(() => { (DEFAULTS.jsonl as Options).utc = false })
  t.throws(() => { ((DEFAULTS.jsonl as Options).limit as Options).removeOtherLogFiles = false })
  t.throws(() => { (DEFAULTS as Options).jsonl = {} })
})
