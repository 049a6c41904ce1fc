// What a module of hooks may export: the one list, the types for whoever writes one, and the messages between the threads.
import type { DropReason, Kept } from '../telemetry/counters.js'

export const HOOKS = ['onRecordBuffered', 'onRecordDropped', 'onBatchWritten', 'onBatchFailed', 'onFlushCompleted'] as const
export type HookName = typeof HOOKS[number]

/** Which output it is about. */
export interface HookOutput {
  /** Its `name`, or its kind and destination. */
  output: string
  /** 'jsonl', 'http', ... */
  kind: string
}

export interface DroppedAbout extends HookOutput {
  /** Lines that this call is about: 1 with a record. */
  records: number
  bytes: number
}

/** `duration` is ms since the first attempt, of which there were so many. */
export interface HookBatch extends HookOutput { records: number, bytes: number, duration: number, attempts: number }
/** `kept` says where the lines are now; 'journal': for another attempt, and this is told for each that fails. */
export interface HookFailure extends HookBatch { error: string, kept: Kept }
/** Lines accepted since the flush before; `duration` in ms. */
export interface HookFlush extends HookOutput { records: number, duration: number }

/**
 * A module of hooks exports some of these. It runs in a thread of its own. One call is made after the other, each when what the one
 * before has returned is settled. A hook that throws, rejects, never settles or ends its thread loses calls of hooks, and no line.
 */
export interface HooksModule<R = unknown> {
  /** A line was accepted. `record` is parsed; a line that is no JSON object comes as text. */
  onRecordBuffered? (record: R, about: HookOutput): unknown
  /**
   * A line was dropped. Without `record`, `about.records` lines were, that are not at hand: in segments on the disk, or a part
   * of those in a batch.
   */
  onRecordDropped? (record: R | undefined, reason: DropReason, about: DroppedAbout): unknown
  onBatchWritten? (batch: HookBatch): unknown
  onBatchFailed? (batch: HookFailure): unknown
  onFlushCompleted? (flush: HookFlush): unknown
}

/** One or more calls of a hook: for each line, or for all that is known of it. */
export type Task =
  { hook: 'onRecordBuffered', lines: Uint8Array<ArrayBuffer> } |
  { hook: 'onRecordDropped', reason: DropReason, amount: { records: number, bytes: number }, lines?: Uint8Array<ArrayBuffer> } |
  { hook: 'onBatchWritten' | 'onBatchFailed' | 'onFlushCompleted', about: object }

/** What the thread gets to begin with. */
export interface ThreadData {
  /** File URL. */
  module: string
  output: HookOutput
  /** An Int32: calls that have come to an end, in the task under way. */
  progress: SharedArrayBuffer
}

/** To the thread: a task, less so many calls that an earlier thread has made. */
export interface Order { task: Task, from: number }

/** From the thread: first the names of its hooks, or why there are none, then an answer to each task. */
export type Answer =
  { hooks: string[], others: string[] } |
  { unusable: string } |
  { done: true, errors: Array<{ hook: HookName, message: string, times: number }> }
