// Asks for a pause while the disk is behind: without one an application that logs as fast as it can fills the memory, and lines are
// dropped on a healthy disk. A disk that is stuck does not stop the reading for long: other outputs want their lines.
import { within } from '../deadline.js'
import type { Watermark } from './watermark.js'

/** ms without any progress after which a disk counts as stuck. */
const STALL = 2000

export class Brake {
  readonly #mark: Watermark
  readonly #high: number
  #pause: Promise<void> | undefined
  /** What was not safe when a pause was of no use: until that has changed there is no other. */
  #stuck = false

  /** Pauses begin when more than `high` bytes are not safe, and end at half of that. */
  constructor (mark: Watermark, high: number) {
    this.#mark = mark
    this.#high = high
  }

  /** To be called when lines came. */
  press (): Promise<void> | undefined {
    if (this.#mark.ahead <= this.#high / 2) this.#stuck = false
    if (this.#stuck || this.#mark.ahead <= this.#high) return undefined
    this.#pause ??= this.#wait().finally(() => { this.#pause = undefined })
    return this.#pause
  }

  async #wait (): Promise<void> {
    for (let before = Infinity; this.#mark.ahead < before;) {
      before = this.#mark.ahead
      if (await within(this.#mark.low(this.#high / 2), STALL)) return
    }
    this.#stuck = true
  }
}
