// Waiting that can be cut short for everybody who waits.
import { LONGEST_TIMER } from '../deadline.js'

export class Pause {
  readonly #ends = new Set<() => void>()

  async wait (ms: number): Promise<void> {
    await new Promise<void>(resolve => {
      const end = (): void => {
        clearTimeout(timer)
        this.#ends.delete(end)
        resolve()
      }
      const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER))
      this.#ends.add(end)
    })
  }

  end (): void {
    for (const end of this.#ends) end()
  }
}
