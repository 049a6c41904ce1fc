// The default engine; the only importer of hyparquet-writer. Data pages V2, dictionaries where they pay, statistics in the order
// of the format, column order and both kinds of type annotation.
//
// Strings are not made for it: their pages are put together here, from the bytes of the text, and those of timestamps, of which it
// would make bigints; what the package does with them is page headers, runs, differences, and bounds that are cut.
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { dictionaryOf, type Dictionary } from './dictionary.js'
import { pageEnd, plain } from './plain.js'
import { TextColumn } from '../text.js'
import type { Codec } from '../codec.js'
import type { Column, Values } from '../columns.js'
import type { ColumnData, Encoded, Engine, EngineOptions } from '../engine.js'

type Options = ConstructorParameters<typeof ParquetWriter>[0]
type SchemaElement = Options['schema'][number]
type Source = Parameters<ParquetWriter['write']>[0]['columnData'][number]
type Group = ParquetWriter['row_groups'][number]
type Chunk = Group['columns'][number]
type PageHeader = Parameters<typeof writePageHeader>[1]
type Bounds = Pick<NonNullable<NonNullable<Chunk['meta_data']>['statistics']>, 'min_value' | 'max_value'>

/** Bytes of a smallest or largest value that are kept; longer ones are cut to bounds that still hold. */
const STATISTICS_LENGTH = 64
/** Bytes of a row group before it has to grow. */
const ROOM = 262144
/** Microseconds, half an hour and more: what differences of a segment's times are within, as a rule. */
const MOST_APART = 2 ** 31 - 1

const TYPES: Record<Column['type'], Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  timestamp: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } }
}

export function open ({ columns, codec, createdBy }: EngineOptions): Engine<Group> {
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type, required }): SchemaElement => ({ name, repetition_type: required ? 'REQUIRED' : 'OPTIONAL', ...TYPES[type] }))
  ]
  const settings = {
    schema, createdBy, codec: codec.name, compressors: codec.compress ? { [codec.name]: codec.compress } : {}, statisticsTruncateLength: STATISTICS_LENGTH
  }
  const sources = columns.map(source)

  return {
    async encode (data: readonly ColumnData[], rows: number, offset: number): Promise<Encoded<Group>> {
      const writer = new ByteWriter(ROOM)
      const file = new ParquetWriter({ writer, ...settings })
      // Its magic is the file's, not this row group's.
      writer.index = 0
      writer.offset = offset
      const chunks = columns.map((column, at) => {
        const values = data[at]!
        const pages = values instanceof TextColumn ? textPages(values, column) : column.type === 'timestamp' ? timePages(values) : undefined
        if (pages) return chunk(writer, column, pages, codec.name, file.compressors[codec.name])
        file.write({ columnData: [{ ...sources[at]!, ...numbers(column, values as Values) }], rowGroupSize: rows })
        return file.row_groups.at(-1)!.columns[0]!
      })
      const total = chunks.reduce((sum, { meta_data: about }) => sum + about!.total_uncompressed_size, 0n)
      const group = { columns: chunks, total_byte_size: total, num_rows: BigInt(rows), total_compressed_size: BigInt(writer.offset - offset) }
      return { bytes: writer.getBytes(), group }
    },

    footer (groups: readonly Group[], metadata: Readonly<Record<string, string>>): Uint8Array {
      const writer = new ByteWriter()
      const pairs = Object.entries(metadata).map(([key, value]) => ({ key, value }))
      // An empty list would be written as one of bytes, which arrow-rs refuses.
      const file = new ParquetWriter({ writer, ...settings, ...(pairs.length > 0 && { kvMetadata: pairs }) })
      writer.index = 0
      file.row_groups = [...groups]
      file.num_rows = groups.reduce((sum, { num_rows: rows }) => sum + rows, 0n)
      file.finish()
      return writer.getBytes()
    }
  }
}

/** No page index: legal, and readers trip over doubtful ones more often than they gain by good ones. */
function source ({ name, type, statistics, unique }: Column): Omit<Source, 'data'> {
  const encoding = type === 'timestamp' ? 'DELTA_BINARY_PACKED' : 'PLAIN'
  return { name, statistics, offsetIndex: false, ...(unique && { encoding }) }
}

/** What the writer makes of values costs more than what it is given; and its dictionaries take -0 for 0. */
function numbers ({ type }: Column, values: Values): Pick<Source, 'data' | 'encoding'> {
  // Timestamps it makes bigints of by itself.
  if (type === 'int64') return { data: values.map(value => value === null ? null : BigInt(value)) }
  if (type === 'double' && values.some(value => Object.is(value, -0))) return { data: values, encoding: 'PLAIN' }
  return { data: values }
}

/** A column in one row group, on its way to pages. */
interface Pages {
  type: 'BYTE_ARRAY' | 'INT64'
  encoding: 'PLAIN' | 'RLE_DICTIONARY' | 'DELTA_BINARY_PACKED'
  length: number
  nulls: number
  isNull: (row: number) => boolean
  dictionary?: { count: number, body: Uint8Array }
  /** The row behind the last one of a page. */
  end: (row: number) => number
  /** The values of a page. */
  body: (from: number, to: number) => Uint8Array
  bounds: () => Bounds
}

