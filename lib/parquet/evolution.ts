// What the columns of a dataset were so far. Files of a dataset are read together, so a column, once there, stays: with its type,
// and null in every row when nothing is promoted to it any more. The newest files tell, because each carries on what was before.
// The only importer of hyparquet.
import fs from 'node:fs'
import { parquetMetadata } from 'hyparquet'
import { COLUMN_TYPES, columnsOf, type Column, type Keys, type Promotion } from './columns.js'

/** Key of the pair that holds the columns, as JSON: `{ version, messageKey, errorKey, columns: [{ name, type, path }] }`. */
export const SCHEMA_KEY = 'pino-blackbox.schema'

export type StoredColumn = Pick<Column, 'name' | 'type'>

/** Footer length and magic, at the end of every file. */
const TAIL = 8

/** The columns of these files, the oldest first: of two types for one name the first counts. Files that cannot be read are passed over. */
export function storedColumns (paths: readonly string[]): StoredColumn[] {
  const stored = new Map<string, StoredColumn>()
  for (const path of paths) {
    for (const column of columnsIn(path)) if (!stored.has(column.name)) stored.set(column.name, column)
  }
  return [...stored.values()]
}

function columnsIn (path: string): StoredColumn[] {
  try {
    const pair = parquetMetadata(footerOf(path)).key_value_metadata?.find(({ key }) => key === SCHEMA_KEY)
    const { columns = [] } = JSON.parse(pair?.value ?? '{}') as { columns?: StoredColumn[] }
    return columns.filter(({ type }) => COLUMN_TYPES.includes(type))
  } catch {
    // Somebody else's file, or a broken one: no reason to keep lines waiting.
    return []
  }
}

/**
 * The columns for the next file, and what of the configuration cannot be had with those of the files before: the promotions whose
 * type is another one now. They keep the type; a new type needs a new name.
 */
export function evolve (promoted: readonly Promotion[], keys: Keys, stored: readonly StoredColumn[]): { columns: Column[], refused: Promotion[] } {
  const typeOf = new Map(stored.map(({ name, type }) => [name, type]))
  const refused = promoted.filter(({ name, type }) => (typeOf.get(name) ?? type) !== type)
  const fixed = new Set(columnsOf([], keys).map(({ name }) => name))
  const now = new Map(promoted.map(promotion => [promotion.name, promotion]))
  // In the order in which they came about, so that new ones are at the end.
  const known = stored.filter(({ name }) => !fixed.has(name)).map(({ name, type }) => ({ name, type, path: now.get(name)?.path ?? [] }))
  const added = promoted.filter(({ name }) => fixed.has(name) || !typeOf.has(name))
  return { columns: columnsOf([...known, ...added], keys), refused }
}

function footerOf (path: string): ArrayBuffer {
  const fd = fs.openSync(path, 'r')
  try {
    const { size } = fs.fstatSync(fd)
    const tail = new DataView(read(fd, TAIL, size - TAIL))
    const length = tail.getUint32(0, true) + TAIL
    return read(fd, length, size - length)
  } finally {
    fs.closeSync(fd)
  }
}

function read (fd: number, length: number, position: number): ArrayBuffer {
  if (position < 0) throw new Error('the file is too short for a footer')
  const bytes = new ArrayBuffer(length)
  fs.readSync(fd, new Uint8Array(bytes), 0, length, position)
  return bytes
}
