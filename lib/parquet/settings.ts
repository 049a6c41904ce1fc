// What a converting thread has to know, and is asked to do: messages between threads, so plain data only.
import type { CodecName } from './codec.js'
import type { Keys, Promotion } from './columns.js'
import type { EngineName } from './engine.js'
import type { Partition } from './naming.js'
import type { ParquetOptions, ParquetSettings } from '../config/parquet.js'
import type { RetentionLimit } from '../journal/retention.js'

export interface Settings {
  /** The dataset's directory, and what the names of its files begin with. */
  dataset: string
  base: string
  partition: Partition
  /** Bytes of a published file, about; Infinity for any. */
  size: number
  limit: RetentionLimit | undefined
  engine: EngineName
  codec: CodecName
  compressLevel: number | undefined
  promoted: readonly Promotion[]
  keys: Keys
  /** Label -> number. */
  levels: Readonly<Record<string, number>>
}

/** Of an output with these options, as parseParquet() gives them, for lines of a pino with these keys and levels. */
export function settingsOf (o: ParquetSettings, dataset: string, { keys, levels }: Pick<Settings, 'keys' | 'levels'>): Settings {
  const { base, partition, size, limit, engine, codec, compressLevel, promoted } = o
  return { dataset, base, partition, size, limit, engine, codec, compressLevel, promoted, keys: { ...keys }, levels: { ...levels } }
}

/** What stands in the journal, for whoever puts it in order without the application. `options` are those of the output. */
export interface About extends Pick<Settings, 'keys' | 'levels'> {
  output: 'parquet'
  options: ParquetOptions
}

export function aboutOf (o: ParquetSettings, dataset: string, { keys, levels }: Pick<Settings, 'keys' | 'levels'>): About {
  const { columns, partition, codec, compressLevel, engine, rowGroupRows } = o
  const size = o.size === Infinity ? false : o.size
  return { output: 'parquet', options: { dir: dataset, columns, partition, codec, compressLevel, engine, rowGroupRows, size }, keys, levels }
}

/** `directory` is that of a writer. */
export type Job = { settings: Settings, directory: string } & (
  /** Into the staged files. In `pieces` when it was too much at once before. `opened` is Unix time in ms. */
  { do: 'convert', segment: { id: string, path: string, opened: number }, pieces: number } |
  /** What was begun before `moment`, Unix time in ms. */
  { do: 'publish', moment: number } |
  /** Puts in order what a dead writer left. */
  { do: 'recover' } |
  /** Publishes everything and forgets the directory. */
  { do: 'close' }
)

export interface Outcome {
  /** Values that did not fit their column and stayed in `attrs`. */
  spilled: number
  /** Lines that are no JSON object. */
  corrupt: number
  published: number
  /** The segment, or the directory, is not there any more. */
  gone: boolean
  /** What went wrong beside the job itself, which need not be repeated for it. */
  trouble: Array<{ action: string, message: string }>
}

export interface Answer {
  id: number
  outcome?: Outcome
  error?: string
}
