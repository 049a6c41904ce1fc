// One line of JSON -> one row. The values that have a column are read out of the text, what is left is cut out of it as it stands.
import type { Column, Values } from './columns.js'
import { matches, newField, Fields, type Field } from './fields.js'
import { fit, isInt32, isWellFormed } from './fit.js'
import { BRACE, CLOSING, COMMA, QUOTE, Scanner } from './json.js'
import { microsOf, microsOfMillis } from './time.js'

export interface RecordOptions {
  /** As columnsOf() gives them. */
  columns: readonly Column[]
  /** Label -> number, custom levels included; a number that is no int32 is not known. */
  levels: Readonly<Record<string, number>>
}

/** No JSON object. */
const INVALID = -1
/** A key comes twice, or may do so. */
const REPEATED = -2
const NULL = 0x6e
/** Surrogates without their other half: UTF-8 has none. */
const HALVES = /\p{Surrogate}/gu

export class RecordReader {
  /** Values that did not fit their column and stayed in attrs. */
  spilled = 0
  /** Lines that were no JSON object. */
  corrupt = 0
  readonly #json = new Scanner()
  readonly #root = new Fields()
  readonly #numbers: ReadonlyMap<string, number>
  readonly #labels: ReadonlyMap<number, string>
  readonly #slots: { time: number, severity: number, attrs: number, corrupt: number }
  #row: Values = []
  #line = 0
  /** No key comes twice: that has been seen to. */
  #unique = false
  /** Of the line at hand. */
  #misfits = 0
  /** Of the object that was read last: whether columns took anything from it, and the text of the members they left. */
  #taken = false
  #rest = ''

