// The lines of a segment, by number.

const NEWLINE = 0x0a
const OPENING = 0x7b
const CLOSING = 0x7d

/** Lines from `from` to before `to`. */
export interface Range { from: number, to: number }

export class Lines {
  readonly #bytes: Buffer
  /** Positions after each line's newline. */
  readonly #ends: number[] = []
  /** Numbers of the lines that are no JSON objects. */
  readonly malformed: number[] = []

  /** `bytes` are whole lines. `isObject` looks closer than at the first and the last character. */
  constructor (bytes: Buffer, isObject?: (text: string) => boolean) {
    // Only a damaged file does not end with a newline.
    const whole = bytes.length === 0 || bytes.at(-1) === NEWLINE ? bytes : Buffer.concat([bytes, Buffer.of(NEWLINE)])
    this.#bytes = whole
    for (let start = 0; start < whole.length;) {
      const newline = whole.indexOf(NEWLINE, start)
      const braces = whole[start] === OPENING && whole[newline - 1] === CLOSING
      if (!braces || (isObject && !isObject(whole.toString('utf8', start, newline)))) this.malformed.push(this.#ends.length)
      this.#ends.push(newline + 1)
      start = newline + 1
    }
  }

  get count (): number {
    return this.#ends.length
  }

  /** The text of a line, without its newline. */
  text (line: number): string {
    return this.#slice({ from: line, to: line + 1 }).toString('utf8', 0, this.#length({ from: line, to: line + 1 }) - 1)
  }

  /** Bytes of these lines. */
  size (range: Range): number {
    return this.#length(range)
  }

  /** The lines of this range that are JSON objects, each ended by a newline. */
  bytes (range: Range): Buffer {
    const bad = this.malformed.filter(line => line >= range.from && line < range.to)
    if (bad.length === 0) return this.#slice(range)
    return Buffer.concat([...bad, range.to].map((line, at) => this.#slice({ from: at === 0 ? range.from : bad[at - 1]! + 1, to: line })))
  }

  #slice ({ from, to }: Range): Buffer {
    return this.#bytes.subarray(this.#start(from), this.#start(to))
  }

  #length ({ from, to }: Range): number {
    return this.#start(to) - this.#start(from)
  }

  #start (line: number): number {
    return line === 0 ? 0 : this.#ends[line - 1]!
  }
}
