// What an output has to say about itself: figures, and trouble told on stderr at most once a minute per cause. `console` is
// of no use here: its lines pass through the main thread, which is frozen while a transport closes.
//
// Everything that becomes of a line passes through here, once: it is counted, and where there are hooks they hear of it.
import { NOTHING, type Amount } from '../amount.js'
import { reason as messageOf } from '../errors.js'
import { complaints, tellStderr, type Tell } from './complaints.js'
import { Counters, type DropReason, type Kept } from './counters.js'

/** What a delivery took: attempts, and ms from the first of them to the end. */
export interface Effort { attempts: number, duration: number }

/** Lines as they came, of `length` bytes; `bytes` may have to be made first. */
export interface Arrival { readonly records: number, readonly length: number, readonly bytes: Uint8Array }
/** Whole lines, where they are at hand; asked for when somebody hears of them. */
type AtHand = () => readonly Uint8Array[] | undefined

/** How a batch ended. */
export interface Settlement {
  delivered: Amount
  dead: Amount
  dropped: ReadonlyArray<Amount & { why: DropReason }>
  effort: Effort
  /** Why it was not delivered, or not whole. */
  error?: string | undefined
}

/** Hears of everything. Nothing that it does may throw, or take time. */
export interface Witness {
  buffered (lines: Arrival): void
  /** `lines` are whole lines, where they are at hand. */
  dropped (why: DropReason, amount: Amount, lines?: readonly Uint8Array[]): void
  written (amount: Amount, effort: Effort): void
  failed (amount: Amount, kept: Kept, error: string, effort: Effort): void
  flushed (records: number, duration: number): void
  /** Hears no more, after so many ms at most. */
  close (ms: number): Promise<void>
}

const ONCE: Effort = { attempts: 1, duration: 0 }

export class Monitor {
  readonly output: string
  readonly counters = new Counters()
  /** At most once a minute per cause. */
  readonly say: (cause: string, message: string) => void
  witness: Witness | undefined
  readonly #now: () => number
  /** A written line is a delivered one: nothing waits in segments. */
  #product = false
  /** The last thing that went wrong with a batch. */
  #error = ''
  /** Lines accepted before the last flush began. */
  #flushed = 0

  constructor (output: string, tell: Tell = tellStderr, now = Date.now) {
    this.output = output
    this.say = complaints(message => tell(`pino-blackbox ${output}: ${message}\n`))
    this.#now = now
  }

  /** What may wait, Infinity for any amount; and whether it does so in segments, or only until it is written. */
  holds ({ records, bytes }: Amount, product: boolean): void {
    this.#product = product
    this.counters.change({}, { capacityRecords: finite(records), capacityBytes: finite(bytes) })
  }

  /** Sealed segments that wait now, the oldest since this time. */
  waiting (segments: number, since: number): void {
    this.counters.change({}, { pendingSegments: segments, oldestPending: since })
  }

