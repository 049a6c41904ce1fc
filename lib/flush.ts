// flush() on the main thread: pino's own flush brings the lines to the worker, a request of ours to the outputs in it. pino's
// alone reaches a transport only when there is a single target without a level (thread-stream, `flushDestination`).
import { LONGEST_TIMER } from './deadline.js'
import { FlushError, show } from './errors.js'
import { transportsOf, type LoggerLike } from './logger.js'
import { Requests } from './requests.js'
import type { Until } from './registry.js'
import { parseDuration } from './config/units.js'

export interface FlushOptions {
  /**
   * 'durable' (default): in the journal or the file, handed to the kernel, and synced unless `fsync` is 'never'.
   * 'delivered': where the output sends it.
   */
  until?: Until
  /** When to give up; ms or '10s'. Default 10 s. */
  timeout?: number | string
}

const TIMEOUT = 10_000

/**
 * Resolves when every line logged before the call is safe, in every output of every transport of this logger. Rejects with a
 * FlushError when time is up, when an output failed or was closed, or when none of the transports has an output of this
 * package; with a LoggerError when there is no transport at all. Lines still inside a slow transform of a pipeline may be missed.
 */
export async function flush (logger: LoggerLike, { until = 'durable', timeout = TIMEOUT }: FlushOptions = {}): Promise<void> {
  const ms = parseDuration(timeout)
  if (ms === undefined || ms <= 0) throw new TypeError(`Expected \`timeout\` to be a positive duration, got ${show(timeout)}`)
  if (until !== 'durable' && until !== 'delivered') throw new TypeError(`Expected \`until\` to be 'durable' or 'delivered', got ${show(until)}`)
  const transports = transportsOf(logger)
  const givenUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new FlushError('BLACKBOX_FLUSH_TIMEOUT', `not ${until} within ${ms} ms`)), Math.min(ms, LONGEST_TIMER))
  })
  try {
    const answers = await Promise.race([Promise.all(transports.map(async transport => {
      const requests = Requests.of(transport)
      await requests.bring()
      // Lines that were logged before the worker died may be among them.
      if (until === 'delivered') await requests.inherited
      const answer = await requests.ask({ blackbox: 'flush', until }, givenUp.signal)
      if (answer?.error !== undefined) throw new FlushError('BLACKBOX_FLUSH_FAILED', answer.error)
      return answer
    })), late])
    if (!answers.some(answer => answer)) {
      throw new FlushError('BLACKBOX_NO_OUTPUT', 'no transport of this logger has an output of pino-blackbox')
    }
  } finally {
    clearTimeout(timer)
    givenUp.abort()
  }
}
