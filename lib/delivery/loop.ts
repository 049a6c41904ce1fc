// One loop: the oldest sealed segment is delivered, then removed, then the next one. A failed delivery is tried again, later
// and later. That the output closes ends the waiting, not the try that is under way.
import { GoneError } from '../errors.js'
import { Signal } from '../journal/signal.js'
import type { Journal, Outcome, Sealed } from '../journal/journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface DeliveryOptions<S extends Sealed> {
  journal: Journal<S>
  /** Rejects when the segment has to be tried again, with a GoneError when that is of no use. */
  deliver: (segment: S) => Promise<void>
  monitor: Monitor
}

const MIN_DELAY = 100
const MAX_DELAY = 30_000

export class Delivery<S extends Sealed> {
  readonly #o: DeliveryOptions<S>
  readonly #hurry = new Signal()
  /** Resolves when nothing is under way and nothing more will be. */
  readonly ended: Promise<void>
  #closing = false
  #stopped = false

  constructor (options: DeliveryOptions<S>) {
    this.#o = options
    this.ended = this.#run()
  }

  /** From now on what fails is not tried again, but stays where it is. */
  hurry (): void {
    this.#closing = true
    this.#hurry.ring()
  }

  /** What is under way is the last; what else there is stays where it is. */
  stop (): void {
    this.#stopped = true
  }

  async #run (): Promise<void> {
    const { journal, deliver } = this.#o
    for (let segment = await journal.next(); segment && !this.#stopped; segment = await journal.next()) {
      const current = segment
      const outcome = await this.#insist(() => deliver(current))
      if (!outcome) return
      await this.#insist(() => journal.remove(current, outcome))
    }
  }

  /** Until it succeeds; undefined when the output closes before. */
  async #insist (action: () => Promise<void>): Promise<Outcome | undefined> {
    const { monitor } = this.#o
    for (let delay = MIN_DELAY; ; delay = Math.min(delay * 2, MAX_DELAY)) {
      try {
        await action()
        return 'delivered'
      } catch (error) {
        monitor.failed('deliver', error)
        if (error instanceof GoneError) return 'gone'
        if (this.#closing) return undefined
        await this.#hurry.wait(delay)
        monitor.counters.add({ retries: 1 })
      }
    }
  }
}
