// How long to wait before the next attempt. Pure.

/** ms. */
export interface Backoff {
  minDelay: number
  maxDelay: number
  factor: number
  /** A random share of the delay ("full jitter"): many senders must not come back all at once. */
  jitter: boolean
}

/** ms after the failed attempt of this number, counted from 1. */
export function delayAfter ({ minDelay, maxDelay, factor, jitter }: Backoff, attempt: number, random = Math.random): number {
  const longest = Math.min(maxDelay, minDelay * factor ** (attempt - 1))
  return jitter ? Math.floor(random() * longest) : longest
}
