// Calendar periods as pure functions of the clock. Boundaries are found by calendar arithmetic, so days of 23 and 25 hours
// come out right, and nothing here sets a timer: whoever holds a file asks `due` now and then.

/** 'daily', 'hourly', or a period in ms counted from the epoch. */
export type Frequency = 'daily' | 'hourly' | number

/** The first boundary after `now`, in ms. */
export function nextBoundary (now: number, frequency: Frequency, utc: boolean): number {
  if (typeof frequency === 'number') return now - modulo(now, frequency) + frequency
  if (utc || frequency === 'hourly') {
    // In local time an hour begins with the offset's minutes (India: half past); the offset itself is asked for `now`.
    const length = frequency === 'daily' ? 86_400_000 : 3_600_000
    const offset = utc ? 0 : new Date(now).getTimezoneOffset() * 60_000
    return now - modulo(now - offset, length) + length
  }
  const date = new Date(now)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime()
}

/**
 * When a file opened for the period ending at `until` has to close, asked at `now`. The same `until`, unless the clock
 * was set back by more than a whole period: then waiting for it would keep the file open for that long.
 * A smaller step back changes nothing, so no boundary is rotated at twice.
 */
export function rebase (until: number, now: number, frequency: Frequency, utc: boolean): number {
  return Math.min(until, nextBoundary(nextBoundary(now, frequency, utc), frequency, utc))
}

function modulo (value: number, by: number): number {
  return ((value % by) + by) % by
}
