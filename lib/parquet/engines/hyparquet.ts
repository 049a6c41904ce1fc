// The default engine; the only importer of hyparquet-writer. Data pages V2, dictionaries where they pay, statistics in the order
// of the format, column order and both kinds of type annotation.
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Column, Values } from '../columns.js'
import type { Encoded, Engine, EngineOptions } from '../engine.js'

type Options = ConstructorParameters<typeof ParquetWriter>[0]
type SchemaElement = Options['schema'][number]
type Source = Parameters<ParquetWriter['write']>[0]['columnData'][number]
type Group = ParquetWriter['row_groups'][number]

/** Bytes of a smallest or largest value that are kept; longer ones are cut to bounds that still hold. */
const STATISTICS_LENGTH = 64
/** Values of a column that are looked at, and the share of them that may be different where a dictionary is tried. */
const SAMPLE = 1000
const MOST_DIFFERENT = 0.5

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
    async encode (values: readonly Values[], rows: number, offset: number): Promise<Encoded<Group>> {
      const writer = new ByteWriter()
      const file = new ParquetWriter({ writer, ...settings })
      // Its magic is the file's, not this row group's.
      writer.index = 0
      writer.offset = offset
      file.write({ columnData: sources.map((about, at) => ({ ...about, ...data(columns[at]!, values[at]!) })), rowGroupSize: rows })
      return { bytes: writer.getBytes(), group: file.row_groups[0]! }
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
function data (column: Column, values: Values): Pick<Source, 'data' | 'encoding'> {
  const { type } = column
  // Timestamps it makes bigints of by itself.
  if (type === 'int64') return { data: values.map(value => value === null ? null : BigInt(value)) }
  if (type === 'double' && values.some(value => Object.is(value, -0))) return { data: values, encoding: 'PLAIN' }
  // The writer's TextEncoder takes six times as long as a Buffer. Where there is a dictionary it encodes each value once.
  if (type === 'string' && !column.statistics && (column.unique || !repetitive(values))) {
    return { data: values.map(value => value === null ? null : Buffer.from(value as string)), encoding: 'PLAIN' }
  }
  return { data: values }
}

/** Do values come often enough for a dictionary to be worth trying? Told from a sample all over the column. */
function repetitive (values: Values): boolean {
  const step = Math.max(1, Math.floor(values.length / SAMPLE))
  const different = new Set<Values[number]>()
  let seen = 0
  for (let at = 0; at < values.length; at += step) {
    if (values[at] === null) continue
    different.add(values[at]!)
    seen++
  }
  return different.size <= seen * MOST_DIFFERENT
}
