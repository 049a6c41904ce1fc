// A segment's lines as columns, one group of rows for each partition that they belong to.
import type { Column, Values } from './columns.js'
import type { ColumnData } from './engine.js'
import { partitionDirectory, partitionNumber, type Partition } from './naming.js'
import { Row } from './row.js'
import { Text, TextColumn } from './text.js'
import type { RecordReader } from './record.js'

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

const NEWLINE = 0x0a

/** `lines` are ended by a newline each, the last one unless its file was damaged; `opened` the Unix time in ms that a record without a usable one is given. */
export function rowGroups (lines: Buffer, opened: number, { columns, reader, partition }: RowGroupOptions): RowGroup[] {
  const groups = new Map<number, RowGroup>()
  const text = new Text(lines)
  const whole = text.length - 1
  const row = new Row(columns)
  const slots = (isString: boolean): number[] => [...columns.keys()].filter(at => (columns[at]!.type === 'string') === isString)
  const [strings, others] = [slots(true), slots(false)]
  const time = columns.findIndex(({ name }) => name === 'time')
  for (let start = 0, end: number; start < whole; start = end + 1) {
    end = text.bytes.indexOf(NEWLINE, start)
    if (end === -1 || end > whole) end = whole
    reader.read(text, start, end, row, opened * 1000)
    const number = partitionNumber(row.values[time] as number | bigint, partition)
    let group = groups.get(number)
    if (!group) {
      group = { partition: partitionDirectory(number, partition), rows: 0, columns: columns.map(({ type }) => type === 'string' ? new TextColumn(text) : []) }
      groups.set(number, group)
    }
    group.rows++
    for (const at of strings) (group.columns[at] as TextColumn).push(row.from[at]!, row.to[at]!)
    for (const at of others) (group.columns[at] as Values).push(row.values[at]!)
  }
  return [...groups.values()]
}
