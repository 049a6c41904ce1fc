// The options of the jsonl output: pino-roll's names and meanings, so that its users change only the target name.
import { common, fsyncOption, fsyncPolicy } from './common.js'
import { contradiction, parseOptions } from './options.js'
import { count, duration, either, flag, group, oneOf, optional, size, text, type Filled, type Input } from './option.js'
import { MB } from './units.js'
import { assertWritable } from './writable.js'
import { OptionError, show } from '../errors.js'
import { RotatedNames } from '../journal/naming.js'
import { hasZstd } from '../zstd.js'

export const jsonlSchema = group({
  file: text('Path of the log without number and extension: `./logs/app` gives `./logs/app.1.log`. The extension of a path like `./logs/app.jsonl` is used when `extension` is not given.'),
  size: optional(size('A file is closed before it would grow beyond this; only one line that is longer by itself may exceed it. A bare number means megabytes.', MB)),
  frequency: optional(either(oneOf(['daily', 'hourly'], ''), duration(''), 'A file is closed when its day, hour or period ends, also when nothing is logged.')),
  utc: optional(flag('Days, hours and dates in names are UTC; otherwise local time.'), true),
  dateFormat: optional(text('Adds the date to the name, in the tokens of date-fns, for example `yyyy-MM-dd`.')),
  extension: optional(text('Extension of the files, with or without its dot. Defaults to that of `file`, else `.log`.')),
  symlink: optional(flag('Keeps a symbolic link `current.log` beside the files that points to the one being written.'), false),
  limit: optional(group({
    count: optional(count('How many closed files are kept beside the one being written.')),
    age: optional(duration('Closed files last written longer ago than this are removed.')),
    totalSize: optional(size('Bytes that all files may take together; the oldest closed ones are removed.')),
    removeOtherLogFiles: optional(flag('Files of earlier runs count and are removed too; `false` leaves them alone, as pino-roll does by default.'), true)
  })),
  compress: optional(oneOf([false, 'gzip', 'zstd'], 'Compresses closed files, in a thread of its own.'), false),
  mkdir: optional(flag('Creates the directory when it is missing.'), true),
  mode: optional(count('Permission bits of new files, for example 0o640. Defaults to 0o666 less the umask.', 0)),
  fsync: optional(fsyncOption, 'never'),
  minLength: optional(count('Holds lines back until this many bytes are together. Lines held back are lost with a killed process; 0 writes at once.', 0), 0),
  maxLength: optional(size('Bytes of lines kept in memory while the disk does not take them. Beyond it new lines are dropped and counted.'), 64 * MB),
  maxWrite: optional(size('Writes are merged up to this many bytes.'), 8 * MB),
  periodicFlush: optional(duration('Writes lines held back by `minLength` at least this often.')),
  sync: optional(flag('Writes synchronously, in the worker.'), false),
  append: optional(oneOf([true], 'Accepted for compatibility: existing lines are never overwritten.'), true),
  ...common
})

export type JsonlOptions = Input<typeof jsonlSchema>

/** Checks against the machine too, fills and normalises. Throws an OptionError. */
export function parseJsonl (input: unknown) {
  const filled: Filled<typeof jsonlSchema> = parseOptions('jsonl', jsonlSchema, input)
  const { limit, compress, minLength, maxWrite, dateFormat } = filled
  const bytes = filled.size
  if (limit?.totalSize !== undefined && bytes !== undefined && limit.totalSize <= bytes) {
    throw contradiction('jsonl', 'limit.totalSize', `\`limit.totalSize\` (${limit.totalSize} bytes) leaves no room beside one file of \`size\` (${bytes} bytes)`)
  }
  if (compress && bytes === undefined && filled.frequency === undefined) {
    throw contradiction('jsonl', 'compress', '`compress` needs `size` or `frequency`: without them no file is ever closed')
  }
  if (minLength >= maxWrite) {
    throw contradiction('jsonl', 'minLength', `\`minLength\` (${minLength}) must be smaller than \`maxWrite\` (${maxWrite})`)
  }
  if (dateFormat && /[/\\?%*:|"<>\0]/.test(dateFormat)) {
    throw new OptionError('jsonl', 'dateFormat', `Expected \`dateFormat\` to have no characters that a file name cannot hold, got ${show(dateFormat)}`)
  }
  if (compress === 'zstd' && !hasZstd()) {
    throw contradiction('jsonl', 'compress', '`compress: "zstd"` needs Node 22.15 or later, or the package @bokuweb/zstd-wasm')
  }
  if (filled.file.includes('\0')) throw new OptionError('jsonl', 'file', `Expected \`file\` to be a path, got ${show(filled.file)}`)
  const names = new RotatedNames(filled)
  assertWritable('jsonl', 'file', filled.file, names.directory, filled.mkdir)
  return { ...filled, names, fsync: fsyncPolicy(filled.fsync) }
}
