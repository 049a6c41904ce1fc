// The columns of every file: fixed ones first, then the promoted ones, then what holds everything else. Pure.
//
// A later version may append columns before `attrs`; it never changes a type and never uses a name again, so that files of
// different versions and configurations can be read together.

/** Version of the fixed columns; written into every file. */
export const SCHEMA_VERSION = 1

/** 'timestamp' is microseconds since the epoch, UTC. */
export const COLUMN_TYPES = ['string', 'int32', 'int64', 'double', 'boolean', 'timestamp'] as const
export type ColumnType = typeof COLUMN_TYPES[number]

export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** Keys that lead from the record to its value; none for what is derived. */
  readonly path: readonly string[]
  /** Never null. */
  readonly required: boolean
  /** Smallest and largest value are written where a reader can skip by them. */
  readonly statistics: boolean
  /** Values hardly ever repeat, so that no dictionary is tried. */
  readonly unique: boolean
}

/** Values of one column in one row group; null where there is none. Strings are well-formed; an 'int64' beyond 2^53 is a bigint. */
export type Value = string | number | bigint | boolean | null
export type Values = Value[]

/** What pino calls things, as far as it is not told otherwise (pino, docs/api.md: messageKey, errorKey). */
export interface Keys {
  messageKey: string
  errorKey: string
}
export const KEYS: Keys = { messageKey: 'msg', errorKey: 'err' }

/** A field of the record that has a column of its own. */
export interface Promotion {
  path: readonly string[]
  name: string
  type: ColumnType
}

/** Columns that may be given another source by promoting a field to their name. */
const ALIASES: Readonly<Record<string, readonly string[]>> = { req_id: ['reqId'], trace_id: ['trace_id'], span_id: ['span_id'] }

/** Names that partitions use; the columns of a Hive-style directory must not be in the file too. */
const PARTITION_NAMES = ['dt', 'hr']

const column = (name: string, type: ColumnType, path: readonly string[], { required = false, statistics = false, unique = false } = {}): Column =>
  ({ name, type, path, required, statistics, unique })

export function columnsOf (promoted: readonly Promotion[], { messageKey, errorKey }: Keys): Column[] {
  const aliased = (name: string): readonly string[] => promoted.find(promotion => promotion.name === name)?.path ?? ALIASES[name]!
  return [
    column('time', 'timestamp', ['time'], { required: true, statistics: true, unique: true }),
    column('level', 'int32', ['level'], { statistics: true }),
    column('severity', 'string', [], { statistics: true }),
    column('msg', 'string', [messageKey]),
    column('name', 'string', ['name'], { statistics: true }),
    column('hostname', 'string', ['hostname'], { statistics: true }),
    column('pid', 'int32', ['pid'], { statistics: true }),
    column('req_id', 'string', aliased('req_id'), { unique: true }),
    column('trace_id', 'string', aliased('trace_id'), { unique: true }),
    column('span_id', 'string', aliased('span_id'), { unique: true }),
    column('err_type', 'string', [errorKey, 'type'], { statistics: true }),
    column('err_message', 'string', [errorKey, 'message']),
    column('err_stack', 'string', [errorKey, 'stack']),
    ...promoted.filter(({ name }) => !(name in ALIASES)).map(({ name, type, path }) => column(name, type, path, { statistics: true })),
    column('attrs', 'string', []),
    column('_corrupt', 'string', [], { unique: true })
  ]
}

/** What a promotion may not be called, and why; undefined when the name is free. */
export function nameTaken (name: string, type: ColumnType): string | undefined {
  if (name in ALIASES) return type === 'string' ? undefined : `${name} is a string`
  if (PARTITION_NAMES.includes(name)) return `${name} is the name of a partition`
  return columnsOf([], KEYS).some(column => column.name === name) ? `every file has a column ${name}` : undefined
}

/** 'req.method' -> req, method; a dot that belongs to a key is written as '\\.'. */
export function parsePath (text: string): string[] {
  return text.split(/(?<!\\)\./).map(key => key.replaceAll('\\.', '.'))
}

/** The name of a promoted column that was given none: `req.remoteAddress` -> `req_remote_address`. */
export function nameOf (path: readonly string[]): string {
  return path.join('_').replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().replace(/[^a-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_')
}
