// Who is measured. Each contender tells pino's `transport` option from one directory per output; what it leaves there is read
// back by verify.js or verify-parquet.js. `outputs` are the formats of its outputs, one of lines where nothing is said; with 'http' it
// is told the URL of a receiver too, which looks at what it was sent by verify-http.js. `stdout`: it
// writes to the standard output, which is then a file in its directory. `later`: it may go on writing for longer than pino waits when
// it closes, so it is closed after a flush(). `unconfirmed`: when it closes it does not wait for what it has sent, and it has no flush;
// it is closed when the receiver has every line. `application`: no pino, a logger of its own.
import { join } from 'node:path'
import { grown } from './growth/contenders.js'

/** Rotation of every contender that rotates. */
export const SIZE_MB = 8
/** The directory of a dataset in that of its output. */
export const DATASET = 'logs'

/** How much each request carries before compression, and about as many lines for those who count lines. */
const BATCH_BYTES = 512 * 1024
const BATCH_LINES = 2500
const GZIP_LEVEL = 1
const ZSTD_LEVEL = 3
/** About as long as pino-loki takes for so many lines. It has no batches by size, and gets more at once than these. */
const LOKI_SECONDS = 0.02
/** A batch that is not full is sent after this pause. */
const HTTP_SEND_MS = 50

const file = dir => ({ target: 'pino/file', options: { destination: join(dir, 'app.log') } })
const jsonl = (dir, options) => ({ target: 'pino-blackbox/jsonl', options: { file: join(dir, 'app'), ...options } })
const rotating = dir => jsonl(dir, { size: SIZE_MB })
const parquet = dir => ({ target: 'pino-blackbox/parquet', options: { dir: join(dir, DATASET) } })
/** With room for all that the application can be ahead: no line is dropped. */
const http = (dir, url, options) => ({ target: 'pino-blackbox/http', options: { url, ...options, batch: { maxBytes: BATCH_BYTES }, journal: { dir, maxSize: '1g' } } })
const local = (module, options) => ({ target: new URL(module, import.meta.url).href, options })
const rfs = (dir, module) => local(module, { name: 'app.log', path: dir, size: `${SIZE_MB}M` })
const LINES = 'lines'
const PARQUET = 'parquet'
export const HTTP = 'http'
const targets = list => ({ targets: list })

const outputs = {
  'pino/file': { transport: ([dir]) => file(dir) },
  'pino-roll': { transport: ([dir]) => ({ target: 'pino-roll', options: { file: join(dir, 'app'), size: SIZE_MB } }) },
  'rotating-file-stream': { transport: ([dir]) => rfs(dir, 'peers/rfs.js') },
  'rotating-file-stream, by line': { transport: ([dir]) => rfs(dir, 'peers/rfs-lines.js') },
  'winston-daily-rotate-file': { application: async ([dir], ...about) => (await import('./peers/winston.js')).open(dir, ...about) },
  'blackbox jsonl': { transport: ([dir]) => jsonl(dir) },
  'blackbox jsonl, rotating': { transport: ([dir]) => rotating(dir) },
  'blackbox parquet': { outputs: [PARQUET], later: true, transport: ([dir]) => parquet(dir) },

  'blackbox http': { outputs: [HTTP], later: true, transport: ([dir], url) => http(dir, url, { compress: 'gzip', compressLevel: GZIP_LEVEL }) },
  'blackbox http, zstd': { outputs: [HTTP], later: true, transport: ([dir], url) => http(dir, url, { compress: 'zstd', compressLevel: ZSTD_LEVEL }) },
  'blackbox http, no gzip': { outputs: [HTTP], later: true, transport: ([dir], url) => http(dir, url, { compress: false }) },
  'script: gzip, fetch': { outputs: [HTTP], transport: (_, url) => local('peers/script.js', { url, maxBytes: BATCH_BYTES, level: GZIP_LEVEL }) },
  // Of more than 10,000 waiting lines it drops the oldest, unless it is told not to.
  'pino-loki, no gzip': {
    outputs: [HTTP],
    unconfirmed: true,
    transport: (_, url) => local('peers/loki.js', { host: url, batching: { interval: LOKI_SECONDS, maxBufferSize: 0 } })
  },
  'pino-http-send, no gzip': {
    outputs: [HTTP],
    unconfirmed: true,
    transport: (_, url) => local('peers/http-send.js', { url, batchSize: BATCH_LINES, timeout: HTTP_SEND_MS })
  },

  'pino/file, stdout': { stdout: true, transport: () => ({ target: 'pino/file', options: { destination: 1 } }) },
  'blackbox console': { stdout: true, transport: () => ({ target: 'pino-blackbox/console' }) },

  'pino targets: 3 × pino/file': { outputs: [LINES, LINES, LINES], transport: dirs => targets(dirs.map(file)) },
  'pino targets: 3 × blackbox jsonl': { outputs: [LINES, LINES, LINES], transport: dirs => targets(dirs.map(rotating)) },
  'blackbox tee: 3 × jsonl': {
    outputs: [LINES, LINES, LINES], transport: dirs => ({ target: 'pino-blackbox/tee', options: { outputs: dirs.map(rotating) } })
  },
  'blackbox tee: 3 × jsonl, levels': {
    outputs: [LINES, LINES, LINES],
    transport: dirs => ({
      target: 'pino-blackbox/tee', options: { outputs: dirs.map((dir, at) => ({ ...rotating(dir), level: ['trace', 'debug', 'info'][at] })) }
    })
  },

  'pino targets: blackbox jsonl + parquet': {
    outputs: [LINES, PARQUET], later: true, transport: ([one, other]) => targets([jsonl(one), parquet(other)])
  },
  'blackbox tee: jsonl + parquet': {
    outputs: [LINES, PARQUET],
    later: true,
    transport: ([one, other]) => ({ target: 'pino-blackbox/tee', options: { outputs: [jsonl(one), parquet(other)] } })
  }
}

export const contenders = { ...outputs, ...grown(outputs) }
