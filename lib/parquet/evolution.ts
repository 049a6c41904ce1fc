// What the columns of a dataset were so far. Files of a dataset are read together, so a column, once there, stays: with its type,
// and null in every row when nothing is promoted to it any more. The newest files tell, because each carries on what was before.
import { COLUMN_TYPES, columnsOf, type Column, type Keys, type Promotion } from './columns.js'
import { openParquet, SCHEMA_KEY } from './reading.js'

export { SCHEMA_KEY }

export type StoredColumn = Pick<Column, 'name' | 'type'>

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
    return openParquet(path).schema.columns.filter(({ type }) => COLUMN_TYPES.includes(type))
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
