// The figures of a transport's outputs over all its workers, one after the other. An output is the same one again when kind and
// name are; what the dead one had accepted and not delivered is either found by the one that takes over, or lost:
//
//   worker dies    what it had pending is in doubt, and stays pending
//   another is up  what it recovers comes out of the doubt, as the same records: counted once
//   it has taken over what there was    what is still in doubt counts as dropped, 'crashed'
//
// At every moment accepted + recovered = delivered + pending + dead + dropped.
import { Counters, GAUGES, type DropReason, type Metrics } from './counters.js'
import { EVENTS, type OutputInfo } from '../registry.js'
import type { TransportStream } from '../logger.js'

export interface OutputMetrics extends Metrics {
  /** 'jsonl', 'console', ... */
  kind: string
  /** The output's `name`, or its kind and destination. */
  name: string
}

interface Amount { records: number, bytes: number }
const nothing: Amount = { records: 0, bytes: 0 }

const all = new WeakMap<TransportStream, Figures>()

export class Figures {
  readonly #outputs = new Map<string, OutputFigures>()
  /** Lines that reached no worker: nobody has read their levels, so each output counts them. */
  readonly #lost = new Map<DropReason, Amount>()
  /** The worker that is alive has taken over what the dead one left. */
  #settled = true

  static of (transport: TransportStream): Figures {
    let figures = all.get(transport)
    if (!figures) {
      all.set(transport, figures = new Figures())
      const { announced } = figures
      transport.on(EVENTS.outputs, announced)
    }
    return figures
  }

  /** Of every output, as of now. */
  read (): OutputMetrics[] {
    return [...this.#outputs.values()].map(output => {
      const metrics = output.now(this.#settled)
      for (const [why, { records, bytes }] of this.#lost) drop(metrics, why, records, bytes)
      return metrics
    })
  }

  /** Lines that no worker has got. */
  lose (why: DropReason, records: number, bytes = 0): void {
    if (records === 0) return
    const before = this.#lost.get(why) ?? nothing
    this.#lost.set(why, { records: before.records + records, bytes: before.bytes + bytes })
  }

  /** The worker has exited: its figures are the last ones. */
  died (): void {
    for (const output of this.#outputs.values()) output.died(this.#settled)
    this.#settled = false
  }

  /** The worker that is alive has taken over whatever there was. */
  settle (): void {
    if (this.#settled) return
    for (const output of this.#outputs.values()) output.settle()
    this.#settled = true
  }

  /** The outputs of the worker that is alive, always in the same order. */
  readonly announced = (outputs: readonly OutputInfo[]): void => {
    const times = new Map<string, number>()
    for (const info of outputs) {
      const label = JSON.stringify([info.kind, info.name])
      times.set(label, (times.get(label) ?? 0) + 1)
      const key = `${label} ${times.get(label)}`
      if (!this.#outputs.has(key)) this.#outputs.set(key, new OutputFigures(info))
      this.#outputs.get(key)!.live(info.memory)
    }
  }
}

class OutputFigures {
  readonly #kind: string
  readonly #name: string
  /** Of all workers before; gauges are zero. */
  #past = new Counters().read()
  #live: Counters | undefined
  /** What the dead left, and nobody has found yet. */
  #doubt = nothing
  /** What the worker that is alive has found of it. */
  #found = nothing

  constructor ({ kind, name }: OutputInfo) {
    this.#kind = kind
    this.#name = name
  }

  live (memory: SharedArrayBuffer): void {
    this.#live = new Counters(memory)
  }

  now (settled: boolean): OutputMetrics {
    const { metrics, found } = this.#sum(settled)
    metrics.pendingRecords += this.#doubt.records - (settled ? 0 : found.records)
    metrics.pendingBytes += this.#doubt.bytes - (settled ? 0 : found.bytes)
    return { kind: this.#kind, name: this.#name, ...metrics }
  }

  died (settled: boolean): void {
    const { metrics, found } = this.#sum(settled)
    const left = { records: metrics.pendingRecords, bytes: metrics.pendingBytes }
    this.#doubt = settled ? left : { records: this.#doubt.records - found.records + left.records, bytes: this.#doubt.bytes - found.bytes + left.bytes }
    this.#past = { ...metrics, pendingRecords: 0, pendingBytes: 0 }
    this.#found = nothing
    this.#live = undefined
  }

  settle (): void {
    const { found } = this.#sum(false)
    const lost = this.#doubt.records - found.records
    this.#past.dropped = { ...this.#past.dropped, crashed: this.#past.dropped.crashed + lost }
    this.#past.droppedRecords += lost
    this.#found = found
    this.#doubt = nothing
  }

  /** Past and present, each record once: what was found of the doubtful is not recovered a second time. */
  #sum (settled: boolean): { metrics: Metrics, found: Amount } {
    const live = this.#live?.read()
    const past = this.#past
    const { records, bytes } = this.#doubt
    const foundNow = { records: Math.min(records, live?.recoveredRecords ?? 0), bytes: Math.min(bytes, live?.recoveredBytes ?? 0) }
    const found = settled ? this.#found : foundNow
    const metrics = live ? add(past, live) : { ...past, dropped: { ...past.dropped } }
    metrics.recoveredRecords -= found.records
    metrics.recoveredBytes -= found.bytes
    return { metrics, found }
  }
}

function add (past: Metrics, live: Metrics): Metrics {
  const sum = { ...live, dropped: { ...live.dropped } }
  for (const [field, value] of Object.entries(past)) {
    if (typeof value === 'number' && !GAUGES.includes(field)) (sum as unknown as Record<string, number>)[field]! += value
  }
  for (const [why, records] of Object.entries(past.dropped)) sum.dropped[why as DropReason] += records
  sum.lastDelivery = Math.max(past.lastDelivery, live.lastDelivery)
  return sum
}

function drop (metrics: Metrics, why: DropReason, records: number, bytes: number): void {
  metrics.acceptedRecords += records
  metrics.acceptedBytes += bytes
  metrics.dropped[why] += records
  metrics.droppedRecords += records
}
