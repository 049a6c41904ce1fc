// How pages are compressed.
import zlib from 'node:zlib'
import { zstdSync } from '../zstd.js'

export const CODECS = ['zstd', 'snappy', 'gzip', 'none'] as const
export type CodecName = typeof CODECS[number]

export interface Codec {
  /** Its name in the footer (Parquet format, CompressionCodec). */
  name: 'ZSTD' | 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED'
  /** Synchronous; undefined where the engine has its own. */
  compress?: (bytes: Uint8Array) => Uint8Array
}

/** Levels that a codec has: the smallest, the largest and the default. */
export const LEVELS: Partial<Record<CodecName, { least: number, most: number, usual: number }>> = {
  zstd: { least: 1, most: 22, usual: 1 },
  gzip: { least: 1, most: 9, usual: 6 }
}

export async function openCodec (name: CodecName, level = LEVELS[name]?.usual): Promise<Codec> {
  if (name === 'none') return { name: 'UNCOMPRESSED' }
  if (name === 'snappy') return { name: 'SNAPPY' }
  if (name === 'gzip') return { name: 'GZIP', compress: bytes => zlib.gzipSync(bytes, { level: level! }) }
  return { name: 'ZSTD', compress: await zstdSync(level!) }
}
