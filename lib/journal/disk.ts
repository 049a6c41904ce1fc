// The journal on disk: one loop that does one thing at a time. It opens, writes, syncs and seals; when something fails it
// keeps what is not safe yet, waits a little and goes on from the last safe point. Where segments live and what they are
// called is the shelf's business, when one is full the seal rule's.
//
//   append -> queue -> [ active segment ] -> seal -> sealed segments -> next() ... remove()
import { ActiveSegment, type SegmentLife } from './active.js'
import { Backlog } from './backlog.js'
import { nextBoundary, rebase } from './period.js'
import { Queue } from './queue.js'
import { mustSeal, room, type SealRule } from './seal.js'
import { Signal } from './signal.js'
import { Watermark } from './watermark.js'
import { within } from '../deadline.js'
import type { Block } from './block.js'
import type { BoundOptions } from './bound.js'
import type { Clock, Journal, Outcome, Sealed } from './journal.js'
import type { SegmentFile } from './segment.js'
import type { Shelf } from './shelf.js'
import type { Fsync } from '../config/common.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface DiskOptions<S extends Sealed> {
  shelf: Shelf<S>
  rule: SealRule
  monitor: Monitor
  fsync: Fsync
  /** Bytes of lines in memory while the disk does not take them; beyond it the newest are dropped. */
  maxLength?: number
  /** Holds lines back until this many bytes are together ... */
  minLength?: number
  /** ... or this many ms have passed. */
  periodicFlush?: number | undefined
  /** Bounds everything that is not delivered yet: on disk and in memory, or in memory alone where the segment is the product. */
  bound?: BoundOptions | undefined
  now?: Clock
}

const TICK = 500
const SHORTEST_TICK = 10
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 5000
/** ms that a loop told to end has for coming out of the call that it is in. */
const GRACE = 200

export class DiskJournal<S extends Sealed = Sealed> implements Journal<S> {
  readonly #o: DiskOptions<S>
  readonly #now: Clock
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
  #active: ActiveSegment | undefined
  /** The active segment after a failure: to be opened again and cut at `safe`. */
  #broken: { segment: ActiveSegment, safe: number } | undefined
  /** Whoever waits for the active segment to be sealed, whatever is in it. */
  #sealings: Array<() => void> = []
  #possessed = false
  #ticked = false
  #closing = false
  #over = false

