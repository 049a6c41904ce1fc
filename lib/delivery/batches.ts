// A segment's way to a receiver that may take it, refuse it, or have it sent again: whole, and where it is refused in halves until
// what is refused is found. That becomes a dead letter; its neighbours are delivered.
//
//   lines -> parts -> send: delivered | again later (an AttemptError) | refused: in halves, then a dead letter
import { Lines, type Check, type Range } from './lines.js'
import { Parts } from './parts.js'
import { less, NOTHING, type Amount } from '../amount.js'
import { AttemptError, errno, GoneError, reason } from '../errors.js'
import type { LetterBox } from './dead-letters.js'
import type { Outcome, Progress, Sealed } from '../journal/journal.js'

/** What is sent at once: a segment, or a part of one that was refused. */
export interface Part {
  /** Of all of a segment its id, of a part that and its lines: the same for the same lines, from every process. */
  key: string
  /** Whole lines. */
  bytes: Buffer
  segment: Sealed
}

/** The answer of a receiver that will never take a part as it is. */
export interface Refusal {
  /** Of the answer; null when nobody was asked. */
  status: number | null
  why: string
  /** Only these lines of the part, by number; it has the others. */
  lines?: readonly number[]
}

export interface BatchesOptions {
  /** Undefined when the receiver has it. Rejects when it is to be sent again. */
  send: (part: Part) => Promise<Refusal | undefined>
  /** Does for a part that may be sent next what can be done already. Never throws. */
  prepare?: (part: Part) => void
  /** Lines that are not even sent. */
  check: Check
  /** Without it what is refused is dropped, and counted. */
  dead: LetterBox | undefined
  /** Takes out of a text what nobody may see. */
  hide?: (text: string) => string
}

/** A segment as it was read. */
interface Content {
  lines: Lines
  /** All of them. */
  whole: Part
}

/** What is known of a segment that was begun. */
interface State extends Content {
  parts: Parts
  delivered: Amount
  /** Refused for good, malformed lines included. */
  refused: Amount
  /** Why. */
  why: string | undefined
}

export class Batches {
  readonly #o: BatchesOptions
  /** Of segments of which a part is done. */
  readonly #states = new WeakMap<Sealed, State>()
  /** What was read before it was its turn. */
  readonly #prepared = new WeakMap<Sealed, Promise<Content>>()

  constructor (options: BatchesOptions) {
    this.#o = options
  }

  /** For a segment that may be delivered next. */
  prepare (segment: Sealed): void {
    const { prepare } = this.#o
    if (!prepare || this.#states.has(segment) || this.#prepared.has(segment)) return
    const read = this.#read(segment)
    this.#prepared.set(segment, read)
    // What fails is told, if it fails again, when it is delivered.
    read.then(({ whole }) => { if (whole.bytes.length > 0) prepare(whole) }, () => { this.#prepared.delete(segment) })
  }

  /** Rejects with an AttemptError when it is to be called again, with a GoneError when the segment is not there any more. */
  async deliver (segment: Sealed): Promise<Outcome> {
    const state = this.#states.get(segment) ?? await this.#open(segment)
    const { parts, lines, refused } = state
    try {
      for (let part = parts.next; part; part = parts.next) await this.#deliver(segment, state, part)
    } catch (error) {
      if (parts.begun || refused.records > 0) this.#states.set(segment, state)
      throw error instanceof AttemptError ? error : new AttemptError(this.#hidden(reason(error)))
    }
    // A file that was damaged may have other lines than the segment had.
    const lost = { records: Math.max(0, segment.records - lines.count), bytes: 0 }
    const kept = within(refused, segment)
    return {
      ...this.#o.dead && { dead: kept },
      error: state.why ?? (lost.records > 0 ? 'lines are missing in the journal' : undefined),
      dropped: [{ why: 'gone', ...lost }, ...this.#o.dead ? [] : [{ why: 'refused' as const, ...kept }]]
    }
  }

  /** Of a segment that could not be delivered to its end. */
  progress (segment: Sealed): Progress | undefined {
    const state = this.#states.get(segment)
    if (!state) return undefined
    const dead = within(this.#o.dead ? state.refused : NOTHING, segment)
    return { dead, delivered: within(state.delivered, less(segment, dead)) }
  }

  async #read (segment: Sealed): Promise<Content> {
    const bytes = await segment.read().catch((error: unknown) => {
      throw errno(error) === 'ENOENT' ? new GoneError(`somebody has removed segment ${segment.id}`) : error
    })
    const lines = new Lines(bytes, this.#o.check)
    return { lines, whole: partOf(segment, lines, { from: 0, to: lines.count }) }
  }

  async #open (segment: Sealed): Promise<State> {
    const reading = this.#prepared.get(segment) ?? this.#read(segment)
    this.#prepared.delete(segment)
    const { lines, whole } = await reading
    const state = { lines, whole, parts: new Parts(lines.count), delivered: { ...NOTHING }, refused: { ...NOTHING }, why: undefined }
    await this.#bury(state, lines.malformed, line => keyOf(segment, lines, { from: line, to: line + 1 }), { status: null, why: 'malformed: no JSON object' })
    return state
  }

  async #deliver (segment: Sealed, state: State, part: Range): Promise<void> {
    const { lines, whole, parts } = state
    const isWhole = part.to - part.from === lines.count
    const sending = isWhole ? whole : partOf(segment, lines, part)
    // Nothing but lines that are dead letters already.
    if (sending.bytes.length === 0) return parts.skip()
    const refusal = await this.#o.send(sending)
    if (!refusal) {
      if (!isWhole) add(state.delivered, lines.wellFormed(part), lines)
      return parts.accept()
    }
    if (refusal.lines) {
      const sent = lines.wellFormed(part)
      const refused = new Set(refusal.lines.map(line => sent[line]!))
      await this.#bury(state, [...refused], line => keyOf(segment, lines, { from: line, to: line + 1 }), refusal)
      add(state.delivered, sent.filter(line => !refused.has(line)), lines)
      return parts.accept()
    }
    if (!parts.hopeless) return parts.halve()
    await this.#bury(state, lines.wellFormed(part), () => sending.key, refusal)
    parts.bury()
  }

  /** As dead letters, or nowhere. */
  async #bury (state: State, numbers: readonly number[], key: (line: number) => string, { status, why }: Refusal): Promise<void> {
    if (numbers.length === 0) return
    const { lines, refused } = state
    const text = this.#hidden(why)
    await this.#o.dead?.add(numbers.map(line => ({ key: key(line), status, reason: text, record: lines.text(line) })))
    add(refused, numbers, lines)
    state.why = text
  }

  #hidden (text: string): string {
    return this.#o.hide?.(text) ?? text
  }
}

function partOf (segment: Sealed, lines: Lines, range: Range): Part {
  return { key: keyOf(segment, lines, range), bytes: lines.bytes(range), segment }
}

function keyOf (segment: Sealed, lines: Lines, { from, to }: Range): string {
  return to - from === lines.count ? segment.id : `${segment.id}/${from}-${to}`
}

function add (amount: Amount, numbers: readonly number[], lines: Lines): void {
  amount.records += numbers.length
  for (const line of numbers) amount.bytes += lines.size({ from: line, to: line + 1 })
}

function within ({ records, bytes }: Amount, most: Amount): Amount {
  return { records: Math.min(records, most.records), bytes: Math.min(bytes, most.bytes) }
}
