// A segment's lines as columns, one group of rows for each partition that they belong to.
import { partitionDirectory, partitionNumber, type Partition } from './naming.js'
import type { Column, Values } from './columns.js'
import type { RecordReader } from './record.js'

export interface RowGroup {
  /** Directory of the partition, '' without partitions. */
  partition: string
  rows: number
  /** In the order of the schema, each `rows` long. */
  columns: Values[]
}

export interface RowGroupOptions {
  columns: readonly Column[]
  reader: RecordReader
  partition: Partition
}

/** `text` is lines, the last one ended by a newline unless its file was damaged; `opened` the Unix time in ms that a record without a usable one is given. */
export function rowGroups (text: string, opened: number, { columns, reader, partition }: RowGroupOptions): RowGroup[] {
  const groups = new Map<number, RowGroup>()
  const row: Values = columns.map(() => null)
  const time = columns.findIndex(({ name }) => name === 'time')
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start)
    if (end === -1) end = text.length
    reader.read(text.slice(start, end), row, opened * 1000)
    const number = partitionNumber(row[time] as number | bigint, partition)
    let group = groups.get(number)
    if (!group) {
      group = { partition: partitionDirectory(number, partition), rows: 0, columns: columns.map(() => []) }
      groups.set(number, group)
    }
    group.rows++
    for (let at = 0; at < row.length; at++) group.columns[at]!.push(row[at]!)
  }
  return [...groups.values()]
}
