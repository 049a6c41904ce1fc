// The figures of a transport's outputs over all its workers, one after the other. An output is the same one again when kind and
// name are; what the dead one had accepted and not delivered is either found by the one that takes over, or lost:
//
//   worker dies    what it had pending is in doubt, and stays pending
//   another is up  what it recovers comes out of the doubt, as the same records: counted once
//   it has taken over what there was    what is still in doubt counts as dropped, 'crashed'
//
// At every moment accepted + recovered = delivered + pending + dead + dropped.
import { Counters, GAUGES, metricsOf, type DropReason, type Field, type Figures, type Metrics } from './counters.js'
import { less, NOTHING, type Amount } from '../amount.js'
import { EVENTS, type OutputInfo } from '../registry.js'
import type { Incident } from './incidents.js'
import type { Source } from './events.js'
import type { TransportStream } from '../logger.js'

export interface OutputMetrics extends Metrics {
  /** 'jsonl', 'console', ... */
  kind: string
  /** The output's `name`, or its kind and destination. */
  name: string
}

const all = new WeakMap<TransportStream, Ledger>()

export class Ledger {
  readonly #outputs = new Map<string, OutputLedger>()
  /** Lines that reached no worker: nobody has read their levels, so each output counts them. */
  readonly #lost = new Map<DropReason, Amount>()

  static of (transport: TransportStream): Ledger {
    let ledger = all.get(transport)
    if (!ledger) {
      all.set(transport, ledger = new Ledger())
      transport.on(EVENTS.outputs, ledger.announced)
    }
    return ledger
  }

  get outputs (): readonly OutputLedger[] {
    return [...this.#outputs.values()]
  }

  /** Lines that no worker has got. */
  lose (why: DropReason, records: number, bytes = 0): void {
    if (records === 0) return
    const before = this.#lost.get(why) ?? NOTHING
    this.#lost.set(why, { records: before.records + records, bytes: before.bytes + bytes })
    for (const output of this.outputs) output.lose(why, { records, bytes })
  }

  /** The worker has exited: its figures are the last ones. */
  died (): void {
    for (const output of this.outputs) output.died()
  }

  /** The worker that is alive has taken over whatever there was. */
  settle (): void {
    for (const output of this.outputs) output.settle()
  }

  /** The outputs of the worker that is alive, always in the same order. */
  readonly announced = (outputs: readonly OutputInfo[]): void => {
    const times = new Map<string, number>()
    for (const { kind, name, memory } of outputs) {
      const label = JSON.stringify([kind, name])
      times.set(label, (times.get(label) ?? 0) + 1)
      const key = `${label} ${times.get(label)}`
      if (!this.#outputs.has(key)) {
        const output = new OutputLedger(kind, name)
        for (const [why, amount] of this.#lost) output.lose(why, amount)
        this.#outputs.set(key, output)
      }
      this.#outputs.get(key)!.live(memory)
    }
  }
}

export class OutputLedger implements Source {
  readonly kind: string
  readonly name: string
  /** Of all workers before; gauges are zero. */
  #past: Figures = new Counters().look().figures
  #error = ''
  #live: Counters | undefined
  /** The one before it, for what went wrong lately. */
  #dead: Counters | undefined
  /** What the dead left, and nobody has found yet. */
  #doubt = NOTHING
  /** What the worker that is alive has found of it. */
  #found = NOTHING
  /** The worker that is alive has taken over what the dead one left. */
  #settled = true
  /** Changes that no worker has made. */
  #changes = 0

  constructor (kind: string, name: string) {
    this.kind = kind
    this.name = name
  }

  /** As of now. */
  metrics (): OutputMetrics {
    return { kind: this.kind, name: this.name, ...metricsOf(this.look().figures) }
  }

  look (): { figures: Figures, error: string } {
    const { figures, found, error } = this.#sum()
    const missing = this.#settled ? this.#doubt : less(this.#doubt, found)
    figures.pendingRecords += missing.records
    figures.pendingBytes += missing.bytes
    return { figures, error }
  }

  get turn (): string {
    return `${this.#changes}:${this.#live?.turn}`
  }

  /** What went wrong in the `ms` before `now`, Unix time in ms. */
  within (ms: number, now: number): Incident {
    const [dead, live] = [this.#dead, this.#live].map(counters => counters?.incidents.within(ms, now) ?? { failures: 0, dropped: 0 })
    return { failures: dead!.failures + live!.failures, dropped: dead!.dropped + live!.dropped }
  }

  live (memory: SharedArrayBuffer): void {
    if (this.#live?.memory !== memory) this.#live = new Counters(memory)
  }

  lose (why: DropReason, { records, bytes }: Amount): void {
    this.#changes++
    this.#past.acceptedRecords += records
    this.#past.acceptedBytes += bytes
    this.#drop(why, records, bytes)
  }

  died (): void {
    this.#changes++
    // What waits now, as `look` has it, is in doubt.
    const { figures, error } = this.look()
    this.#doubt = { records: figures.pendingRecords, bytes: figures.pendingBytes }
    for (const gauge of GAUGES) figures[gauge] = 0
    this.#past = figures
    this.#error = error
    this.#found = NOTHING
    this.#dead = this.#live ?? this.#dead
    this.#live = undefined
    this.#settled = false
  }

  settle (): void {
    if (this.#settled) return
    this.#changes++
    const { found } = this.#sum()
    const lost = less(this.#doubt, found)
    this.#drop('crashed', lost.records, lost.bytes)
    this.#found = found
    this.#doubt = NOTHING
    this.#settled = true
  }

  #drop (why: DropReason, records: number, bytes: number): void {
    this.#past[`dropped:${why}`] += records
    this.#past[`droppedBytes:${why}`] += bytes
  }

  /** Past and present, each record once: what was found of the doubtful is not recovered a second time. */
  #sum (): { figures: Figures, found: Amount, error: string } {
    const past = this.#past
    const live = this.#live?.look()
    const figures = { ...past, ...live?.figures }
    if (live) for (const field of SUMS) figures[field] += past[field]
    figures.lastDelivery = Math.max(past.lastDelivery, figures.lastDelivery)
    const found = this.#settled
      ? this.#found
      : { records: Math.min(this.#doubt.records, live?.figures.recoveredRecords ?? 0), bytes: Math.min(this.#doubt.bytes, live?.figures.recoveredBytes ?? 0) }
    figures.recoveredRecords -= found.records
    figures.recoveredBytes -= found.bytes
    return { figures, found, error: live?.error || this.#error }
  }
}

const SUMS = (Object.keys(new Counters().look().figures) as Field[]).filter(field => field !== 'lastDelivery' && !(GAUGES as readonly string[]).includes(field))