function textPages (column: TextColumn, { unique }: Column): Pages {
  const { length, nulls } = column
  const about = { type: 'BYTE_ARRAY', length, nulls, isNull: (row: number) => column.from[row]! < 0 } as const
  const dictionary = unique ? undefined : dictionaryOf(column)
  if (!dictionary) {
    return { ...about, encoding: 'PLAIN', end: row => pageEnd(column, row), body: (from, to) => plain(column, from, to), bounds: () => column.bounds() }
  }
  const { values } = dictionary
  return {
    ...about,
    encoding: 'RLE_DICTIONARY',
    dictionary: { count: values.length, body: plain(values, 0, values.length) },
    end: () => length,
    body: () => numbered(dictionary),
    bounds: () => values.bounds()
  }
}

/** Undefined when differences may be larger than 31 bits. */
function timePages (values: Readonly<Values>): Pages | undefined {
  let [min, max, nulls] = [Infinity, -Infinity, 0]
  for (const value of values) {
    if (typeof value === 'number') {
      if (value < min) min = value
      if (value > max) max = value
    } else if (value === null) nulls++
    else return undefined
  }
  if (max - min > MOST_APART) return undefined
  return {
    type: 'INT64',
    encoding: 'DELTA_BINARY_PACKED',
    length: values.length,
    nulls,
    isNull: row => values[row] === null,
    end: () => values.length,
    body: () => differences(values.filter(value => value !== null) as number[]),
    bounds: () => nulls === values.length ? {} : { min_value: BigInt(min), max_value: BigInt(max) }
  }
}

/** The pages of a column, and what the footer has to say about them. */
function chunk (
  writer: ByteWriter, { name, required, statistics }: Column, { type, encoding, length, nulls, isNull, dictionary, ...pages }: Pages,
  codec: Codec['name'], compress = (bytes: Uint8Array) => bytes
): Chunk {
  const start = writer.offset
  let uncompressed = 0
  const page = (levels: Uint8Array, body: Uint8Array, header: Pick<PageHeader, 'type' | 'dictionary_page_header' | 'data_page_header_v2'>): void => {
    const compressed = compress(body)
    const before = writer.offset
    writePageHeader(writer, { ...header, uncompressed_page_size: levels.length + body.length, compressed_page_size: levels.length + compressed.length })
    uncompressed += writer.offset - before + levels.length + body.length
    writer.appendBytes(levels)
    writer.appendBytes(compressed)
  }

  if (dictionary) page(new Uint8Array(0), dictionary.body, { type: 'DICTIONARY_PAGE', dictionary_page_header: { num_values: dictionary.count, encoding: 'PLAIN' } })
  const first = writer.offset
  let count = 0
  for (let from = 0, to = 0; from < length; from = to, count++) {
    to = pages.end(from)
    const [levels, missing] = required ? [new Uint8Array(0), 0] : levelsOf({ length, nulls, isNull }, from, to)
    page(levels, pages.body(from, to), {
      type: 'DATA_PAGE_V2',
      data_page_header_v2: {
        num_values: to - from,
        num_nulls: missing,
        num_rows: to - from,
        encoding,
        definition_levels_byte_length: levels.length,
        repetition_levels_byte_length: 0,
        is_compressed: true
      }
    })
  }

  return {
    file_offset: BigInt(start),
    meta_data: {
      type,
      encodings: dictionary ? ['PLAIN', encoding] : [encoding],
      path_in_schema: [name],
      codec,
      num_values: BigInt(length),
      total_compressed_size: BigInt(writer.offset - start),
      total_uncompressed_size: BigInt(uncompressed),
      data_page_offset: BigInt(first),
      ...(dictionary && { dictionary_page_offset: BigInt(start) }),
      ...(statistics && {
        statistics: { ...pages.bounds(), null_count: BigInt(nulls) },
        encoding_stats: [
          ...(dictionary ? [{ page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 } as const] : []),
          { page_type: 'DATA_PAGE_V2', encoding, count } as const
        ]
      })
    }
  }
}

/** Of rows of a column: 0 for each null, 1 for each value; and how many nulls there are. */
function levelsOf ({ length, nulls, isNull }: Pick<Pages, 'length' | 'nulls' | 'isNull'>, from: number, to: number): [levels: Uint8Array, nulls: number] {
  const present = new Uint8Array(to - from).fill(1)
  if (nulls === 0) return [hybrid(present, 1), 0]
  if (nulls === length) return [hybrid(present.fill(0), 1), to - from]
  let missing = 0
  for (let row = from; row < to; row++) {
    if (!isNull(row)) continue
    present[row - from] = 0
    missing++
  }
  return [hybrid(present, 1), missing]
}

function numbered ({ indexes, width }: Dictionary): Uint8Array {
  const writer = new ByteWriter()
  writer.appendUint8(width)
  writeRleBitPackedHybrid(writer, indexes, width)
  return writer.getBytes()
}

function hybrid (values: Uint8Array, width: number): Uint8Array {
  const writer = new ByteWriter()
  writeRleBitPackedHybrid(writer, values, width)
  return writer.getBytes()
}

/**
 * DELTA_BINARY_PACKED (Parquet format, "Delta Encoding"): a header whose last number is the first value, then differences. Those are
 * the same for what lies between each value and the first one, which are small integers where the values themselves are none.
 */
function differences (values: readonly number[]): Uint8Array {
  const first = values[0] ?? 0
  const writer = new ByteWriter(4 * values.length + 64)
  deltaBinaryPack(writer, Int32Array.from(values, value => value - first), 'INT64')
  const packed = writer.getBytes()
  let at = 0
  for (let numbers = 0; numbers < 3; numbers++) while (packed[at++]! >= 0x80);
  const header = new ByteWriter()
  header.appendBytes(packed.subarray(0, at))
  header.appendZigZag(BigInt(first))
  header.appendBytes(packed.subarray(at + 1))
  return header.getBytes()
}
