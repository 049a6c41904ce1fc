// The way back from a file: what its footer says, and its rows, one row group at a time. The only importer of hyparquet.
import fs from 'node:fs'
import zlib from 'node:zlib'
import { parquetMetadata, parquetReadObjects, type FileMetaData, type Statistics } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { KEYS, type Column, type Keys } from './columns.js'
import { MAGIC } from './engine.js'
import { unzstdSync } from '../zstd.js'

/** Key of the pair that holds the columns, as JSON: `{ version, messageKey, errorKey, columns: [{ name, type, path }] }`. */
export const SCHEMA_KEY = 'pino-blackbox.schema'

export interface Schema extends Keys {
  /** Empty for a file that is nobody's of ours. */
  columns: Array<Pick<Column, 'name' | 'type' | 'path'>>
}

/** By column name; timestamps are microseconds as bigints, null where there is nothing. */
export type Row = Record<string, unknown>
type Chunk = NonNullable<FileMetaData['row_groups'][number]['columns'][number]['meta_data']>

/** A place in a file where something else is than should be. */
export interface Flaw {
  /** Byte at which the damaged part begins. */
  offset: number
  /** Of the first row, counted from 0 over the whole file, and how many. */
  rows?: { from: number, count: number }
  column?: string
  expected: string
  found: string
}

const PARSERS = { timestampFromMicroseconds: (micros: bigint) => micros }
/** Footer length and magic, at the end of every file. */
const TAIL = 8

export class ParquetFile {
  readonly schema: Schema
  /** Rows of each row group. */
  readonly groups: readonly number[]
  readonly #metadata: FileMetaData
  readonly #read: (from: number, to: number) => ArrayBuffer
  /** Where the row groups end and the footer begins. */
  readonly end: number
  readonly #size: number

  constructor (metadata: FileMetaData, read: (from: number, to: number) => ArrayBuffer, end: number, size: number) {
    this.#metadata = metadata
    this.#read = read
    this.end = end
    this.#size = size
    this.groups = metadata.row_groups.map(({ num_rows: rows }) => Number(rows))
    const pair = metadata.key_value_metadata?.find(({ key }) => key === SCHEMA_KEY)
    const { columns = [], messageKey = KEYS.messageKey, errorKey = KEYS.errorKey } = JSON.parse(pair?.value ?? '{}') as Partial<Schema>
    this.schema = { columns, messageKey, errorKey }
  }

  get rows (): number {
    return this.groups.reduce((sum, rows) => sum + rows, 0)
  }

  /** What completes it after its row groups. */
  get footer (): Uint8Array {
    return new Uint8Array(this.#read(this.end, this.#size))
  }

  /** The rows of a row group. Rejects when a page cannot be decoded. */
  async read (group: number, columns?: string[]): Promise<Row[]> {
    const chunks = this.#metadata.row_groups[group]!.columns.map(({ meta_data: about }) => about!).filter(about => columns?.includes(about.path_in_schema[0]!) ?? true)
    if (chunks.length === 0) throw new Error(`${this.groups[group]} rows without columns`)
    for (const chunk of chunks) this.#checkPages(chunk, this.groups[group]!)
    const rowStart = this.groups.slice(0, group).reduce((sum, rows) => sum + rows, 0)
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return await parquetReadObjects({
      file: { byteLength: this.#size, slice: (from, to = this.#size) => this.#read(from, to) },
      metadata: this.#metadata,
      rowStart,
      rowEnd: rowStart + this.groups[group]!,
      ...columns && { columns },
      compressors: { GZIP: (bytes, length) => zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }), ZSTD: await unzstdSync() },
      parsers: { ...PARSERS, stringFromBytes: bytes => bytes && strict.decode(bytes) }
    })
  }

