// How many dumps a minute may have, per key and in all, and how many were left out. The clock is a parameter.

const WINDOW = 60_000
/** Keys that are told apart in one minute; all others share one. */
const MOST_KEYS = 1000

export type Rate = { perKey: number, total: number } | false

/** Dumps left out since the last one that told: in all, and of one key. */
export interface Suppressed {
  total: number
  key: number
}

interface Entry {
  admitted: number
  suppressed: number
}

const entry = (): Entry => ({ admitted: 0, suppressed: 0 })

export class RateLimit {
  readonly #rate: Rate
  #since = -Infinity
  #admitted = 0
  #suppressed = 0
  #keys = new Map<string, Entry>()
  /** Of the minute before, for what the first dump of this one has to tell. */
  #earlier = new Map<string, Entry>()
  #others = entry()

  constructor (rate: Rate) {
    this.#rate = rate
  }

  /** `now` in ms, of a clock that only goes forward. A refusal is counted. */
  admit (key: string, now: number): boolean {
    if (this.#rate === false) return true
    if (now - this.#since >= WINDOW) this.#turn(now)
    const mine = this.#entry(key)
    if (this.#admitted >= this.#rate.total || mine.admitted >= this.#rate.perKey) {
      mine.suppressed++
      this.#suppressed++
      return false
    }
    mine.admitted++
    this.#admitted++
    return true
  }

  /** What was left out before this dump, which tells it: the next one begins at zero. */
  take (key: string): Suppressed | undefined {
    const total = this.#suppressed
    if (total === 0) return undefined
    const mine = [this.#keys.get(key), this.#earlier.get(key)]
    const suppressed = { total, key: mine.reduce((sum, entry) => sum + (entry?.suppressed ?? 0), 0) }
    for (const entry of mine) if (entry) entry.suppressed = 0
    this.#suppressed = 0
    return suppressed
  }

  /** The dump that was to tell it was not written. */
  giveBack (key: string, { total, key: ofKey }: Suppressed): void {
    this.#suppressed += total
    this.#entry(key).suppressed += ofKey
  }

  #turn (now: number): void {
    this.#since = now
    this.#admitted = 0
    this.#earlier = this.#keys
    this.#keys = new Map()
    this.#others = entry()
  }

  #entry (key: string): Entry {
    const known = this.#keys.get(key)
    if (known) return known
    if (this.#keys.size >= MOST_KEYS) return this.#others
    const made = entry()
    this.#keys.set(key, made)
    return made
  }
}
