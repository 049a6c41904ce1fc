// Bytes as somebody has them become bytes of our own, which nobody changes before they are written; too many are cut. Pure.
import { types } from 'node:util'

/** Of a file. */
export interface Content {
  data: Uint8Array
  truncated: boolean
}

/** Throws a TypeError for what is neither bytes nor text. */
export function lengthOf (bytes: unknown): number {
  if (typeof bytes === 'string') return Buffer.byteLength(bytes)
  if (ArrayBuffer.isView(bytes) || types.isAnyArrayBuffer(bytes)) return bytes.byteLength
  throw new TypeError('what was to be dumped is neither bytes nor text')
}

/** At most `limit` bytes, the last ones of which say what is missing. */
export function clip (bytes: Uint8Array | ArrayBuffer | string, limit: number): Content {
  const length = lengthOf(bytes)
  if (length <= limit) return { data: Buffer.from(view(bytes)), truncated: false }
  const mark = (kept: number): Buffer => Buffer.from(`\n[truncated: ${kept} of ${length} bytes]`)
  // No character has less than a byte.
  const head = typeof bytes === 'string' ? Buffer.from(bytes.slice(0, limit)) : view(bytes)
  let kept = Math.max(0, limit - mark(limit).length)
  // Text is cut between two characters.
  if (typeof bytes === 'string') while (kept > 0 && (head[kept]! & 0xc0) === 0x80) kept--
  return { data: Buffer.concat([head.subarray(0, kept), mark(kept)]).subarray(0, limit), truncated: true }
}

function view (bytes: Uint8Array | ArrayBuffer | string): Uint8Array {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  return ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)
}