  /** The rows of a row group with every column that is whole, and the names of the others. */
  async readable (group: number): Promise<{ rows: Row[], lost: string[] }> {
    // Looked at first: what is damaged may decode to something else.
    const lost = (await this.#faulty(group)).map(({ column }) => column)
    if (lost.length === 0) return { rows: await this.read(group), lost }
    const names = this.#metadata.schema.slice(1).map(({ name }) => name).filter(name => !lost.includes(name))
    return { rows: names.length > 0 ? await this.read(group, names) : [], lost }
  }

  /** Throws when headers of pages speak of other amounts than the footer: decoding believes them, and would take minutes and gigabytes. */
  #checkPages (chunk: Chunk, rows: number): void {
    const begin = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset)
    const view = new DataView(this.#read(begin, begin + Number(chunk.total_compressed_size)))
    const most = Number(chunk.num_values)
    // Of a list a row has several values.
    const single = this.#metadata.schema.some(({ name, repetition_type: of }) => name === chunk.path_in_schema.join('.') && of !== 'REPEATED')
    const pages = { view, offset: 0 }
    let values = 0
    while (pages.offset < view.byteLength) {
      const at = begin + pages.offset
      const need = (what: string, value: number, top: number): void => {
        if (!(value >= 0 && value <= top)) throw new Error(`a page at byte ${at} with ${value} ${what}, where at most ${top} can be`)
      }
      const { compressed_page_size: stored, uncompressed_page_size: size, data_page_header: first, data_page_header_v2: second, dictionary_page_header: dictionary } = parquetHeader(pages)
      need('bytes', stored, view.byteLength - pages.offset)
      need('bytes to decompress', size, Number(chunk.total_uncompressed_size))
      if (dictionary) need('values in its dictionary', dictionary.num_values, size)
      for (const page of [first, second]) {
        if (!page) continue
        need('values', page.num_values, most - values)
        values += page.num_values
      }
      if (second) {
        need('rows', second.num_rows, rows)
        need('nulls', second.num_nulls, second.num_values)
        need('bytes of levels', second.repetition_levels_byte_length + second.definition_levels_byte_length, stored)
      }
      pages.offset += stored
    }
    if (values !== most || (single && values !== rows)) throw new Error(`pages with ${values} values instead of ${single ? rows : most}`)
  }

  /** Everything in it that is not as its footer says, the contents of pages included. */
  async * flaws (): AsyncGenerator<Flaw> {
    yield * this.#layout()
    let from = 0
    for (const [group, count] of this.groups.entries()) {
      const faulty = await this.#faulty(group)
      for (const { column, offset, found } of faulty) yield { offset, rows: { from, count }, column, expected: `${count} values of column ${column}`, found }
      from += count
    }
  }

  /** Does the footer describe these bytes, and all of them? */
  * #layout (): Generator<Flaw> {
    const { row_groups: groups, num_rows: rows, schema } = this.#metadata
    const head = Buffer.from(this.#read(0, MAGIC.length))
    if (!head.equals(MAGIC)) yield { offset: 0, expected: 'PAR1 at the beginning', found: JSON.stringify(head.toString('latin1')) }
    if (Number(rows) !== this.rows) yield { offset: this.end, expected: `${rows} rows, as the footer says`, found: `row groups with ${this.rows}` }
    const names = schema.slice(1).map(({ name }) => name).join()
    const known = this.schema.columns.map(({ name }) => name).join()
    if (known !== '' && known !== names) yield { offset: this.end, expected: `the columns ${known}`, found: `the columns ${names}` }
    let at = MAGIC.length
    for (const { columns } of groups) {
      for (const { meta_data: about } of columns) {
        const begin = Number(about?.dictionary_page_offset ?? about?.data_page_offset)
        if (begin !== at) yield { offset: this.end, expected: `a column that begins at byte ${at}`, found: `a footer that says ${begin}` }
        at = begin + Number(about?.total_compressed_size)
      }
    }
    if (at !== this.end) yield { offset: this.end, expected: `row groups that end at byte ${this.end}`, found: `a footer that says ${at}` }
  }

