// The numbers of one output, in shared memory: written by the worker alone, readable from the main thread at any time, even
// while that is frozen in an 'exit' handler.
//
// There are two copies and a turn that says which of them holds. A change is made in the other one, and then it is its turn: whoever
// reads sees all of a change or nothing of it, and a worker that dies in the middle leaves what was before.
import { Incidents } from './incidents.js'

export const DROP_REASONS = ['full', 'evicted', 'expired', 'closed', 'gone', 'refused', 'crashed'] as const
/**
 * Why a line was dropped: 'full' no room was left; 'evicted' pushed out by newer ones; 'expired' too old;
 * 'closed' the output was closing or closed; 'gone' its destination is (a closed pipe), or somebody has removed the journal's file;
 * 'refused' for good by its receiver, and there is no disk to keep it on; 'crashed' in the memory of a worker that died.
 */
export type DropReason = typeof DROP_REASONS[number]

/** Where a batch went that could not be delivered. */
export const KEPT = ['journal', 'dead letters', 'dropped'] as const
export type Kept = typeof KEPT[number]

/** Those with a colon are no part of the metrics as they are. */
const FIELDS = [
  'acceptedRecords', 'acceptedBytes', 'recoveredRecords', 'recoveredBytes', 'deliveredRecords', 'deliveredBytes',
  'pendingRecords', 'pendingBytes', 'pendingSegments', 'oldestPending', 'capacityRecords', 'capacityBytes', 'deadRecords', 'deadBytes',
  'batches', 'batchAttempts', 'batchDuration', 'retries', 'failures', 'lastDelivery',
  'flushes', 'flushedRecords', 'flushDuration', 'tornBytes', 'segmentsSealed', 'filesPublished', 'spilledValues', 'corruptRecords', 'skippedHooks',
  ...KEPT.flatMap(kept => [`${kept}:batches`, `${kept}:attempts`, `${kept}:records`, `${kept}:bytes`] as const),
  ...DROP_REASONS.map(reason => `dropped:${reason}` as const),
  ...DROP_REASONS.map(reason => `droppedBytes:${reason}` as const)
] as const
export type Field = typeof FIELDS[number]
/** Fields that say how things stand now; the others only grow, but for `lastDelivery`. */
export const GAUGES = ['pendingRecords', 'pendingBytes', 'pendingSegments', 'oldestPending', 'capacityRecords', 'capacityBytes'] as const satisfies Field[]
/** All fields at one moment. */
export type Figures = Record<Field, number>
type Changes = Partial<Figures>

/**
 * One output's figures. Records and bytes are totals since it was opened, but for `pending*`, which is what waits now. At every
 * snapshot `acceptedRecords + recoveredRecords = deliveredRecords + pendingRecords + deadRecords + droppedRecords`, and so for bytes.
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
  /** Sealed, and not delivered yet. 0 where a written line is a delivered one (jsonl). */
  pendingSegments: number
  /**
   * Unix time in ms since when the oldest sealed segment that is not delivered waits, counted from its first line; of jsonl, since when
   * lines wait without any of them being written. 0 when nothing waits.
   */
  oldestPending: number
  /** Lines that may wait; 0 for any number. */
  capacityRecords: number
  /** Bytes of lines that may wait; 0 for any number. */
  capacityBytes: number
  /** Refused for good by their receiver, and kept as dead letters. */
  deadRecords: number
  deadBytes: number
  /** Batches that were delivered, a part of them at least: requests, row groups, writes. */
  batches: number
  /** Attempts that these took. */
  batchAttempts: number
  /** ms from the first attempt at each of these to its end, summed up. */
  batchDuration: number
  /** Attempts that were repeated. */
  retries: number
  /** Lines of batches that could not be delivered and stayed for another attempt, counted for each. */
  retriedRecords: number
  retriedBytes: number
  /** Failed calls: writes, opens, deliveries. */
  failures: number
  /** Of these, the attempts to deliver a batch that stayed for another one. */
  exportFailures: number
  /** Unix time in ms of the last successful write or delivery, 0 before the first. */
  lastDelivery: number
  /** Calls of `flush()` that came to a good end. */
  flushes: number
  /** Lines that were accepted before one of these began. */
  flushedRecords: number
  /** ms that these took, summed up. */
  flushDuration: number
  /** Bytes cut from files whose writer died in the middle of a line. */
  tornBytes: number
  segmentsSealed: number
  /** Parquet files given to the dataset. */
  filesPublished: number
  /** Values that did not fit their Parquet column exactly, and are in `attrs`. */
  spilledValues: number
  /** Lines that were no JSON object, and are in `_corrupt`. */
  corruptRecords: number
  /** Calls of hooks that were left out, because the hooks were too slow, or their thread has died. */
  skippedHooks: number
  droppedRecords: number
  droppedBytes: number
  /** Lines. */
  dropped: Record<DropReason, number>
  droppedBytesBy: Record<DropReason, number>
}

