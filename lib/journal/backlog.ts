// Sealed segments that wait for their delivery, oldest first, and whether there is room for more lines. Both journals have one.
import { less, NOTHING, type Amount } from '../amount.js'
import { Admission } from './admission.js'
import { Signal } from './signal.js'
import type { Block } from './block.js'
import type { BoundOptions } from './bound.js'
import type { Clock, Outcome, Progress, Sealed } from './journal.js'
import type { DropReason } from '../telemetry/counters.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface BacklogOptions<S extends Sealed> {
  monitor: Monitor
  /** Removing counts as delivering and frees room; false where the segment is the product, and writing it has done both. */
  counts: boolean
  /** Bounds everything that is not delivered yet, lines that are not sealed yet included. */
  bound?: BoundOptions | undefined
  /** ms of running time after which a segment is dropped. */
  maxAge?: number | undefined
  /** Time that passes while the process runs, and is never set; ms. */
  uptime: Clock
  /** Frees what a segment occupies. */
  discard?: (segment: S) => Promise<void>
  /** A segment is out of the list, one way or the other. */
  removed?: (segment: S) => void
  /** Gives up the oldest lines that are in no segment yet, when there is no segment to give up. */
  evict?: (() => Block | undefined) | undefined
  /** Asked when somebody waits and nothing does: a segment that may be sealed early. */
  refill?: () => S | undefined | void
}

interface Entry<S> {
  segment: S
  /** Running time at which it came. */
  since: number
  /** Handed out by `next`, not given back: never dropped. */
  leased: boolean
  done?: Progress | undefined
}

export class Backlog<S extends Sealed> {
  readonly #o: BacklogOptions<S>
  /** What comes in. */
  readonly admission: Admission
  #entries: Array<Entry<S>> = []
  /** One for each call of `next` that is open. */
  readonly #bells = new Set<Signal>()
  readonly #awaited = new Set<{ segments: Set<S>, resolve: () => void }>()
  /** Dropped segments that are still being discarded ... */
  readonly #leaving = new Set<Promise<void>>()
  /** ... and those of which that has failed. */
  #stuck: S[] = []
  #inherited = false
  #ended = false
  #telling = false

