// The options of an output's journal: where lines wait until they are delivered, and how many may.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { fsyncOption, fsyncPolicy } from './common.js'
import { contradiction } from './options.js'
import { abbreviated, alias, count, duration, either, group, oneOf, optional, size, text, timer, type Filled } from './option.js'
import { MB } from './units.js'
import { assertWritable } from './writable.js'

/** Bytes of lines that a journal on disk holds in memory while the disk does not take them. */
export const MOST_IN_MEMORY = 64 * MB
/** So many segments at least make a full journal: only what is sealed can be delivered, or dropped for being the oldest. */
export const SEGMENTS_PER_JOURNAL = 4

/** `maxSize` in bytes is the default of this output. */
const limits = (maxSize: number) => ({
  maxSize: optional(size('Bytes of lines that may wait for their delivery.'), maxSize),
  whenFull: optional(oneOf(['drop-oldest', 'drop-newest', 'block'], 'What happens beyond `maxSize`: the oldest lines or the newest are dropped, or reading stops. Then lines pile up in the main thread, because pino cannot be blocked; after `blockTimeout` the newest are dropped. Every drop is counted.'), 'drop-oldest'),
  blockTimeout: optional(timer('How long `whenFull: "block"` stops reading before it drops.'), 2000),
  fsync: optional(fsyncOption, 'never')
})

const AGE = 'Lines that have waited longer than this are dropped and counted as `expired`. Only time counts in which the process runs; it begins anew with a restart.'

export const parquetJournal = optional(group({
  dir: optional(text('Directory of the journal. Defaults to `.<name of dir>.blackbox` beside `dir`. Where files cannot be renamed from there into `dir` (another file system), `_blackbox` in `dir` is used, and stderr says so.')),
  ...limits(2048 * MB),
  maxAge: optional(duration(AGE))
}), {})

/** Of outputs that send segments elsewhere. */
export const spoolJournal = optional(abbreviated(group({
  dir: optional(alias('spoolDir', either(text(''), oneOf([false], ''), 'Directory of the journal. Defaults to `./.blackbox`; where that cannot be written to, lines wait in memory, and stderr says so. `false`: they wait in memory, and are lost with the process; `journal: "memory"` is short for it.'))),
  ...limits(256 * MB),
  maxAge: optional(duration(AGE), '72h'),
  fallbackDir: optional(text('Directory to go on in while `dir` cannot be written to.')),
  maxBufferRecords: optional(alias('maxBufferRecords', count('Lines that may wait, where they wait in memory.')), 10_000),
  maxBufferBytes: optional(alias('maxBufferBytes', size('Bytes of lines that may wait, where they wait in memory.')), 8 * MB)
}), { memory: { dir: false } }), {})

/** When a segment is sealed. */
export const batchOption = optional(group({
  flushRecords: optional(alias('flushEveryRecords', either(count(''), oneOf([false], ''), 'A batch of so many lines is sent when none is on its way. `false`: their number alone sends nothing.')), 200),
  flushAge: optional(alias('flushEveryMs', either(timer(''), oneOf([false], ''), 'A batch whose first line is this old is sent when none is on its way. `false`: age alone sends nothing.')), 1000),
  maxRecords: optional(count('Lines that a batch may have. It grows while another one is on its way or the receiver is down.'), 10_000),
  maxBytes: optional(size('Bytes of lines that a batch may have, before compression. Only a single line that is longer may exceed it.'), '512k')
}), {})

/** Checks against the machine too. Throws an OptionError. */
export function checkSpool (output: string, { batch, journal }: { batch: Filled<typeof batchOption>, journal: Filled<typeof spoolJournal> }) {
  const { dir, fallbackDir } = journal
  if (dir === false && fallbackDir !== undefined) throw contradiction(output, 'journal.fallbackDir', '`journal.fallbackDir` means nothing where lines wait in memory')
  if (typeof dir === 'string') assertWritable(output, 'journal.dir', dir, resolve(dir), true)
  if (fallbackDir !== undefined) assertWritable(output, 'journal.fallbackDir', fallbackDir, resolve(fallbackDir), true)
  const { flushRecords, flushAge, maxRecords, maxBytes } = batch
  return {
    batch: { maxRecords, maxBytes, early: { records: flushRecords === false ? Infinity : flushRecords, age: flushAge === false ? Infinity : flushAge } },
    journal: { ...journal, fsync: fsyncPolicy(journal.fsync) }
  }
}

export type Batch = ReturnType<typeof checkSpool>['batch']
export type SpoolJournal = ReturnType<typeof checkSpool>['journal']

/** Of a journal: lines for one destination are not for another one. `name` where it can be one of a directory. */
export function identityOf (name: string | undefined, destination: string): string {
  return name !== undefined && /^[\w.-]{1,100}$/.test(name) ? name : createHash('sha256').update(name ?? destination).digest('hex').slice(0, 12)
}
