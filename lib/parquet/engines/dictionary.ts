// The different values of a string column, numbered in the order in which they come: for pages that hold numbers instead of values.
import { LENGTH } from './plain.js'
import { TextColumn } from '../text.js'

export interface Dictionary {
  /** Each of them once. */
  values: TextColumn
  /** The number of every value that is there. */
  indexes: number[]
  /** Bits for a number. */
  width: number
}

/** So many values are looked at before a column is given up; and the share of them that may be different. */
const SAMPLE = 1000
const MOST_DIFFERENT = 0.5

/** Undefined when pages would not be half as large by it. */
export function dictionaryOf ({ text, from, to, length, nulls }: TextColumn): Dictionary | undefined {
  if (nulls === length) return undefined
  const { bytes } = text
  /** Where each of the different values begins and ends. */
  const begins: number[] = []
  const ends: number[] = []
  const indexes: number[] = []
  const hashes: number[] = []
  /** By hash, or behind it when that place is taken: one more than the number of a value. */
  let table = new Int32Array(256)
  let plain = 0
  let held = 0
  /** The number of the value before, and of this one. */
  let index = -1
  for (let row = 0; row < length; row++) {
    const start = from[row]!
    if (start < 0) continue
    const end = to[row]!
    plain += end - start + LENGTH
    // Values that repeat do so in runs, more often than not.
    if (index >= 0 && same(bytes, begins[index]!, ends[index]!, start, end)) {
      indexes.push(index)
      continue
    }
    // FNV-1a.
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
    let place = placeOf(hash, table)
    index = table[place]! - 1
    while (index >= 0 && !(hashes[index] === hash && same(bytes, begins[index]!, ends[index]!, start, end))) {
      place = (place + 1) & (table.length - 1)
      index = table[place]! - 1
    }
    if (index < 0) {
      index = begins.length
      if (index > MOST_DIFFERENT * Math.max(SAMPLE, indexes.length)) return undefined
      held += end - start + LENGTH
      begins.push(start)
      ends.push(end)
      hashes.push(hash)
      table[place] = index + 1
      if (begins.length * 2 > table.length) table = enlarged(table, hashes)
    }
    indexes.push(index)
  }
  const width = 32 - Math.clz32(begins.length - 1)
  if (2 * (held + indexes.length * width / 8) > plain) return undefined
  return { values: new TextColumn(text, Int32Array.from(begins), Int32Array.from(ends), 0), indexes, width }
}

const placeOf = (hash: number, { length }: Int32Array): number => (hash ^ (hash >>> 15)) & (length - 1)

function enlarged ({ length }: Int32Array, hashes: readonly number[]): Int32Array<ArrayBuffer> {
  const table = new Int32Array(length * 4)
  for (let index = 0; index < hashes.length; index++) {
    let place = placeOf(hashes[index]!, table)
    while (table[place] !== 0) place = (place + 1) & (table.length - 1)
    table[place] = index + 1
  }
  return table
}

function same (bytes: Uint8Array, one: number, oneEnd: number, other: number, otherEnd: number): boolean {
  if (oneEnd - one !== otherEnd - other) return false
  while (one < oneEnd) if (bytes[one++] !== bytes[other++]) return false
  return true
}
