// Lines of files and streams, as bytes: whole, in order, however long the file is.
import fs from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'

const PIECE = 256 * 1024
const NEWLINE = 0x0a

/** Cuts pieces of any length into lines, each with the newline at its end. */
export class LineSplitter {
  /** @type {Buffer[]} the beginning of a line whose end has not come yet */
  #begun = []

  /**
   * @param {Buffer} piece
   * @returns {Buffer[]}
   */
  push (piece) {
    const lines = []
    let from = 0
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      const line = piece.subarray(from, end + 1)
      lines.push(this.#begun.length > 0 ? Buffer.concat([...this.#begun.splice(0), line]) : line)
      from = end + 1
    }
    if (from < piece.length) this.#begun.push(piece.subarray(from))
    return lines
  }

  /** A last line without a newline; empty when there is none. */
  rest () {
    return Buffer.concat(this.#begun.splice(0))
  }
}

/**
 * @typedef {object} LogFile
 * @property {string} name
 * @property {number} bytes on disk
 * @property {number} text bytes of lines, after decompression
 * @property {number} lines
 * @property {number} torn bytes after the last newline
 * @property {number} longest bytes of the longest line
 */

/**
 * Reads the rotated files `<base>.<n>.jsonl[.gz]` in the order of their numbers.
 *
 * @param {string} directory
 * @param {string} base
 * @param {(line: Buffer, file: LogFile) => void} onLine gets each whole line, with its newline
 * @param {(bytes: number) => void} [onRead] hears of bytes read from disk
 * @returns {Promise<LogFile[]>}
 */
export async function readBack (directory, base, onLine, onRead = () => {}) {
  const files = []
  for (const name of logFiles(directory, base)) {
    const path = join(directory, name)
    const file = { name, bytes: fs.statSync(path).size, text: 0, lines: 0, torn: 0, longest: 0 }
    const splitter = new LineSplitter()
    const raw = fs.createReadStream(path, { highWaterMark: PIECE }).on('data', piece => onRead(piece.length))
    for await (const piece of name.endsWith('.gz') ? gunzip(raw) : raw) {
      file.text += piece.length
      for (const line of splitter.push(piece)) {
        file.lines++
        file.longest = Math.max(file.longest, line.length)
        onLine(line, file)
      }
    }
    file.torn = splitter.rest().length
    files.push(file)
  }
  return files
}

/** An error of the file must end the decompression too. */
function gunzip (raw) {
  const unpacked = createGunzip({ chunkSize: PIECE })
  raw.once('error', error => unpacked.destroy(error)).pipe(unpacked)
  return unpacked
}

/** @returns {string[]} oldest first */
export function logFiles (directory, base) {
  const number = name => Number(name.slice(base.length + 1).split('.')[0])
  return fs.readdirSync(directory)
    .filter(name => name.startsWith(`${base}.`) && /^\d+\.jsonl(\.gz)?$/.test(name.slice(base.length + 1)))
    .sort((a, b) => number(a) - number(b))
}
