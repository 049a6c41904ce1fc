// D6, the http output: what TypeScript must accept and refuse. Only compiled (tsc -p tsconfig.test.json), never run.
import pino from 'pino'
import {
  console, DEFAULTS, flush, http, jsonl, shutdown, tee, watch,
  type DropReason, type FormatModule, type FormatResult, type HttpDestination, type HttpOptions, type OutputMetrics, type Target, type Watch
} from 'pino-blackbox'
import httpTarget from 'pino-blackbox/http'

const url = 'https://logs.example/ingest'
const sender = http({ url })
const target: Target<HttpOptions> = sender
http({
  url,
  method: 'PUT',
  headers: { 'x-tenant': 'shop' },
  auth: { bearer: { env: 'LOG_TOKEN' } },
  format: './loki.js',
  compress: 'zstd',
  compressLevel: 3,
  batch: { flushRecords: 500, flushAge: '2s', maxRecords: 5000, maxBytes: '1m' },
  concurrency: 4,
  timeout: '30s',
  connectTimeout: 5000,
  tls: { ca: { file: './ca.pem' }, cert: 'PEM', key: { env: 'KEY' }, passphrase: { file: './passphrase' }, servername: 'logs.example', rejectUnauthorized: false },
  retry: { retries: 5, minDelay: '1s', maxDelay: '1m', factor: 1.5, jitter: false },
  journal: { dir: './spool', maxSize: '1g', maxAge: '7d', maxBufferRecords: 100, maxBufferBytes: '1m', whenFull: 'block', blockTimeout: '1s', fsync: '500ms', fallbackDir: '/tmp/spool' },
  name: 'shop',
  closeTimeout: '8s'
}, { level: 'warn' })
http({ url, journal: 'memory', compress: false, batch: { flushRecords: false, flushAge: false } })
http({ url, journal: { dir: false }, auth: { basic: { username: 'u', password: 'p' } } }, {})
http({ url, auth: { header: { name: 'x-key', value: { file: './key' } } } }, { level: 35 })
// @ts-expect-error url is required
http({})
// @ts-expect-error so are the options
http()
// @ts-expect-error a url is a text
http({ url: new URL(url) })
// @ts-expect-error the url is not the options
http(url)
// @ts-expect-error an option of another output
http({ url, file: 'a' })
// @ts-expect-error an unknown option
http({ url, urls: 'a' })
// @ts-expect-error no such method
http({ url, method: 'GET' })
// @ts-expect-error headers have one value each
http({ url, headers: { 'x-tenant': ['a', 'b'] } })
// @ts-expect-error no such kind of auth
http({ url, auth: { digest: 'a' } })
// @ts-expect-error a secret is no number
http({ url, auth: { bearer: 5 } })
// @ts-expect-error a secret is in a variable or in a file
http({ url, auth: { bearer: { vault: 'a' } } })
// @ts-expect-error a user has a password
http({ url, auth: { basic: { username: 'u' } } })
// @ts-expect-error no such compression
http({ url, compress: 'brotli' })
// @ts-expect-error a format is a name or a path: functions cannot go to a worker
http({ url, format: () => ({ body: '' }) })
// @ts-expect-error an unknown option of the batch
http({ url, batch: { size: 5 } })
// @ts-expect-error true triggers nothing
http({ url, batch: { flushRecords: true } })
// @ts-expect-error an option of the journal of no output
http({ url, journal: { size: '1g' } })
// @ts-expect-error no such journal
http({ url, journal: 'disk' })
// @ts-expect-error a flag is no text
http({ url, tls: { rejectUnauthorized: 'no' } })
// @ts-expect-error an unknown option of the repetitions
http({ url, retry: { attempts: 5 } })
// @ts-expect-error the level stands beside the options
http({ url, level: 'info' })

tee([jsonl({ file: 'a' }), sender, http({ url, journal: 'memory' }, { level: 'warn' }), console()])
tee([{ target: 'pino-blackbox/http', level: 'info', options: { url } }])
const log = pino({ transport: sender })
pino({ transport: { targets: [sender, http({ url, name: 'b' }, { level: 'debug' })] } })
pino({ transport: { pipeline: [{ target: './stamp.js' }, sender] } })
flush(log, { until: 'delivered' })
shutdown(log, { until: 'delivered' })

httpTarget({ url, journal: 'memory' })
// @ts-expect-error url is required
httpTarget({})

// --- a format of one's own ---

const loki: FormatModule = (records, { key }) => ({ body: JSON.stringify({ key, first: records[0]?.msg }), headers: { 'content-type': 'application/json' } })
const bytes: FormatModule = async records => ({ body: Buffer.from(String(records.length)) })
const result: FormatResult = { body: new Uint8Array(5) }
// @ts-expect-error a body is text or bytes
const object: FormatModule = records => ({ body: records })
// @ts-expect-error there is a body
const empty: FormatModule = () => ({})
// @ts-expect-error headers have one value each
const listed: FormatResult = { body: '', headers: { a: ['b'] } }

// --- at run time ---

const watched: Watch = watch(log)
const configured: Promise<void> = watched.configure({ url, auth: { bearer: 'b' } })
watched.configure({ url }, { name: 'shop' })
watched.configure({ auth: { basic: { username: 'u', password: { env: 'P' } } } } satisfies HttpDestination)
// @ts-expect-error a destination is required
watched.configure()
// @ts-expect-error nothing else can be changed
watched.configure({ timeout: '5s' })
// @ts-expect-error an output is named by an object
watched.configure({ url }, 'shop')

const { kind, deadRecords, recoveredRecords, retries, failures, dropped }: OutputMetrics = watched.metrics()[0]!
const figures: number[] = [deadRecords, recoveredRecords, retries, failures, dropped.evicted, dropped.expired, dropped.refused]
const why: DropReason[] = ['full', 'evicted', 'expired', 'closed', 'gone', 'refused', 'crashed']
// @ts-expect-error no such reason
const lost: DropReason = 'lost'
// @ts-expect-error the defaults cannot be replaced
DEFAULTS.http = {}

export { target, loki, bytes, result, object, empty, listed, configured, kind, figures, why, lost }
