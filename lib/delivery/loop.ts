// One loop: the oldest sealed segment is delivered, then removed, then the next one. A failed delivery is tried again, later
// and later. That the output closes ends the waiting, not the try that is under way.
import { GoneError } from '../errors.js'
import { Signal } from '../journal/signal.js'
import type { Journal, Sealed } from '../journal/journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface DeliveryOptions<S extends Sealed> {
  journal: Journal<S>
  /** Rejects when the segment has to be tried again, with a GoneError when that is of no use. */
  deliver: (segment: S) => Promise<void>
  monitor: Monitor
  /** Delivering counts; false where the segment is the product, and writing it has counted already. */
  counts: boolean
}

const MIN_DELAY = 100
const MAX_DELAY = 30_000

export class Delivery<S extends Sealed> {
  readonly #o: DeliveryOptions<S>
  readonly #hurry = new Signal()
  /** Resolves when nothing is under way and nothing more will be. */
  readonly ended: Promise<void>
  #closing = false
  #abandoned = false

  constructor (options: DeliveryOptions<S>) {
    this.#o = options
    this.ended = this.#run()
  }

  /** From now on what fails is not tried again, but stays where it is. */
  hurry (): void {
    this.#closing = true
    this.#hurry.ring()
  }

  /** Whatever is still under way has been given up, and counted, by the journal. */
  abandon (): void {
    this.#abandoned = true
  }

  async #run (): Promise<void> {
    const { journal, deliver } = this.#o
    for (let segment = await journal.next(); segment; segment = await journal.next()) {
      const current = segment
      if (!await this.#insist(() => deliver(current), current)) return
      if (!await this.#insist(() => journal.remove(current))) return
    }
  }

  /** False when the output closes and it is still undone. */
  async #insist (action: () => Promise<void>, segment?: S): Promise<boolean> {
    const { monitor, counts } = this.#o
    for (let delay = MIN_DELAY; ; delay = Math.min(delay * 2, MAX_DELAY)) {
      try {
        await action()
        if (this.#abandoned) return false
        if (segment && counts) monitor.delivered(segment.records, segment.bytes)
        return true
      } catch (error) {
        if (this.#abandoned) return false
        monitor.failed('deliver', error)
        if (segment && error instanceof GoneError) {
          monitor.dropped('gone', segment.records, segment.bytes)
          return true
        }
        if (this.#closing) return false
        await this.#hurry.wait(delay)
        monitor.counters.add({ retries: 1 })
      }
    }
  }
}
