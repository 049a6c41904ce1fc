// Names of the files of a dataset, and the directories of its partitions. Pure.
//
//   <base>_<YYYYMMDD_HHMMSS>_<NNN>-<writer>.parquet        the time (UTC) at which its first line may have been written, the
//                                                          writer's count, and eight digits that tell its writers apart
//   dt=<YYYY-MM-DD>/hr=<HH>/...                            with partitions, by the time of the records (UTC)

export type Partition = false | 'day' | 'hour'

const HOUR = 3_600_000_000
const WRITER = 8

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

/** `opened` is Unix time in ms; `writer` an id of at least eight digits. */
export function fileName (base: string, opened: number, count: number, writer: string): string {
  const [day, time] = new Date(opened).toISOString().replaceAll(/[-:]/g, '').split('T') as [string, string]
  return `${base}_${day}_${time.slice(0, 6)}_${String(count).padStart(3, '0')}-${writer.slice(0, WRITER)}.parquet`
}

/** Is this the name of a file that a writer of this dataset gave? */
export function isFileName (base: string, name: string): boolean {
  return name.startsWith(`${base}_`) && /^\d{8}_\d{6}_\d{3,}-[0-9a-f]{8}\.parquet$/.test(name.slice(base.length + 1))
}

/** Is this the name of a directory of a partition? */
export function isPartition (name: string): boolean {
  return /^(dt=\d{4}-\d\d-\d\d|hr=\d\d)$/.test(name)
}
