// In which ways is measured, each of them a table of the report. `log` is how app.js logs (see there); without it no line is logged.
// `disk`: its files are on a disk, however much room there is in memory: what they cost a disk is part of the answer.
// `share` is how many times the usual lines there are; `seconds` is for how long requests are made. `rounds`: no more of them than so many.
// `flush`: by flush(), first to durable, then to delivered, before it closes. `failing`: every request throws.
// `program` is what runs instead of app.js, `check` how is seen that it did what it was to do: by its outputs, if nothing is said.
// `note`: what is to be known about its table.

const HTTP_NOTE = [
  'The receiver is a process of its own on the same machine. Batches of 512 KiB before gzip level 1; of 2,500 lines from pino-http-send. pino-loki, which has no batches by',
  'size, sends what 20 ms have brought, and its limit of 10,000 waiting lines, of which it drops the oldest, is lifted. Both cannot compress, and do not wait for their',
  'requests when they close: they are closed once the receiver has every line.'
].join('\n')

const REQUESTS_NOTE = [
  'Fastify with its own request lines, 7 lines at debug and one at info a request, through pino-blackbox jsonl, asked by autocannon over 20 connections from another process.',
  'Server, log thread and autocannon share the processors, so the main-thread CPU per request tells more than the requests per second.'
].join('\n')
const ERRORS_NOTE = [
  'The same server, but each request throws. Requests are sent evenly, over 100 connections, when they are due; latencies from then on. Before the storm the server is warmed by',
  'errors of another route. Every failed request has its dump or is counted in one as left out by the rate limit; checked, as is the log, before a figure counts.'
].join('\n')

export const styles = {
  burst: { title: 'As fast as the application can log', log: 'burst', table: 'lines' },
  part: { title: 'The same with 30 % of the lines', log: 'burst', share: 0.3, table: 'lines' },
  feed: { title: 'As fast as the transport can: ready-made lines, no logger', log: 'feed', table: 'lines' },
  long: { title: 'The same for eight times as long', log: 'feed', share: 8, table: 'lines' },
  paced: { title: 'At half of saturation', log: 'paced', table: 'lines' },
  calm: { title: 'At 1,000 lines/s', log: 'paced', share: 0.01, rounds: 3, table: 'lines' },
  flush: { title: "Until flush() has resolved: as fast as the application can log, then 'durable', then 'delivered'", log: 'burst', flush: true, table: 'flush' },
  'flush, feed': { title: 'The same with ready-made lines', log: 'feed', flush: true, table: 'flush' },
  http: { title: 'To a receiver over HTTP: as fast as the application can log', log: 'burst', disk: true, table: 'http', note: HTTP_NOTE },
  'http, feed': { title: 'The same with ready-made lines', log: 'feed', disk: true, table: 'http' },
  'http, varied': { title: 'The same with ready-made lines that gzip does not find all alike', log: 'varied', disk: true, table: 'http' },
  convert: { title: 'From a file of JSON lines to Parquet', program: 'convert.js', check: 'passes', table: 'convert' },
  'convert, real': { title: 'The same with the log of `--log`', program: 'convert.js', check: 'rows', table: 'convert' },
  recorder: { title: 'Debug lines, a child logger for every ten of them', program: 'recorder.js', check: 'itself', table: 'lines' },
  children: { title: 'Child loggers alone', program: 'recorder.js', check: 'itself', share: 0.5, table: 'children' },
  requests: { title: 'A server under load', program: 'requests.js', check: 'itself', seconds: 3, rounds: 3, table: 'requests', note: REQUESTS_NOTE },
  errors: { title: 'An error storm', program: 'requests.js', check: 'itself', failing: true, seconds: 10, rounds: 3, table: 'errors', note: ERRORS_NOTE },
  growth: { title: 'More lines', log: 'feed', rounds: 3, table: 'lines' },
  sizes: { title: 'Longer lines, as many bytes of them', log: 'sized', rounds: 3, table: 'sizes' },
  pending: { title: 'A start with segments of a dead process', program: 'growth/pending.js', check: 'received', rounds: 3, table: 'pending' },
  wide: { title: 'More columns, as many cells', program: 'growth/wide.js', check: 'wide', share: 2, rounds: 3, table: 'wide' },
  start: { title: 'Start-up', check: 'itself', table: 'start' }
}

/** The largest `share` of all. */
export const LONGEST = Math.max(...Object.values(styles).map(({ share = 1 }) => share))
