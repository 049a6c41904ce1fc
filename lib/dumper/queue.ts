// What waits for the disk: a few jobs at a time, and no more bytes than fit into memory with ease.

const AT_ONCE = 4
const MOST_BYTES = 64 * 1024 ** 2
/** What a job takes besides its bytes: empty ones are bounded too. */
const JOB = 1024

export class Queue {
  #bytes = 0
  #running = 0
  readonly #waiting: Array<() => void> = []

  /** May so many bytes wait too? A single one may be larger than all that may wait together. */
  takes (bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes + JOB <= MOST_BYTES
  }

  /** Settles as the job does. */
  async run<T> (bytes: number, job: () => Promise<T>): Promise<T> {
    this.#bytes += bytes + JOB
    if (this.#running >= AT_ONCE) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
    else this.#running++
    try {
      return await job()
    } finally {
      this.#bytes -= bytes + JOB
      // The place goes over to the next one without being free in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
