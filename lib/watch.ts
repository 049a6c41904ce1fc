// The view from the main thread: what each output of a logger has done so far. The figures lie in shared memory, so they can be
// read at any time, even in a process 'exit' handler after the outputs have closed.
import { transportsOf, type LoggerLike } from './logger.js'
import { EVENTS, type OutputInfo } from './registry.js'
import { Counters, type Metrics } from './telemetry/counters.js'

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
}

/** Watches all outputs of a logger. Throws a LoggerError when it has no transport. */
export function watch (logger: LoggerLike): Watch {
  const known = new Map<object, Array<OutputInfo & { counters: Counters }>>()
  const ready = transportsOf(logger).map(transport => new Promise<void>(resolve => {
    transport.on(EVENTS.outputs, (outputs: OutputInfo[]) => {
      const before = known.get(transport) ?? []
      const fresh = outputs.filter(({ id }) => !before.some(output => output.id === id))
      known.set(transport, [...before, ...fresh.map(output => ({ ...output, counters: new Counters(output.memory) }))])
      resolve()
    })
    transport.emit('message', { blackbox: 'watch', id: 0, until: 'durable' })
  }))
  return {
    ready: Promise.all(ready).then(() => {}),
    metrics: () => [...known.values()].flat().map(({ kind, name, counters }) => ({ kind, name, ...counters.read() }))
  }
}
