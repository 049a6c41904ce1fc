// Which values a column takes: those that it gives back as they were. Nothing is converted to make it fit. Pure.
import type { ColumnType, Value } from './columns.js'
import { ZERO, MINUS, type Scanner } from './json.js'

const INT32 = 2 ** 31
const INT64 = 2n ** 63n

/** Whether every surrogate has its other half; without it there is no UTF-8 of the text. */
export function isWellFormed (text: string): boolean {
  // In Node since 20; the compiler's library has it with ES2024.
  return (text as string & { isWellFormed (): boolean }).isWellFormed()
}

export const isInt32 = (number: number): boolean => Number.isInteger(number) && number >= -INT32 && number < INT32 && !Object.is(number, -0)

/**
 * What a column of that type holds for the valid JSON value from `from` to `to`, the last one that `json` has passed; undefined when
 * it cannot hold it exactly. A 'timestamp' has forms of its own (time.ts), a 'string' is a place in the text (record.ts).
 */
export function fit (type: Exclude<ColumnType, 'timestamp' | 'string'>, json: Scanner, from: number, to: number): Value | undefined {
  const first = json.codes[from]!
  if (type === 'boolean') return first === 0x74 ? true : first === 0x66 ? false : undefined
  if (first !== MINUS && !(first >= ZERO && first <= 0x39)) return undefined

  const integer = json.integerAt(from, to)
  if (type === 'int32') return isInt32(integer) ? integer : undefined
  if (!Number.isNaN(integer)) return integer
  const raw = json.slice(from, to)
  return type === 'int64' ? fitInt64(raw) : fitDouble(raw)
}

/** 16 digits and more. -0 is none: an int64 knows no sign of 0. */
function fitInt64 (raw: string): number | bigint | undefined {
  if (raw.length > 20 || raw === '-0' || !isInteger(raw)) return undefined
  const integer = BigInt(raw)
  if (integer < -INT64 || integer >= INT64) return undefined
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
}

/** A fraction stands for the double next to it, as everywhere in JavaScript; an integer is an id or a counter, where each digit counts. */
function fitDouble (raw: string): number | undefined {
  const number = Number(raw)
  if (!Number.isFinite(number)) return undefined
  return !isInteger(raw) || BigInt(raw) === BigInt(number) ? number : undefined
}

const isInteger = (raw: string): boolean => /^-?\d+$/.test(raw)
