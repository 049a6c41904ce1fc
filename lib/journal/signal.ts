// A bell: `ring` lets whoever waits go on, and is remembered when nobody does.

export class Signal {
  #rung = false
  #wake: (() => void) | undefined

  ring (): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Until the next ring, or for `ms` at most. One waiter at a time. */
  async wait (ms?: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>(resolve => {
        const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = undefined
    }
    this.#rung = false
  }
}
