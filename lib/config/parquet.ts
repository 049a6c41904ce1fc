// The options of the parquet output.
import { basename, resolve } from 'node:path'
import { common, fsyncPolicy, hooksOf } from './common.js'
import { parquetJournal, SEGMENTS_PER_JOURNAL } from './journal.js'
import { contradiction, parseOptions } from './options.js'
import { count, duration, either, flag, group, map, oneOf, optional, size, text, type Filled, type Input } from './option.js'
import { MB } from './units.js'
import { assertWritable } from './writable.js'
import { OptionError, show } from '../errors.js'
import { CODECS, LEVELS } from '../parquet/codec.js'
import { COLUMN_TYPES, columnsOf, KEYS, nameOf, nameTaken, parsePath, type Promotion } from '../parquet/columns.js'
import { ENGINES } from '../parquet/engine.js'
import { hasZstd } from '../zstd.js'

const MOST_COLUMNS = 1000
const LEAST_SIZE = 4096
/** Most file systems allow 255 bytes; what follows the base takes 60. */
const LONGEST_NAME = 190
/** A row group is made of one segment: as many lines, and as much text of them, as are held in memory at once. */
const ROW_GROUP_BYTES = 8 * MB
/** So many row groups at least make a file of `size`, or its size could not be met. */
const GROUPS_PER_FILE = 5

export const parquetSchema = group({
  dir: text('Directory of the dataset. Every file in it is complete from the moment at which it can be seen.'),
  size: optional(either(size(''), oneOf([false], ''), 'Bytes that a published file is to have, about. `false`: files end by `frequency` alone.'), 64 * MB),
  frequency: optional(either(either(oneOf(['daily', 'hourly'], ''), duration(''), ''), oneOf([false], ''), 'A file is published when its day, hour or period (UTC) ends, also when nothing is logged. `false`: files end by `size` alone.'), '1h'),
  partition: optional(oneOf([false, 'day', 'hour'], 'Directories `dt=YYYY-MM-DD` and, with `hour`, `hr=HH`, by the time of the records (UTC). A late record goes where its time belongs.'), false),
  columns: optional(map(either(oneOf(COLUMN_TYPES, ''), group({
    name: optional(text('')),
    type: oneOf(COLUMN_TYPES, '')
  }), ''), 'Fields that get a column of their own, by their path: `{ "req.method": "string", "res.statusCode": { "name": "status", "type": "int32" } }`. A dot that belongs to a key is written `\\\\.`. A value that is not exactly of the type stays in `attrs`, counted.')),
  codec: optional(oneOf(CODECS, 'How pages are compressed.'), 'zstd'),
  compressLevel: optional(count('Level of `zstd` (1 to 22, default 1) or `gzip` (1 to 9, default 6).')),
  rowGroupRows: optional(count('Rows of a row group, at most about; one ends at 8 MB of JSON, a fifth of `size` or a quarter of `journal.maxSize`, too.'), 20_000),
  engine: optional(oneOf(ENGINES, '`parquetjs-lite` writes data pages V1 for readers that know no others; slower, without statistics.'), 'hyparquet'),
  limit: optional(group({
    count: optional(count('How many published files are kept.')),
    age: optional(duration('Published files older than this are removed.')),
    totalSize: optional(size('Bytes that all published files may take together; the oldest are removed.'))
  })),
  journal: parquetJournal,
  mkdir: optional(flag('Creates the directory when it is missing.'), true),
  ...common
})

export type ParquetOptions = Input<typeof parquetSchema>

/** Checks against the machine too, fills and normalises. Throws an OptionError. */
export function parseParquet (input: unknown) {
  return parseOptions('parquet', parquetSchema, input, process.env, check)
}

export type ParquetSettings = ReturnType<typeof parseParquet>

