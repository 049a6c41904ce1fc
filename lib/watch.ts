// The view from the main thread: what each output of a logger has done so far. The figures lie in shared memory, so they can be
// read at any time, even in a process 'exit' handler after the outputs have closed.
import { EventEmitter } from 'node:events'
import { awake } from './deadline.js'
import { BlackboxError } from './errors.js'
import { transportsOf, type LoggerLike, type TransportStream } from './logger.js'
import { Requests } from './requests.js'
import { Succession } from './succession.js'
import type { WorkerEvents } from './watchers.js'
import { Figures, type OutputMetrics } from './telemetry/figures.js'
import { checkChanges, type HttpDestination } from './config/destination.js'
import { parseWatch, type WatchOptions } from './config/watch.js'

export type { OutputMetrics, WatchOptions, WorkerEvents }

export interface Watch {
  /** Resolves when the outputs are known; before that `metrics()` is empty. */
  readonly ready: Promise<void>
  /** The figures of every output, as of now, over all workers that the logger has had. */
  metrics (): OutputMetrics[]
  /**
   * Another receiver, or other credentials, from the next request on; what waits in the journal goes there too. For every output
   * of this logger that sends over HTTP, or the one of this `name`. Without new credentials those there are go only to the same
   * origin. Rejects with an OptionError, or with a BlackboxError when it is not taken. A restart begins with the options again;
   * a worker that takes the place of a dead one does not.
   */
  configure (destination: HttpDestination, output?: { name?: string }): Promise<void>
  /** Calls `listener` in a turn of its own. */
  on<E extends keyof WorkerEvents> (event: E, listener: (detail: WorkerEvents[E]) => void): this
  off<E extends keyof WorkerEvents> (event: E, listener: (detail: WorkerEvents[E]) => void): this
  /**
   * Ends watching: no more events, and a worker that dies is not replaced any more (an 'error' of the transport is the application's
   * again). A replacement that is being waited for is given up. `metrics()` goes on.
   */
  close (): void
}

/**
 * Watches all outputs of a logger, and replaces its worker when that dies: the application is never told by an exception, its
 * lines go on. Throws a LoggerError when it has no transport, an OptionError for a bad option.
 */
export function watch (logger: LoggerLike, options: WatchOptions = {}): Watch {
  const { replace, keep } = parseWatch(options)
  const transports = transportsOf(logger)
  const events = new EventEmitter()
  const tell = (event: string, detail: unknown): void => { setImmediate(() => events.emit(event, detail)) }
  const leaves = transports.map(transport => Succession.of(transport).join({ replace, keep, tell }))
  const self: Watch = {
    ready: Promise.all(transports.map(known)).then(() => {}),
    metrics: () => transports.flatMap(transport => Figures.of(transport).read()),
    on (event, listener) {
      events.on(event, listener)
      return self
    },
    off (event, listener) {
      events.off(event, listener)
      return self
    },
    close () {
      for (const leave of leaves) leave()
      events.removeAllListeners()
    },
    configure: async (settings, { name } = {}) => {
      checkChanges(settings)
      const answers = await awake(async () => await Promise.all(transports.map(async transport => {
        const requests = Requests.of(transport)
        await requests.bring()
        const answer = await requests.ask({ blackbox: 'configure', settings, output: name })
        if (answer && answer.error === undefined) Succession.of(transport).changes.add(settings, name)
        return answer
      })))
      // With several transports one of them takes it.
      if (answers.some(answer => answer && answer.error === undefined)) return
      throw new BlackboxError('BLACKBOX_CONFIGURE', answers.find(answer => answer)?.error ?? 'this logger has no output that can be configured')
    }
  }
  return self
}

/** Resolves when the outputs of a transport are known, or never will be. */
async function known (transport: TransportStream): Promise<void> {
  const requests = Requests.of(transport)
  try {
    await awake(async () => {
      await requests.bring()
      await requests.ask({ blackbox: 'watch' })
    })
  } catch {
    // Closed: there is nothing to watch.
  }
}
