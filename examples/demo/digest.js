// Tells whether two sources hold the same lines in the same order: one hash over all of them. A line is what stands between
// newlines, without the carriage return of a CRLF; blank ones are no log lines. Bytes that are no UTF-8 become U+FFFD on
// their way through pino, as in any string; they are counted.
import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'

const NEWLINE = Buffer.from('\n')
const LF = 0x0a
const CR = 0x0d

export class LineDigest {
  lines = 0
  #blank = 0
  #crlf = 0
  #notUtf8 = 0
  #hash = createHash('sha256')

  /** @param {Buffer} line with or without its newline */
  add (line) {
    let end = line.length
    if (line[end - 1] === LF) end--
    if (end < line.length && line[end - 1] === CR) {
      end--
      this.#crlf++
    }
    if (end === 0) {
      this.#blank++
      return
    }
    const content = line.subarray(0, end)
    this.lines++
    if (isUtf8(content)) {
      this.#hash.update(content)
    } else {
      this.#notUtf8++
      this.#hash.update(content.toString())
    }
    this.#hash.update(NEWLINE)
  }

  /** The end: nothing can be added afterwards. */
  figures () {
    return { lines: this.lines, blank: this.#blank, crlf: this.#crlf, notUtf8: this.#notUtf8, sha256: this.#hash.digest('hex') }
  }
}
