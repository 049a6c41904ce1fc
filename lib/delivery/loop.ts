// The oldest sealed segment is delivered, then removed, then the next one. A failed delivery is tried again, later and later. That
// the output closes ends the waiting, not the try that is under way.
//
// Several lanes deliver side by side where order is of no importance. While the receiver fails, one lane alone probes.
import { Circuit } from './circuit.js'
import { delayAfter, type Backoff } from './backoff.js'
import { Pause } from './pause.js'
import { retry } from './retry.js'
import { AttemptError, GoneError, reason } from '../errors.js'
import type { Journal, Outcome, Progress, Sealed } from '../journal/journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface DeliveryOptions<S extends Sealed> {
  journal: Journal<S>
  /**
   * Rejects when the segment has to be tried again, with a GoneError when that is of no use, with an AttemptError when it has
   * something to say about the time.
   */
  deliver: (segment: S) => Promise<Outcome | void>
  /** While a segment is on its way: does what can be done already for the one that comes next. Never throws. */
  prepare?: ((segment: S) => void) | undefined
  monitor: Monitor
  /** What has become of a segment that could not be delivered whole. */
  progress?: ((segment: S) => Progress | undefined) | undefined
  /** Deliveries begin when it resolves. */
  after?: Promise<unknown> | undefined
  retry?: DeliveryRetry | undefined
}

export interface DeliveryRetry extends Backoff {
  /** Failed attempts in a row until it is told. */
  retries: number
  /** Segments under way at the same time. */
  lanes: number
  /** Between two attempts a segment may be dropped for newer ones; whichever is the oldest then is tried. */
  yielding: boolean
}

const STEADY: DeliveryRetry = { minDelay: 100, maxDelay: 30_000, factor: 2, jitter: false, retries: 1, lanes: 1, yielding: false }
/** ms between attempts while the output closes and what is not delivered will be lost. */
const LAST_DELAY = 100

/** The segment that a lane has in its hands. */
interface Lane<S> { held: S | undefined, effort?: Begun }

/** Attempts at a segment, and when the first was begun (running time, ms). */
interface Begun { attempts: number, begun: number }

export class Delivery<S extends Sealed> {
  readonly #o: DeliveryOptions<S>
  readonly #retry: DeliveryRetry
  readonly #pause = new Pause()
  readonly #circuit = new Circuit<Lane<S>>()
  /** Resolves when nothing is under way and nothing more will be. */
  readonly ended: Promise<void>
  /** Attempts at segments that have failed before. */
  readonly #efforts = new WeakMap<S, Begun>()
  #told = false
  #closing = false
  #stopped = false

  constructor (options: DeliveryOptions<S>) {
    this.#o = options
    this.#retry = options.retry ?? STEADY
    this.ended = this.#run()
  }

  /** From now on what fails is not tried again but stays where it is, unless it would be lost there. */
  hurry (): void {
    this.#closing = true
    this.#pause.end()
  }

  /** What is under way is the last; what else there is stays where it is. */
  stop (): void {
    this.#stopped = true
    this.#pause.end()
  }

  /** Something has changed for the better: does not wait any longer. */
  wake (): void {
    this.#pause.end()
  }

  async #run (): Promise<void> {
    await this.#o.after
    await Promise.all(Array.from({ length: this.#retry.lanes }, () => this.#lane({ held: undefined })))
  }

  async #lane (lane: Lane<S>): Promise<void> {
    try {
      while (!this.#stopped && await retry(() => this.#attempt(lane), (error, attempt) => this.#again(lane, error, attempt))) {
        // One segment after the other.
      }
    } catch {
      // Given up: what it had in its hands stays where it is.
    } finally {
      this.#circuit.close()
    }
  }

  /** Delivers one segment. False when there is none left. */
  async #attempt (lane: Lane<S>): Promise<boolean> {
    const { journal, deliver, prepare, monitor } = this.#o
    await this.#circuit.pass(lane)
    const segment = lane.held ?? await journal.next()
    if (!segment || this.#stopped) return false
    lane.held = segment
    // As long as an attempt is under way its time is that of the lane: most segments need one, and there are many.
    lane.effort = { attempts: 0, begun: performance.now(), ...this.#efforts.get(segment) }
    lane.effort.attempts++
    const { attempts, begun } = lane.effort
    const delivering = deliver(segment).catch((error: unknown): Outcome => {
      if (!(error instanceof GoneError)) throw error
      monitor.failed('deliver', error)
      return { dropped: [{ why: 'gone', records: segment.records, bytes: segment.bytes }], error: reason(error) }
    })
    const next = attempts === 1 ? journal.upcoming : undefined
    if (next) prepare?.(next)
    const outcome = await delivering
    const effort = { attempts, duration: performance.now() - begun }
    if (this.#told) monitor.say('delivering', 'delivering again')
    this.#told = false
    this.#circuit.close()
    await retry(() => journal.remove(segment, { ...outcome, effort }), async (error, attempt) => {
      monitor.failed('remove what was delivered', error)
      return await this.#wait(delayAfter(STEADY, attempt))
    })
    lane.held = undefined
    return true
  }

  /** After a failed attempt: waits; false when there is no more time. */
  async #again (lane: Lane<S>, error: unknown, attempt: number): Promise<boolean> {
    const { journal, monitor } = this.#o
    const { after = 0, needsHelp = false } = error instanceof AttemptError ? error : {}
    const tell = needsHelp ? !this.#told : attempt >= this.#retry.retries || this.#closing
    monitor.failed('deliver', error, tell)
    if (lane.held) {
      monitor.kept(lane.held, error, performance.now() - lane.effort!.begun)
      this.#efforts.set(lane.held, lane.effort!)
    }
    this.#told ||= tell
    if (this.#retry.yielding && lane.held) {
      journal.giveBack(lane.held, this.#o.progress?.(lane.held))
      lane.held = undefined
    }
    const probes = this.#circuit.open(lane)
    const go = await this.#wait(probes ? Math.max(after, delayAfter(this.#retry, attempt)) : 0)
    if (go) monitor.counters.change({ retries: 1 })
    return go
  }

  /** False when it is of no use. That the output closes ends the wait, for one last try. */
  async #wait (ms: number): Promise<boolean> {
    if (this.#closing && this.#o.journal.lasting) return false
    await this.#pause.wait(this.#closing ? LAST_DELAY : ms)
    return !this.#stopped
  }
}
