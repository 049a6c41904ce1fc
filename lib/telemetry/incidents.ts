// What went wrong lately, second by second, in shared memory: the worker writes it down, and the main thread asks how much there
// was within a window of its own, without having looked before.

const SECONDS = 600
/** The second (Unix time), failed calls, lines dropped. */
const SLOT = 3

/** The longest time that can be looked back, in ms. */
export const LONGEST_WINDOW = SECONDS * 1000

export interface Incident {
  failures: number
  /** Lines. */
  dropped: number
}

export class Incidents {
  static readonly BYTES = SECONDS * SLOT * 8
  readonly #slots: Float64Array

  constructor (memory: SharedArrayBuffer, offset: number) {
    this.#slots = new Float64Array(memory, offset, SECONDS * SLOT)
  }

  add ({ failures, dropped }: Incident, now: number): void {
    const slots = this.#slots
    const second = Math.floor(now / 1000)
    const at = second % SECONDS * SLOT
    if (slots[at] !== second) slots.set([0, 0, 0], at)
    slots[at + 1]! += failures
    slots[at + 2]! += dropped
    slots[at] = second
  }

  /** What there was in the `ms` before `now`, Unix time in ms. */
  within (ms: number, now: number): Incident {
    const slots = this.#slots
    const sum = { failures: 0, dropped: 0 }
    for (let at = 0; at < slots.length; at += SLOT) {
      const end = (slots[at]! + 1) * 1000
      if (end <= now - ms || slots[at]! * 1000 > now) continue
      sum.failures += slots[at + 1]!
      sum.dropped += slots[at + 2]!
    }
    return sum
  }
}
