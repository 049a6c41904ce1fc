// Strings one after the other, the length before each: PLAIN of a BYTE_ARRAY (Parquet format, "Encodings").
import type { TextColumn } from '../text.js'

/** Bytes of the length of a value. */
export const LENGTH = 4
/** Bytes of a page, about. */
const PAGE_BYTES = 1024 * 1024
/** Bytes up to which a loop copies as fast as a call. */
const FEW = 64

/** The row behind the last one of a page. */
export function pageEnd ({ from, to, length }: TextColumn, row: number): number {
  for (let bytes = 0; row < length; row++) {
    if (from[row]! >= 0) bytes += to[row]! - from[row]! + LENGTH
    if (bytes >= PAGE_BYTES) return row + 1
  }
  return row
}

/** The values from one row to before another. */
export function plain (column: TextColumn, row: number, end: number): Uint8Array {
  return copied(column, row, end, Buffer.allocUnsafe(sizeOf(column, row, end)))
}

function sizeOf ({ from, to }: TextColumn, row: number, end: number): number {
  let size = 0
  for (; row < end; row++) if (from[row]! >= 0) size += to[row]! - from[row]! + LENGTH
  return size
}

function copied ({ text: { bytes }, from, to }: TextColumn, row: number, end: number, body: Buffer): Buffer {
  let length = 0
  for (; row < end; row++) {
    let at = from[row]!
    if (at < 0) continue
    const last = to[row]!
    const bytesOf = last - at
    body[length++] = bytesOf
    body[length++] = bytesOf >>> 8
    body[length++] = bytesOf >>> 16
    body[length++] = bytesOf >>> 24
    if (bytesOf > FEW) length += bytes.copy(body, length, at, last)
    else while (at < last) body[length++] = bytes[at++]!
  }
  return body
}
