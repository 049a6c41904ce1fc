// The segment being written: which of its lines are as safe as the fsync policy asks, and which would have to be written
// again after a failure.
import { cutAt, wholeLines, type Block } from './block.js'
import type { SegmentFile } from './segment.js'
import type { Fsync } from '../config/common.js'

/** Lines waiting for a sync stay in memory until it has succeeded; beyond this many bytes it does not wait any longer. */
const MOST_UNSYNCED = 8 * 1024 * 1024

export interface SegmentLife {
  opened: number
  until: number
  records: number
}

/** Hears of all blocks in their order, once they are as safe as `fsync` asks, and how many ms that took. */
export type Secured = (blocks: readonly Block[], duration: number) => void

export class ActiveSegment {
  readonly file: SegmentFile
  /** Unix time in ms. */
  readonly opened: number
  /** Unix time in ms at which the period that it belongs to ends; Infinity without one. */
  until: number
  records: number
  readonly #fsync: Fsync
  readonly #secured: Secured
  /** Handed to `append`, which has not succeeded yet. */
  #inHand: Block[] = []
  #unsynced: Block[] = []
  #unsyncedBytes = 0
  #unsyncedSince = 0
  /** Running time at which the oldest of what is not secured was begun to be written. */
  #begun = 0
  #safe: number

  constructor (file: SegmentFile, { opened, until, records }: SegmentLife, fsync: Fsync, secured: Secured) {
    this.file = file
    this.opened = opened
    this.until = until
    this.records = records
    this.#fsync = fsync
    this.#secured = secured
    this.#safe = file.size
  }

  async write (batch: Block[], now: number): Promise<void> {
    this.#inHand = batch
    if (this.#unsynced.length === 0) this.#begun = performance.now()
    await this.file.append(batch)
    this.#inHand = []
    this.#written(batch, now)
    if (this.#fsync === 'always') await this.sync()
  }

  async sync (): Promise<void> {
    if (this.#unsynced.length === 0) return
    await this.file.sync()
    const synced = this.#unsynced
    this.#unsynced = []
    this.#unsyncedBytes = 0
    this.#safe = this.file.size
    this.#secured(synced, performance.now() - this.#begun)
  }

  /** Is a sync due, or wanted by somebody who waits? */
  syncDue (now: number, wanted: boolean): boolean {
    return this.#unsynced.length > 0 &&
      (wanted || now - this.#unsyncedSince >= Number(this.#fsync) || this.#unsyncedBytes >= MOST_UNSYNCED)
  }

  /**
   * After a failure: what has to be written again, and the length to which the file has to be cut before. Whole lines that the kernel took count as written, unless they were to be synced: after a failed
   * fsync the kernel may forget them, so they are written again, never only synced again.
   */
  retreat (now: number): { again: Block[], safe: number } {
    const inHand = this.#inHand
    this.#inHand = []
    if (this.#fsync !== 'never') {
      const again = [...this.#unsynced, ...inHand]
      this.records -= this.#unsynced.reduce((sum, block) => sum + block.records, 0)
      this.#unsynced = []
      this.#unsyncedBytes = 0
      return { again, safe: this.#safe }
    }
    const again: Block[] = []
    let left = inHand.length > 0 ? this.file.confirmed : 0
    for (const block of inHand) {
      const { head, tail } = again.length > 0 ? { head: undefined, tail: block } : cutAt(block, wholeLines(block.bytes, left))
      if (head) this.#written([head], now)
      if (tail) again.push(tail)
      left -= head?.length ?? 0
    }
    return { again, safe: this.file.size - left }
  }

  #written (blocks: Block[], now: number): void {
    for (const { records } of blocks) this.records += records
    if (this.#fsync === 'never') return this.#secured(blocks, performance.now() - this.#begun)
    if (this.#unsynced.length === 0) this.#unsyncedSince = now
    this.#unsynced.push(...blocks)
    for (const { length } of blocks) this.#unsyncedBytes += length
  }
}
