// pino-blackbox/exporter: batches to whatever a module of the user's delivers them to, with the journal, the retries, the dead letters
// and the figures of every output that sends its lines elsewhere.
//
//   lines -> journal (one segment at a time, sealed when a delivery is free, or full) -> batches (in halves where they are refused)
//         -> the user's deliver(batch, { signal }), repeated -> removed, or a dead letter
import { identityOf } from '../lib/config/journal.js'
import { parseExporter, type ExporterOptions } from '../lib/config/exporter.js'
import { Batches } from '../lib/delivery/batches.js'
import { openSpool } from '../lib/delivery/spool.js'
import { Custom, load } from '../lib/exporter/custom.js'
import { Hooks } from '../lib/hooks/hooks.js'
import { createOutput, transport, type Output } from '../lib/output.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import type { Writable } from 'node:stream'

export type { ExporterOptions }

/** Rejects with an OptionError; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseExporter(options)
  const exporter = await load(o.module, o.options)
  const name = o.name ?? exporter.name
  const monitor = new Monitor(name)
  if (o.hooks !== undefined) await Hooks.open(o.hooks, 'exporter', monitor)
  const { journal, after, dead } = openSpool('exporter', { ...o, identity: identityOf(name, name) }, monitor)
  const custom = new Custom(exporter, o.timeout)
  const batches = new Batches({ send: part => custom.send(part), check: () => true, dead })
  return createOutput({
    kind: 'exporter',
    monitor,
    journal,
    deliver: segment => batches.deliver(segment),
    progress: segment => batches.progress(segment),
    retry: { ...o.retry, lanes: o.concurrency, yielding: true },
    after,
    delivered: () => journal.drain(),
    closeTimeout: o.closeTimeout,
    stop: () => custom.close()
  })
}

/** pino target: batches to a module of the user's. Rejects with an OptionError. */
export default async function exporter (options: ExporterOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
