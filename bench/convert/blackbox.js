// Our conversion as the converting thread does it, with the output's default options: sealed segments of the journal in, a dataset
// out. The journal cuts lines into segments as they come, so that is done beforehand.
import { basename, dirname, join } from 'node:path'
import pino from 'pino'
import { linkSegments } from './segments.js'
import { parseParquet } from '../../dist/lib/config/parquet.js'
import { KEYS } from '../../dist/lib/parquet/columns.js'
import { run } from '../../dist/lib/parquet/desk.js'

export function open (engine, options) {
  return (input, dir) => {
    const { dir: dataset, base, partition, size, limit, codec, compressLevel, promoted } = parseParquet({ dir, engine, ...options })
    const settings = { dataset, base, partition, size, limit, engine, codec, compressLevel, promoted, keys: KEYS, levels: pino.levels.values }
    const { directory, segments } = linkSegments(input, join(dirname(dir), `.${basename(dir)}.blackbox`))
    return async () => {
      for (const segment of segments) await run({ settings, directory, do: 'convert', segment, pieces: 1 })
      await run({ settings, directory, do: 'close' })
    }
  }
}
