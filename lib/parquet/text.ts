// What string columns hold: no strings, but places in the bytes of their segment. What a segment does not have word for word (strings
// with escapes, attrs in several parts) is written behind it. So most values are copied once, into their page, and nothing is made of
// them on the way.
import { isUtf8 } from 'node:buffer'
import { NEWLINE } from './json.js'

/** Room for what is written, to begin with: a share of the segment, and so many bytes. */
const SHARE = 0.1
const ROOM = 4096
/** Bytes of memory up to which it is kept for the next lines. */
const KEPT = 16 * 1024 * 1024
/** Bytes up to which a loop copies as fast as a call. */
const FEW = 48

interface Place {
  from: number
  to: number
}

export class Text {
  /** UTF-8. Another buffer once that is full; what was in the old one stays there too. */
  bytes: Buffer = Buffer.alloc(0)
  /** How many bytes are in use. */
  length = 0
  readonly #constants = new Map<string, Place>()

  /**
   * Begins anew, in the memory of what was there before: `read` fills a buffer of `size` bytes, and returns how many of them count. In
   * place of what is no UTF-8 there is U+FFFD. Behind them comes a newline. Returns what `read` has returned.
   */
  load (size: number, read: (into: Buffer) => number): number {
    this.#constants.clear()
    this.length = 0
    const room = Math.ceil(size * (1 + SHARE)) + ROOM
    if (this.bytes.length < room || this.bytes.length > Math.max(room, KEPT)) this.bytes = Buffer.allocUnsafeSlow(room)
    const count = read(this.bytes.subarray(0, size))
    if (isUtf8(this.bytes.subarray(0, count))) {
      this.length = count
      this.put(NEWLINE)
    } else this.add(this.bytes.toString('utf8', 0, count))
    return count
  }

  /** Writes `string`, which has to be well-formed, and a newline behind it. Returns where it begins. */
  add (string: string): number {
    const start = this.length
    this.#reserve(Buffer.byteLength(string) + 1)
    this.length += this.bytes.write(string, start)
    this.put(NEWLINE)
    return start
  }

  /** The place of a string that comes again and again. */
  constant (string: string): Place {
    let place = this.#constants.get(string)
    if (place === undefined) this.#constants.set(string, place = { from: this.add(string), to: this.length - 1 })
    return place
  }

  put (byte: number): void {
    if (this.length === this.bytes.length) this.#reserve(1)
    this.bytes[this.length++] = byte
  }

  /** Writes again what is there already. */
  copy (from: number, to: number): void {
    this.#reserve(to - from)
    const { bytes } = this
    if (to - from > FEW) {
      bytes.copyWithin(this.length, from, to)
      this.length += to - from
    } else while (from < to) bytes[this.length++] = bytes[from++]!
  }

  #reserve (room: number): void {
    if (this.length + room <= this.bytes.length) return
    const wider = Buffer.allocUnsafeSlow(Math.ceil((this.length + room) * 1.5))
    this.bytes.copy(wider, 0, 0, this.length)
    this.bytes = wider
  }
}

/** A string column in one row group. */
export class TextColumn {
  readonly length: number
  /** Rows without a value. */
  readonly nulls: number
  readonly text: Text
  /** Where values begin and end in the text, by row; -1 for null. */
  readonly from: Int32Array
  readonly to: Int32Array

  constructor (text: Text, from: Int32Array, to: Int32Array, nulls: number) {
    this.text = text
    this.from = from
    this.to = to
    this.length = from.length
    this.nulls = nulls
  }

  /** The smallest and the largest value, in the order of bytes, which is that of code points; copies. */
  bounds (): { min_value?: Uint8Array, max_value?: Uint8Array } {
    const { bytes } = this.text
    let [min, max] = [-1, -1]
    for (let row = 0; row < this.length; row++) {
      if (this.from[row]! < 0) continue
      if (min < 0 || this.#compare(row, min) < 0) min = row
      if (max < 0 || this.#compare(row, max) > 0) max = row
    }
    const copy = (row: number): Uint8Array => new Uint8Array(bytes.subarray(this.from[row], this.to[row]))
    return min < 0 ? {} : { min_value: copy(min), max_value: copy(max) }
  }

  #compare (one: number, other: number): number {
    const { bytes } = this.text
    let [a, b] = [this.from[one]!, this.from[other]!]
    const [endA, endB] = [this.to[one]!, this.to[other]!]
    while (a < endA && b < endB && bytes[a] === bytes[b]) {
      a++
      b++
    }
    return a < endA && b < endB ? bytes[a]! - bytes[b]! : endA - a - (endB - b)
  }

  /** Each value by itself, as part of the text. */
  values (): Array<Buffer | null> {
    const { bytes } = this.text
    return Array.from({ length: this.length }, (_, row) => this.from[row]! < 0 ? null : bytes.subarray(this.from[row], this.to[row]))
  }
}
