// Will a journal in memory be full before its lines are sent? From the rate at which lines come and the time that a delivery
// takes: then they are sent now. And when the process itself is short of memory, they are sent as well.
import v8 from 'node:v8'
import type { Block } from './block.js'
import type { Amount } from '../amount.js'

/** Weight of the newest observation in a moving average. */
const NEWEST = 0.3
/** ms over which lines are counted for one observation of the rate. */
const SPAN = 50
/** ms; what a delivery takes before one has been seen. */
const FIRST_DELIVERY = 250
/** Share of the bound that is left alone: the rate may rise. */
const MARGIN = 0.2
/** ms between two looks at the process's memory. */
const LOOK = 100
/** Of the heap's limit, beyond which memory is short; and of the memory that is there, below which it is. */
const HEAP_FULL = 0.8
const LITTLE = 0.05

export class Forecast {
  readonly #bound: { maxRecords: number, maxBytes: number }
  readonly #pressure: () => boolean
  readonly #rate: Amount = { records: 0, bytes: 0 }
  #span: Amount & { since: number } | undefined
  #delivery = FIRST_DELIVERY
  #looked = -Infinity
  #short = false

  /** `pressure` tells whether the process is short of memory. */
  constructor (bound: { maxRecords: number, maxBytes: number }, pressure = memoryIsShort) {
    this.#bound = bound
    this.#pressure = pressure
  }

  /** Lines that came, at this running time. */
  count ({ records, length }: Block, now: number): void {
    this.#span ??= { records: 0, bytes: 0, since: now }
    this.#span.records += records
    this.#span.bytes += length
    const passed = now - this.#span.since
    if (passed < SPAN) return
    for (const key of ['records', 'bytes'] as const) {
      const rate = this.#span[key] / passed
      this.#rate[key] = this.#rate[key] === 0 ? rate : this.#rate[key] + NEWEST * (rate - this.#rate[key])
    }
    this.#span = undefined
  }

  /** A delivery took so many ms. */
  delivered (took: number): void {
    this.#delivery += NEWEST * (took - this.#delivery)
  }

  /** Is what is held, with what will come during a delivery, too much? */
  full (held: Amount, now: number): boolean {
    const { maxRecords, maxBytes } = this.#bound
    const then = (key: keyof Amount): number => held[key] + this.#rate[key] * this.#delivery
    return then('records') >= maxRecords * (1 - MARGIN) || then('bytes') >= maxBytes * (1 - MARGIN) || this.#underPressure(now)
  }

  #underPressure (now: number): boolean {
    if (now - this.#looked >= LOOK) {
      this.#looked = now
      this.#short = this.#pressure()
    }
    return this.#short
  }
}

/** Little is left of this thread's heap, or of the memory that the process may use (a container's limit included). */
function memoryIsShort (): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = v8.getHeapStatistics()
  if (used > limit * HEAP_FULL) return true
  const whole = process.constrainedMemory?.() ?? 0
  return whole > 0 && whole < Number.MAX_SAFE_INTEGER && process.availableMemory?.() < whole * LITTLE
}
