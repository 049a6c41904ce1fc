// thread-stream's stream as a face: what it is asked for is done by whatever stands behind it now.
import type { Origin } from './registry.js'
import type { TransportStream } from './logger.js'

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

/** Another stream of the same class, with a worker that is started as the first one was. Throws when it cannot be. */
export function another (face: TransportStream, { filename, workerData, resourceLimits, execArgv, env }: Origin, sync: boolean): TransportStream {
  // Given only where they are not what a worker has anyway: Node refuses options of the process when they are given to a worker.
  const workerOpts = {
    resourceLimits,
    ...!same(execArgv, process.execArgv) && { execArgv },
    ...!same(env, process.env) && { env }
  }
  const ThreadStream = face.constructor as new (options: object) => TransportStream
  return new ThreadStream({ filename, workerData, workerOpts, sync })
}

function same (a: object, b: object): boolean {
  const sorted = (object: object): string => JSON.stringify(Object.entries(object).sort(([one], [other]) => one < other ? -1 : 1))
  return sorted(a) === sorted(b)
}
