// The view from the main thread: what each output of a logger has done so far, how it does, and what happens. The figures lie in shared
// memory, so they can be read at any time, even in a process 'exit' handler after the outputs have closed.
import { awake } from './deadline.js'
import { BlackboxError, reason } from './errors.js'
import { transportsOf, type LoggerLike, type TransportStream } from './logger.js'
import { Requests } from './requests.js'
import { Succession } from './succession/succession.js'
import { complaints, tellStderr } from './telemetry/complaints.js'
import { EventFeed, type FigureEvents } from './telemetry/events.js'
import { reasonsFor, worst, type Health } from './telemetry/health.js'
import { Ledger, type OutputLedger, type OutputMetrics } from './telemetry/ledger.js'
import type { WorkerEvents } from './succession/watchers.js'
import { checkChanges, type HttpDestination } from './config/destination.js'
import { parseWatch, type WatchOptions } from './config/watch.js'

export type { OutputMetrics, WorkerEvents }

/** The events of a watch, by their names. */
export interface WatchEvents extends FigureEvents, WorkerEvents {}

export interface Watch {
  /** Resolves when the outputs are known; before that `metrics()` is empty. */
  readonly ready: Promise<void>
  /** The figures of every output, as of now, over all workers that the logger has had. */
  metrics (): OutputMetrics[]
  /** How every output does, as of now. 'healthy' before they are known. */
  health (): Health
  /**
   * Another receiver, or other credentials, from the next request on; what waits in the journal goes there too. For every output
   * of this logger that sends over HTTP, or the one of this `name`. Without new credentials those there are go only to the same
   * origin. Rejects with an OptionError, or with a BlackboxError when it is not taken. A restart begins with the options again;
   * a worker that takes the place of a dead one does not.
   */
  configure (destination: HttpDestination, output?: { name?: string }): Promise<void>
  /**
   * Hears of what happens, ten times a second at most for each output: what is new is summed up to one event. The first one has
   * everything since the output was opened. A listener that throws is reported on stderr. Does not keep the process alive.
   */
  on<K extends keyof WatchEvents> (event: K, listener: (event: WatchEvents[K]) => void): Watch
  once<K extends keyof WatchEvents> (event: K, listener: (event: WatchEvents[K]) => void): Watch
  off<K extends keyof WatchEvents> (event: K, listener: (event: WatchEvents[K]) => void): Watch
  /**
   * No more events, and a worker that dies is not replaced any more (an 'error' of the transport is the application's again); a
   * replacement that is being waited for is given up. Figures stay readable.
   */
  close (): void
}

/**
 * Watches all outputs of a logger, and replaces its worker when that dies: the application is never told by an exception, and its
 * lines go on. Throws a LoggerError when it has no transport, and an OptionError.
 */
export function watch (logger: LoggerLike, options?: WatchOptions): Watch {
  const transports = transportsOf(logger)
  const { health: thresholds, replace, keep } = parseWatch(options)
  const outputs = (): OutputLedger[] => transports.flatMap(transport => [...Ledger.of(transport).outputs])
  const complain = complaints(message => tellStderr(`pino-blackbox watch: ${message}\n`))
  const feed = new EventFeed<WatchEvents>(outputs, (event, error) => complain(event, `a listener of '${event}' failed: ${reason(error)}`), ['workerDied', 'workerReplaced'])
  const look = (): void => feed.look()
  const listen = (): void => { for (const transport of transports) Requests.of(transport).news.add(look) }
  const leaves = transports.map(transport => Succession.of(transport).join({ replace, keep, tell: (event, detail) => { setImmediate(() => feed.emit(event, detail as WatchEvents[typeof event])) } }))

  const self: Watch = {
    ready: Promise.all(transports.map(known)).then(() => {}),
    metrics: () => outputs().map(output => output.metrics()),
    health () {
      const now = Date.now()
      const found = outputs().map(output => {
        const { kind, name, ...metrics } = output.metrics()
        const reasons = reasonsFor({ kind, metrics, lately: output.within(thresholds.window as number, now), now }, thresholds)
        return { name, kind, status: worst(reasons.map(({ status }) => status)), reasons }
      })
      return { status: worst(found.map(({ status }) => status)), outputs: found }
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
    },
    on (event, listener) {
      feed.on(event, listener)
      listen()
      return self
    },
    once (event, listener) {
      feed.on(event, listener, true)
      listen()
      return self
    },
    off (event, listener) {
      feed.off(event, listener)
      return self
    },
    close () {
      for (const leave of leaves) leave()
      feed.close()
      for (const transport of transports) Requests.of(transport).news.delete(look)
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
