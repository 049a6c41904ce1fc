// What has happened, as events on the main thread. They are made there, from the figures in shared memory: ten times a second what has
// changed since is one event of its kind, whatever the load, and nothing is sent between threads. So the figures of all events of a
// kind always sum up to the counters, and what happened before anybody listened is in the first one.
import { EventEmitter } from 'node:events'
import { OptionError, show } from '../errors.js'
import { DROP_REASONS, KEPT, type DropReason, type Figures, type Kept } from './counters.js'

/** Lines that came in, refused ones included. */
export interface BufferedEvent { output: string, records: number, bytes: number }
export interface DroppedEvent { output: string, reason: DropReason, records: number, bytes: number }
/**
 * Of `batches` that were delivered: requests, row groups, writes. `attempts` that these took, and ms from the first attempt at each to
 * its end, summed up.
 */
export interface BatchWrittenEvent { output: string, records: number, bytes: number, duration: number, attempts: number, batches: number }
/**
 * `kept` says where the lines went that were not delivered: 'journal', for another attempt, and there is one event for each that fails;
 * 'dead letters'; or 'dropped'. `error` is that of the last one.
 */
export interface BatchFailedEvent { output: string, records: number, bytes: number, error: string, attempts: number, batches: number, kept: Kept }
/** Calls of `flush()`; the lines that were accepted before, and in none that came before; ms, summed up. */
export interface FlushCompletedEvent { output: string, records: number, duration: number, flushes: number }

export interface FigureEvents {
  buffered: BufferedEvent
  dropped: DroppedEvent
  batchWritten: BatchWrittenEvent
  batchFailed: BatchFailedEvent
  flushCompleted: FlushCompletedEvent
}
type Kind = keyof FigureEvents

/** An output: who it is, and its figures, which have changed when its turn has. */
export interface Source {
  readonly name: string
  readonly turn: unknown
  look (): { figures: Figures, error: string }
}

/** ms between two looks. */
const PERIOD = 100

/** The events that tell what is new, by their kind. Pure. */
export const TELLERS: { [K in Kind]: (news: Figures, error: string) => Array<Omit<FigureEvents[K], 'output'>> } = {
  buffered: news => some({ records: news.acceptedRecords, bytes: news.acceptedBytes }),
  dropped: news => DROP_REASONS.flatMap(reason => some({ reason, records: news[`dropped:${reason}`], bytes: news[`droppedBytes:${reason}`] })),
  batchWritten: news => some({
    records: news.deliveredRecords, bytes: news.deliveredBytes, duration: news.batchDuration, attempts: news.batchAttempts, batches: news.batches
  }),
  batchFailed: (news, error) => KEPT.flatMap(kept => some({
    records: news[`${kept}:records`], bytes: news[`${kept}:bytes`], error, attempts: news[`${kept}:attempts`], batches: news[`${kept}:batches`], kept
  })),
  flushCompleted: news => some({ records: news.flushedRecords, duration: news.flushDuration, flushes: news.flushes })
}
const KINDS = Object.keys(TELLERS) as Kind[]

/** The event, unless nothing has happened. */
function some<E extends { records: number, batches?: number, flushes?: number }> (event: E): E[] {
  return event.records > 0 || (event.batches ?? 0) > 0 || (event.flushes ?? 0) > 0 ? [event] : []
}

interface Told { turn: unknown, figures: Partial<Record<Kind, Figures>> }

/** `E` are all events that can be listened to, by their names. */
export class EventFeed<E extends FigureEvents> {
  readonly #names: readonly string[]
  readonly #sources: () => Iterable<Source>
  /** A listener has thrown, or rejected. */
  readonly #report: (event: string, error: unknown) => void
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  readonly #told = new WeakMap<Source, Told>()
  #timer: NodeJS.Timeout | undefined
  /** Somebody listens who did not at the last look: to them everything is new. */
  #changed = false

  /** `others` are names of events that are told from outside. */
  constructor (sources: () => Iterable<Source>, report: (event: string, error: unknown) => void, others: ReadonlyArray<Exclude<keyof E & string, Kind>> = []) {
    this.#sources = sources
    this.#report = report
    this.#names = [...KINDS, ...others]
  }

  /** Throws an OptionError when there is no such event, or that is no listener. */
  on<K extends keyof E & string> (name: K, listener: (event: E[K]) => void, once = false): void {
    if (!this.#names.includes(name)) throw new OptionError('watch', 'event', `Expected \`event\` to be one of ${this.#names.join(', ')}, got ${show(name)}`)
    if (typeof listener !== 'function') throw new OptionError('watch', 'listener', `Expected \`listener\` to be a function, got ${show(listener)}`)
    this.#changed = true
    if (once) this.#emitter.once(name, listener)
    else this.#emitter.on(name, listener)
    this.#timer ??= setInterval(() => this.look(), PERIOD).unref()
  }

  off<K extends keyof E & string> (name: K, listener: (event: E[K]) => void): void {
    this.#emitter.off(name, listener)
    if (this.#emitter.eventNames().length === 0) this.#rest()
  }

  /** Tells everybody who listens. A listener that throws or rejects is reported, and harms nobody. */
  emit<K extends keyof E & string> (name: K, event: E[K]): void {
    const failed = (error: unknown): void => this.#report(name, error)
    for (const listener of this.#emitter.rawListeners(name)) {
      try {
        Promise.resolve(listener(event)).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }

  /** Tells what has happened since the last look. */
  look (): void {
    const changed = this.#changed
    this.#changed = false
    for (const source of this.#sources()) {
      const { name, turn } = source
      const told = this.#told.get(source) ?? { turn: undefined, figures: {} }
      this.#told.set(source, told)
      if (told.turn === turn && !changed) continue
      told.turn = turn
      const { figures, error } = source.look()
      for (const kind of KINDS) {
        if (this.#emitter.listenerCount(kind) === 0) continue
        const news = since(told.figures[kind], figures)
        told.figures[kind] = figures
        for (const event of TELLERS[kind](news, error)) this.emit(kind, { output: name, ...event } as E[typeof kind])
      }
    }
  }

  /** Nobody listens any more. */
  close (): void {
    this.#emitter.removeAllListeners()
    this.#rest()
  }

  #rest (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function since (before: Figures | undefined, now: Figures): Figures {
  if (!before) return now
  return Object.fromEntries(Object.entries(now).map(([field, value]) => [field, value - before[field as keyof Figures]])) as Figures
}
