// The rows of a segment, column by column. A row begins without values, and is filled where it stays.
import type { Column, Value, Values } from './columns.js'
import type { ColumnData } from './engine.js'
import { TextColumn, type Text } from './text.js'

/** Bytes of a line, about: says for how many rows there is room to begin with. */
const LINE = 256

export class Rows {
  /** How many there are; the last one is the one that is filled. */
  length = 0
  readonly #text: Text
  /** Columns of strings, and all others. */
  readonly #strings: readonly number[]
  readonly #others: readonly number[]
  /** By column and row: where a string is in the text, -1 for null. */
  #from: readonly Int32Array[]
  #to: readonly Int32Array[]
  /** By column, how many strings there are. */
  readonly #count: number[]
  /** By column and row. */
  readonly #values: readonly Values[]
  /** How many rows there is room for. */
  #room: number

  constructor (columns: readonly Column[], text: Text) {
    this.#text = text
    this.#room = Math.floor(text.length / LINE) + 1
    const slots = (isString: boolean): number[] => [...columns.keys()].filter(at => (columns[at]!.type === 'string') === isString)
    this.#strings = slots(true)
    this.#others = slots(false)
    const places = (): Int32Array[] => columns.map(({ type }) => new Int32Array(type === 'string' ? this.#room : 0).fill(-1))
    this.#from = places()
    this.#to = places()
    this.#count = columns.map(() => 0)
    this.#values = columns.map(() => [])
  }

  begin (): void {
    if (this.length === this.#room) this.#grow()
    this.length++
    for (const slot of this.#others) this.#values[slot]!.push(null)
  }

  #grow (): void {
    const wider = (places: Int32Array): Int32Array => {
      const grown = new Int32Array(places.length * 2).fill(-1, places.length)
      grown.set(places)
      return grown
    }
    this.#room *= 2
    this.#from = this.#from.map(wider)
    this.#to = this.#to.map(wider)
  }

  /** Takes all values out of the row. */
  clear (): void {
    for (const slot of this.#strings) {
      if (this.#from[slot]![this.length - 1]! >= 0) this.#count[slot]!--
      this.#from[slot]![this.length - 1] = -1
    }
    for (const slot of this.#others) this.put(slot, null)
  }

  /** The string of a column that has none yet, from where to where it is in the text. */
  place (slot: number, from: number, to: number): void {
    this.#count[slot]!++
    this.#from[slot]![this.length - 1] = from
    this.#to[slot]![this.length - 1] = to
  }

  put (slot: number, value: Value): void {
    this.#values[slot]![this.length - 1] = value
  }

  /** What `put` has put there. */
  values (slot: number): Readonly<Values> {
    return this.#values[slot]!
  }

  /** All of them, or those with these numbers. */
  columns (rows?: readonly number[]): ColumnData[] {
    const data: ColumnData[] = this.#values.map(values => rows && values.length > 0 ? rows.map(row => values[row]!) : values)
    for (const slot of this.#strings) {
      const [from, to] = [this.#from[slot]!, this.#to[slot]!]
      data[slot] = rows
        ? new TextColumn(this.#text, Int32Array.from(rows, row => from[row]!), Int32Array.from(rows, row => to[row]!), rows.filter(row => from[row]! < 0).length)
        : new TextColumn(this.#text, from.subarray(0, this.length), to.subarray(0, this.length), this.length - this.#count[slot]!)
    }
    return data
  }
}
