// When a segment is full. Pure: figures and a clock in, a decision out.
import { nextBoundary, rebase, type Frequency } from './period.js'

export interface SealRule {
  /** Bytes; only a single line that is longer by itself may exceed it. */
  maxBytes?: number | undefined
  maxRecords?: number | undefined
  /** ms since the segment was opened. */
  maxAge?: number | undefined
  /** The segment belongs to one calendar period. */
  period?: { frequency: Frequency, utc: boolean } | undefined
}

export interface SegmentState {
  size: number
  records: number
  /** Unix time in ms at which it was opened. */
  opened: number
}

/** Bytes that may still be appended. */
export function room ({ maxBytes = Infinity }: SealRule, size: number): number {
  return maxBytes - size
}

/** Is this segment to be sealed before anything else is written? An empty one is only ever renewed by its period. */
export function mustSeal (rule: SealRule, { size, records, opened }: SegmentState, now: number): boolean {
  if (rule.period && now >= periodEnd(rule.period, opened, now)) return true
  if (size === 0) return false
  return (rule.maxRecords !== undefined && records >= rule.maxRecords) ||
    (rule.maxAge !== undefined && now - opened >= rule.maxAge)
}

function periodEnd ({ frequency, utc }: { frequency: Frequency, utc: boolean }, opened: number, now: number): number {
  return rebase(nextBoundary(opened, frequency, utc), now, frequency, utc)
}
