// In which ways is measured, each of them a table of the report. `log` is how app.js logs (see there); without it no line is logged.
// `share` is how many times the usual lines there are. `flush`: by flush(), first to durable, then to delivered, before it closes.

export const styles = {
  burst: { title: 'As fast as the application can log', log: 'burst', table: 'lines' },
  part: { title: 'The same with 30 % of the lines', log: 'burst', share: 0.3, table: 'lines' },
  feed: { title: 'As fast as the transport can: ready-made lines, no logger', log: 'feed', table: 'lines' },
  long: { title: 'The same for eight times as long', log: 'feed', share: 8, table: 'lines' },
  paced: { title: 'At half of saturation', log: 'paced', table: 'lines' },
  flush: { title: "Until flush() has resolved: as fast as the application can log, then 'durable', then 'delivered'", log: 'burst', flush: true, table: 'flush' },
  'flush, feed': { title: 'The same with ready-made lines', log: 'feed', flush: true, table: 'flush' },
  convert: { title: 'From a file of JSON lines to Parquet', program: 'convert.js', table: 'convert' },
  start: { title: 'Start-up', table: 'start' }
}

/** The largest `share` of all. */
export const LONGEST = Math.max(...Object.values(styles).map(({ share = 1 }) => share))
