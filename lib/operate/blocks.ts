// Files of lines, plain or compressed, read from the beginning to the end in pieces of whole lines.
//
//   path -> bytes (gunzip, unzstd) -> blocks of whole lines, with the place at which each begins
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { pipeline } from 'node:stream'
import zlib from 'node:zlib'
import { unzstdSync } from '../zstd.js'

export interface LineBlock {
  /** Whole lines, each ended by a newline; but for the last block of a file that ends without one. */
  bytes: Buffer
  /** Where it begins; in what was decompressed, where the file is compressed. */
  offset: number
  /** Number of its first line, from 1. */
  line: number
  /** False for what stands behind the last newline. */
  whole: boolean
}

const NEWLINE = 0x0a
const PIECE = 1024 * 1024

/** Is this the name of a compressed file? */
export function isCompressed (path: string): boolean {
  return /\.(gz|zst)$/.test(path)
}

/** `-` is the standard input. `seen` hears of bytes of the file that have been read. Rejects when what is compressed is damaged, after what could be read of it. */
export async function * blocksOf (path: string, seen: (bytes: number) => void = () => {}): AsyncGenerator<LineBlock> {
  let offset = 0
  let line = 1
  let held: Buffer[] = []
  for await (const piece of bytesOf(path, seen)) {
    const end = piece.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      held.push(piece)
      continue
    }
    const bytes = Buffer.concat([...held, piece.subarray(0, end)])
    yield { bytes, offset, line, whole: true }
    offset += bytes.length
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) line++
    held = end < piece.length ? [piece.subarray(end)] : []
  }
  if (held.length > 0) yield { bytes: Buffer.concat(held), offset, line, whole: false }
}

/** Every line of a block without its newline, with its place in the file. */
export function * linesOf ({ bytes, offset, line }: LineBlock): Generator<{ text: Buffer, offset: number, line: number }> {
  for (let start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline === -1 ? bytes.length : newline
    yield { text: bytes.subarray(start, end), offset: offset + start, line }
    start = end + 1
  }
}

/** How many lines there are, the one without an end included. */
export async function lineCount (path: string, seen?: (bytes: number) => void): Promise<number> {
  let count = 0
  for await (const block of blocksOf(path, seen)) {
    for (let at = block.bytes.indexOf(NEWLINE); at !== -1; at = block.bytes.indexOf(NEWLINE, at + 1)) count++
    if (!block.whole) count++
  }
  return count
}

async function * bytesOf (path: string, seen: (bytes: number) => void): AsyncGenerator<Buffer> {
  if (path.endsWith('.zst')) {
    // The decoder knows no streams on every Node; a file of a log is bounded by its `size`.
    const bytes = await fsp.readFile(path)
    const all = Buffer.from((await unzstdSync())(bytes))
    for (let at = 0; at < all.length; at += PIECE) yield all.subarray(at, at + PIECE)
    seen(bytes.length)
    return
  }
  const source = path === '-' ? process.stdin : fs.createReadStream(path, { highWaterMark: PIECE })
  const counted = (async function * () {
    for await (const chunk of source) {
      seen((chunk as Buffer).length)
      yield chunk as Buffer
    }
  })()
  if (!path.endsWith('.gz')) return yield * counted
  // A failure of either ends both, and this loop.
  for await (const chunk of pipeline(counted, zlib.createGunzip(), () => {})) yield chunk as Buffer
}
