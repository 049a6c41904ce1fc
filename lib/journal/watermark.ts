// How far lines have come: bytes taken since the start, and of those, in order, bytes that are safe. A flush waits until
// the second has reached what the first was when it was called.
import { DeliveryError } from '../errors.js'

export class Watermark {
  #taken = 0
  #secured = 0
  #lows: Array<{ bytes: number, resolve: () => void }> = []
  #waiting: Array<{ taken: number, resolve: () => void, reject: (error: Error) => void }> = []

  /** Bytes taken that are not safe yet. */
  get ahead (): number {
    return this.#taken - this.#secured
  }

  /** Does somebody wait? */
  get wanted (): boolean {
    return this.#waiting.length > 0
  }

  take (bytes: number): void {
    this.#taken += bytes
  }

  /** Resolves when no more than this many bytes are not safe, or when nothing more is to be expected. */
  async low (bytes: number): Promise<void> {
    if (this.ahead > bytes) await new Promise<void>(resolve => { this.#lows.push({ bytes, resolve }) })
  }

  /** These bytes, at this position of what was taken, will never be safe: nobody waits for them. */
  forget (bytes: number, position: number): void {
    this.#taken -= bytes
    for (const waiting of this.#waiting) if (waiting.taken > position) waiting.taken -= bytes
    this.reach(this.#secured)
  }

  /** Bytes taken so far. */
  get taken (): number {
    return this.#taken
  }

  secure (bytes: number): void {
    this.reach(this.#secured + bytes)
  }

  /** What was taken first, up to `position`, is safe; all of it by default. */
  reach (position = this.#taken): void {
    this.#secured = position
    while (this.#waiting[0] && this.#waiting[0].taken <= this.#secured) this.#waiting.shift()!.resolve()
    this.#lows = this.#lows.filter(({ bytes, resolve }) => this.ahead > bytes || resolve())
  }

  reached (): Promise<void> {
    if (this.ahead === 0) return Promise.resolve()
    return new Promise((resolve, reject) => { this.#waiting.push({ taken: this.#taken, resolve, reject }) })
  }

  /** What is not safe now never will be. */
  fail (): void {
    for (const { resolve } of this.#lows.splice(0)) resolve()
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new DeliveryError('BLACKBOX_CLOSED', 'the output was closed before these lines were safe'))
    }
  }
}
