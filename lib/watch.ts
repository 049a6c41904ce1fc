// The view from the main thread: what each output of a logger has done so far. The figures lie in shared memory, so they can be
// read at any time, even in a process 'exit' handler after the outputs have closed.
import { awake } from './deadline.js'
import { BlackboxError } from './errors.js'
import { transportsOf, type LoggerLike, type TransportStream } from './logger.js'
import { Requests } from './requests.js'
import type { OutputInfo } from './registry.js'
import { Counters, type Metrics } from './telemetry/counters.js'
import { checkChanges, type HttpDestination } from './config/destination.js'

export interface OutputMetrics extends Metrics {
  /** 'jsonl', 'console', ... */
  kind: string
  /** The output's `name`, or its kind and destination. */
  name: string
}

export interface Watch {
  /** Resolves when the outputs are known; before that `metrics()` is empty. */
  readonly ready: Promise<void>
  /** The figures of every output, as of now. */
  metrics (): OutputMetrics[]
  /**
   * Another receiver, or other credentials, from the next request on; what waits in the journal goes there too. For every output
   * of this logger that sends over HTTP, or the one of this `name`. Without new credentials those there are go only to the same
   * origin. Rejects with an OptionError, or with a BlackboxError when it is not taken. A restart begins with the options again.
   */
  configure (destination: HttpDestination, output?: { name?: string }): Promise<void>
}

/** Watches all outputs of a logger. Throws a LoggerError when it has no transport. */
export function watch (logger: LoggerLike): Watch {
  const transports = transportsOf(logger)
  const counters = new Map<OutputInfo, Counters>()
  const read = (output: OutputInfo): OutputMetrics => {
    if (!counters.has(output)) counters.set(output, new Counters(output.memory))
    return { kind: output.kind, name: output.name, ...counters.get(output)!.read() }
  }
  return {
    ready: Promise.all(transports.map(known)).then(() => {}),
    metrics: () => transports.flatMap(transport => Requests.of(transport).outputs.map(read)),
    configure: async (settings, { name } = {}) => {
      checkChanges(settings)
      const answers = await awake(async () => await Promise.all(transports.map(async transport => {
        const requests = Requests.of(transport)
        await requests.bring()
        return await requests.ask({ blackbox: 'configure', settings, output: name })
      })))
      // With several transports one of them takes it.
      if (answers.some(answer => answer && answer.error === undefined)) return
      throw new BlackboxError('BLACKBOX_CONFIGURE', answers.find(answer => answer)?.error ?? 'this logger has no output that can be configured')
    }
  }
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
