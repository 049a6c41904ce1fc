// The keys of one object: those on the paths of columns, and others that have been met.
//
// Records of one place in a program have the same keys in the same order. So each field knows which one came after it last time:
// where that is right again, no key is looked up. Where it is not, a key that came before is known by its bytes: no text is made of it.
import { matches, type Scanner } from './json.js'
import type { Column, ColumnType } from './columns.js'

export interface Field {
  /** The key as JSON.stringify writes it, in UTF-8. */
  readonly codes: Buffer
  /** Index of the column of its value; -1 for none. */
  slot: number
  type: ColumnType | 'time' | 'level'
  /** What is within, when columns have their values there. */
  inside: Fields | undefined
  /** Line in which it was met last. */
  seen: number
  /** Field that came behind it last time. */
  next: Field | undefined
}

/** Keys on no path that are remembered, and of how many characters. */
const MOST = 1000
const LONGEST = 200

export function newField (key: string): Field {
  return { codes: Buffer.from(JSON.stringify(key)), slot: -1, type: 'string', inside: undefined, seen: 0, next: undefined }
}

/** Places for fields by their bytes, a power of two. */
const PLACES = 256

export class Fields {
  /** Field that an object began with last time. */
  first: Field | undefined
  readonly #known = new Map<string, Field>()
  /** Each at a place that its bytes say, the last one that was met of those who share it. */
  readonly #met = Array.from({ length: PLACES }, (): Field | undefined => undefined)
  #others = 0

  get (key: string): Field | undefined {
    return this.#known.get(key)
  }

  /** The field of the key from `from` to `to`, which `json` has just passed, known or new; undefined where #add has none. */
  at (json: Scanner, from: number, to: number): Field | undefined {
    const met = this.#met[placeOf(json.codes, from, to)]
    if (met?.codes.length === to - from && matches(json.codes, from, met.codes) === to) return met
    const key = json.stringAt(from, to)
    const field = this.#known.get(key) ?? this.#add(key)
    if (field) this.#met[placeOf(field.codes, 0, field.codes.length)] = field
    return field
  }

  /** Remembers a key that is not known yet; undefined when it is too long, or one too many: then the others are forgotten. */
  #add (key: string): Field | undefined {
    if (key.length > LONGEST) return undefined
    if (this.#others === MOST) return this.#forget()
    this.#others++
    const field = newField(key)
    this.#known.set(key, field)
    return field
  }

  /** Nothing may lead to what is forgotten any more, or one key would have two fields. */
  #forget (): undefined {
    this.first = undefined
    this.#met.fill(undefined)
    this.#others = 0
    for (const [key, field] of this.#known) {
      if (field.slot < 0 && !field.inside) this.#known.delete(key)
      field.next = undefined
    }
  }

  /** A column whose path leads to or through the value of an earlier one stays without values. */
  addColumn ({ name, type, path }: Pick<Column, 'name' | 'type' | 'path'>, slot: number): void {
    const [key, ...rest] = path
    if (key === undefined) return
    const field = this.#known.get(key) ?? newField(key)
    if (field.slot >= 0 || (rest.length === 0 && field.inside)) return
    this.#known.set(key, field)
    if (rest.length > 0) (field.inside ??= new Fields()).addColumn({ name, type, path: rest }, slot)
    else Object.assign(field, { slot, type: name === 'time' || name === 'level' ? name : type })
  }
}

/** By length, first character and the last two. */
const placeOf = (codes: Uint8Array, from: number, to: number): number => (codes[from + 1]! + codes[to - 2]! * 5 + codes[to - 3]! * 17 + (to - from) * 37) & (PLACES - 1)
