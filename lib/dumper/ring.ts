// The last lines of a request: those that were written, as pino has made them, and calls below the level, of which only the arguments
// are kept until somebody wants to read them. Bounded by number, by bytes, and by what all rings hold together.
import { keep } from './kept.js'
import { HOME, type Home } from './layer.js'
import { linesOf, type Call } from './replay.js'
import type { Pino } from './pino-symbols.js'
import type { RecorderSettings } from '../config/recorder.js'

/** Estimated bytes of a line, besides its text or its arguments. */
const LINE = 128
/** Lines after the end; from then on no more are held in all. */
const LATE = 16
/** Rings whose bytes are given back together when nobody has ended them. */
const BATCH = 64
const LINE_END = 10

type Written = { readonly written: string } & { readonly [field in keyof Call]: undefined }
type Unwritten = { readonly written: undefined } & Call
/** Both kinds have the same fields in the same order: objects of one shape are faster. */
type Held = (Written | Unwritten) & { readonly bytes: number, next: Held | undefined }

/** What a number of rings hold. */
interface Batch { share: { bytes: number } }

/** What all rings of a recorder hold, in bytes. */
export class Budget {
  used = 0
  #places = 0
  #batch: Batch | undefined
  // Not every ring is ended: a framework may drop a request without a word. To watch them one by one would cost more than all else.
  readonly #gone = new FinalizationRegistry<Batch['share']>(({ bytes }) => { this.used -= bytes })

  /** Whoever holds on to it takes part in its share. */
  batch (): Batch {
    if (this.#batch === undefined || this.#places === 0) {
      const share = { bytes: 0 }
      this.#batch = { share }
      this.#places = BATCH
      this.#gone.register(this.#batch, share)
    }
    this.#places--
    return this.#batch
  }
}

// While something is kept: what getters and serializers log meanwhile would be kept in turn, without end.
let busy = false

export class Ring {
  /** Lines that are not among `lines()`: too many, too long, or too much in all requests together. */
  leftOut = 0
  readonly #settings: RecorderSettings
  readonly #budget: Budget
  #batch: Batch | undefined
  #oldest: Held | undefined
  #newest: Held | undefined
  #length = 0
  #bytes = 0
  /** Most lines have the same ones. */
  #bindings = ''
  #ended = false
  #late = 0

  constructor (settings: RecorderSettings, budget: Budget) {
    this.#settings = settings
    this.#budget = budget
  }

  /** As pino would have written them, oldest first, each without its line end. Nobody but pino has redacted them. Never throws. */
  lines (): string[] {
    const lines: string[] = []
    for (let held = this.#oldest; held; held = held.next) lines.push(...held.written === undefined ? linesOf(held) : [held.written])
    return lines.map(line => line.replace(/\r?\n$/, ''))
  }

  /** The request is over. What is held counts no longer against the total; later lines are kept too, but not many. */
  end (): void {
    if (this.#ended) return
    this.#charge(-this.#bytes)
    this.#ended = true
    this.#batch = undefined
  }

  /** Takes a line that was written. */
  keep (line: unknown): void {
    // A hook may have left nothing of it. Besides, a line is a tree of the strings that it was put together from, the application's among
    // them, until somebody asks for a character.
    if (typeof line !== 'string' || line.length === 0 || line.charCodeAt(0) === LINE_END) return
    const bytes = LINE + 2 * line.length
    this.#add({ written: line, logger: undefined, level: undefined, time: undefined, bindings: undefined, args: undefined, bytes, next: undefined })
  }

  /** Takes a call that is not written, and its arguments for its own. Never throws. */
  record (logger: Pino, level: string, args: unknown[]): void {
    if (busy) {
      this.leftOut++
      return
    }
    busy = true
    try {
      const { symbols }: Home = logger[HOME]
      const time = logger[symbols.time]()
      const bindings = logger[symbols.chindings]
      let bytes = LINE + keep(logger, args)
      if (bindings !== this.#bindings) bytes += 2 * bindings.length
      this.#bindings = bindings
      this.#add({ written: undefined, logger, level, time, bindings, args, bytes, next: undefined })
    } catch {
      this.leftOut++
    } finally {
      busy = false
    }
  }

  #add (held: Held): void {
    const { bytes } = held
    if (bytes > this.#settings.bytes || (!this.#ended && this.#budget.used - this.#bytes + bytes > this.#settings.totalBytes)) {
      this.leftOut++
      return
    }
    if (this.#ended && this.#late < LATE) this.#late++
    while (!this.#takes(bytes)) this.#drop(this.#oldest!)
    if (this.#newest) this.#newest.next = held
    else this.#oldest = held
    this.#newest = held
    this.#length++
    this.#spend(bytes)
  }

  #takes (bytes: number): boolean {
    const { records, bytes: most, totalBytes } = this.#settings
    return this.#length < (this.#late < LATE ? records : Math.min(records, LATE)) && this.#bytes + bytes <= most &&
      (this.#ended || this.#budget.used + bytes <= totalBytes)
  }

  #drop (held: Held): void {
    this.#oldest = held.next
    if (this.#oldest === undefined) this.#newest = undefined
    // Else what is gone, but old for the garbage collector, is to it a reason to keep what came after.
    held.next = undefined
    this.#length--
    this.leftOut++
    this.#spend(-held.bytes)
  }

  #spend (bytes: number): void {
    this.#bytes += bytes
    if (!this.#ended) this.#charge(bytes)
  }

  #charge (bytes: number): void {
    this.#batch ??= this.#budget.batch()
    this.#batch.share.bytes += bytes
    this.#budget.used += bytes
  }
}
