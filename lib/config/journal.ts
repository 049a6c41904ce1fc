// The options of an output's journal: where lines wait until they are delivered, and how many may.
import { fsyncOption } from './common.js'
import { duration, group, oneOf, optional, size, text } from './option.js'
import { MB } from './units.js'

/** `maxSize` in bytes is the default of this output. */
export const journalOption = (maxSize: number, where: string) => optional(group({
  dir: optional(text(`Directory of the journal. Defaults to ${where}.`)),
  maxSize: optional(size('Bytes of lines that may wait for their delivery.'), maxSize),
  whenFull: optional(oneOf(['drop-oldest', 'drop-newest', 'block'], 'What happens beyond `maxSize`: the oldest lines or the newest are dropped, or reading stops. Then lines pile up in the main thread, because pino cannot be blocked; after `blockTimeout` the newest are dropped. Every drop is counted.'), 'drop-oldest'),
  blockTimeout: optional(duration('How long `whenFull: "block"` stops reading before it drops.'), 2000),
  fsync: optional(fsyncOption, 'never')
}), {})

export const PARQUET_JOURNAL = 2048 * MB
