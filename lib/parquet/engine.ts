// What turns columns into bytes. An engine keeps no state between calls: which row groups make up a file, and where they are
// written, is the caller's business. So a row group that could not be written is simply forgotten.
import type { Codec } from './codec.js'
import type { Column, Values } from './columns.js'
import type { TextColumn } from './text.js'

/** The first bytes of every Parquet file, and the last (Parquet format, "File format"). */
export const MAGIC = Buffer.from('PAR1')

/** What one column has in one row group: a TextColumn for strings, values for the other types. */
export type ColumnData = Values | TextColumn

/** `group` is what the footer has to say about a row group; only its engine knows what is in it. */
export interface Encoded<G = unknown> {
  bytes: Uint8Array
  group: G
}

export interface Engine<G = unknown> {
  /** One row group, whose first byte will stand at `offset` of its file. `columns` in the order of the schema, each `rows` long. */
  encode (columns: readonly ColumnData[], rows: number, offset: number): Promise<Encoded<G>>
  /** What completes a file after its last row group: footer, its length, magic. `metadata` are its key-value pairs. */
  footer (groups: readonly G[], metadata: Readonly<Record<string, string>>): Uint8Array
}

export interface EngineOptions {
  columns: readonly Column[]
  codec: Codec
  /** `<application> version <semver> (build <hash>)`, or parquet-java distrusts the file (VersionParser). */
  createdBy: string
}

export const ENGINES = ['hyparquet', 'parquetjs-lite'] as const
export type EngineName = typeof ENGINES[number]

/** Loads the engine; the other one is never loaded. */
export async function openEngine (name: EngineName, options: EngineOptions): Promise<Engine> {
  const { open } = name === 'hyparquet' ? await import('./engines/hyparquet.js') : await import('./engines/parquetjs-lite.js')
  return open(options)
}
