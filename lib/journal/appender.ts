// Appends blocks to an open descriptor, in order, one write in flight; the only importer of sonic-boom.
//
// The caller owns the descriptor. sonic-boom is never asked to flush, end or destroy: each of these calls fsync, and after
// ENOSPC `end()` never closes (sonic-boom 5.0.2, `actualClose`, `release`). It continues partial writes; after any error the
// instance is dropped, and with it nothing but references. EAGAIN is one of them: sonic-boom would wait 100 ms each time, which
// leaves a pipe at a few MB a second.
import sonicBoom, { type SonicBoom } from 'sonic-boom'
import { lengthOf, type Block } from './block.js'
import { MOST_AT_ONCE } from './queue.js'

export interface AppenderOptions {
  /** Small writes are merged up to this many bytes. */
  maxWrite?: number
  /** Write on the calling thread instead of the thread pool. */
  sync?: boolean
}

/** Bytes of memory that are kept for the next write: what is written at once, and a little. */
const KEPT = MOST_AT_ONCE + 1024 * 1024

export class Appender {
  /** Memory of one that has been released, for the next one. */
  static #spare: Buffer = Buffer.alloc(0)
  readonly #boom: SonicBoom
  /** What is written is put together in it: one write is in flight at a time. */
  #memory: Buffer = Buffer.alloc(0)
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
  append (blocks: readonly Block[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#confirmed = 0
      this.#settle = error => {
        this.#settle = undefined
        if (error) reject(error)
        else resolve()
      }
      // As one: sonic-boom would write the first by itself, and a call costs more than a copy.
      this.#boom.write(this.#together(blocks) as unknown as string)
    })
  }

  /** It will not be used again. The memory of a write that may still be under way is left to that. */
  release (): void {
    if (!this.#settle && this.#memory.length > Appender.#spare.length) Appender.#spare = this.#memory
    this.#memory = Buffer.alloc(0)
  }

  #together (blocks: readonly Block[]): Buffer {
    if (blocks.length === 1 && blocks[0]!.made) return blocks[0]!.bytes
    const length = lengthOf(blocks)
    if (length > this.#memory.length && length <= KEPT) this.#memory = this.#reserve(length)
    const memory = length > KEPT ? Buffer.allocUnsafeSlow(length) : this.#memory
    let at = 0
    for (const block of blocks) {
      block.copy(memory, at)
      at += block.length
    }
    return memory.subarray(0, length)
  }

  #reserve (length: number): Buffer {
    const spare = Appender.#spare
    if (length > spare.length) return Buffer.allocUnsafeSlow(Math.min(KEPT, 2 * length))
    Appender.#spare = Buffer.alloc(0)
    return spare
  }
}
