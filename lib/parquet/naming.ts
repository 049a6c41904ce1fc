// Names of the files of a dataset, and the directories of its partitions. Pure.
//
//   <base>_<YYYYMMDD_HHMMSS>_<NNN>-<mmm>-<writer>.parquet  the time (UTC) at which its first line may have been written, with its
//                                                          milliseconds behind the writer's count, and twelve digits of its id
//   dt=<YYYY-MM-DD>/hr=<HH>/...                            with partitions, by the time of the records (UTC)

export type Partition = false | 'day' | 'hour'

const HOUR = 3_600_000_000
const WRITER = 12

/** The number of the partition of a record, from its time in microseconds: the same number, the same directory. */
export function partitionNumber (micros: number | bigint, partition: Partition): number {
  if (!partition) return 0
  const hour = Math.floor(Number(micros) / HOUR)
  return partition === 'hour' ? hour : Math.floor(hour / 24)
}

/** The directory of a partition below the dataset's, '' without partitions. */
export function partitionDirectory (number: number, partition: Partition): string {
  if (!partition) return ''
  const iso = new Date((partition === 'hour' ? number : number * 24) * HOUR / 1000).toISOString()
  return partition === 'hour' ? `dt=${iso.slice(0, 10)}/hr=${iso.slice(11, 13)}` : `dt=${iso.slice(0, 10)}`
}

/** `opened` is Unix time in ms; `writer` an id of at least twelve digits. */
export function fileName (base: string, opened: number, count: number, writer: string): string {
  const [, day, time, ms] = /^(.*)T(.*)\.(.*)Z$/.exec(new Date(opened).toISOString()) as unknown as [string, string, string, string]
  return `${base}_${day.replaceAll('-', '')}_${time.replaceAll(':', '')}_${String(count).padStart(3, '0')}-${ms}-${writer.slice(0, WRITER)}.parquet`
}

/** Of the name of a file that a writer of this dataset gave: what sorts by the time at which it was begun. Undefined for other names. */
export function begun (base: string, name: string): string | undefined {
  if (!name.startsWith(`${base}_`)) return undefined
  const parts = /^(\d{8}_\d{6})_(\d{3,})-(\d{3})-[0-9a-f]{12}\.parquet$/.exec(name.slice(base.length + 1))
  return parts ? `${parts[1]}.${parts[3]} ${parts[2]!.padStart(12, '0')}` : undefined
}

/** Is this the name of a directory of a partition? */
export function isPartition (name: string): boolean {
  return /^(dt=\d{4}-\d\d-\d\d|hr=\d\d)$/.test(name)
}
