// Sealed segments that wait for their delivery, oldest first, and whether there is room for more lines. Both journals have one.
import { Bound, type BoundOptions, type Freed } from './bound.js'
import { Signal } from './signal.js'
import type { Block } from './block.js'
import type { Outcome, Sealed } from './journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface BacklogOptions<S extends Sealed> {
  monitor: Monitor
  /** Removing counts as delivering and frees room; false where the segment is the product, and writing it has done both. */
  counts: boolean
  /** Bounds everything that is not delivered yet, lines that are not sealed yet included. */
  bound?: BoundOptions | undefined
  /** Frees what a segment occupies. */
  discard: (segment: S) => Promise<void>
  /** Asked when nothing waits: a segment that may be sealed early. */
  refill?: () => S | undefined
}

export class Backlog<S extends Sealed> {
  readonly #o: BacklogOptions<S>
  readonly #bound: Bound | undefined
  readonly #bell = new Signal()
  readonly #segments: S[] = []
  /** Blocks that wait for room. */
  readonly #entering = new Set<Promise<void>>()
  #awaited: Array<{ last: S, resolve: () => void }> = []
  /** Handed out by `next`, not removed yet: never evicted. */
  #leased: S | undefined
  #ended = false

  constructor (options: BacklogOptions<S>) {
    this.#o = options
    this.#bound = options.bound && new Bound(options.bound, () => this.#evict())
  }

  /** Gives the block to `take`, or drops it, counted. A promise asks the caller to stop reading until it resolves. */
  admit (block: Block, refused: 'full' | 'closed' | undefined, take: (block: Block) => void): Promise<void> | undefined {
    const { monitor } = this.#o
    const { records, bytes: { length } } = block
    monitor.accepted(records, length)
    const settle = (admitted: boolean): void => {
      if (admitted) take(block)
      else monitor.dropped(refused ?? (this.#ended ? 'closed' : 'full'), records, length)
    }
    const admitted = refused === undefined && (this.#bound?.admit(block) ?? true)
    if (typeof admitted === 'boolean') {
      settle(admitted)
      return undefined
    }
    const entered = admitted.then(settle)
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

  /** A segment whose lines were admitted. */
  add (segment: S): void {
    this.#segments.push(segment)
    this.ring()
  }

  /** A segment that was found, whose lines were admitted by an earlier process. */
  recover (segment: S): void {
    const { records, bytes } = segment
    this.#bound?.book(segment)
    this.#o.monitor.counters.add({ recoveredRecords: records, recoveredBytes: bytes, pendingRecords: records, pendingBytes: bytes })
    // Ids sort by the time at which segments were opened.
    const later = this.#segments.findIndex(other => other !== this.#leased && other.id > segment.id)
    this.#segments.splice(later === -1 ? this.#segments.length : later, 0, segment)
    this.ring()
  }

  /** Something changed: `refill` may have an answer now. */
  ring (): void {
    this.#bell.ring()
  }

  /** The oldest segment; waits for one. Undefined once the backlog has ended. */
  async next (): Promise<S | undefined> {
    for (;;) {
      if (this.#segments.length === 0) {
        const early = this.#o.refill?.()
        if (early) this.#segments.push(early)
      }
      this.#leased = this.#segments[0]
      if (this.#leased || this.#ended) return this.#leased
      await this.#bell.wait()
    }
  }

  /** Resolves when none of the segments that wait now does any more. */
  async drained (): Promise<void> {
    const last = this.#segments.at(-1)
    if (!last) return
    await new Promise<void>(resolve => { this.#awaited.push({ last, resolve }) })
  }

  /** Room again. */
  release (freed: Freed): void {
    this.#bound?.release(freed)
  }

  /** The segment is done with. Rejects when it could not be discarded; then to be called again. */
  async remove (segment: S, outcome: Outcome): Promise<void> {
    const { monitor, counts, discard } = this.#o
    const at = this.#segments.indexOf(segment)
    if (at !== -1) {
      this.#segments.splice(at, 1)
      if (counts) this.release(segment)
      if (counts && outcome === 'delivered') monitor.delivered(segment.records, segment.bytes)
      if (counts && outcome === 'gone') monitor.dropped('gone', segment.records, segment.bytes)
    }
    await discard(segment)
    this.#leased = undefined
    this.#tellDrained()
  }

  /** The oldest segment that is not done with. */
  get first (): S | undefined {
    return this.#segments[0]
  }

  /** What waits for room is dropped. */
  refuse (): void {
    this.#bound?.refuse()
  }

  /** No more segments will come; what is left is given out. */
  end (): void {
    this.#ended = true
    this.ring()
  }

  /** Nothing more is given out. Returns what is left. */
  abandon (): S[] {
    this.end()
    return this.#segments.splice(0)
  }

  #tellDrained (): void {
    const done = this.#awaited.filter(({ last }) => !this.#segments.includes(last))
    this.#awaited = this.#awaited.filter(waiting => !done.includes(waiting))
    for (const { resolve } of done) resolve()
  }

  #evict (): Freed | undefined {
    const { monitor, discard } = this.#o
    const at = this.#segments.findIndex(segment => segment !== this.#leased)
    if (at === -1) return undefined
    const [segment] = this.#segments.splice(at, 1) as [S]
    monitor.dropped('evicted', segment.records, segment.bytes)
    discard(segment).catch(error => monitor.failed('remove an evicted segment', error))
    this.#tellDrained()
    return segment
  }
}
