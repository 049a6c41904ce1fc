// An output, wired: journal -> delivery, counted, and closed in the one right order. With `transport`, intake comes before it
// and pino can write to it.
import { intake } from './intake.js'
import { Registry, type Registered } from './registry.js'
import { Delivery, type DeliveryRetry } from './delivery/loop.js'
import { within } from './deadline.js'
import type { Writable } from 'node:stream'
import type { Block } from './journal/block.js'
import type { Journal, Outcome, Progress, Sealed } from './journal/journal.js'
import type { Monitor } from './telemetry/monitor.js'

/** Share of `closeTimeout` that is kept from delivering for what comes after it. */
const RESERVED = 0.2
/** ms that tidying up may take beyond `closeTimeout`: a device that hangs must not keep the application from ending. */
const GRACE = 500

export interface Output extends Registered {
  append (block: Block): Promise<void> | undefined
  /** Idempotent; never rejects; takes `closeTimeout` at most. */
  close (): Promise<void>
}

export interface OutputParts<S extends Sealed> {
  kind: string
  monitor: Monitor
  journal: Journal<S>
  deliver: (segment: S) => Promise<Outcome | void>
  /** What can be done for a segment before it is its turn. Never throws. */
  prepare?: ((segment: S) => void) | undefined
  /** How often and how many at once; without it one at a time, tried until it succeeds. */
  retry?: DeliveryRetry
  /** What has become of a segment that could not be delivered whole. */
  progress?: (segment: S) => Progress | undefined
  /** Deliveries begin when it resolves. */
  after?: Promise<unknown> | undefined
  closeTimeout: number
  /** Resolves when every line accepted so far has arrived; without it, where durable and delivered are one. */
  delivered?: () => Promise<void>
  /** Ends what `deliver` has begun, in so many ms. */
  stop?: (ms: number) => Promise<void>
  /** Takes other settings while it runs. Throws an OptionError. */
  configure?: (settings: unknown) => void
}

export function createOutput<S extends Sealed> ({ kind, monitor, journal, deliver, prepare, progress, retry, after, delivered, closeTimeout, stop, configure }: OutputParts<S>): Output {
  const delivery = new Delivery({ journal, deliver, prepare, progress, monitor, retry, after })
  const registry = Registry.here()
  let closed: Promise<void> | undefined

  // Closing: no more back-off, write out and deliver what is held as long as there is time, stop what is left, and only then let go.
  const close = async (): Promise<void> => {
    const deadline = Date.now() + closeTimeout
    const left = (): number => deadline - Date.now() + GRACE
    delivery.hurry()
    await journal.close(deadline)
    if (!await within(delivery.ended, left() - GRACE - closeTimeout * RESERVED)) delivery.stop()
    if (stop) await within(stop(left()), left())
    await within(delivery.ended, left())
    await within(journal.release(), left())
    registry.remove(output)
    await monitor.witness?.close(left())
    monitor.sum()
  }

  const output: Output = {
    kind,
    name: monitor.output,
    counters: monitor.counters,
    append: block => journal.append(block),
    ...configure && {
      configure: (settings: unknown) => {
        configure(settings)
        delivery.wake()
      }
    },
    inherited: journal.inherited,
    async flush (until, counts) {
      const begun = performance.now()
      const accepted = monitor.counters.get('acceptedRecords')
      await (until === 'delivered' && delivered ? delivered() : journal.flush())
      if (counts) monitor.flushed(accepted, performance.now() - begun)
    },
    close: () => {
      closed ??= close().catch(error => monitor.failed('close', error))
      return closed
    }
  }
  registry.add(output)
  return output
}

/** An output with the level from which on it takes lines. */
export interface Branch {
  output: Output
  level: number
}

/**
 * The stream that pino writes to, for one output or several. They close side by side: pino's 10 s are for all of them. Each may
 * have reading stopped while it is full, which ends soon if nothing gets free; until then the others get their lines later.
 */
export function transport (branches: readonly Branch[]): Writable {
  const registry = Registry.here()
  const stream = intake({
    sinks: branches.map(({ output, level }) => ({
      level,
      append (block) {
        const pause = output.append(block)
        if (!pause) return undefined
        registry.pauses.add(pause)
        pause.then(() => registry.pauses.delete(pause))
        return pause
      }
    })),
    levels: registry.levels,
    close: async () => { await Promise.all(branches.map(({ output }) => output.close())) }
  })
  // What pino's `logger.flush(callback)` calls, where it reaches a transport at all. An error given to the callback would
  // destroy the transport, so a flush that fails does not call back.
  return Object.assign(stream, { flush: (done: () => void) => { registry.flush('durable').then(done, () => {}) } })
}
