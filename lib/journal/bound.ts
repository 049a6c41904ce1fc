// What happens when a journal is full. The one place that says no to a line.
import { Block, fill } from './block.js'
import type { Amount } from '../amount.js'

export interface BoundOptions {
  maxBytes: number
  maxRecords?: number
  /** 'block' asks for a pause; when there is no room after `blockTimeout` it drops the newest, until there is some again. */
  whenFull: 'drop-oldest' | 'drop-newest' | 'block'
  /** ms. */
  blockTimeout: number
}

/** Bytes of blocks that wait; a pause stops what comes after them, where there is somebody to pause. */
const MOST_WAITING = 8 * 1024 * 1024

/** Share of the bound that is admitted at once: of more, all would be refused for the last line of it. */
const PIECES = 4
const NONE = new Block('', 0)

export class Bound {
  readonly #o: BoundOptions
  readonly #evict: () => Amount | undefined
  #bytes = 0
  #records = 0
  /** A pause was of no use: nothing waits until something has been freed. */
  #stalled = false
  readonly #waiting: Array<{ block: Block, resolve: (admitted: boolean) => void }> = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined

  /** `evict` gives up the oldest segment that may be given up, or finds none. */
  constructor (options: BoundOptions, evict: () => Amount | undefined) {
    this.#o = options
    this.#evict = evict
  }

  /** What has been admitted, or was found, and not been released. */
  get booked (): Amount {
    return { records: this.#records, bytes: this.#bytes }
  }

  /** The block, in parts that are small beside the bound. */
  pieces (block: Block): Block[] {
    const { maxBytes, maxRecords = Infinity } = this.#o
    const piece = { bytes: Math.ceil(maxBytes / PIECES), records: Math.ceil(maxRecords / PIECES) }
    const pieces: Block[] = []
    for (let rest: Block | undefined = block; rest;) {
      const { head, tail } = fill(rest, piece, true)
      pieces.push(head!)
      rest = tail
    }
    return pieces
  }

  /** Books the block, or does not; with 'block', a promise of either. Order is kept: nobody passes one that waits. */
  admit (block: Block): boolean | Promise<boolean> {
    const { whenFull, blockTimeout, maxBytes, maxRecords = Infinity } = this.#o
    if (this.#waiting.length === 0) {
      if (whenFull === 'drop-oldest' && block.length <= maxBytes && block.records <= maxRecords) this.#makeRoom(block)
      if (this.#fits(block)) return this.book(block.amount)
    }
    if (whenFull !== 'block' || this.#stalled || this.#waitingBytes + block.length > MOST_WAITING) return false
    this.#waitingBytes += block.length
    this.#timer ??= setTimeout(() => this.refuse(), blockTimeout)
    return new Promise(resolve => { this.#waiting.push({ block, resolve }) })
  }

  /** Counts what is there already, room or not: segments found at the start. */
  book ({ bytes, records }: Amount): true {
    this.#bytes += bytes
    this.#records += records
    return true
  }

  /** What was found may be too much, beside what has come in since: then the oldest goes, where that is what goes. */
  settle (): void {
    if (this.#o.whenFull === 'drop-oldest') this.#makeRoom(NONE)
  }

  release (freed: Amount): void {
    this.#free(freed)
    this.#stalled = false
    while (this.#waiting[0] && this.#fits(this.#waiting[0].block)) {
      const { block, resolve } = this.#waiting.shift()!
      this.#waitingBytes -= block.length
      resolve(this.book(block.amount))
      // What waits has had room since: its time begins again.
      clearTimeout(this.#timer)
      this.#timer = this.#waiting.length > 0 ? setTimeout(() => this.refuse(), this.#o.blockTimeout) : undefined
    }
  }

  /** A block that is larger than the whole bound fits while there is nothing else, or its lines could never pass. */
  #fits ({ length, records }: Block): boolean {
    const { maxBytes, maxRecords = Infinity } = this.#o
    return this.#bytes === 0 || (this.#bytes + length <= maxBytes && this.#records + records <= maxRecords)
  }

  #makeRoom (block: Block): void {
    while (!this.#fits(block)) {
      const freed = this.#evict()
      if (!freed) return
      this.#free(freed)
    }
  }

  /** Nothing waits any longer, until something is freed. */
  refuse (): void {
    clearTimeout(this.#timer)
    this.#stalled = true
    this.#timer = undefined
    this.#waitingBytes = 0
    for (const { resolve } of this.#waiting.splice(0)) resolve(false)
  }

  #free ({ bytes, records }: Amount): void {
    this.#bytes -= bytes
    this.#records -= records
  }
}
