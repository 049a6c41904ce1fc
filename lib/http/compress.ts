// The body of a request, smaller. The same bytes give the same bytes.
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { zstdBytes } from '../zstd.js'

export type Compression = 'gzip' | 'zstd' | false
export type Compressor = (bytes: Uint8Array) => Promise<Uint8Array>

export const DEFAULT_LEVEL = { gzip: 1, zstd: 3 } as const
export const HIGHEST_LEVEL = { gzip: 9, zstd: 22 } as const

/** Bytes that gzip gets for its result at a time; log lines shrink to less than half, so one time does. Each more waits for a turn of the event loop. */
const LEAST_CHUNK = 16 * 1024
const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip)

/** Level 1 of gzip costs a third of level 6, for a tenth more bytes of log lines. */
export function compressor (compression: Compression, level: number | undefined): Compressor {
  if (compression === false) return async bytes => bytes
  const chosen = level ?? DEFAULT_LEVEL[compression]
  if (compression === 'gzip') return async bytes => await gzip(bytes, { level: chosen, chunkSize: Math.max(LEAST_CHUNK, bytes.length >> 1) })
  const made = zstdBytes(chosen)
  return async bytes => await (await made)(bytes)
}
