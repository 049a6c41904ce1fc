// Whether there is room for more lines, and what becomes of those for which there is none: every line is accepted, or refused, here.
import { Bound, type BoundOptions } from './bound.js'
import type { Block } from './block.js'
import type { Amount } from '../amount.js'
import type { Monitor } from '../telemetry/monitor.js'

export class Admission {
  readonly #monitor: Monitor
  readonly #bound: Bound | undefined
  /** Blocks that wait for room. */
  readonly #entering = new Set<Promise<void>>()
  #ended = false

  /** `evict` gives up the oldest lines that may be given up, or finds none. */
  constructor (monitor: Monitor, bound: BoundOptions | undefined, evict: () => Amount | undefined) {
    this.#monitor = monitor
    this.#bound = bound && new Bound(bound, evict)
  }

  /** Gives the block to `take`, or drops it, counted. A promise asks the caller to stop reading until it resolves. */
  admit (block: Block, refused: 'full' | 'closed' | undefined, take: (block: Block) => void): Promise<void> | undefined {
    const pauses = (this.#bound?.pieces(block) ?? [block]).flatMap(piece => this.#admit(piece, refused, take) ?? [])
    return pauses.length > 1 ? Promise.all(pauses).then(() => {}) : pauses[0]
  }

  #admit (block: Block, refused: 'full' | 'closed' | undefined, take: (block: Block) => void): Promise<void> | undefined {
    const monitor = this.#monitor
    const admitted = refused === undefined && (this.#bound?.admit(block) ?? true)
    if (admitted === false) {
      monitor.refused(refused ?? (this.#ended ? 'closed' : 'full'), block)
      return undefined
    }
    monitor.accepted(block)
    if (admitted === true) {
      take(block)
      return undefined
    }
    const entered = admitted.then(fits => {
      if (fits) take(block)
      else monitor.dropped(this.#ended ? 'closed' : 'full', block.amount, () => [block.bytes])
    })
    this.#entering.add(entered)
    entered.then(() => this.#entering.delete(entered))
    return entered
  }

  /** Does a block wait for room? */
  get entering (): boolean {
    return this.#entering.size > 0
  }

  /** Resolves when none of the blocks given so far waits for room any more. */
  async entered (): Promise<void> {
    await Promise.all(this.#entering)
  }

  /** What is there, that is bounded. */
  get booked (): Amount {
    return this.#bound?.booked ?? { records: 0, bytes: 0 }
  }

  /** Counts what is there already, room or not. */
  book (found: Amount): void {
    this.#bound?.book(found)
  }

  /** Makes room for what was booked, where room is made. */
  settle (): void {
    this.#bound?.settle()
  }

  /** Room again. */
  release (freed: Amount): void {
    this.#bound?.release(freed)
  }

  /** What waits for room is dropped. */
  refuse (): void {
    this.#bound?.refuse()
  }

  /** What finds no room from now on does so because there is nobody to make any. */
  end (): void {
    this.#ended = true
  }
}
