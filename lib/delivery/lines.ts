// The lines of a segment, by number.

const NEWLINE = 0x0a

/** Lines from `from` to before `to`. */
export interface Range { from: number, to: number }

/** Is what lies between these positions a line that can be sent? */
export type Check = (bytes: Buffer, start: number, end: number) => boolean

export class Lines {
  readonly #bytes: Buffer
  /** Positions after each line's newline. */
  readonly #ends: number[] = []
  /** Numbers of the lines that `check` has found fault with. */
  readonly malformed: number[] = []

  /** `bytes` are whole lines. */
  constructor (bytes: Buffer, check: Check) {
    // Only a damaged file does not end with a newline.
    const whole = bytes.length === 0 || bytes.at(-1) === NEWLINE ? bytes : Buffer.concat([bytes, Buffer.of(NEWLINE)])
    this.#bytes = whole
    for (let start = 0; start < whole.length;) {
      const newline = whole.indexOf(NEWLINE, start)
      if (!check(whole, start, newline)) this.malformed.push(this.#ends.length)
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

  /** Numbers of the other lines of this range. */
  wellFormed ({ from, to }: Range): number[] {
    const bad = new Set(this.malformed)
    return Array.from({ length: to - from }, (_, at) => from + at).filter(line => !bad.has(line))
  }

  /** Those lines, each ended by a newline. */
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
