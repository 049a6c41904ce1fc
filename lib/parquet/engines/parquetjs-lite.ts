// The second engine; the only importer of parquetjs-lite. Data pages V1, plain values, neither dictionaries nor statistics, for
// readers that trip over newer things (V2 pages: ironSource/parquetjs#92, #124).
//
// Of the package only two things are used: its page encoder and its Thrift structs. Its other ways lose or change data: appendRow
// rounds 64-bit integers and writes rows twice when it is not awaited, its statistics compare strings by UTF-16 units, its page
// index lacks required fields (frequency-chain/parquetjs#92, #157), and its footer knows neither logical types nor column orders.
import { createRequire } from 'node:module'
import type { Codec } from '../codec.js'
import type { Column, Value } from '../columns.js'
import { MAGIC, type ColumnData, type Encoded, type Engine, type EngineOptions } from '../engine.js'
import { TextColumn } from '../text.js'

type Physical = 'BYTE_ARRAY' | 'INT32' | 'INT64' | 'DOUBLE' | 'BOOLEAN'
type Group = { readonly num_rows: number }
type Compress = (bytes: Uint8Array) => Uint8Array

/** Each of our columns is a schema of its own for the package, so that names like `__proto__` never become keys in there. */
interface Fields {
  column: { type: Physical, optional: boolean, compression: string, statistics: false }
}
interface RowBuffer {
  rowCount: number
  pageRowCount: number
  /** Of the levels of a required column only the length is read. */
  columnData: { column: { values: Array<Value | Buffer>, dlevels: ArrayLike<number> } }
  pages: { column: Array<{ page: Buffer }> }
}
interface Package {
  ParquetSchema: new (fields: Fields) => object
  ParquetWriter: new (schema: object, envelope: object, options: object) => { rowBuffer: RowBuffer, close (): Promise<void> }
}
type Struct = 'ColumnChunk' | 'ColumnMetaData' | 'ColumnOrder' | 'FileMetaData' | 'KeyValue' | 'LogicalType' | 'MicroSeconds' |
  'SchemaElement' | 'StringType' | 'TimestampType' | 'TimeUnit' | 'TypeDefinedOrder'
type Structs = Record<Struct, new (fields?: object) => object> & {
  RowGroup: new (fields: { columns: object[], total_byte_size: number, num_rows: number }) => Group
  Type: Record<Physical, number>
  ConvertedType: Record<'UTF8' | 'TIMESTAMP_MICROS', number>
  FieldRepetitionType: Record<'REQUIRED' | 'OPTIONAL', number>
  Encoding: Record<'PLAIN' | 'RLE', number>
  CompressionCodec: Record<Codec['name'], number>
}
interface Compression {
  PARQUET_COMPRESSION_METHODS: Record<string, { deflate: Compress }>
}

const require = createRequire(import.meta.url)
const { ParquetSchema, ParquetWriter } = require('parquetjs-lite') as Package
const { serializeThrift } = require('parquetjs-lite/lib/util') as { serializeThrift (struct: object): Buffer }
const { PARQUET_COMPRESSION_METHODS: METHODS } = require('parquetjs-lite/lib/compression') as Compression
const T = require('parquetjs-lite/gen-nodejs/parquet_types') as Structs

/** Uncompressed bytes of a page, about. */
const PAGE_BYTES = 1024 * 1024
/** As in parquet-java; the package's level encoder is quadratic in it. */
const PAGE_ROWS = 20_000

/** Our entry in the package's table, of which there is one per thread; the entries of others stay as they are. */
const METHOD = 'pino-blackbox'
// A schema takes no method that is not in the table.
METHODS[METHOD] = METHODS['UNCOMPRESSED']!

/** What the package's writer writes to: nothing. The page stays behind in the row buffer. */
const ENVELOPE = { useDataPageV2: false, writeHeader () {}, writeRowGroup () {}, writeIndex () {}, writeFooter () {}, close () {} }

const UTC_MICROS = new T.TimestampType({ isAdjustedToUTC: true, unit: new T.TimeUnit({ MICROS: new T.MicroSeconds() }) })
const TYPES: Record<Column['type'], { type: Physical, annotation?: object }> = {
  string: { type: 'BYTE_ARRAY', annotation: { converted_type: T.ConvertedType.UTF8, logicalType: new T.LogicalType({ STRING: new T.StringType() }) } },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  timestamp: { type: 'INT64', annotation: { converted_type: T.ConvertedType.TIMESTAMP_MICROS, logicalType: new T.LogicalType({ TIMESTAMP: UTC_MICROS }) } }
}

