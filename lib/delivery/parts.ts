// A batch that its receiver does not take whole: halved until what it does not take is found. The same halves every time, so
// that a part that is sent again, by whichever process, is known by its key. Pure.
import type { Range } from './lines.js'

/** Single lines refused, with nothing of the batch accepted, after which it is not the lines: a wrong URL must not cause a storm. */
const ENOUGH = 10

export class Parts {
  /** In order. */
  readonly #left: Range[]
  #accepted = false
  #refused = 0

  constructor (lines: number) {
    this.#left = [{ from: 0, to: lines }]
  }

  /** What is to be sent now. */
  get next (): Range | undefined {
    return this.#left[0]
  }

  /** Has something been decided already? */
  get begun (): boolean {
    return this.#accepted || this.#refused > 0
  }

  accept (): void {
    this.#left.shift()
    this.#accepted = true
  }

  /** There is nothing in it to be sent. */
  skip (): void {
    this.#left.shift()
  }

  /** Is a part that was refused not worth being halved? */
  get hopeless (): boolean {
    const { from, to } = this.#left[0]!
    return to - from === 1 || (this.#refused >= ENOUGH && !this.#accepted)
  }

  /** Refused for good. */
  bury (): void {
    this.#left.shift()
    this.#refused++
  }

  halve (): void {
    const { from, to } = this.#left.shift()!
    const middle = Math.floor((from + to) / 2)
    this.#left.unshift({ from, to: middle }, { from: middle, to })
  }
}
