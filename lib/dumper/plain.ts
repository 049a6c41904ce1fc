// Copies of what one call was given, made as fast as can be: plain data is kept as names and values side by side, and becomes an object
// again only when somebody wants to see it. What is not plain, or deep, or big, is left to `copy`.
import { copy } from './snapshot.js'

/** The fields of an object. */
export class Fields {
  readonly keys: string[]
  readonly values: unknown[]

  constructor (keys: string[], values: unknown[]) {
    this.keys = keys
    this.values = values
  }
}

/** Values that are copied of one call, fields of an object among them. */
export const MOST = 200
const SHALLOW = 6
/** Characters of a string. */
const STRING = 16_384
const HALF = /[\ud800-\udbff]$/
/** Of a number; more are not kept. */
const BITS = 1024
/** What is held is estimated: bytes of an object, of one of its values, and of a string besides its characters. */
const OBJECT = 64
const SLOT = 32
const STRING_HEAD = 32
// The same object every time: to spread options costs more than to copy what is usually logged.
const bounds = { depth: 16, breadth: MOST, string: STRING, nodes: MOST }

export class Copier {
  /** What the copies take, estimated. */
  bytes = 0
  #room = MOST

  text (value: string): string {
    const own = value.length <= STRING ? value : cut(value)
    this.bytes += STRING_HEAD + 2 * own.length
    return own
  }

  /** Of anything but an object. */
  primitive (value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    return typeof value === 'bigint' && BigInt.asIntN(BITS, value) !== value ? copy(value, bounds) : value
  }

  /** Never throws. */
  object (value: object): unknown {
    const { bytes } = this
    const room = this.#room
    try {
      const quick = this.#plain(value, 1)
      if (quick !== undefined) return quick
    } catch {}
    this.bytes = bytes
    this.#room = bounds.nodes = room
    return this.#weighed(copy(value, bounds))
  }

  /** Names are strings too, but most are shared by all objects of a kind. */
  slots (length: number, keys?: readonly string[]): void {
    this.bytes += OBJECT + SLOT * length
    if (keys === undefined) return
    for (let at = 0; at < length; at++) this.bytes += keys[at]!.length
  }

  /** undefined: it is not plain. */
  #plain (value: object, depth: number): Fields | Date | unknown[] | undefined {
    const list = Array.isArray(value)
    const kind = Object.getPrototypeOf(value)
    if (kind === Date.prototype) return copyOfDate(value as Date)
    if (list ? kind !== Array.prototype : kind !== Object.prototype && kind !== null) return undefined
    if (depth > SHALLOW || (value as { toJSON?: unknown }).toJSON !== undefined) return undefined
    const keys = list ? undefined : Object.keys(value)
    const { length } = keys ?? value as unknown[]
    this.#room -= length
    if (this.#room < 0) return undefined
    const values: unknown[] = list ? value.slice() : Object.values(value)
    if (values.length !== length) return undefined
    this.slots(length, keys)
    for (let at = 0; at < length; at++) {
      const item = values[at]
      switch (typeof item) {
        case 'string':
          values[at] = this.text(item)
          break
        case 'object': {
          if (item === null) break
          const inner = this.#plain(item, depth + 1)
          if (inner === undefined) return undefined
          values[at] = inner
          break
        }
        // What JSON has no word for.
        case 'function':
        case 'symbol':
        case 'bigint': return undefined
      }
    }
    return keys === undefined ? values : new Fields(keys, values)
  }

  /** Counts a copy. What was cut off a string is held in memory until the rest is put elsewhere. */
  #weighed (copied: unknown): unknown {
    this.#room = Math.max(0, this.#room - 1)
    if (typeof copied === 'string') {
      this.bytes += STRING_HEAD + 2 * copied.length
      return copied.length > STRING ? flat(copied) : copied
    }
    if (typeof copied !== 'object' || copied === null) return copied
    const fields = copied as Record<string, unknown>
    const keys = Object.keys(fields)
    this.slots(keys.length, keys)
    for (const key of keys) {
      const value = this.#weighed(fields[key])
      if (value !== fields[key]) fields[key] = value
    }
    return copied
  }
}

/** What a copier has made, as the object that it was. */
export function whole (kept: unknown): unknown {
  if (Array.isArray(kept)) return kept.map(whole)
  return kept instanceof Fields ? Object.fromEntries(kept.keys.map((key, at) => [key, whole(kept.values[at])])) : kept
}

/** What JSON makes of it can be made later. */
function copyOfDate (date: Date): Date | undefined {
  return date.toJSON === Date.prototype.toJSON ? new Date(Date.prototype.getTime.call(date)) : undefined
}

function cut (value: string): string {
  const head = value.slice(0, STRING).replace(HALF, '')
  return flat(`${head}[+ ${value.length - head.length} characters]`)
}

/** A string of its own: a part of one keeps all of it in memory. */
function flat (value: string): string {
  return ` ${value}`.slice(1)
}
