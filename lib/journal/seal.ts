// When a segment is sealed. Pure: figures and a clock in, a decision out.
import type { Amount } from '../amount.js'
import type { Period } from './period.js'

export interface SealRule {
  /** Bytes; only a single line that is longer by itself may exceed it. */
  maxBytes?: number | undefined
  maxRecords?: number | undefined
  /** The segment belongs to one calendar period. */
  period?: Period | undefined
  /** When it may be sealed before it is full. Without it, never. */
  early?: EarlyRule | undefined
}

/**
 * For the sake of whoever waits for a segment. While nobody does, because one is on its way or the receiver is down, the next one
 * grows: an outage leaves few large segments instead of many small ones.
 */
export interface EarlyRule {
  records: number
  /** ms since the segment was opened. */
  age: number
}

export interface SegmentState {
  size: number
  records: number
  /** Unix time in ms at which it was opened. */
  opened: number
  /** Unix time in ms at which its period ends; Infinity without one. */
  until: number
}

/** What may still be appended. */
export function room ({ maxBytes = Infinity, maxRecords = Infinity }: SealRule, size: number, records: number): Amount {
  return { bytes: maxBytes - size, records: maxRecords - records }
}

/** Is this segment to be sealed before anything else is written? An empty one is only ever renewed by its period. */
export function mustSeal ({ maxRecords = Infinity }: SealRule, { size, records, until }: SegmentState, now: number): boolean {
  return now >= until || (size > 0 && records >= maxRecords)
}

/** Is there enough in it for somebody who waits? */
export function maySeal ({ early }: SealRule, { size, records, opened }: Omit<SegmentState, 'until'>, now: number): boolean {
  // A clock that was set back must not keep lines waiting.
  return early !== undefined && size > 0 && (records >= early.records || now - opened >= early.age || now < opened)
}
