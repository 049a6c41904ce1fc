// Compresses one file in a thread of its own, so that neither CPU nor memory of the writing worker is touched. The result is
// on the device before this ends: its source is about to be removed.
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { workerData } from 'node:worker_threads'
import zlib from 'node:zlib'
import { zstdStream } from '../zstd.js'

export interface CompressJob {
  source: string
  target: string
  codec: 'gzip' | 'zstd'
}

const ZSTD_LEVEL = 3

async function compress ({ source, target, codec }: CompressJob): Promise<void> {
  const compressor = codec === 'zstd' ? await zstdStream(ZSTD_LEVEL) : zlib.createGzip()
  const { mode, atime, mtime } = await fsp.stat(source)
  await pipeline(fs.createReadStream(source), compressor, fs.createWriteStream(target, { mode }))
  const file = await fsp.open(target, 'r+')
  try {
    // Synced with it: by its time a file is known to have been made of the other one.
    await file.utimes(atime, mtime)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A thread ends by itself when this has. */
export const done = compress(workerData as CompressJob)
