// flush() on the main thread: pino's own flush brings the lines to the worker, a request of ours to the outputs in it. pino's
// alone reaches a transport only when there is a single target without a level (thread-stream, `flushDestination`).
import { FlushError } from './errors.js'
import { transportsOf, type LoggerLike, type TransportStream } from './logger.js'
import { EVENTS, type Until } from './registry.js'
import { parseDuration } from './config/units.js'
import { show } from './errors.js'

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
/** A worker without an output of ours never answers; this long after pino's own flush has come back it is not expected to. */
const SILENCE = 500
let lastId = 0

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
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new FlushError('BLACKBOX_FLUSH_TIMEOUT', `not ${until} within ${ms} ms`)), ms)
  })
  try {
    const answers = await Promise.race([Promise.all(transports.map(transport => ask(transport, until))), late])
    if (!answers.includes(true)) {
      throw new FlushError('BLACKBOX_NO_OUTPUT', 'no transport of this logger has an output of pino-blackbox')
    }
  } finally {
    clearTimeout(timer)
  }
}

/** True when the outputs of this worker have flushed, false when it has none. */
async function ask (transport: TransportStream, until: Until): Promise<boolean> {
  await pinoFlush(transport)
  const id = ++lastId
  return await new Promise<boolean>((resolve, reject) => {
    let silence: NodeJS.Timeout | undefined
    let received = false
    const onReceived = (answer: { id: number }): void => {
      if (answer.id !== id) return
      received = true
      clearTimeout(silence)
    }
    const onFlushed = (answer: { id: number, error?: string }): void => {
      if (answer.id !== id) return
      done()
      if (answer.error === undefined) resolve(true)
      else reject(new FlushError('BLACKBOX_FLUSH_FAILED', answer.error))
    }
    const onClose = (): void => {
      done()
      reject(new FlushError('BLACKBOX_CLOSED', 'the transport was closed before it had flushed'))
    }
    const done = (): void => {
      clearTimeout(silence)
      transport.off(EVENTS.received, onReceived).off(EVENTS.flushed, onFlushed).off('close', onClose)
    }
    transport.on(EVENTS.received, onReceived).on(EVENTS.flushed, onFlushed).on('close', onClose)
    transport.emit('message', { blackbox: 'flush', id, until })
    pinoFlush(transport).then(() => {
      if (received) return
      silence = setTimeout(() => {
        done()
        resolve(false)
      }, SILENCE)
    }, onClose)
  })
}

function pinoFlush (transport: TransportStream): Promise<void> {
  return new Promise((resolve, reject) => {
    transport.flush(error => error ? reject(new FlushError('BLACKBOX_CLOSED', error.message, { cause: error })) : resolve())
  })
}