export function open ({ columns, codec, createdBy }: EngineOptions): Engine<Group> {
  const compress = codec.compress ?? METHODS[codec.name]!.deflate
  const encoders = columns.map(column => chunkEncoder(column, compress))

  return {
    async encode (values: readonly ColumnData[], rows: number, offset: number): Promise<Encoded<Group>> {
      const pages: Buffer[] = []
      const chunks: object[] = []
      let position = offset
      let total = 0
      for (const [at, { name, type }] of columns.entries()) {
        const chunk = await encoders[at]!(values[at]!)
        pages.push(...chunk.pages)
        chunks.push(new T.ColumnChunk({
          // No copy of the metadata outside the footer (parquet.thrift, ColumnChunk).
          file_offset: 0,
          meta_data: new T.ColumnMetaData({
            type: T.Type[TYPES[type].type],
            encodings: [T.Encoding.PLAIN, T.Encoding.RLE],
            path_in_schema: [name],
            codec: T.CompressionCodec[codec.name],
            num_values: rows,
            total_uncompressed_size: chunk.uncompressed,
            total_compressed_size: chunk.compressed,
            data_page_offset: position
          })
        }))
        position += chunk.compressed
        total += chunk.uncompressed
      }
      return { bytes: Buffer.concat(pages), group: new T.RowGroup({ columns: chunks, total_byte_size: total, num_rows: rows }) }
    },

    footer (groups: readonly Group[], metadata: Readonly<Record<string, string>>): Uint8Array {
      const footer = serializeThrift(new T.FileMetaData({
        version: 1,
        schema: [new T.SchemaElement({ name: 'root', num_children: columns.length }), ...columns.map(schemaElement)],
        num_rows: groups.reduce((sum, { num_rows: rows }) => sum + rows, 0),
        row_groups: groups,
        key_value_metadata: Object.entries(metadata).map(([key, value]) => new T.KeyValue({ key, value })),
        created_by: createdBy,
        column_orders: columns.map(() => new T.ColumnOrder({ TYPE_ORDER: new T.TypeDefinedOrder() }))
      }))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(footer.length)
      return Buffer.concat([footer, length, MAGIC])
    }
  }
}

interface Chunk {
  pages: Buffer[]
  /** Bytes, page headers included (parquet.thrift, ColumnMetaData); the package gives the compressed ones for both. */
  compressed: number
  uncompressed: number
}

function chunkEncoder ({ type, required }: Column, compress: Compress): (data: ColumnData) => Promise<Chunk> {
  const schema = new ParquetSchema({ column: { type: TYPES[type].type, optional: !required, compression: METHOD, statistics: false } })

  return async data => {
    const all = data instanceof TextColumn ? data.values() : data
    const chunk: Chunk = { pages: [], compressed: 0, uncompressed: 0 }
    const deflate: Compress = body => {
      const made = compress(body)
      chunk.uncompressed += body.length - made.length
      return made
    }
    for (const part of parts(all)) {
      const rows = part.length
      const column = required
        ? { values: part, dlevels: { length: rows } }
        : { values: part.filter(value => value !== null), dlevels: part.map(value => value === null ? 0 : 1) }
      const pages: RowBuffer['pages'] = { column: [] }
      const writer = new ParquetWriter(schema, ENVELOPE, {})
      writer.rowBuffer = { rowCount: rows, pageRowCount: rows, columnData: { column }, pages }
      METHODS[METHOD] = { deflate }
      // Has compressed before its first await: no other call can have put its own method into the table in between.
      await writer.close()
      const { page } = pages.column[0]!
      chunk.pages.push(page)
      chunk.compressed += page.length
      chunk.uncompressed += page.length
    }
    return chunk
  }
}

/** A column page by page. */
function * parts (values: ReadonlyArray<Value | Buffer>): Generator<Array<Value | Buffer>> {
  let start = 0
  let bytes = 0
  for (const [at, value] of values.entries()) {
    bytes += Buffer.isBuffer(value) ? 4 + value.length : 8
    if (bytes < PAGE_BYTES && at + 1 - start < PAGE_ROWS && at + 1 < values.length) continue
    yield values.slice(start, at + 1)
    start = at + 1
    bytes = 0
  }
}

function schemaElement ({ name, type, required }: Column): object {
  const { type: physical, annotation } = TYPES[type]
  return new T.SchemaElement({
    name, type: T.Type[physical], repetition_type: T.FieldRepetitionType[required ? 'REQUIRED' : 'OPTIONAL'], ...annotation
  })
}