  accepted (lines: Arrival): void {
    const { records, length: bytes } = lines
    const first = this.#product && this.counters.get('pendingRecords') === 0
    this.counters.change({ acceptedRecords: records, acceptedBytes: bytes, pendingRecords: records, pendingBytes: bytes }, first ? { oldestPending: this.#now() } : {})
    this.witness?.buffered(lines)
  }

  /** Lines that there was no room for. */
  refused (why: DropReason, lines: Arrival): void {
    const { records, length: bytes } = lines
    this.counters.change({ acceptedRecords: records, acceptedBytes: bytes, [`dropped:${why}`]: records, [`droppedBytes:${why}`]: bytes })
    this.#dropping(why, { records, bytes }, () => [lines.bytes])
  }

  recovered ({ records, bytes }: Amount): void {
    this.counters.change({ recoveredRecords: records, recoveredBytes: bytes, pendingRecords: records, pendingBytes: bytes })
  }

  /** A batch of which nothing waits any more. */
  settled ({ delivered, dead, dropped, effort, error }: Settlement): void {
    if (delivered.records > 0 || delivered.bytes > 0) {
      this.counters.change({
        deliveredRecords: delivered.records, deliveredBytes: delivered.bytes, ...this.#gone(delivered), batches: 1, batchAttempts: effort.attempts, batchDuration: effort.duration
      }, { lastDelivery: this.#now(), ...this.#progress(delivered) })
      this.witness?.written(delivered, effort)
    }
    this.dead(dead, effort, error)
    for (const { why, ...lost } of dropped) {
      this.dropped(why, lost)
      if (lost.records > 0) this.#failed(lost, 'dropped', effort, error)
    }
  }

  /** Lines that were delivered as a part of a batch that was dropped. */
  delivered (amount: Amount): void {
    this.settled({ delivered: amount, dead: NOTHING, dropped: [], effort: ONCE })
  }

  /** Lines that their receiver refuses for good, and that are kept. */
  dead (amount: Amount, effort = ONCE, error?: string): void {
    if (amount.records === 0) return
    this.counters.change({ deadRecords: amount.records, deadBytes: amount.bytes, ...this.#gone(amount) })
    this.say('dead', `dead letters: ${this.counters.get('deadRecords')} so far`)
    this.#failed(amount, 'dead letters', effort, error)
  }

  /** Lines that were accepted and will not be delivered; `lines` where they are at hand. */
  dropped (why: DropReason, amount: Amount, lines?: AtHand): void {
    const { records, bytes } = amount
    if (records === 0) return
    this.counters.change({ [`dropped:${why}`]: records, [`droppedBytes:${why}`]: bytes, ...this.#gone(amount) }, this.#progress(amount))
    this.#dropping(why, amount, lines)
  }

  #dropping (why: DropReason, { records, bytes }: Amount, lines?: AtHand): void {
    this.counters.incidents.add({ failures: 0, dropped: records }, this.#now())
    this.say(`dropped:${why}`, `dropping lines (${why}): ${this.counters.get(`dropped:${why}`)} so far`)
    this.witness?.dropped(why, { records, bytes }, lines?.())
  }

  /** A batch that failed, and stays for another attempt. */
  kept (amount: Amount, error: unknown, duration: number): void {
    this.#failed(amount, 'journal', { attempts: 1, duration }, messageOf(error))
  }

  #failed (amount: Amount, kept: Kept, effort: Effort, error = this.#error): void {
    this.#error = error
    this.counters.change({
      [`${kept}:batches`]: 1, [`${kept}:attempts`]: effort.attempts, [`${kept}:records`]: amount.records, [`${kept}:bytes`]: amount.bytes
    }, {}, error)
    this.witness?.failed(amount, kept, error, effort)
  }

  /** Counted in any case, and told unless it may still come right by itself. */
  failed (action: string, error: unknown, tell = true): void {
    this.counters.change({ failures: 1 })
    this.counters.incidents.add({ failures: 1, dropped: 0 }, this.#now())
    if (tell) this.say(action, `cannot ${action}: ${messageOf(error)}`)
  }

  /** A flush that came to a good end; `accepted` lines had been accepted in all when it began. */
  flushed (accepted: number, duration: number): void {
    const records = Math.max(0, accepted - this.#flushed)
    this.#flushed += records
    this.counters.change({ flushes: 1, flushedRecords: records, flushDuration: duration })
    this.witness?.flushed(records, duration)
  }

  /** The last word of an output that dropped something. */
  sum (): void {
    const { droppedRecords, dropped } = this.counters.read()
    if (droppedRecords === 0) return
    const reasons = Object.entries(dropped).filter(([, records]) => records > 0).map(([why, records]) => `${records} ${why}`)
    this.say('sum', `closed; of the lines taken ${droppedRecords} were dropped (${reasons.join(', ')})`)
  }

  #gone ({ records, bytes }: Amount): { pendingRecords: number, pendingBytes: number } {
    return { pendingRecords: -records, pendingBytes: -bytes }
  }

  /** Where lines wait to be written: something of them has been, or has gone. */
  #progress ({ records }: Amount): { oldestPending?: number } {
    if (!this.#product) return {}
    return { oldestPending: this.counters.get('pendingRecords') > records ? this.#now() : 0 }
  }
}

function finite (amount: number): number {
  return amount === Infinity ? 0 : amount
}
