// Calendar periods as pure functions of the clock. Boundaries are found by calendar arithmetic, so days of 23 and 25 hours
// come out right, and nothing here sets a timer: whoever holds a file asks now and then.

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** 'daily', 'hourly', or a period in ms counted from the epoch. */
export type Frequency = 'daily' | 'hourly' | number

export interface Period {
  frequency: Frequency
  /** Days and hours are UTC; otherwise local time. */
  utc: boolean
}

/** The last boundary at or before `now`, in ms. */
export function periodStart (now: number, { frequency, utc }: Period): number {
  if (typeof frequency === 'number') return now - modulo(now, frequency)
  if (utc || frequency === 'hourly') {
    // In local time an hour begins with the offset's minutes (India: half past); the offset is asked for `now` itself.
    const offset = utc ? 0 : new Date(now).getTimezoneOffset() * 60_000
    return now - modulo(now - offset, frequency === 'daily' ? DAY : HOUR)
  }
  const date = new Date(now)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

/** The first boundary after `now`, in ms. */
export function nextBoundary (now: number, period: Period): number {
  const { frequency, utc } = period
  const start = periodStart(now, period)
  if (frequency !== 'daily') return start + (frequency === 'hourly' ? HOUR : frequency)
  if (utc) return start + DAY
  const date = new Date(now)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime()
}

/**
 * When the file of the period that ends at `until` has to close, as seen at `now`. The same `until`, unless the clock was set
 * back by more than a whole period: then waiting for it would keep the file open for that long. A smaller step back changes
 * nothing, so no boundary is rotated at twice. The answer replaces `until`.
 */
export function rebase (until: number, now: number, period: Period): number {
  return Math.min(until, nextBoundary(nextBoundary(now, period), period))
}

function modulo (value: number, by: number): number {
  return ((value % by) + by) % by
}