function check (filled: Filled<typeof parquetSchema>) {
  const { codec, compressLevel, frequency, journal, limit, mkdir, name, rowGroupRows } = filled
  const dir = resolve(filled.dir)
  const bytes = filled.size === false ? Infinity : filled.size as number
  if (filled.dir.includes('\0') || basename(dir) === '') throw new OptionError('parquet', 'dir', `Expected \`dir\` to be the path of a directory, got ${show(filled.dir)}`)
  if (Buffer.byteLength(basename(dir)) > LONGEST_NAME) {
    throw new OptionError('parquet', 'dir', `Expected the last part of \`dir\` to have at most ${LONGEST_NAME} bytes, because files are called after it, got ${show(filled.dir)}`)
  }
  if (bytes < LEAST_SIZE) throw new OptionError('parquet', 'size', `Expected \`size\` to be at least ${LEAST_SIZE} bytes (a bare number is bytes), got ${bytes}`)
  if (bytes === Infinity && frequency === false) {
    throw contradiction('parquet', 'frequency', '`size: false` and `frequency: false`: nothing would be published before the end')
  }
  const levels = LEVELS[codec]
  if (compressLevel !== undefined && !levels) throw contradiction('parquet', 'compressLevel', `\`compressLevel\` means nothing with \`codec: "${codec}"\``)
  if (levels && compressLevel !== undefined && compressLevel > levels.most) {
    throw contradiction('parquet', 'compressLevel', `\`compressLevel\` of ${codec} is ${levels.least} to ${levels.most}, got ${compressLevel}`)
  }
  if (codec === 'zstd' && !hasZstd()) {
    throw contradiction('parquet', 'codec', '`codec: "zstd"` needs Node 22.15 or later, or the package @bokuweb/zstd-wasm; or use `codec: "gzip"`')
  }
  if (limit?.totalSize !== undefined && limit.totalSize <= bytes && bytes !== Infinity) {
    throw contradiction('parquet', 'limit.totalSize', `\`limit.totalSize\` (${limit.totalSize} bytes) leaves no room beside one file of \`size\` (${bytes} bytes)`)
  }
  assertWritable('parquet', 'dir', filled.dir, dir, mkdir)
  if (journal.dir !== undefined) assertWritable('parquet', 'journal.dir', journal.dir, resolve(journal.dir), true)
  return {
    ...filled,
    dir,
    size: bytes,
    promoted: promotions(filled.columns ?? {}),
    period: frequency === false ? undefined : { frequency: frequency as 'daily' | 'hourly' | number, utc: true },
    rule: { maxRecords: rowGroupRows, maxBytes: Math.max(1, Math.floor(Math.min(ROW_GROUP_BYTES, bytes / GROUPS_PER_FILE, journal.maxSize / SEGMENTS_PER_JOURNAL))) },
    journal: { ...journal, dir: journal.dir === undefined ? undefined : resolve(journal.dir), fsync: fsyncPolicy(journal.fsync) },
    base: basename(dir),
    label: name ?? `parquet ${filled.dir}`,
    hooks: hooksOf('parquet', filled.hooks)
  }
}

/** Every promotion has a free name and a path that no other column is on. */
function promotions (columns: NonNullable<Filled<typeof parquetSchema>['columns']>): Promotion[] {
  const wrong = (field: string, problem: string): never => { throw new OptionError('parquet', `columns.${field}`, `\`columns\`: ${field}: ${problem}`) }
  const found = Object.entries(columns)
  if (found.length > MOST_COLUMNS) wrong(found[MOST_COLUMNS]![0], `more than ${MOST_COLUMNS} columns`)
  const promoted: Promotion[] = []
  for (const [field, about] of found) {
    const path = parsePath(field)
    const { type, name = nameOf(path) } = typeof about === 'object' ? about : { type: about }
    if (path.includes('')) wrong(field, 'Expected the path of a field such as `req.method`')
    if (!/^[a-z_][a-z0-9_]*$/.test(name)) wrong(field, `Expected the name of a column to be of a-z, 0-9 and _, got ${show(name)}; some engines do not tell case, or take no dots`)
    const taken = nameTaken(name, type) ?? (promoted.some(other => other.name === name) ? `two columns would be called ${name}` : undefined)
    if (taken) wrong(field, taken)
    promoted.push({ path, name, type })
  }
  const all = columnsOf(promoted, KEYS).filter(({ path }) => path.length > 0)
  for (const { path, name } of promoted) {
    const other = all.find(column => column.name !== name && overlap(column.path, path))
    if (other) wrong(path.join('.'), `its path leads to, or through, what is in column ${other.name}`)
  }
  return promoted
}

function overlap (a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).every((key, at) => key === b[at])
}
