// One row, before it is known which group of rows it belongs to.
import type { Column, Values } from './columns.js'

export class Row {
  /** By column; of string columns nothing. */
  readonly values: Values
  /** By column, where a string is in the text; -1 for null. */
  readonly from: Int32Array
  readonly to: Int32Array

  constructor ({ length }: readonly Column[]) {
    this.values = Array.from({ length }, () => null)
    this.from = new Int32Array(length).fill(-1)
    this.to = new Int32Array(length).fill(-1)
  }

  clear (): void {
    this.values.fill(null)
    this.from.fill(-1)
  }

  place (slot: number, from: number, to: number): void {
    this.from[slot] = from
    this.to[slot] = to
  }
}