  constructor ({ columns, levels }: RecordOptions) {
    const numbers = Object.entries(levels).filter(([, number]) => isInt32(number))
    this.#numbers = new Map(numbers)
    // Of two labels for one number the first is meant, as in pino.
    this.#labels = new Map(numbers.reverse().map(([label, number]) => [number, label]))
    const slot = (name: string): number => columns.findIndex(column => column.name === name)
    this.#slots = { time: slot('time'), severity: slot('severity'), attrs: slot('attrs'), corrupt: slot('_corrupt') }
    columns.forEach((column, slot) => this.#root.addColumn(column, slot))
  }

  /**
   * Fills `row`: one value per column, in their order. A value goes to its column when that gives it back exactly. Every other one
   * stays in `attrs` under its key: JSON text of an object, cut out of the line; null when nothing is left. What goes to a column
   * and stays as well: times and timestamps that are anything but an integer of milliseconds, and labels of levels. Of a key that
   * comes twice in an object on the path of a column the last one counts, as in JSON.parse. A line that is no JSON object goes to
   * `_corrupt`, with U+FFFD for halves of surrogate pairs (what was decoded from UTF-8 has none). Nothing throws.
   * Strings may be slices of `line`, and keep it alive.
   *
   * `fallback` is the time, in microseconds since the epoch, of a record without a usable one. The row gets the microsecond after
   * the millisecond in which it lies: the time of a record that has one is either whole milliseconds or in `attrs` too, so that the
   * one that is made up can be told from it. See restore() for the way back.
   */
  read (line: string, row: Values, fallback: number): void {
    row.fill(null)
    this.#row = row
    const end = this.#record(isWellFormed(line) ? line : escaped(line))
    if (end === INVALID) {
      row.fill(null)
      row[this.#slots.corrupt] = line.replace(HALVES, '\ufffd')
      this.corrupt++
    } else {
      if (this.#rest !== '') row[this.#slots.attrs] = `{${this.#rest}}`
      this.spilled += this.#misfits
    }
    row[this.#slots.time] ??= Math.floor(fallback / 1000) * 1000 + 1
  }

  #record (line: string): number {
    const json = this.#json
    json.load(line)
    const end = this.#whole()
    if (end !== REPEATED) return end
    const from = json.space(0)
    const to = json.value(from)
    if (to < 0 || json.space(to) !== line.length) return INVALID
    this.#row.fill(null)
    json.load(this.#latest(from, this.#root))
    this.#unique = true
    this.#whole()
    this.#unique = false
    return to
  }

  #whole (): number {
    const json = this.#json
    // Wraps around in good time to stay a small integer; a key that seems to come twice by that does no harm.
    this.#line = (this.#line + 1) & 0x3fffffff
    this.#misfits = 0
    const at = json.space(0)
    if (json.codes[at] !== BRACE) return INVALID
    const end = this.#members(at + 1, this.#root)
    return end < 0 || json.space(end) === json.text.length ? end : INVALID
  }

  /** Reads an object from behind its brace to behind its end. */
  #members (at: number, fields: Fields): number {
    const json = this.#json
    const { codes, text } = json
    let taken = false
    let rest = ''
    /** Where members begin that stay, and where they end so far. */
    let from = -1
    let to = at
    let last: Field | undefined
    at = json.space(at)
    let ends = codes[at] === BRACE + CLOSING
    if (ends) at++
    while (!ends) {
      const start = at
      let field = last === undefined ? fields.first : last.next
      if (field === undefined || (at = matches(codes, start, field.codes)) < 0) {
        at = json.string(start)
        if (at < 0) return INVALID
        field = this.#fieldOf(json.stringAt(start, at), fields, last)
      }
      if (field === undefined || (field.seen === this.#line && !this.#unique)) return REPEATED
      field.seen = this.#line
      last = field
      const value = json.colon(at)
      if (value < 0) return INVALID

      let stays = true
      let inner = ''
      if (field.inside !== undefined && codes[value] === BRACE) {
        at = this.#members(value + 1, field.inside)
        if (at < 0) return at
        stays = !this.#taken
        if (!stays && this.#rest !== '') inner = `${text.slice(start, value)}{${this.#rest}}`
      } else {
        at = json.value(value)
        if (at < 0) return INVALID
        if (field.slot >= 0) stays = !this.#store(field, value, at)
      }
      if (stays) {
        if (from < 0) from = start
        to = at
      } else {
        taken = true
        if (from >= 0) rest = joined(rest, text.slice(from, to))
        if (inner !== '') rest = joined(rest, inner)
        from = -1
      }

      if (codes[at] !== COMMA) at = json.space(at)
      ends = codes[at] === BRACE + CLOSING
      if (!ends && codes[at] !== COMMA) return INVALID
      at = ends ? at + 1 : json.space(at + 1)
    }
    this.#taken = taken
    this.#rest = from < 0 ? rest : joined(rest, text.slice(from, to))
    return at
  }

  /** The field behind `last`, for a key that is not the one expected there; undefined when it may have come before. */
  #fieldOf (key: string, fields: Fields, last: Field | undefined): Field | undefined {
    const field = fields.get(key) ?? fields.add(key)
    if (field === undefined) return this.#unique ? newField(key) : undefined
    if (last === undefined) fields.first = field
    else last.next = field
    return field
  }

  /** Whether the value is now in its column and nowhere else. */
  #store ({ slot, type }: Field, from: number, to: number): boolean {
    if (this.#json.codes[from] === NULL) return false
    if (type === 'level') return this.#storeLevel(slot, from, to)
    if (type === 'time' || type === 'timestamp') return this.#storeTime(slot, from, to)
    const value = fit(type, this.#json, from, to)
    if (value === undefined) this.#misfits++
    else this.#row[slot] = value
    return value !== undefined
  }

  #storeLevel (slot: number, from: number, to: number): boolean {
    const json = this.#json
    const label = json.codes[from] === QUOTE ? json.stringAt(from, to) : undefined
    const number = label === undefined ? json.integerAt(from, to) : this.#numbers.get(label) ?? NaN
    if (!isInt32(number)) {
      this.#misfits++
      return false
    }
    this.#row[slot] = number
    this.#row[this.#slots.severity] = label ?? this.#labels.get(number) ?? null
    return label === undefined
  }

  #storeTime (slot: number, from: number, to: number): boolean {
    const json = this.#json
    const exact = microsOfMillis(json.integerAt(from, to))
    const micros = exact ?? microsOf(json.text.slice(from, to))
    if (micros === undefined) this.#misfits++
    else this.#row[slot] = micros
    return exact !== undefined
  }

  /** The text of the valid object at `at` with only the last of the members that have the same key, in objects that are looked into. */
  #latest (at: number, fields: Fields): string {
    const json = this.#json
    const { codes, text } = json
    const members = new Map<string, { from: number, value: number, to: number }>()
    at = json.space(at + 1)
    while (codes[at] !== BRACE + CLOSING) {
      const from = at
      at = json.string(from)
      const key = json.stringAt(from, at)
      const value = json.colon(at)
      at = json.value(value)
      members.set(key, { from, value, to: at })
      at = json.space(at)
      if (codes[at] === COMMA) at = json.space(at + 1)
    }
    let rest = ''
    for (const [key, { from, value, to }] of members) {
      const inside = codes[value] === BRACE ? fields.get(key)?.inside : undefined
      rest = joined(rest, inside ? text.slice(from, value) + this.#latest(value, inside) : text.slice(from, to))
    }
    return `{${rest}}`
  }
}

const joined = (members: string, more: string): string => members === '' ? more : `${members},${more}`

/** Halves of surrogate pairs as escapes, which mean the same where they are JSON. */
function escaped (line: string): string {
  try {
    JSON.parse(line)
    return line.replace(HALVES, half => `\\u${half.charCodeAt(0).toString(16)}`)
  } catch {
    return line
  }
}
