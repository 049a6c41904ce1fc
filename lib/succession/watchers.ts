// Who watches over the worker of one transport, and what they want when it dies.

/** What a watch hears of the worker. Times are Unix times in ms. */
export interface WorkerEvents {
  workerDied: { error: Error, at: number }
  /**
   * `rescuedRecords`: lines that the dead worker had not read, or that came while there was none; the new one has them.
   * `lostRecords`: lines that found no room meanwhile, or of which the dead one had read a part. What it had read and not
   * written is in the metrics, as 'crashed'. `attempts`: workers that were started since one has lived for a while (10 s).
   */
  workerReplaced: { at: number, attempts: number, rescuedRecords: number, lostRecords: number }
}

export interface Watcher {
  /** Wants dead workers replaced. */
  replace: boolean
  /** Bytes of lines to keep meanwhile. */
  keep: number
  tell<E extends keyof WorkerEvents> (event: E, detail: WorkerEvents[E]): void
}

export class Watchers {
  readonly #all = new Set<Watcher>()

  add (watcher: Watcher): void {
    this.#all.add(watcher)
  }

  delete (watcher: Watcher): boolean {
    return this.#all.delete(watcher)
  }

  get none (): boolean {
    return this.#all.size === 0
  }

  /** One that wants it is enough. */
  get replace (): boolean {
    return [...this.#all].some(({ replace }) => replace)
  }

  get keep (): number {
    return Math.max(...[...this.#all].map(({ keep }) => keep))
  }

  tell<E extends keyof WorkerEvents> (event: E, detail: WorkerEvents[E]): void {
    for (const { tell } of this.#all) tell(event, detail)
  }
}
