// When a segment is full. Pure: figures and a clock in, a decision out.
import type { Period } from './period.js'

export interface SealRule {
  /** Bytes; only a single line that is longer by itself may exceed it. */
  maxBytes?: number | undefined
  maxRecords?: number | undefined
  /** ms since the segment was opened. */
  maxAge?: number | undefined
  /** The segment belongs to one calendar period. */
  period?: Period | undefined
}

export interface SegmentState {
  size: number
  records: number
  /** Unix time in ms at which it was opened. */
  opened: number
  /** Unix time in ms at which its period ends; Infinity without one. */
  until: number
}

/** Bytes that may still be appended. */
export function room ({ maxBytes = Infinity }: SealRule, size: number): number {
  return maxBytes - size
}

/** Is this segment to be sealed before anything else is written? An empty one is only ever renewed by its period. */
export function mustSeal (rule: SealRule, { size, records, opened, until }: SegmentState, now: number): boolean {
  if (now >= until) return true
  if (size === 0) return false
  return (rule.maxRecords !== undefined && records >= rule.maxRecords) ||
    (rule.maxAge !== undefined && now - opened >= rule.maxAge)
}
