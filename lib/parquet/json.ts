// Walks over JSON text in UTF-8 without making values of it, and refuses what JSON.parse refuses.
//
// A byte of a character beyond ASCII is 0x80 or more: where one may stand, in strings alone, it is passed like a letter.

export const QUOTE = 0x22
export const COMMA = 0x2c
export const MINUS = 0x2d
export const ZERO = 0x30
export const COLON = 0x3a
export const BRACE = 0x7b
export const NEWLINE = 0x0a
const SPACE = 0x20
const DOT = 0x2e
const BRACKET = 0x5b
const BACKSLASH = 0x5c
/** From an opening bracket or brace to the closing one. */
export const CLOSING = 2

const isDigit = (code: number): boolean => code >= ZERO && code <= 0x39
const isHex = (code: number): boolean => isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)
/** What may follow a backslash, but for `u`. */
const ESCAPES = new Set(Array.from('"\\/bfnrt', char => char.charCodeAt(0)))

/** What a string does not run over: its end, what begins an escape, and what may not stand in it. */
const STOPS = Uint8Array.from({ length: 256 }, (_, code) => Number(code < SPACE || code === QUOTE || code === BACKSLASH))

const WORDS = ['true', 'false', 'null'].map(word => Buffer.from(word))

/** Every method takes an index and returns the one behind what it has passed, or -1 where that is not there. */
export class Scanner {
  /** Lines, valid UTF-8, a newline behind each. As part of a line that is taken for valid nowhere, so that no loop has to look for the end. */
  codes: Buffer = Buffer.alloc(0)
  /** Whether the string that was passed last has escapes. */
  escaped = false
  /** Braces and brackets that are open; JSON.parse has no limit to them, hence no recursion here. */
  #open = new Uint8Array(64)

  space (at: number): number {
    const { codes } = this
    let code = codes[at]!
    while (code === SPACE || code === 0x0d || code === 0x09) code = codes[++at]!
    return at
  }

  string (at: number): number {
    const { codes } = this
    this.escaped = false
    if (codes[at] !== QUOTE) return -1
    for (;;) {
      do at++
      while (STOPS[codes[at]!] === 0)
      if (codes[at] === QUOTE) return at + 1
      if (codes[at] !== BACKSLASH) return -1
      this.escaped = true
      const escape = codes[++at]!
      if (escape === 0x75) {
        for (let digits = 0; digits < 4; digits++) if (!isHex(codes[++at]!)) return -1
      } else if (!ESCAPES.has(escape)) return -1
    }
  }

  number (at: number): number {
    const { codes } = this
    if (codes[at] === MINUS) at++
    if (codes[at] === ZERO) at++
    else if ((at = this.#digits(at)) < 0) return -1
    if (codes[at] === DOT && (at = this.#digits(at + 1)) < 0) return -1
    if ((codes[at]! | 0x20) !== 0x65) return at
    const sign = codes[++at]
    return this.#digits(sign === MINUS || sign === 0x2b ? at + 1 : at)
  }

  #digits (at: number): number {
    const { codes } = this
    if (!isDigit(codes[at]!)) return -1
    do at++
    while (isDigit(codes[at]!))
    return at
  }

  /** A value of any kind. */
  value (at: number): number {
    const code = this.codes[at]!
    if (code === QUOTE) return this.string(at)
    return code === BRACE || code === BRACKET ? this.#nested(at) : this.#scalar(at, code)
  }

  #scalar (at: number, code: number): number {
    if (code === MINUS || isDigit(code)) return this.number(at)
    return matches(this.codes, at, WORDS[code === 0x74 ? 0 : code === 0x66 ? 1 : 2]!)
  }

  #nested (at: number): number {
    const { codes } = this
    let depth = 0
    for (;;) {
      const code = codes[at]!
      if (code === QUOTE) at = this.string(at)
      else if (code === BRACE || code === BRACKET) {
        this.#enter(depth++, code)
        at = this.space(at + 1)
        if (codes[at] !== code + CLOSING) {
          if (code === BRACE && (at = this.#key(at)) < 0) return -1
          continue
        }
      } else at = this.#scalar(at, code)
      if (at < 0) return -1

      // Behind a value, or at the end of an empty object or array.
      for (;;) {
        if (codes[at]! <= SPACE) at = this.space(at)
        const within = this.#open[depth - 1]!
        if (codes[at] === within + CLOSING) {
          at++
          if (--depth === 0) return at
        } else if (codes[at] === COMMA) {
          at = this.space(at + 1)
          if (within === BRACE && (at = this.#key(at)) < 0) return -1
          break
        } else return -1
      }
    }
  }

  #enter (depth: number, code: number): void {
    if (depth === this.#open.length) {
      const wider = new Uint8Array(depth * 2)
      wider.set(this.#open)
      this.#open = wider
    }
    this.#open[depth] = code
  }

  /** A key, its colon and the space behind it. */
  #key (at: number): number {
    at = this.string(at)
    return at < 0 ? -1 : this.colon(at)
  }

  /** A colon and the space around it. */
  colon (at: number): number {
    if (this.codes[at] !== COLON) {
      at = this.space(at)
      if (this.codes[at] !== COLON) return -1
    }
    return this.codes[at + 1]! <= SPACE ? this.space(at + 1) : at + 1
  }

  /** The value of the string from `from` to `to`, which was the last one to be passed. */
  stringAt (from: number, to: number): string {
    return this.escaped ? JSON.parse(this.slice(from, to)) as string : this.slice(from + 1, to - 1)
  }

  slice (from: number, to: number): string {
    return this.codes.toString('utf8', from, to)
  }

  /** The integer from `from` to `to`, a valid number; NaN for one with a fraction, an exponent or more than 15 digits, and for -0. */
  integerAt (from: number, to: number): number {
    const { codes } = this
    const negative = codes[from] === MINUS
    let at = negative ? from + 1 : from
    if (to - at > 15 || (negative && codes[at] === ZERO)) return NaN
    let integer = 0
    for (; at < to; at++) {
      if (!isDigit(codes[at]!)) return NaN
      integer = integer * 10 + codes[at]! - ZERO
    }
    return negative ? -integer : integer
  }
}

/** The index behind `expected`; -1 when it is not at `at`. */
export function matches (codes: Uint8Array, at: number, expected: Uint8Array): number {
  for (let index = 0; index < expected.length; index++) if (codes[at++] !== expected[index]) return -1
  return at
}
