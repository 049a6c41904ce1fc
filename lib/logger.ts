// From a logger to the worker threads behind it. Symbols are found by their description, so that a logger made by another
// copy of pino is as good as one of ours.
import { LoggerError } from './errors.js'
import type { EventEmitter } from 'node:events'

/** thread-stream's stream, as far as it is used here. */
export interface TransportStream extends EventEmitter {
  write (data: string | Buffer): boolean
  flush (callback: (error?: Error) => void): void
  flushSync (): void
  end (): void
  ref (): void
  unref (): void
  readonly worker: EventEmitter & { postMessage (message: unknown, transfer?: readonly unknown[]): void, terminate (): Promise<number> }
  readonly destroyed: boolean
  readonly closed: boolean
  readonly ready: boolean
  readonly writableEnded: boolean
}

/** A pino logger, a Fastify instance's `log`, the stream that `pino.transport()` gave, or a `pino.multistream()`. */
export type LoggerLike = object

const STREAM = 'pino.stream'

/** The transports that `logger` writes to. Throws a LoggerError when there is none. */
export function transportsOf (logger: LoggerLike): TransportStream[] {
  const found = new Set<TransportStream>()
  collect(logger, found)
  if (found.size === 0) throw new LoggerError('BLACKBOX_NO_TRANSPORT', 'this logger writes to no pino transport')
  return [...found]
}

function collect (source: unknown, found: Set<TransportStream>): void {
  if (typeof source !== 'object' || source === null) return
  if (isTransport(source)) {
    found.add(source)
    return
  }
  if ('streams' in source && Array.isArray(source.streams)) {
    for (const entry of source.streams) collect(entry?.stream, found)
    return
  }
  collect(streamOf(source), found)
}

/** Children have their parent as prototype. */
function streamOf (logger: object): unknown {
  for (let here: object | null = logger; here; here = Object.getPrototypeOf(here)) {
    const symbol = Object.getOwnPropertySymbols(here).find(({ description }) => description === STREAM)
    if (symbol) return (here as Record<symbol, unknown>)[symbol]
  }
  return undefined
}

function isTransport (source: object): source is TransportStream {
  return 'worker' in source && typeof source.worker === 'object' && 'flush' in source && typeof source.flush === 'function'
}
