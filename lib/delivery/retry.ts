// The loop around attempts; the only importer of p-retry.
//
// It never gets a `signal`: an attempt that succeeds while the output closes would count as failed. Delays are not its business
// either, because it knows neither Retry-After nor full jitter. Every error is wrapped: it does not repeat after a TypeError,
// which is what a failed network call may be.
import pRetry from 'p-retry'

class Attempt extends Error {
  constructor (cause: unknown) {
    super('attempt', { cause })
  }
}

/**
 * The result of `attempt`, which is called again and again while `again` says so; that also waits. `again` gets what was thrown and
 * the number of the attempt, from 1. Rejects with the last error.
 */
export async function retry<T> (attempt: () => Promise<T>, again: (error: unknown, attempt: number) => Promise<boolean>): Promise<T> {
  try {
    return await pRetry(async () => {
      try {
        return await attempt()
      } catch (error) {
        throw new Attempt(error)
      }
    }, { retries: Infinity, minTimeout: 0, maxTimeout: 0, shouldRetry: ({ error, attemptNumber }) => again(error.cause, attemptNumber) })
  } catch (error) {
    throw error instanceof Attempt ? error.cause : error
  }
}
