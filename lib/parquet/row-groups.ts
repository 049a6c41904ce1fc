// A segment's lines as columns, one group of rows for each partition that they belong to.
import type { Column, Values } from './columns.js'
import type { ColumnData } from './engine.js'
import { partitionDirectory, partitionNumber, type Partition } from './naming.js'
import { Rows } from './rows.js'
import type { RecordReader } from './record.js'
import type { Text } from './text.js'

export interface RowGroup {
  /** Directory of the partition, '' without partitions. */
  partition: string
  rows: number
  /** In the order of the schema, each `rows` long. */
  columns: ColumnData[]
}

export interface RowGroupOptions {
  columns: readonly Column[]
  reader: RecordReader
  partition: Partition
}

/** `text` has just been loaded; `opened` is the Unix time in ms that a record without a usable one is given. */
export function rowGroups (text: Text, opened: number, options: RowGroupOptions): RowGroup[] {
  const { columns, partition } = options
  const rows = read(text, opened, options)
  const parts = partsOf(rows.values(columns.findIndex(({ name }) => name === 'time')), partition)
  return Array.from(parts, ([number, part]) => ({
    partition: partitionDirectory(number, partition), rows: part.length, columns: rows.columns(parts.size > 1 ? part : undefined)
  }))
}

// Nothing comes behind the loop in here: V8 compiles a loop while it runs the first time, and throws that away when the function goes
// on to what it has not seen yet. With everything that reads a line in it, this is the largest one that there is.
function read (text: Text, opened: number, { columns, reader }: RowGroupOptions): Rows {
  const rows = new Rows(columns, text)
  const end = text.length - 1
  for (let start = 0; start < end;) {
    rows.begin()
    start = reader.read(text, start, rows, opened * 1000)
  }
  return rows
}

/** Numbers of the rows of each partition, by its number. */
function partsOf (times: Readonly<Values>, partition: Partition): Map<number, number[]> {
  const parts = new Map<number, number[]>()
  for (let row = 0; row < times.length; row++) {
    const number = partitionNumber(times[row] as number | bigint, partition)
    const part = parts.get(number)
    if (part) part.push(row)
    else parts.set(number, [row])
  }
  return parts
}