  constructor (options: DiskOptions<S>) {
    this.#o = options
    this.#now = options.now ?? Date.now
    this.#queue = new Queue(this.#now)
    this.#backlog = new Backlog({ monitor: options.monitor, counts: !options.shelf.product, bound: options.bound, discard: segment => options.shelf.remove(segment) })
    const { fsync, periodicFlush = TICK, rule } = options
    const due = Math.min(TICK, periodicFlush, rule.maxAge ?? TICK, typeof fsync === 'number' ? fsync : TICK)
    this.#timer = setInterval(() => {
      this.#ticked = true
      this.#bell.ring()
    }, Math.max(SHORTEST_TICK, due)).unref()
    this.opened = this.#opened.wait()
    this.inherited = this.opened.then(() => options.shelf.adopt?.(segment => this.#backlog.recover(segment)))
    this.#running = this.#run()
  }

  append (block: Block): Promise<void> | undefined {
    const full = this.#mark.ahead + block.bytes.length > (this.#o.maxLength ?? Infinity)
    return this.#backlog.admit(block, this.#closing ? 'closed' : full ? 'full' : undefined, taken => {
      this.#queue.push(taken)
      this.#mark.take(taken.bytes.length)
      this.#bell.ring()
    })
  }

  async flush (): Promise<void> {
    if (this.#backlog.entering) await this.#backlog.entered()
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

  remove (segment: S, outcome: Outcome): Promise<void> {
    return this.#backlog.remove(segment, outcome)
  }

  async close (deadline: number): Promise<void> {
    this.#closing = true
    this.#bell.ring()
    this.#hurry.ring()
    this.#backlog.entered().then(() => this.#bell.ring())
    await within(this.#running, deadline - this.#now())
    // What is found soon is still delivered; there has to be time for that too.
    if (this.#possessed) await within(this.inherited, (deadline - this.#now()) / 2)
    clearInterval(this.#timer)
    this.#over = true
    this.#bell.ring()
    this.#hurry.ring()
    // A write that hangs keeps its descriptor: closing it now could hit whoever gets the number next.
    if (await within(this.#running, GRACE)) await within(this.#tidy(), GRACE)
    this.#giveUp()
  }

  release (): Promise<void> {
    return this.#o.shelf.close()
  }

  async #run (): Promise<void> {
    for (let pause = FIRST_PAUSE; !this.#over;) {
      try {
        if (await this.#step()) pause = FIRST_PAUSE
        else if (this.#closing && !this.#backlog.entering) break
        else await this.#bell.wait()
      } catch (error) {
        this.#o.monitor.failed('write to the log', error)
        await this.#setBack()
        await this.#hurry.wait(this.#closing ? FIRST_PAUSE : pause)
        pause = Math.min(pause * 2, LONGEST_PAUSE)
      }
    }
  }

  /** Does one thing that is due; false when nothing is. */
  async #step (): Promise<boolean> {
    if (!this.#possessed) return await this.#possess(this.#now())
    if (this.#broken) return await this.#mend()
    const active = this.#active
    if (active && this.#ticked) {
      this.#ticked = false
      if (!await this.#o.shelf.holds(active.file)) return await this.#replace(active)
    }
    const now = this.#now()
    if (active && this.#full(active, now)) return await this.#seal(active)
    for (const sealed of this.#sealings.splice(0)) sealed()
    if (!this.#queue.empty && !this.#heldBack(now)) {
      if (!active) return await this.#create(now)
      const batch = this.#queue.take(room(this.#o.rule, active.file.size), active.file.size === 0)
      if (batch.length === 0) return await this.#seal(active)
      await active.write(batch, now)
      return true
    }
    if (active?.syncDue(now, this.#closing || this.#mark.wanted)) {
      await active.sync()
      return true
    }
    return false
  }

  async #possess (now: number): Promise<true> {
    const active = await this.#o.shelf.open(now)
    this.#possessed = true
    this.#opened.ring()
    if (active) this.#active = this.#segment(active, this.#begin(now))
    return true
  }

  async #create (now: number): Promise<true> {
    this.#active = this.#segment(await this.#o.shelf.create(now), this.#begin(now))
    return true
  }

  /** Opens a broken segment again, less what has to be written again. */
  async #mend (): Promise<true> {
    const { segment, safe } = this.#broken!
    const file = await this.#o.shelf.reopen(segment.file, this.#now())
    try {
      await file.cut(safe)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
    this.#active = this.#segment(file, segment)
    this.#broken = undefined
    return true
  }

  /** Somebody renamed or removed the file: what was written stays with it, a new one takes its place. */
  async #replace (active: ActiveSegment): Promise<true> {
    await active.sync()
    await active.file.close()
    this.#active = this.#segment(await this.#o.shelf.reopen(active.file, this.#now()), { ...this.#begin(active.opened), until: active.until })
    return true
  }

  async #seal (active: ActiveSegment): Promise<true> {
    await active.sync()
    await active.file.close()
    const sealed = await this.#o.shelf.seal(active.file, active)
    this.#active = undefined
    this.#o.monitor.counters.add({ segmentsSealed: 1 })
    this.#backlog.add(sealed)
    return true
  }

  #begin (opened: number): SegmentLife {
    const { period } = this.#o.rule
    return { opened, records: 0, until: period ? nextBoundary(opened, period) : Infinity }
  }

  #segment (file: SegmentFile, life: SegmentLife): ActiveSegment {
    const { fsync, shelf, monitor } = this.#o
    return new ActiveSegment(file, life, fsync, block => {
      if (shelf.product) {
        monitor.delivered(block.records, block.bytes.length)
        this.#backlog.release({ records: block.records, bytes: block.bytes.length })
      }
      this.#mark.secure(block.bytes.length)
    })
  }

  #full (active: ActiveSegment, now: number): boolean {
    const { rule, shelf } = this.#o
    const { file: { size }, records, opened } = active
    if (rule.period) active.until = rebase(active.until, now, rule.period)
    const last = this.#sealings.length > 0 || (this.#closing && this.#queue.empty)
    return (last && !shelf.product && size > 0) || mustSeal(rule, { size, records, opened, until: active.until }, now)
  }

  #heldBack (now: number): boolean {
    const { minLength = 0, periodicFlush = Infinity } = this.#o
    return this.#queue.bytes < minLength && !this.#closing && !this.#mark.wanted && now - this.#queue.since < periodicFlush
  }

  /** After an error: nothing of the active segment is trusted beyond its last safe point. */
  async #setBack (): Promise<void> {
    const segment = this.#active
    if (!segment) return
    const { again, safe } = segment.retreat(this.#now())
    this.#queue.putBack(again)
    this.#active = undefined
    this.#broken = { segment, safe }
    // At once: nobody shall read half a line for as long as the disk is full.
    await segment.file.cut(safe).catch(() => {})
    await segment.file.close().catch(() => {})
  }

  async #tidy (): Promise<void> {
    if (this.#broken) await this.#mend().catch(() => {})
    await this.#active?.file.close().catch(() => {})
  }

  /** The journal is over: what is not safe by now is dropped, and counted. */
  #giveUp (): void {
    const left = [...this.#active?.retreat(this.#now()).again ?? [], ...this.#queue.drain()]
    for (const { records, bytes } of left) this.#o.monitor.dropped('closed', records, bytes.length)
    this.#mark.fail()
    for (const sealed of this.#sealings.splice(0)) sealed()
    this.#backlog.refuse()
    this.#backlog.end()
  }
}
