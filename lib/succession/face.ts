// thread-stream's stream as a face: what it is asked for is done by whatever stands behind it now.
import { isSync } from './rescue.js'
import type { Origin } from '../registry.js'
import type { TransportStream } from '../logger.js'

type Members = Record<string, unknown>

/** Covers the members that thread-stream has given to this stream; its listeners stay its own. */
export function cover (face: TransportStream, behind: () => object): void {
  const own = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(face) as object)
  for (const [name, { value }] of Object.entries({ ...own, worker: {} as PropertyDescriptor })) {
    if (name === 'constructor') continue
    const now = (): Members => behind() as Members
    Object.defineProperty(face, name, typeof value === 'function'
      ? { configurable: true, value: (...args: unknown[]) => (now() as Record<string, (...args: unknown[]) => unknown>)[name]!(...args) }
      : { configurable: true, get: () => now()[name] })
  }
}

/** Hears of every event of a stream, in the place of its listeners. */
export type Hear = (stream: TransportStream, event: string | symbol, args: unknown[]) => boolean

/**
 * Another stream of the same class, with a worker that is started as the first one was and gets pino's message about itself.
 * Throws when it cannot be.
 */
export function another (face: TransportStream, { filename, workerData, resourceLimits, execArgv, env, config }: Origin, hear: Hear): TransportStream {
  // Given only where they are not what a worker has anyway: Node refuses options of the process when they are given to a worker.
  const workerOpts = {
    resourceLimits,
    ...!same(execArgv, process.execArgv) && { execArgv },
    ...!same(env, process.env) && { env }
  }
  const ThreadStream = face.constructor as new (options: object) => TransportStream
  const stream = new ThreadStream({ filename, workerData, workerOpts, sync: isSync(face) })
  const emit = stream.emit.bind(stream)
  stream.emit = (event, ...args) => {
    // thread-stream listens to its own stream, but to no 'error'.
    if (event !== 'error') emit(event, ...args)
    return hear(stream, event, args)
  }
  if (config !== undefined) stream.worker.postMessage(config)
  return stream
}

function same (a: object, b: object): boolean {
  const sorted = (object: object): string => JSON.stringify(Object.entries(object).sort(([one], [other]) => one < other ? -1 : 1))
  return sorted(a) === sorted(b)
}
