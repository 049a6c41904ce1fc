// The default engine; the only importer of hyparquet-writer. Data pages V2, dictionaries where they pay, statistics in the order
// of the format, column order and both kinds of type annotation.
//
// Strings are not made for it: their pages are put together here, from the bytes of the text; what the package does with them is
// page headers, runs of levels, and bounds that are cut.
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { dictionaryOf, type Dictionary } from './dictionary.js'
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

/** Bytes of a smallest or largest value that are kept; longer ones are cut to bounds that still hold. */
const STATISTICS_LENGTH = 64
/** Bytes of strings in a page, about. */
const PAGE_BYTES = 1024 * 1024
/** Bytes of a row group before it has to grow. */
const ROOM = 262144
/** Bytes up to which a loop copies as fast as a call. */
const FEW = 64

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
        if (values instanceof TextColumn) return textChunk(writer, column, values, codec.name, file.compressors[codec.name])
        file.write({ columnData: [{ ...sources[at]!, ...numbers(column, values) }], rowGroupSize: rows })
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

/** The pages of a string column, and what the footer has to say about them. */
function textChunk (
  writer: ByteWriter, { name, required, statistics, unique }: Column, column: TextColumn, codec: Codec['name'], compress = (bytes: Uint8Array) => bytes
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

  const dictionary = unique ? undefined : dictionaryOf(column)
  if (dictionary) {
    const { values } = dictionary
    page(new Uint8Array(0), plain(values, 0, values.length), { type: 'DICTIONARY_PAGE', dictionary_page_header: { num_values: values.length, encoding: 'PLAIN' } })
  }
  const first = writer.offset
  const encoding = dictionary ? 'RLE_DICTIONARY' : 'PLAIN'
  let pages = 0
  for (let from = 0, to = 0; from < column.length; from = to, pages++) {
    to = dictionary ? column.length : pageEnd(column, from)
    const present = new Uint8Array(to - from)
    let nulls = 0
    for (let row = from; row < to; row++) {
      if (column.from[row]! < 0) nulls++
      else present[row - from] = 1
    }
    const levels = required ? new Uint8Array(0) : hybrid(present, 1)
    page(levels, dictionary ? numbered(dictionary) : plain(column, from, to), {
      type: 'DATA_PAGE_V2',
      data_page_header_v2: {
        num_values: to - from,
        num_nulls: nulls,
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
      type: 'BYTE_ARRAY',
      encodings: dictionary ? ['PLAIN', encoding] : [encoding],
      path_in_schema: [name],
      codec,
      num_values: BigInt(column.length),
      total_compressed_size: BigInt(writer.offset - start),
      total_uncompressed_size: BigInt(uncompressed),
      data_page_offset: BigInt(first),
      ...(dictionary && { dictionary_page_offset: BigInt(start) }),
      ...(statistics && {
        statistics: { ...(dictionary?.values ?? column).bounds(), null_count: BigInt(column.nulls) },
        encoding_stats: [
          ...(dictionary ? [{ page_type: 'DICTIONARY_PAGE', encoding: 'PLAIN', count: 1 } as const] : []),
          { page_type: 'DATA_PAGE_V2', encoding, count: pages } as const
        ]
      })
    }
  }
}

/** The row behind the last one of a page. */
function pageEnd ({ from, to, length }: TextColumn, row: number): number {
  for (let bytes = 0; row < length; row++) {
    if (from[row]! >= 0) bytes += to[row]! - from[row]! + 4
    if (bytes >= PAGE_BYTES) return row + 1
  }
  return row
}

/** Values one after the other, the length before each. */
function plain ({ text, from, to }: TextColumn, row: number, end: number): Uint8Array {
  let size = 0
  for (let at = row; at < end; at++) if (from[at]! >= 0) size += to[at]! - from[at]! + 4
  const { bytes } = text
  const body = Buffer.allocUnsafe(size)
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
