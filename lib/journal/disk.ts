// The journal on disk: one loop that does one thing at a time. It opens, writes, syncs and seals; when something fails it
// keeps what is not safe yet, waits a little and goes on from the last safe point. Where segments live and what they are
// called is the shelf's business, when one is full the seal rule's.
//
//   append -> queue -> [ active segment ] -> seal -> sealed segments -> next() ... remove()
import { Backlog } from './backlog.js'
import { Brake } from './brake.js'
import { Queue } from './queue.js'
import { maySeal, mustSeal, room, type SealRule, type SegmentState } from './seal.js'
import { Signal } from './signal.js'
import { Watermark } from './watermark.js'
import { Writer } from './writer.js'
import { NOTHING } from '../amount.js'
import { within } from '../deadline.js'
import { amountOf, type Block } from './block.js'
import type { BoundOptions } from './bound.js'
import type { Clock, Journal, Outcome, Progress, Sealed } from './journal.js'
import type { Shelf } from './shelf.js'
import type { Fsync } from '../config/common.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface DiskOptions<S extends Sealed> {
  shelf: Shelf<S>
  rule: SealRule
  monitor: Monitor
  fsync: Fsync
  /** Bytes of lines in memory while the disk does not take them: from an eighth of it on reading pauses, beyond it the newest are dropped. */
  maxLength?: number
  /** Holds lines back until this many bytes are together ... */
  minLength?: number
  /** ... or this many ms have passed. */
  periodicFlush?: number | undefined
  /** Bounds everything that is not delivered yet: on disk and in memory, or in memory alone where the segment is the product. */
  bound?: BoundOptions | undefined
  /** ms of running time after which what is not delivered is dropped. */
  maxAge?: number | undefined
  now?: Clock
  /** Time that passes while the process runs, and is never set; ms. */
  uptime?: Clock
}

/** Share of `maxLength` at which reading pauses. */
const BRAKE = 8
/** Share of `maxAge` after which a segment does not grow any more: its lines are to be of about the same age. */
const AGES = 4
const TICK = 500
const SHORTEST_TICK = 10
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5000
/** ms that a loop told to end has for coming out of the call that it is in. */
const GRACE = 200
/** Failures in a row after which lines go to another place, where there is one. */
const PATIENCE = 3

export class DiskJournal<S extends Sealed = Sealed> implements Journal<S> {
  readonly lasting = true
  readonly #o: DiskOptions<S>
  readonly #now: Clock
  readonly #uptime: Clock
  readonly #bell = new Signal()
  /** Ends a pause after an error, because the journal is to be closed. */
  readonly #hurry = new Signal()
  /** Resolves when the shelf has been taken possession of. */
  readonly opened: Promise<void>
  /** Resolves when what earlier writers left waits for its delivery. */
  readonly inherited: Promise<void>
  readonly #opened = new Signal()
  readonly #running: Promise<void>
  readonly #timer: NodeJS.Timeout
  readonly #queue: Queue
  readonly #backlog: Backlog<S>
  readonly #mark = new Watermark()
  readonly #brake: Brake | undefined
  readonly #writer: Writer<S>
  /** Whoever waits for the active segment to be sealed, whatever is in it. */
  #sealings: Array<() => void> = []
  /** Running times of the first and the last write to the active segment. */
  #first = 0
  #last = 0
  #possessed = false
  #ticked = false
  #closing = false
  #over = false

