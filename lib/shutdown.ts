// The end of a logger: everything flushed, then its transports ended. pino installs no signal handler, so an unhandled SIGTERM
// loses whatever is on its way; `shutdown.onSignals` does, when asked.
import { awake } from './deadline.js'
import { flush, type FlushOptions } from './flush.js'
import { transportsOf, type LoggerLike, type TransportStream } from './logger.js'

export interface ShutdownOptions extends FlushOptions {}

export interface SignalOptions extends ShutdownOptions {
  /** Default SIGTERM, SIGINT and SIGHUP. */
  signals?: NodeJS.Signals[]
  /** Runs first, for example to close a server; what it logs is kept. Its failure does not keep the logs from being saved. */
  before?: (signal: NodeJS.Signals) => unknown
}

/** Handlers installed here, and how many of them are at work. */
const ours = new Set<unknown>()
let busy = 0

/**
 * Flushes, then ends the logger's transports; resolves when they have closed. Ending blocks the main thread for as long as the
 * outputs take (pino, thread-stream `end`), at most their `closeTimeout`. A flush that fails does not keep them from ending:
 * the rejection comes afterwards. Logging after this call emits 'error' on the transport.
 */
export async function shutdown (logger: LoggerLike, options: ShutdownOptions = {}): Promise<void> {
  // One that is ended already, by an earlier call or by pino, has nothing left to save.
  const transports = transportsOf(logger).filter(transport => !isEnded(transport))
  if (transports.length === 0) return
  await awake(async () => {
    const flushed = await flush(logger, options).then(() => undefined, (error: unknown) => transports.every(isEnded) ? undefined : error)
    await Promise.all(transports.map(end))
    if (flushed !== undefined) throw flushed
  })
}

/**
 * Installs handlers that shut the logger down and then let the signal do what it would have done. Returns a function that
 * removes them. A second signal while one is being handled ends the process at once.
 */
shutdown.onSignals = function onSignals (logger: LoggerLike, { signals = ['SIGTERM', 'SIGINT', 'SIGHUP'], before, ...options }: SignalOptions = {}): () => void {
  const remove = (): void => { for (const signal of signals) process.off(signal, handle) }
  const handle = async (signal: NodeJS.Signals): Promise<void> => {
    // What the application has for it does what it does; then it is not for us to end the process.
    const others = process.listeners(signal).some(listener => !ours.has(listener))
    busy++
    remove()
    await awake(async () => {
      try {
        await before?.(signal)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
      await shutdown(logger, options).catch((error: Error) => process.emitWarning(error))
    })
    ours.delete(handle)
    // The last one of several loggers.
    if (--busy === 0 && !others) process.kill(process.pid, signal)
  }
  ours.add(handle)
  for (const signal of signals) process.on(signal, handle)
  return remove
}

function isEnded (transport: TransportStream): boolean {
  return transport.closed || transport.destroyed || transport.writableEnded
}

function end (transport: TransportStream): Promise<void> {
  return new Promise(resolve => {
    if (transport.closed || transport.destroyed) return resolve()
    // 'finish' comes when the worker has closed the destination; 'close' once the thread is gone as well, if the loop lives.
    transport.once('finish', () => resolve())
    transport.once('close', () => resolve())
    transport.end()
  })
}
