// A record from its row. What the columns mean to whoever reads them, written as code.
import type { Column } from './columns.js'

type Row = Readonly<Record<string, unknown>>

/**
 * The record from which RecordReader made `row` (by column name: a timestamp in microseconds, `attrs` as text, null or undefined
 * where there is nothing), equal to what JSON.parse makes of the line; the line itself where that was no JSON object. The order of
 * keys is not kept.
 *
 * - `_corrupt` is the whole line.
 * - Otherwise `attrs` is the record without what has been stored elsewhere.
 * - Every other column gives the value of its path, unless `attrs` has one there: that is the original, the column what it stands for.
 * - A timestamp that is no whole millisecond comes from no record: it stands in for a time that is missing (see RecordReader.read).
 * - `severity` says the same as `level`.
 *
 * Throws what JSON.parse throws when `attrs` has been tampered with.
 */
export function restore (row: Row, columns: readonly Column[]): unknown {
  if (typeof row._corrupt === 'string') return row._corrupt
  const record: object = typeof row.attrs === 'string' ? JSON.parse(row.attrs) : {}
  for (const { name, type, path } of columns) {
    const value = row[name] ?? undefined
    if (path.length === 0 || value === undefined) continue
    const original = type === 'timestamp' ? millisOf(value as number | bigint) : typeof value === 'bigint' ? Number(value) : value
    if (original !== undefined) place(record, path, original)
  }
  return record
}

function millisOf (micros: number | bigint): number | undefined {
  const exact = BigInt(micros)
  return exact % 1000n === 0n ? Number(exact / 1000n) : undefined
}

function place (record: object, path: readonly string[], value: unknown): void {
  let parent = record
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(parent, key)) define(parent, key, {})
    parent = valueOf(parent, key) as object
  }
  const key = path.at(-1)!
  if (!Object.hasOwn(parent, key)) define(parent, key, value)
}

// `__proto__` is a key like any other in JSON; assigned or read as usual it is not.
const define = (parent: object, key: string, value: unknown): object =>
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true })
const valueOf = (parent: object, key: string): unknown => Object.getOwnPropertyDescriptor(parent, key)!.value
