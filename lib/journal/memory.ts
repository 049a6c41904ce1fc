// The journal where there is no disk to keep it on: the same segments, in memory, bounded by records and bytes. A segment grows
// while another one is being delivered, so a slow receiver gets few large batches instead of many small ones.
import { randomBytes } from 'node:crypto'
import { Backlog } from './backlog.js'
import { fill, type Block } from './block.js'
import { maySeal, room, type SealRule } from './seal.js'
import { formatId } from './segment-id.js'
import { Watermark } from './watermark.js'
import { within } from '../deadline.js'
import type { BoundOptions } from './bound.js'
import type { Forecast } from './forecast.js'
import type { Clock, Journal, Outcome, Progress, Sealed } from './journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface MemoryOptions extends BoundOptions {
  monitor: Monitor
  rule: SealRule
  /** Seals earlier than the rule, when the journal is about to be full. */
  forecast?: Forecast
  maxAge?: number | undefined
  now?: Clock
  uptime?: Clock
}

export class MemorySegment implements Sealed {
  readonly id: string
  /** Unix time in ms. */
  readonly opened: number
  /** Bytes taken before it. */
  readonly start: number
  records = 0
  bytes = 0
  /** Running time at which it was last handed out. */
  begun = 0
  readonly held: Buffer[] = []

  constructor (id: string, opened: number, start: number) {
    this.id = id
    this.opened = opened
    this.start = start
  }

  add ({ bytes, records }: Block): void {
    this.held.push(bytes)
    this.bytes += bytes.length
    this.records += records
  }

  async read (): Promise<Buffer> {
    return this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held, this.bytes)
  }
}

export class MemoryJournal implements Journal<MemorySegment> {
  readonly lasting = false
  readonly #o: MemoryOptions
  readonly #now: Clock
  readonly #uptime: Clock
  readonly #backlog: Backlog<MemorySegment>
  readonly #mark = new Watermark()
  readonly #writer = randomBytes(8).toString('hex')
  #growing: MemorySegment | undefined
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #wanted = 0
  #closing = false

  constructor (options: MemoryOptions) {
    this.#o = options
    this.#now = options.now ?? Date.now
    this.#uptime = options.uptime ?? (() => performance.now())
    this.#backlog = new Backlog({
      monitor: options.monitor,
      counts: true,
      bound: options,
      maxAge: options.maxAge,
      uptime: this.#uptime,
      // A segment that was dropped may have been newer than one that is being delivered.
      removed: () => {
        this.#mark.reach((this.#backlog.first ?? this.#growing)?.start)
      },
      refill: () => this.#due() ? this.#seal() : undefined
    })
  }

  append (block: Block): Promise<void> | undefined {
    this.#o.forecast?.count(block, this.#uptime())
    return this.#backlog.admission.admit(block, this.#closing ? 'closed' : undefined, taken => this.#take(taken))
  }

  /** Memory is not safe: resolves when everything taken so far has been delivered or dropped. */
  async flush (): Promise<void> {
    this.#wanted++
    try {
      if (this.#backlog.admission.entering) await this.#backlog.admission.entered()
      this.#backlog.ring()
      await this.#mark.reached()
    } finally {
      this.#wanted--
    }
  }

  async drain (): Promise<void> {
    await this.flush()
  }

  async next (): Promise<MemorySegment | undefined> {
    const segment = await this.#backlog.next()
    if (segment) segment.begun = this.#uptime()
    return segment
  }

  get upcoming (): MemorySegment | undefined {
    return this.#backlog.upcoming
  }

  giveBack (segment: MemorySegment, done?: Progress): void {
    this.#backlog.giveBack(segment, done)
  }

  async remove (segment: MemorySegment, outcome: Outcome): Promise<void> {
    this.#o.forecast?.delivered(this.#uptime() - segment.begun)
    await this.#backlog.remove(segment, outcome)
  }

  async close (deadline: number): Promise<void> {
    this.#closing = true
    this.#backlog.end()
    await within(this.flush(), deadline - this.#now())
    clearTimeout(this.#timer)
    this.#backlog.admission.refuse()
    const growing = this.#seal()
    for (const segment of [...this.#backlog.abandon(), ...growing ? [growing] : []]) this.#o.monitor.dropped('closed', segment, () => segment.held)
    this.#mark.fail()
  }

  async release (): Promise<void> {
    // Memory belongs to nobody else.
  }

  #take (block: Block): void {
    for (let rest: Block | undefined = block; rest;) {
      const now = this.#now()
      this.#growing ??= new MemorySegment(formatId({ opened: now, writer: this.#writer, number: ++this.#count }), now, this.#mark.taken)
      const { head, tail } = fill(rest, room(this.#o.rule, this.#growing.bytes, this.#growing.records), this.#growing.bytes === 0)
      if (head) {
        this.#growing.add(head)
        this.#mark.take(head.length)
      }
      if (tail) this.#backlog.add(this.#seal()!)
      rest = tail
    }
    this.#backlog.ring()
  }

  /** Is the growing segment to be given to somebody who waits? If not, they are told when it is. */
  #due (): boolean {
    const { rule, forecast } = this.#o
    const growing = this.#growing
    if (!growing) return false
    const now = this.#now()
    if (this.#closing || this.#wanted > 0 || maySeal(rule, { size: growing.bytes, records: growing.records, opened: growing.opened }, now)) return true
    if (forecast?.full(this.#backlog.admission.booked, this.#uptime())) return true
    const { age = Infinity } = rule.early ?? {}
    if (age < Infinity) this.#timer ??= setTimeout(() => this.#ring(), growing.opened + age - now).unref()
    return false
  }

  #ring (): void {
    this.#timer = undefined
    this.#backlog.ring()
  }

  #seal (): MemorySegment | undefined {
    const sealed = this.#growing
    this.#growing = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    return sealed
  }
}
