// The numbers of one output, in shared memory: written by the worker alone, readable from the main thread at any time, even
// while that is frozen in an 'exit' handler. A sequence number keeps a reader from seeing half an update (seqlock).

export const DROP_REASONS = ['full', 'evicted', 'expired', 'closed', 'gone', 'refused', 'crashed'] as const
/**
 * Why a line was dropped: 'full' no room was left; 'evicted' pushed out by newer ones; 'expired' too old;
 * 'closed' the output was closing or closed; 'gone' its destination is (a closed pipe), or somebody has removed the journal's file;
 * 'refused' for good by its receiver, and there is no disk to keep it on; 'crashed' in the memory of a worker that died.
 */
export type DropReason = typeof DROP_REASONS[number]

const FIELDS = [
  'acceptedRecords', 'acceptedBytes', 'recoveredRecords', 'recoveredBytes', 'deliveredRecords', 'deliveredBytes',
  'pendingRecords', 'pendingBytes', 'deadRecords', 'retries', 'failures', 'tornBytes', 'segmentsSealed', 'lastDelivery',
  'filesPublished', 'spilledValues', 'corruptRecords',
  ...DROP_REASONS.map(reason => `dropped:${reason}` as const)
] as const
export type Field = typeof FIELDS[number]
/** Fields that say how things stand now; the others only grow. */
export const GAUGES: readonly string[] = ['pendingRecords', 'pendingBytes', 'lastDelivery'] satisfies Field[]

/**
 * One output's figures. Records and bytes are totals since it was opened, except `pending*`, which is what waits now.
 * At every snapshot `acceptedRecords + recoveredRecords = deliveredRecords + pendingRecords + deadRecords + dropped`.
 */
export interface Metrics {
  acceptedRecords: number
  acceptedBytes: number
  /** Taken over from an earlier process's journal. */
  recoveredRecords: number
  recoveredBytes: number
  deliveredRecords: number
  deliveredBytes: number
  pendingRecords: number
  pendingBytes: number
  /** Refused for good by their receiver, and kept as dead letters. */
  deadRecords: number
  /** Attempts that were repeated. */
  retries: number
  /** Failed calls: writes, opens, deliveries. */
  failures: number
  /** Bytes cut from files whose writer died in the middle of a line. */
  tornBytes: number
  segmentsSealed: number
  /** Unix time in ms of the last successful write or delivery, 0 before the first. */
  lastDelivery: number
  /** Parquet files given to the dataset. */
  filesPublished: number
  /** Values that did not fit their Parquet column exactly, and are in `attrs`. */
  spilledValues: number
  /** Lines that were no JSON object, and are in `_corrupt`. */
  corruptRecords: number
  droppedRecords: number
  dropped: Record<DropReason, number>
}

const HEADER = 8
const LOOKS = 10_000
const index = Object.fromEntries(FIELDS.map((field, at) => [field, at])) as Record<Field, number>

export class Counters {
  readonly memory: SharedArrayBuffer
  readonly #sequence: Int32Array
  readonly #values: Float64Array

  constructor (memory = new SharedArrayBuffer(HEADER + FIELDS.length * 8)) {
    this.memory = memory
    this.#sequence = new Int32Array(memory, 0, 1)
    this.#values = new Float64Array(memory, HEADER)
  }

  /** Adds to several fields as one change. */
  add (changes: Partial<Record<Field, number>>): void {
    Atomics.add(this.#sequence, 0, 1)
    for (const field in changes) this.#values[index[field as Field]]! += changes[field as Field]!
    Atomics.add(this.#sequence, 0, 1)
  }

  /** The moment of a successful write or delivery. */
  touch (now: number): void {
    this.#values[index.lastDelivery] = now
  }

  get (field: Field): number {
    return this.#values[index[field]]!
  }

  read (): Metrics {
    let values: Float64Array
    let before: number
    let looks = 0
    do {
      before = Atomics.load(this.#sequence, 0)
      values = this.#values.slice()
      // Not for ever: a worker that was terminated in the middle of an update never ends it.
    } while ((before % 2 !== 0 || before !== Atomics.load(this.#sequence, 0)) && ++looks < LOOKS)
    const at = (field: Field): number => values[index[field]]!
    const dropped = Object.fromEntries(DROP_REASONS.map(reason => [reason, at(`dropped:${reason}`)])) as Record<DropReason, number>
    const plain = Object.fromEntries(FIELDS.filter(field => !field.startsWith('dropped:')).map(field => [field, at(field)]))
    return {
      ...plain as unknown as Omit<Metrics, 'dropped' | 'droppedRecords'>,
      droppedRecords: Object.values(dropped).reduce((sum, records) => sum + records, 0),
      dropped
    }
  }
}
