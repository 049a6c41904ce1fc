// What an output has to say about itself: figures, and trouble told on stderr at most once a minute per cause. `console` is
// of no use here: its lines pass through the main thread, which is frozen while a transport closes.
import { reason as messageOf } from '../errors.js'
import { complaints, tellStderr, type Tell } from './complaints.js'
import { Counters, type DropReason } from './counters.js'

export class Monitor {
  readonly output: string
  readonly counters = new Counters()
  /** At most once a minute per cause. */
  readonly say: (cause: string, message: string) => void

  constructor (output: string, tell: Tell = tellStderr) {
    this.output = output
    this.say = complaints(message => tell(`pino-blackbox ${output}: ${message}\n`))
  }

  accepted (records: number, bytes: number): void {
    this.counters.add({ acceptedRecords: records, acceptedBytes: bytes, pendingRecords: records, pendingBytes: bytes })
  }

  /** Lines that there was no room for. */
  refused (why: DropReason, records: number, bytes: number): void {
    this.counters.add({ acceptedRecords: records, acceptedBytes: bytes, [`dropped:${why}`]: records })
    this.#tellDropped(why)
  }

  delivered (records: number, bytes: number): void {
    this.counters.add({ deliveredRecords: records, deliveredBytes: bytes, pendingRecords: -records, pendingBytes: -bytes })
    this.counters.touch(Date.now())
  }

  /** Lines that their receiver refuses for good, and that are kept. */
  dead (records: number, bytes: number): void {
    if (records === 0) return
    this.counters.add({ deadRecords: records, pendingRecords: -records, pendingBytes: -bytes })
    this.say('dead', `dead letters: ${this.counters.get('deadRecords')} so far`)
  }

  /** Lines that were accepted and will not be delivered. */
  dropped (why: DropReason, records: number, bytes: number): void {
    if (records === 0) return
    this.counters.add({ [`dropped:${why}`]: records, pendingRecords: -records, pendingBytes: -bytes })
    this.#tellDropped(why)
  }

  #tellDropped (why: DropReason): void {
    this.say(`dropped:${why}`, `dropping lines (${why}): ${this.counters.get(`dropped:${why}`)} so far`)
  }

  /** Counted in any case, and told unless it may still come right by itself. */
  failed (action: string, error: unknown, tell = true): void {
    this.counters.add({ failures: 1 })
    if (tell) this.say(action, `cannot ${action}: ${messageOf(error)}`)
  }

  /** The last word of an output that dropped something. */
  sum (): void {
    const { droppedRecords, dropped } = this.counters.read()
    if (droppedRecords === 0) return
    const reasons = Object.entries(dropped).filter(([, records]) => records > 0).map(([why, records]) => `${records} ${why}`)
    this.say('sum', `closed; of the lines taken ${droppedRecords} were dropped (${reasons.join(', ')})`)
  }
}