/** Bytes kept of the last error. */
const TEXT = 512
const HEADER = 8
const VALUES = FIELDS.length * 8
const COPY = VALUES + TEXT
const index = Object.fromEntries(FIELDS.map((field, at) => [field, at])) as Record<Field, number>
const plain = FIELDS.filter(field => !field.includes(':'))

interface Copy { bytes: Uint8Array, values: Float64Array, text: Uint8Array }

export class Counters {
  readonly memory: SharedArrayBuffer
  readonly incidents: Incidents
  readonly #turn: Int32Array
  readonly #copies: readonly Copy[]

  constructor (memory = new SharedArrayBuffer(HEADER + 2 * COPY + Incidents.BYTES)) {
    this.memory = memory
    this.#turn = new Int32Array(memory, 0, 1)
    this.#copies = [HEADER, HEADER + COPY].map(at => ({
      bytes: new Uint8Array(memory, at, COPY), values: new Float64Array(memory, at, FIELDS.length), text: new Uint8Array(memory, at + VALUES, TEXT)
    }))
    this.incidents = new Incidents(memory, HEADER + 2 * COPY)
  }

  /** One change: adds to fields, gives others a value, and notes an error. */
  change (sums: Changes, values: Changes = {}, error?: string): void {
    const turn = Atomics.load(this.#turn, 0)
    const next = this.#copies[turn + 1 & 1]!
    next.bytes.set(this.#copies[turn & 1]!.bytes)
    for (const field in sums) next.values[index[field as Field]]! += sums[field as Field]!
    for (const field in values) next.values[index[field as Field]] = values[field as Field]!
    if (error !== undefined) new TextEncoder().encodeInto(error, next.text.fill(0))
    Atomics.add(this.#turn, 0, 1)
  }

  /** As of now, for the one who writes. */
  get (field: Field): number {
    return this.#copies[Atomics.load(this.#turn, 0) & 1]!.values[index[field]]!
  }

  /** Changes with every change. */
  get turn (): number {
    return Atomics.load(this.#turn, 0)
  }

  /** All figures at one moment, and the last error, '' before there was one. */
  look (): { figures: Figures, error: string } {
    for (;;) {
      const turn = Atomics.load(this.#turn, 0)
      const copy = this.#copies[turn & 1]!.bytes.slice()
      // The copy is written to when its turn is over, and not before.
      if (Atomics.load(this.#turn, 0) !== turn) continue
      const values = new Float64Array(copy.buffer, 0, FIELDS.length)
      const [error] = new TextDecoder().decode(copy.subarray(VALUES)).split('\0', 1)
      return { figures: Object.fromEntries(FIELDS.map((field, at) => [field, values[at]])) as Figures, error: error! }
    }
  }

  read (): Metrics {
    return metricsOf(this.look().figures)
  }
}

export function metricsOf (figures: Figures): Metrics {
  const by = (kind: 'dropped' | 'droppedBytes') =>
    Object.fromEntries(DROP_REASONS.map(reason => [reason, figures[`${kind}:${reason}`]])) as Record<DropReason, number>
  const sum = (amounts: object): number => Object.values(amounts).reduce((sum, amount) => sum + amount, 0)
  const [dropped, droppedBytesBy] = [by('dropped'), by('droppedBytes')]
  return {
    ...Object.fromEntries(plain.map(field => [field, figures[field]])) as unknown as Metrics,
    droppedRecords: sum(dropped),
    droppedBytes: sum(droppedBytesBy),
    exportFailures: figures['journal:batches'],
    retriedRecords: figures['journal:records'],
    retriedBytes: figures['journal:bytes'],
    dropped,
    droppedBytesBy
  }
}
