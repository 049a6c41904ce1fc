// The journal where there is no disk to keep it on: the same segments, in memory, bounded by records and bytes. A segment grows
// while another one is being delivered, so a slow receiver gets few large batches instead of many small ones.
import { Bound, type BoundOptions, type Freed } from './bound.js'
import { Signal } from './signal.js'
import { Watermark } from './watermark.js'
import { within } from '../deadline.js'
import type { Block } from './block.js'
import type { Journal, Sealed } from './journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface MemoryOptions extends BoundOptions {
  monitor: Monitor
  /** A segment is sealed before it would grow beyond this; a single block may. */
  maxSegment: number
}

class MemorySegment implements Sealed {
  readonly id: string
  records = 0
  bytes = 0
  readonly #blocks: Buffer[] = []

  constructor (id: string) {
    this.id = id
  }

  add ({ bytes, records }: Block): void {
    this.#blocks.push(bytes)
    this.bytes += bytes.length
    this.records += records
  }

  async read (): Promise<Buffer> {
    return this.#blocks.length === 1 ? this.#blocks[0]! : Buffer.concat(this.#blocks, this.bytes)
  }
}

export class MemoryJournal implements Journal {
  readonly #o: MemoryOptions
  readonly #bound: Bound
  readonly #bell = new Signal()
  readonly #mark = new Watermark()
  /** Oldest first; the last one grows until it is handed out or full. */
  readonly #segments: MemorySegment[] = []
  /** Handed out by `next`, not removed yet. */
  #leased: MemorySegment | undefined
  #count = 0
  #closing = false

  constructor (options: MemoryOptions) {
    this.#o = options
    this.#bound = new Bound(options, () => this.#evict())
  }

  append (block: Block): Promise<void> | undefined {
    const { monitor } = this.#o
    const { records, bytes: { length } } = block
    monitor.accepted(records, length)
    if (this.#closing) {
      monitor.dropped('closed', records, length)
      return
    }
    const settle = (admitted: boolean): void => {
      if (admitted) this.#take(block)
      else monitor.dropped('full', records, length)
    }
    const admitted = this.#bound.admit(block)
    if (typeof admitted !== 'boolean') return admitted.then(settle)
    settle(admitted)
  }

  /** Memory is not safe: resolves when everything taken so far has been delivered or dropped. */
  flush (): Promise<void> {
    return this.#mark.reached()
  }

  async next (): Promise<MemorySegment | undefined> {
    while (this.#segments.length === 0 && !this.#closing) await this.#bell.wait()
    this.#leased = this.#segments[0]
    return this.#leased
  }

  async remove (segment: MemorySegment): Promise<void> {
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    this.#leased = undefined
    this.#bound.release(segment)
    this.#mark.secure(segment.bytes)
    this.#bell.ring()
  }

  async close (deadline: number): Promise<void> {
    this.#closing = true
    this.#bell.ring()
    await within(this.#mark.reached(), deadline - Date.now())
    for (const { records, bytes } of this.#segments.splice(0)) this.#o.monitor.dropped('closed', records, bytes)
    this.#mark.fail()
  }

  #take (block: Block): void {
    this.#mark.take(block.bytes.length)
    let last = this.#segments.at(-1)
    if (!last || last === this.#leased || last.bytes + block.bytes.length > this.#o.maxSegment) {
      last = new MemorySegment(String(++this.#count))
      this.#segments.push(last)
    }
    last.add(block)
    this.#bell.ring()
  }

  #evict (): Freed | undefined {
    const oldest = this.#segments.findIndex(segment => segment !== this.#leased)
    if (oldest === -1) return undefined
    const [segment] = this.#segments.splice(oldest, 1) as [MemorySegment]
    this.#o.monitor.dropped('evicted', segment.records, segment.bytes)
    this.#mark.secure(segment.bytes)
    return segment
  }
}
