// What happens when a journal is full. The one place that says no to a line.
import type { Block } from './block.js'

export interface BoundOptions {
  maxBytes: number
  maxRecords?: number
  /** 'block' asks for a pause; when there is no room after `blockTimeout` it drops the newest, until there is some again. */
  whenFull: 'drop-oldest' | 'drop-newest' | 'block'
  /** ms. */
  blockTimeout: number
}

export type Freed = { bytes: number, records: number }

export class Bound {
  readonly #o: BoundOptions
  readonly #evict: () => Freed | undefined
  #bytes = 0
  #records = 0
  /** A pause was of no use: nothing waits until something has been freed. */
  #stalled = false
  #blocked: { fits: () => boolean, resolve: (admitted: boolean) => void } | undefined

  /** `evict` gives up the oldest segment that may be given up, or finds none. */
  constructor (options: BoundOptions, evict: () => Freed | undefined) {
    this.#o = options
    this.#evict = evict
  }

  get bytes (): number {
    return this.#bytes
  }

  /** Books the block, or does not; with 'block', a promise of either. */
  admit (block: Block): boolean | Promise<boolean> {
    const fits = (): boolean => this.#bytes + block.bytes.length <= this.#o.maxBytes &&
      this.#records + block.records <= (this.#o.maxRecords ?? Infinity)
    if (this.#o.whenFull === 'drop-oldest') {
      while (!fits()) {
        const freed = this.#evict()
        if (!freed) break
        this.#release(freed)
      }
    }
    if (fits()) return this.book(block)
    // Only one block waits at a time: behind it, what still comes in has nowhere to be.
    if (this.#o.whenFull !== 'block' || this.#blocked || this.#stalled) return false
    return new Promise<boolean>(resolve => {
      const timer = setTimeout(() => {
        this.#stalled = true
        this.#unblock(false)
      }, this.#o.blockTimeout)
      this.#blocked = {
        fits,
        resolve: admitted => {
          clearTimeout(timer)
          resolve(admitted && this.book(block))
        }
      }
    })
  }

  /** Counts what is there already, room or not: segments found at the start. */
  book ({ bytes, records }: { bytes: { length: number } | number, records: number }): true {
    this.#bytes += typeof bytes === 'number' ? bytes : bytes.length
    this.#records += records
    return true
  }

  release (freed: Freed): void {
    this.#release(freed)
    this.#stalled = false
    if (this.#blocked?.fits()) this.#unblock(true)
  }

  #release ({ bytes, records }: Freed): void {
    this.#bytes -= bytes
    this.#records -= records
  }

  #unblock (admitted: boolean): void {
    const blocked = this.#blocked
    this.#blocked = undefined
    blocked?.resolve(admitted)
  }
}
