// When to start a worker in the place of a dead one: at once, then with growing delays, for ever.
import { delayAfter } from '../delivery/backoff.js'

/** ms before the second attempt and those after it. */
const BACKOFF = { minDelay: 200, maxDelay: 30_000, factor: 2, jitter: false }
/** A worker that was up for so many ms has not died of its start. */
const STEADY = 10_000

export class Attempts {
  /** Workers that were started since one has lived for a while. */
  count = 0
  /** How many of them in a row have not come up. */
  stillborn = 0
  /** The first worker counts as up. */
  #upSince: number | undefined = performance.now()

  cameUp (): void {
    this.#upSince = performance.now()
    this.stillborn = 0
  }

  died (): void {
    if (this.#upSince === undefined) this.stillborn++
    else if (performance.now() - this.#upSince > STEADY) this.count = 0
    this.#upSince = undefined
  }

  /** ms to wait before the next one. */
  next (): number {
    return this.count++ === 0 ? 0 : delayAfter(BACKOFF, this.count - 1)
  }
}
