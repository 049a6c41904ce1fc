// Lines that wait to be written, and how many of them are written at once.
import { fill, lengthOf, type Block } from './block.js'
import type { Amount } from '../amount.js'
import type { Clock } from './journal.js'

/**
 * Bytes. More than a turn of the event loop can bring (4 MiB of pino's ring): a write takes a turn, and if it took less than what
 * comes meanwhile, the queue would grow for as long as the application logs as fast as it can.
 */
export const MOST_AT_ONCE = 8 * 1024 * 1024

export class Queue {
  readonly #now: Clock
  #blocks: Block[] = []
  #bytes = 0
  #since = 0

  constructor (now: Clock) {
    this.#now = now
  }

  get empty (): boolean {
    return this.#blocks.length === 0
  }

  get bytes (): number {
    return this.#bytes
  }

  /** Unix time in ms at which the oldest of them came. */
  get since (): number {
    return this.#since
  }

  push (block: Block): void {
    if (this.empty) this.#since = this.#now()
    // What has to wait for longer waits outside the heap of the thread, which may be small, and where a text may take twice the room.
    if (this.#bytes > MOST_AT_ONCE) block.make()
    this.#blocks.push(block)
    this.#bytes += block.length
  }

  putBack (blocks: Block[]): void {
    this.#blocks.unshift(...blocks)
    this.#bytes += lengthOf(blocks)
  }

  /**
   * What fits into a file with room for `free` bytes and `lines` lines, cut between lines. A line longer than all the room of an
   * `empty` file is given alone. Nothing when not one line fits.
   */
  take ({ bytes: free, records: lines }: Amount, empty: boolean): Block[] {
    const batch: Block[] = []
    for (let bytes = 0, records = 0; !this.empty && bytes < MOST_AT_ONCE && records < lines;) {
      const { head, tail } = fill(this.#blocks[0]!, { bytes: free - bytes, records: lines - records }, empty && bytes === 0)
      if (!head) break
      batch.push(head)
      bytes += head.length
      records += head.records
      if (tail) this.#blocks[0] = tail
      else this.#blocks.shift()
    }
    this.#bytes -= lengthOf(batch)
    return batch
  }

  /** Gives up the oldest block. */
  shift (): Block | undefined {
    const block = this.#blocks.shift()
    this.#bytes -= block?.length ?? 0
    return block
  }

  drain (): Block[] {
    const all = this.#blocks
    this.#blocks = []
    this.#bytes = 0
    return all
  }
}