  constructor (options: DiskOptions<S>) {
    this.#o = options
    this.#now = options.now ?? Date.now
    this.#queue = new Queue(this.#now)
    const { fsync, periodicFlush = TICK, rule, shelf, monitor, bound, maxAge, maxLength } = options
    this.#uptime = options.uptime ?? (() => performance.now())
    if (maxLength !== undefined) this.#brake = new Brake(this.#mark, maxLength / BRAKE)
    this.#backlog = new Backlog<S>({
      monitor,
      counts: !shelf.product,
      bound,
      maxAge,
      uptime: this.#uptime,
      discard: segment => shelf.remove(segment),
      evict: () => {
        const at = this.#mark.taken - this.#queue.bytes
        const block = this.#queue.shift()
        if (block) this.#mark.forget(block.length, at)
        return block
      },
      // Somebody waits: the loop may have enough for them.
      refill: () => { this.#bell.ring() }
    })
    this.#writer = new Writer({
      shelf,
      rule,
      fsync,
      secured: (blocks, duration) => {
        const amount = amountOf(blocks)
        if (shelf.product) {
          monitor.settled({ delivered: amount, dead: NOTHING, dropped: [], effort: { attempts: 1, duration } })
          this.#backlog.admission.release(amount)
        }
        this.#mark.secure(amount.bytes)
      },
      lost: amount => this.#backlog.lose(amount)
    })
    const due = Math.min(TICK, periodicFlush, typeof fsync === 'number' ? fsync : TICK)
    this.#timer = setInterval(() => {
      this.#ticked = true
      this.#bell.ring()
    }, Math.max(SHORTEST_TICK, due)).unref()
    this.opened = this.#opened.wait()
    this.inherited = this.opened.then(() => options.shelf.adopt?.(segment => this.#backlog.recover(segment))).then(() => this.#backlog.inherited())
    this.#running = this.#run()
  }

  append (block: Block): Promise<void> | undefined {
    const full = this.#mark.ahead + block.length > (this.#o.maxLength ?? Infinity)
    const entered = this.#backlog.admission.admit(block, this.#closing ? 'closed' : full ? 'full' : undefined, taken => {
      this.#queue.push(taken)
      this.#mark.take(taken.length)
      this.#bell.ring()
    })
    return entered ?? this.#brake?.press()
  }

  async flush (): Promise<void> {
    if (this.#backlog.admission.entering) await this.#backlog.admission.entered()
    const reached = this.#mark.reached()
    this.#bell.ring()
    await reached
  }

  /** Seals what there is; resolves when every line taken so far is delivered, or dropped. */
  async drain (): Promise<void> {
    await this.flush()
    await new Promise<void>(resolve => {
      this.#sealings.push(resolve)
      this.#bell.ring()
    })
    await this.#backlog.drained()
  }

  next (): Promise<S | undefined> {
    return this.#backlog.next()
  }

  get upcoming (): S | undefined {
    return this.#backlog.upcoming
  }

  giveBack (segment: S, done?: Progress): void {
    this.#backlog.giveBack(segment, done)
  }

  remove (segment: S, outcome: Outcome): Promise<void> {
    return this.#backlog.remove(segment, outcome)
  }

  async close (deadline: number): Promise<void> {
    this.#closing = true
    this.#bell.ring()
    this.#hurry.ring()
    this.#backlog.admission.entered().then(() => this.#bell.ring())
    await within(this.#running, deadline - this.#now())
    // What is found soon is still delivered; there has to be time for that too.
    if (this.#possessed) await within(this.inherited, (deadline - this.#now()) / 2)
    clearInterval(this.#timer)
    this.#over = true
    this.#bell.ring()
    this.#hurry.ring()
    // A write that hangs keeps its descriptor: closing it now could hit whoever gets the number next.
    if (await within(this.#running, GRACE)) await within(this.#writer.close(this.#now()), GRACE)
    else this.#running.then(() => this.#writer.active?.file.close()).catch(() => {})
    await within(this.#backlog.left(), GRACE)
    this.#giveUp()
  }

  release (): Promise<void> {
    return this.#o.shelf.close()
  }

  async #run (): Promise<void> {
    for (let failures = 0; !this.#over;) {
      try {
        const mending = this.#writer.broken
        if (await this.#step()) failures = mending ? failures : 0
        else if (this.#closing && !this.#backlog.admission.entering) break
        else await this.#bell.wait(this.#untilDue(this.#now()))
      } catch (error) {
        this.#o.monitor.failed('write to the log', error)
        const again = await this.#writer.setBack(this.#now())
        this.#queue.putBack(again)
        if (this.#o.shelf.product) this.#o.monitor.kept(amountOf(again), error, 0)
        if (++failures >= PATIENCE && this.#o.shelf.avoid?.(this.#now())) this.#writer.setAside()
        await this.#hurry.wait(this.#closing ? FIRST_PAUSE : Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE))
      }
    }
  }

  /** Does one thing that is due; false when nothing is. */
  async #step (): Promise<boolean> {
    const now = this.#now()
    const writer = this.#writer
    if (!this.#possessed) return await this.#possess(now)
    if (writer.broken) {
      await writer.mend(now)
      return true
    }
    if (this.#ticked) {
      this.#ticked = false
      if (await writer.follow(now)) return true
    }
    const state = writer.state(now)
    if (state && this.#full(state, now)) return await this.#seal()
    if (!state) for (const sealed of await writer.gather(now)) this.#backlog.insert(sealed)
    for (const sealed of this.#sealings.splice(0)) sealed()
    if (!this.#queue.empty && !this.#heldBack(now)) {
      if (!state) {
        await writer.create(now)
        return true
      }
      const batch = this.#queue.take(room(this.#o.rule, state.size, state.records), state.size === 0)
      if (batch.length === 0) return await this.#seal()
      // What was dropped for these lines goes first: the bound is one of the disk.
      await this.#backlog.left()
      await writer.active!.write(batch, now)
      this.#last = this.#uptime()
      if (state.size === 0) this.#first = this.#last
      return true
    }
    if (writer.active?.syncDue(now, this.#closing || this.#mark.wanted)) {
      await writer.active.sync()
      return true
    }
    return false
  }

  async #possess (now: number): Promise<true> {
    await this.#writer.possess(now)
    this.#possessed = true
    this.#opened.ring()
    return true
  }

  async #seal (): Promise<true> {
    this.#backlog.add(await this.#writer.seal(), this.#last)
    this.#o.monitor.counters.change({ segmentsSealed: 1 })
    return true
  }

  #full (state: SegmentState, now: number): boolean {
    const { rule, shelf, maxAge = Infinity } = this.#o
    const last = this.#sealings.length > 0 || (this.#closing && this.#queue.empty)
    const old = state.size > 0 && this.#uptime() - this.#first >= maxAge / AGES
    return (last && !shelf.product && state.size > 0) || old || mustSeal(rule, state, now) || (this.#backlog.hungry && maySeal(rule, state, now))
  }

  /** ms until the active segment is old enough for somebody who waits; undefined when nobody does. */
  #untilDue (now: number): number | undefined {
    const { early } = this.#o.rule
    const state = this.#writer.state(now)
    return early && early.age < Infinity && state && state.size > 0 && this.#backlog.hungry ? Math.max(1, state.opened + early.age - now) : undefined
  }

  #heldBack (now: number): boolean {
    const { minLength = 0, periodicFlush = Infinity } = this.#o
    return this.#queue.bytes < minLength && !this.#closing && !this.#mark.wanted && now - this.#queue.since < periodicFlush
  }

  /** The journal is over: what is not safe by now is dropped, and counted. */
  #giveUp (): void {
    const left = [...this.#writer.abandon(this.#now()), ...this.#queue.drain()]
    this.#o.monitor.dropped('closed', amountOf(left), () => left.map(({ bytes }) => bytes))
    this.#mark.fail()
    for (const sealed of this.#sealings.splice(0)) sealed()
    this.#backlog.admission.refuse()
    this.#backlog.end()
  }
}
