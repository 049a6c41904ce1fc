// The journal where there is no disk to keep it on: the same segments, in memory, bounded by records and bytes. A segment grows
// while another one is being delivered, so a slow receiver gets few large batches instead of many small ones.
import { Backlog } from './backlog.js'
import { Watermark } from './watermark.js'
import { within } from '../deadline.js'
import type { Block } from './block.js'
import type { BoundOptions } from './bound.js'
import type { Journal, Outcome, Sealed } from './journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface MemoryOptions extends BoundOptions {
  monitor: Monitor
  /** A segment is sealed before it would grow beyond this; a single block may. */
  maxSegment: number
}

class MemorySegment implements Sealed {
  readonly id: string
  /** Bytes taken before it. */
  readonly start: number
  records = 0
  bytes = 0
  readonly #blocks: Buffer[] = []

  constructor (id: string, start: number) {
    this.id = id
    this.start = start
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

export class MemoryJournal implements Journal<MemorySegment> {
  readonly #o: MemoryOptions
  readonly #backlog: Backlog<MemorySegment>
  readonly #mark = new Watermark()
  #growing: MemorySegment | undefined
  #count = 0
  #closing = false

  constructor (options: MemoryOptions) {
    this.#o = options
    this.#backlog = new Backlog({
      monitor: options.monitor,
      counts: true,
      bound: options,
      // A segment that was evicted may have been newer than one that is being delivered.
      discard: async () => this.#mark.reach((this.#backlog.first ?? this.#growing)?.start),
      refill: () => this.#seal()
    })
  }

  append (block: Block): Promise<void> | undefined {
    return this.#backlog.admit(block, this.#closing ? 'closed' : undefined, taken => this.#take(taken))
  }

  /** Memory is not safe: resolves when everything taken so far has been delivered or dropped. */
  async flush (): Promise<void> {
    if (this.#backlog.entering) await this.#backlog.entered()
    await this.#mark.reached()
  }

  next (): Promise<MemorySegment | undefined> {
    return this.#backlog.next()
  }

  remove (segment: MemorySegment, outcome: Outcome): Promise<void> {
    return this.#backlog.remove(segment, outcome)
  }

  async close (deadline: number): Promise<void> {
    this.#closing = true
    this.#backlog.end()
    await within(this.flush(), deadline - Date.now())
    this.#backlog.refuse()
    const growing = this.#seal()
    for (const { records, bytes } of [...this.#backlog.abandon(), ...growing ? [growing] : []]) {
      this.#o.monitor.dropped('closed', records, bytes)
    }
    this.#mark.fail()
  }

  async release (): Promise<void> {
    // Memory belongs to nobody else.
  }

  #take (block: Block): void {
    const start = this.#mark.taken
    this.#mark.take(block.bytes.length)
    if (this.#growing && this.#growing.bytes + block.bytes.length > this.#o.maxSegment) this.#backlog.add(this.#seal()!)
    this.#growing ??= new MemorySegment(String(++this.#count), start)
    this.#growing.add(block)
    this.#backlog.ring()
  }

  #seal (): MemorySegment | undefined {
    const sealed = this.#growing
    this.#growing = undefined
    return sealed
  }
}
