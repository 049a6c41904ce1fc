// The options of the jsonl output: pino-roll's names and meanings, so that its users change only the target name.
import { common, fsyncOption, fsyncPolicy, hooksOf } from './common.js'
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
  dateFormat: optional(text('Adds the beginning of the period to the name, in the tokens of date-fns, for example `yyyy-MM-dd`. Without `frequency` it has no effect, as in pino-roll.')),
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
  mode: optional(count('Permission bits of new files, for example 0o640. Defaults to 0o666 less the umask.', 0, 0o7777)),
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
  return parseOptions('jsonl', jsonlSchema, input, process.env, check)
}

function check (filled: Filled<typeof jsonlSchema>) {
  const { file, extension = '', size, frequency, limit, compress, minLength, maxWrite, mkdir } = filled
  if (limit?.totalSize !== undefined && size !== undefined && limit.totalSize <= size) {
    throw contradiction('jsonl', 'limit.totalSize', `\`limit.totalSize\` (${limit.totalSize} bytes) leaves no room beside one file of \`size\` (${size} bytes)`)
  }
  if (compress && size === undefined && frequency === undefined) {
    throw contradiction('jsonl', 'compress', '`compress` needs `size` or `frequency`: without them no file is ever closed')
  }
  if (compress === 'zstd' && !hasZstd()) {
    throw contradiction('jsonl', 'compress', '`compress: "zstd"` needs Node 22.15 or later, or the package @bokuweb/zstd-wasm')
  }
  if (minLength >= maxWrite) {
    throw contradiction('jsonl', 'minLength', `\`minLength\` (${minLength}) must be smaller than \`maxWrite\` (${maxWrite})`)
  }
  if (file.includes('\0') || /(^|[/\\])\.\.?$/.test(file)) {
    throw new OptionError('jsonl', 'file', `Expected \`file\` to be the path of a file, or of a directory with a separator at its end, got ${show(file)}`)
  }
  if (/[/\\\0]/.test(extension)) throw new OptionError('jsonl', 'extension', `Expected \`extension\` to be the end of a file name, got ${show(extension)}`)
  const period = frequency === undefined ? undefined : { frequency, utc: filled.utc }
  const dated = new RotatedNames(filled)
  const names = period ? dated : new RotatedNames({ ...filled, dateFormat: undefined })
  assertWritable('jsonl', 'file', file, names.directory, mkdir)
  return { ...filled, names, period, fsync: fsyncPolicy(filled.fsync), hooks: hooksOf('jsonl', filled.hooks) }
}
