// Says when a period has ended, also when nothing else happens.
import { nextBoundary, rebase, type Period } from '../journal/period.js'
import type { Clock } from '../journal/journal.js'

const TICK = 250
/** ms that the journal has for sealing the segment that the boundary ends, so that it still goes into the files of its period. */
const GRACE = 600

export class Rotation {
  readonly #timer: NodeJS.Timeout

  /** `ended` hears of every boundary, in ms of Unix time, a moment after it. */
  constructor (period: Period, ended: (boundary: number) => void, now: Clock = Date.now) {
    let until = nextBoundary(now(), period)
    this.#timer = setInterval(() => {
      const at = now()
      until = rebase(until, at, period)
      if (at < until + GRACE) return
      ended(until)
      until = nextBoundary(at, period)
    }, TICK).unref()
  }

  close (): void {
    clearInterval(this.#timer)
  }
}
