// In which ways is measured, each of them a table of the report. `log` is how app.js logs (see there); without it no line is logged.
// `disk`: its files are on a disk, however much room there is in memory: what they cost a disk is part of the answer.
// `share` is how many times the usual lines there are. `flush`: by flush(), first to durable, then to delivered, before it closes.
// `note`: what is to be known about its table.

const HTTP_NOTE = [
  'The receiver is a process of its own on the same machine. Batches of 512 KiB before gzip level 1; of 2,500 lines from pino-http-send. pino-loki, which has no batches by',
  'size, sends what 20 ms have brought, and its limit of 10,000 waiting lines, of which it drops the oldest, is lifted. Both cannot compress, and do not wait for their',
  'requests when they close: they are closed once the receiver has every line.'
].join('\n')

export const styles = {
  burst: { title: 'As fast as the application can log', log: 'burst', table: 'lines' },
  part: { title: 'The same with 30 % of the lines', log: 'burst', share: 0.3, table: 'lines' },
  feed: { title: 'As fast as the transport can: ready-made lines, no logger', log: 'feed', table: 'lines' },
  long: { title: 'The same for eight times as long', log: 'feed', share: 8, table: 'lines' },
  paced: { title: 'At half of saturation', log: 'paced', table: 'lines' },
  flush: { title: "Until flush() has resolved: as fast as the application can log, then 'durable', then 'delivered'", log: 'burst', flush: true, table: 'flush' },
  'flush, feed': { title: 'The same with ready-made lines', log: 'feed', flush: true, table: 'flush' },
  http: { title: 'To a receiver over HTTP: as fast as the application can log', log: 'burst', disk: true, table: 'http', note: HTTP_NOTE },
  'http, feed': { title: 'The same with ready-made lines', log: 'feed', disk: true, table: 'http' },
  'http, varied': { title: 'The same with ready-made lines that gzip does not find all alike', log: 'varied', disk: true, table: 'http' },
  convert: { title: 'From a file of JSON lines to Parquet', program: 'convert.js', table: 'convert' },
  start: { title: 'Start-up', table: 'start' }
}

/** The largest `share` of all. */
export const LONGEST = Math.max(...Object.values(styles).map(({ share = 1 }) => share))
