// The one idea: an output's lines are an ordered list of segments; the newest is appended to, the others are sealed.
import type { Amount } from '../amount.js'
import type { Block } from './block.js'
import type { DropReason } from '../telemetry/counters.js'
import type { Effort } from '../telemetry/monitor.js'

/** A finished list of whole lines: the batch, the spool entry or the product, depending on the output. */
export interface Sealed {
  /** Unique over processes and restarts; what names and idempotency keys derive from. */
  readonly id: string
  /** Where it belongs among those of other writers, as text that sorts; by default that of `id`. */
  readonly order?: string
  readonly records: number
  readonly bytes: number
  /** Unix time in ms of its first line, about. */
  readonly opened?: number
  /** Its lines, where they are in memory. */
  readonly held?: readonly Buffer[]
  /** The lines, each ended by a newline. */
  read (): Promise<Buffer>
}

/** What a segment that is given back has come to so far. */
export interface Progress {
  delivered?: Amount
  dead?: Amount
}

/** How a segment ended. What is not mentioned was delivered. */
export interface Outcome {
  /** Refused for good by its receiver, and kept as dead letters. */
  dead?: Amount
  dropped?: ReadonlyArray<Amount & { why: DropReason }>
  /** Of what was not delivered. */
  error?: string | undefined
  effort?: Effort
}

export interface Journal<S extends Sealed = Sealed> {
  /** What is left at the end is there for the next who starts; otherwise it is lost. */
  readonly lasting: boolean
  /** Resolves when what earlier writers left waits for its delivery, where there can be something. */
  readonly inherited?: Promise<void>
  /**
   * Takes whole lines; never throws. What there is no room for is dropped and counted. A promise asks the caller to stop
   * reading until it resolves (`whenFull: 'block'`).
   */
  append (block: Block): Promise<void> | undefined
  /** Resolves when every line taken so far is as safe as this journal can make it. */
  flush (): Promise<void>
  /** Resolves when every line taken so far is delivered, or dropped. Seals what there is. */
  drain (): Promise<void>
  /**
   * The oldest sealed segment that nobody has; waits for one. It belongs to whoever asked until it is removed or given back.
   * Undefined once the journal is closed and has no more to give.
   */
  next (): Promise<S | undefined>
  /** The oldest sealed segment that nobody has, if there is one just now. It stays where it is, and may be dropped before anybody asks for it. */
  readonly upcoming: S | undefined
  /** Not now: it may be dropped for newer ones, less what is done of it, and the oldest comes first again. */
  giveBack (segment: S, done?: Progress): void
  /** The segment is done with. Rejects when it could not be removed; then to be called again. */
  remove (segment: S, outcome: Outcome): Promise<void>
  /** Writes out what is held, until `deadline` (ms, Unix time). What is left then is dropped and counted. */
  close (deadline: number): Promise<void>
  /** After `close`, when nothing is being delivered any more: what is left is for the next who starts. */
  release (): Promise<void>
}

/** The clock, a parameter wherever time decides something. Unix time in ms. */
export type Clock = () => number