  /** Columns of a row group that cannot be decoded whole. */
  async #faulty (group: number): Promise<Array<{ column: string, offset: number, found: string }>> {
    const chunks = this.#metadata.row_groups[group]!.columns.map(({ meta_data: about }) => ({
      column: about!.path_in_schema[0]!, offset: Number(about!.dictionary_page_offset ?? about!.data_page_offset), statistics: about!.statistics ?? {}
    }))
    const faulty: Array<{ column: string, offset: number, found: string }> = []
    for (const { column, offset, statistics } of chunks) {
      try {
        const values = (await this.read(group, [column])).map(row => row[column])
        const problem = this.#problem(column, values, this.groups[group]!, statistics)
        if (problem) faulty.push({ column, offset, found: problem })
      } catch (error) {
        faulty.push({ column, offset, found: error instanceof Error ? error.message : String(error) })
      }
    }
    return faulty
  }

  #problem (column: string, values: unknown[], rows: number, { null_count: nulls, min_value: min, max_value: max }: Statistics): string | undefined {
    if (values.length !== rows) return `${values.length} values`
    const missing = values.filter(value => value === null || value === undefined).length
    if (nulls !== undefined && Number(nulls) !== missing) return `${missing} of them null instead of ${nulls}`
    const outside = values.findIndex(value => isNumber(value) && ((isNumber(min) && value < min) || (isNumber(max) && value > max)))
    if (outside !== -1) return `${values[outside]} in row ${outside} of the row group, outside of ${min} to ${max}`
    if (column !== 'attrs' || this.schema.columns.length === 0) return undefined
    const at = values.findIndex(value => typeof value === 'string' && !isObject(value))
    return at === -1 ? undefined : `no JSON object in row ${at} of the row group`
  }
}

const isNumber = (value: unknown): value is number | bigint => typeof value === 'number' || typeof value === 'bigint'

function isObject (text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

/** The file at `path`; with `staged`, one that these bytes would complete after so many of its own. Throws when its footer cannot be read. */
export function openParquet (path: string, staged?: { length: number, footer: Uint8Array }): ParquetFile {
  const length = staged?.length ?? fs.statSync(path).size
  const footer = staged ? Buffer.from(staged.footer) : undefined
  const size = length + (footer?.length ?? 0)
  const read = (from: number, to: number): ArrayBuffer => {
    const inside = from < length ? bytesOf(path, from, Math.min(to, length)) : Buffer.alloc(0)
    const behind = footer && to > length ? footer.subarray(Math.max(0, from - length), to - length) : Buffer.alloc(0)
    return new Uint8Array(Buffer.concat([inside, behind])).buffer
  }
  if (size < MAGIC.length + TAIL) throw new Error(`${size} bytes are too few for a footer`)
  const about = Buffer.from(read(size - TAIL, size))
  if (!about.subarray(4).equals(MAGIC)) throw new Error(`it ends with ${JSON.stringify(about.subarray(4).toString('latin1'))} instead of PAR1`)
  const end = size - TAIL - about.readUInt32LE(0)
  if (end < MAGIC.length) throw new Error(`a footer of ${about.readUInt32LE(0)} bytes does not fit into ${size}`)
  const metadata = parquetMetadata(read(end, size), { parsers: PARSERS })
  if (!isComplete(metadata, size)) throw new Error('its footer does not describe its columns')
  return new ParquetFile(metadata, read, end, size)
}

/** Types say so, and a byte that has changed does not know. */
function isComplete ({ schema, row_groups: groups, key_value_metadata: pairs = [] }: FileMetaData, size: number): boolean {
  const isAmount = (value: unknown, top = Infinity): boolean => isNumber(value) && value >= 0 && value <= top
  const isText = (value: unknown): boolean => typeof value === 'string'
  return Array.isArray(pairs) && schema.length > 0 && schema.every(({ name }) => isText(name)) &&
    groups.every(({ columns, num_rows: rows }) => isAmount(rows, Number.MAX_SAFE_INTEGER) && columns.every(({ meta_data: about }) => about?.path_in_schema[0] !== undefined &&
      about.path_in_schema.every(isText) && isAmount(about.num_values) && isAmount(about.total_uncompressed_size) && isAmount(about.data_page_offset, size) &&
      isAmount(about.dictionary_page_offset ?? 0, size) && isAmount(about.total_compressed_size, size)))
}

function bytesOf (path: string, from: number, to: number): Buffer {
  const fd = fs.openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(to - from)
    return bytes.subarray(0, fs.readSync(fd, bytes, 0, bytes.length, from))
  } finally {
    fs.closeSync(fd)
  }
}
