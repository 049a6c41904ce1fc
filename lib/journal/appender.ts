// Appends buffers to an open descriptor, in order, one write in flight; the only importer of sonic-boom.
//
// The caller owns the descriptor. sonic-boom is never asked to flush, end or destroy: each of these calls fsync, and after
// ENOSPC `end()` never closes (sonic-boom 5.0.2, `actualClose`, `release`). It continues partial writes; after any error the
// instance is dropped, and with it nothing but references. EAGAIN is one of them: sonic-boom would wait 100 ms each time, which
// leaves a pipe at a few MB a second.
import sonicBoom, { type SonicBoom } from 'sonic-boom'

export interface AppenderOptions {
  /** Small writes are merged up to this many bytes. */
  maxWrite?: number
  /** Write on the calling thread instead of the thread pool. */
  sync?: boolean
}

export class Appender {
  readonly #boom: SonicBoom
  #confirmed = 0
  #settle: ((error?: Error) => void) | undefined

  constructor (fd: number, { maxWrite = 16 * 1024, sync = false }: AppenderOptions = {}) {
    // The typings of 5.0.2 know no buffer mode; the run-time does (README, `contentMode`).
    this.#boom = new sonicBoom.SonicBoom({ fd, maxWrite, sync, contentMode: 'buffer', retryEAGAIN: () => false } as ConstructorParameters<typeof SonicBoom>[0])
    this.#boom.on('write', written => { this.#confirmed += written })
    this.#boom.on('drain', () => this.#settle?.())
    this.#boom.on('error', error => this.#settle?.(error))
  }

  /** Bytes of the last `append` that the kernel has taken. */
  get confirmed (): number {
    return this.#confirmed
  }

  /** Resolves when the kernel has taken all of it. After a rejection the appender must not be used again. */
  append (buffers: readonly Buffer[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#confirmed = 0
      this.#settle = error => {
        this.#settle = undefined
        if (error) reject(error)
        else resolve()
      }
      // As one: sonic-boom would write the first by itself, and a call costs more than a copy.
      const all = buffers.length === 1 ? buffers[0] : Buffer.concat(buffers)
      this.#boom.write(all as unknown as string)
    })
  }
}
