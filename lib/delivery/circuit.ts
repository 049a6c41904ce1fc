// What the lanes of one delivery know together of their receiver: while it fails, one of them probes and the others wait.

export class Circuit<Lane extends object> {
  #probing: Lane | undefined
  readonly #waiting = new Set<() => void>()

  /** Resolves at once while the receiver works, and for the lane that probes; for the others when it works again. */
  async pass (lane: Lane): Promise<void> {
    while (this.#probing !== undefined && this.#probing !== lane) await new Promise<void>(resolve => { this.#waiting.add(resolve) })
  }

  /** An attempt has failed. True for the lane that is to probe. */
  open (lane: Lane): boolean {
    this.#probing ??= lane
    return this.#probing === lane
  }

  /** The receiver works, or the lane that probes has come to its end. */
  close (): void {
    this.#probing = undefined
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