  constructor (options: BacklogOptions<S>) {
    this.#o = options
    this.admission = new Admission(options.monitor, options.bound, () => this.#evict())
    const { maxRecords = Infinity, maxBytes = Infinity } = options.bound ?? {}
    options.monitor.holds({ records: maxRecords, bytes: maxBytes }, !options.counts)
  }

  /** The newest segment, whose lines were admitted; the last of them at this running time. */
  add (segment: S, since = this.#o.uptime()): void {
    this.#entries.push({ segment, since, leased: false })
    this.#tell()
    this.ring()
  }

  /** The same, in its place among those that nobody has. */
  insert (segment: S): void {
    let from = this.#entries.findLastIndex(({ leased }) => leased) + 1
    for (let to = this.#entries.length; from < to;) {
      const middle = (from + to) >> 1
      if (orderOf(this.#entries[middle]!.segment) > orderOf(segment)) to = middle
      else from = middle + 1
    }
    this.#entries.splice(from, 0, { segment, since: this.#o.uptime(), leased: false })
    this.#tell()
    this.ring()
  }

  /** A segment that was found, whose lines were admitted by an earlier process. */
  recover (segment: S): void {
    this.admission.book(segment)
    this.#o.monitor.recovered(segment)
    this.insert(segment)
    if (this.#inherited) this.admission.settle()
  }

  /** What was found is all there is, as far as it could be taken over: not before can be said which is the oldest, to make room. */
  inherited (): void {
    this.#inherited = true
    this.admission.settle()
  }

  /** Something changed: `refill` may have an answer now. */
  ring (): void {
    for (const bell of this.#bells) bell.ring()
  }

  /** Does somebody wait for a segment? */
  get hungry (): boolean {
    return this.#bells.size > 0
  }

  /** The oldest segment that nobody has; waits for one. Undefined once the backlog has ended. */
  async next (): Promise<S | undefined> {
    const bell = new Signal()
    this.#bells.add(bell)
    try {
      for (;;) {
        this.#expire()
        const entry = this.#free() ?? this.#refilled()
        if (entry) {
          entry.leased = true
          return entry.segment
        }
        if (this.#ended) return undefined
        await bell.wait()
      }
    } finally {
      this.#bells.delete(bell)
    }
  }

  /** What `next` would give now, unless it is too old. */
  get upcoming (): S | undefined {
    return this.#free()?.segment
  }

  giveBack (segment: S, done?: Progress): void {
    const entry = this.#entries.find(entry => entry.segment === segment)
    if (entry) Object.assign(entry, { leased: false, done })
    this.ring()
  }

  /** Resolves when none of the segments that wait now does any more. */
  async drained (): Promise<void> {
    const segments = new Set(this.#entries.map(({ segment }) => segment))
    if (segments.size > 0) await new Promise<void>(resolve => { this.#awaited.add({ segments, resolve }) })
  }

  /** Lines that somebody else has taken away. */
  lose (amount: Amount): void {
    this.#o.monitor.dropped('gone', amount)
    this.admission.release(amount)
  }

  /** The segment is done with. Rejects when it could not be discarded; then to be called again. */
  async remove (segment: S, outcome: Outcome): Promise<void> {
    const { counts, discard } = this.#o
    await discard?.(segment)
    const at = this.#entries.findIndex(entry => entry.segment === segment)
    if (at === -1) return
    this.#entries.splice(at, 1)
    if (counts) this.#count(segment, outcome)
    this.#done(segment)
  }

  /** Resolves when what was dropped is not on the disk any more, or does not want to go just now. */
  async left (): Promise<void> {
    if (this.#leaving.size > 0) await Promise.all(this.#leaving)
    if (this.#stuck.length === 0) return
    for (const segment of this.#stuck.splice(0)) this.#discard(segment)
    await Promise.all(this.#leaving)
  }

  /** The oldest segment that is not done with. */
  get first (): S | undefined {
    return this.#entries[0]?.segment
  }

  /** No more segments will come; what is left is given out. */
  end (): void {
    this.#ended = true
    this.admission.end()
    this.ring()
  }

  /** Nothing more is given out. Returns what is left. */
  abandon (): S[] {
    this.end()
    const left = this.#entries.splice(0).map(({ segment }) => segment)
    this.#tell()
    return left
  }

  #count (segment: S, { dead = NOTHING, dropped = [], effort = { attempts: 1, duration: 0 }, error }: Outcome): void {
    this.admission.release(segment)
    this.#o.monitor.settled({ delivered: [dead, ...dropped].reduce(less, segment), dead, dropped, effort, error })
  }

  #free (): Entry<S> | undefined {
    return this.#entries.find(({ leased }) => !leased)
  }

  #refilled (): Entry<S> | undefined {
    const segment = this.#o.refill?.()
    if (!segment) return undefined
    this.#entries.push({ segment, since: this.#o.uptime(), leased: false })
    this.#tell()
    return this.#entries.at(-1)
  }

  /** Tells whoever waits for it. */
  #done (segment: S): void {
    this.#tell()
    this.#o.removed?.(segment)
    for (const waiting of this.#awaited) {
      waiting.segments.delete(segment)
      if (waiting.segments.size > 0) continue
      this.#awaited.delete(waiting)
      waiting.resolve()
    }
  }

  #expire (): void {
    const { maxAge = Infinity } = this.#o
    for (let entry = this.#free(); entry && this.#o.uptime() - entry.since >= maxAge; entry = this.#free()) {
      this.#drop(entry, 'expired')
      this.admission.release(entry.segment)
    }
  }

  /** Once, when many come at the same time. */
  #tell (): void {
    if (this.#telling || !this.#o.counts) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      this.#o.monitor.waiting(this.#entries.length, this.first?.opened ?? 0)
    })
  }

  #evict (): Amount | undefined {
    const entry = this.#free()
    if (entry) {
      this.#drop(entry, 'evicted')
      return entry.segment
    }
    const queued = this.#o.evict?.()
    if (queued) this.#o.monitor.dropped('evicted', queued.amount, () => [queued.bytes])
    return queued?.amount
  }

  #drop (entry: Entry<S>, why: DropReason): void {
    const { monitor } = this.#o
    const { segment, done } = entry
    const { dead = NOTHING, delivered = NOTHING } = done ?? {}
    this.#entries.splice(this.#entries.indexOf(entry), 1)
    monitor.dead(dead)
    monitor.delivered(delivered)
    // Which of the lines are left is not known when some of them are done.
    monitor.dropped(why, [dead, delivered].reduce(less, segment), () => done ? undefined : segment.held)
    this.#discard(segment)
    this.#done(segment)
  }

  #discard (segment: S): void {
    const { monitor, discard } = this.#o
    const leaving = Promise.resolve(discard?.(segment)).catch((error: unknown) => {
      monitor.failed('remove a dropped segment', error)
      this.#stuck.push(segment)
    }).finally(() => this.#leaving.delete(leaving))
    this.#leaving.add(leaving)
  }
}

function orderOf ({ order, id }: Sealed): string {
  return order ?? id
}
