// One line of JSON -> one row. The values that have a column are found in the bytes of the line, what is left is cut out of it as it
// stands. Nothing is parsed, and no string made, unless it has to be: of a key that is not the one expected, of a string with
// escapes, of a number that is no short integer, of a date; and of a line in which a key comes twice, to write it anew.
import type { Column } from './columns.js'
import { newField, Fields, type Field } from './fields.js'
import { fit, isInt32, isWellFormed } from './fit.js'
import { BRACE, CLOSING, COMMA, matches, NEWLINE, QUOTE, Scanner } from './json.js'
import { latest } from './repeated.js'
import { Rest } from './rest.js'
import { Rows } from './rows.js'
import { Text } from './text.js'
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
  #text = new Text()
  #rows = new Rows([], this.#text)
  #line = 0
  /** No key comes twice: that has been seen to. */
  #unique = false
  /** Of the line at hand. */
  #misfits = 0
  /** Whether columns took anything from the object that was read last. */
  #taken = false
  readonly #rest = new Rest()

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
   * Fills the last one of `rows` from the line at `from`, and returns where the next one begins. Puts a brace before and behind what is left of it.
   *
   * A value goes to its column when that gives it back exactly. Every other one stays in `attrs` under its key: JSON text of an
   * object, cut out of the line; null when nothing is left. What goes to a column and stays as well: times and timestamps that are
   * anything but an integer of milliseconds, and labels of levels. Of a key that comes twice in an object on the path of a column
   * the last one counts, as in JSON.parse. A line that is no JSON object goes to `_corrupt`. Nothing throws.
   *
   * `fallback` is the time, in microseconds since the epoch, of a record without a usable one. The row gets the microsecond after
   * the millisecond in which it lies: the time of a record that has one is either whole milliseconds or in `attrs` too, so that the
   * one that is made up can be told from it. See restore() for the way back.
   */
  read (text: Text, from: number, rows: Rows, fallback: number): number {
    this.#text = text
    this.#rows = rows
    let to = this.#record(from)
    if (to >= 0) {
      this.#rest.place(rows, this.#slots.attrs, text)
      this.spilled += this.#misfits
    } else {
      to = text.bytes.indexOf(NEWLINE, from)
      rows.clear()
      rows.place(this.#slots.corrupt, from, to)
      this.corrupt++
    }
    if (rows.values(this.#slots.time)[rows.length - 1] === null) rows.put(this.#slots.time, Math.floor(fallback / 1000) * 1000 + 1)
    return to + 1
  }

  /** Returns where the line ends, or INVALID. */
  #record (from: number): number {
    const end = this.#whole(from)
    if (end !== REPEATED) return end
    const json = this.#json
    const start = json.space(from)
    const value = json.value(start)
    const to = value < 0 ? INVALID : this.#lineEnd(value)
    if (to < 0) return INVALID
    this.#rows.clear()
    const anew = this.#text.add(latest(json, start, this.#root))
    this.#unique = true
    this.#whole(anew)
    this.#unique = false
    return to
  }

  #whole (from: number): number {
    const json = this.#json
    json.codes = this.#text.bytes
    this.#rest.count = 0
    this.#misfits = 0
    // Wraps around in good time to stay a small integer; a key that seems to come twice by that does no harm.
    this.#line = (this.#line + 1) & 0x3fffffff
    const at = json.space(from)
    if (json.codes[at] !== BRACE) return INVALID
    const end = this.#members(at + 1, this.#root)
    return end < 0 ? end : this.#lineEnd(end)
  }

  /** Where the line ends, when there is nothing but space before that; or INVALID. */
  #lineEnd (at: number): number {
    const json = this.#json
    const end = json.space(at)
    return json.codes[end] === NEWLINE ? end : INVALID
  }

  /** Reads an object from behind its brace to behind its end. */
  #members (at: number, fields: Fields): number {
    const json = this.#json
    const rest = this.#rest
    const { codes } = json
    let taken = false
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
        field = this.#fieldOf(start, at, fields, last)
      }
      if (field === undefined || (field.seen === this.#line && !this.#unique)) return REPEATED
      field.seen = this.#line
      last = field
      const value = json.colon(at)
      if (value < 0) return INVALID

      const before = rest.count
      let stays = true
      if (field.inside !== undefined && codes[value] === BRACE) {
        if (from >= 0) rest.add(from, to)
        rest.add(start, value + 1)
        const empty = rest.count
        at = this.#members(value + 1, field.inside)
        if (at < 0) return at
        stays = !this.#taken
        if (stays) rest.count = before
        else if (rest.count === empty) rest.count--
        else rest.add(at - 1, at)
      } else {
        at = json.value(value)
        if (at < 0) return INVALID
        if (field.slot >= 0) stays = !this.#store(field, value, at)
        if (!stays && from >= 0) rest.add(from, to)
      }
      if (stays) {
        if (from < 0) from = start
        to = at
      } else {
        taken = true
        from = -1
      }

      if (codes[at] !== COMMA) at = json.space(at)
      ends = codes[at] === BRACE + CLOSING
      if (!ends && codes[at] !== COMMA) return INVALID
      at = ends ? at + 1 : json.space(at + 1)
    }
    if (from >= 0) rest.add(from, to)
    this.#taken = taken
    return at
  }

  /** The field of the key from `from` to `to`, which is not the one expected behind `last`; undefined when it may have come before. */
  #fieldOf (from: number, to: number, fields: Fields, last: Field | undefined): Field | undefined {
    const json = this.#json
    const field = fields.at(json, from, to)
    if (field === undefined) return this.#unique ? newField(json.stringAt(from, to)) : undefined
    if (last === undefined) fields.first = field
    else last.next = field
    return field
  }

  /** Whether the value is now in its column and nowhere else. */
  #store ({ slot, type }: Field, from: number, to: number): boolean {
    if (this.#json.codes[from] === NULL) return false
    if (type === 'level') return this.#storeLevel(slot, from, to)
    if (type === 'time' || type === 'timestamp') return this.#storeTime(slot, from, to)
    if (type === 'string') return this.#storeString(slot, from, to)
    const value = fit(type, this.#json, from, to)
    if (value === undefined) this.#misfits++
    else this.#rows.put(slot, value)
    return value !== undefined
  }

  #storeString (slot: number, from: number, to: number): boolean {
    const json = this.#json
    const string = json.codes[from] === QUOTE && json.escaped ? json.stringAt(from, to) : ''
    // Only an escape can make half of a surrogate pair, of which there is no UTF-8.
    if (json.codes[from] !== QUOTE || !isWellFormed(string)) {
      this.#misfits++
      return false
    }
    if (json.escaped) {
      const start = this.#text.add(string)
      this.#rows.place(slot, start, this.#text.length - 1)
    } else this.#rows.place(slot, from + 1, to - 1)
    return true
  }

  #storeLevel (slot: number, from: number, to: number): boolean {
    const json = this.#json
    const label = json.codes[from] === QUOTE ? json.stringAt(from, to) : undefined
    const number = label === undefined ? json.integerAt(from, to) : this.#numbers.get(label) ?? NaN
    if (!isInt32(number)) {
      this.#misfits++
      return false
    }
    this.#rows.put(slot, number)
    const severity = label ?? this.#labels.get(number)
    if (severity !== undefined) {
      const { from, to } = this.#text.constant(severity)
      this.#rows.place(this.#slots.severity, from, to)
    }
    return label === undefined
  }

  #storeTime (slot: number, from: number, to: number): boolean {
    const json = this.#json
    const exact = microsOfMillis(json.integerAt(from, to))
    const micros = exact ?? microsOf(json.slice(from, to))
    if (micros === undefined) this.#misfits++
    else this.#rows.put(slot, micros)
    return exact !== undefined
  }
}
