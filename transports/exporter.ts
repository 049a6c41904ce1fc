// pino-blackbox/exporter: batches to whatever a module of the user's delivers them to, with the journal, the retries, the dead letters
// and the figures of every output that sends its lines elsewhere.
//
//   lines -> journal (one segment at a time, sealed when a delivery is free, or full) -> batches (in halves where they are refused)
//         -> the user's deliver(batch, { signal }), repeated -> removed, or a dead letter
import { identityOf } from '../lib/config/journal.js'
import { parseExporter, type ExporterOptions } from '../lib/config/exporter.js'
import { Custom, load } from '../lib/exporter/custom.js'
import { openMonitor } from '../lib/hooks/hooks.js'
import { transport, type Output } from '../lib/output.js'
import { createSender } from '../lib/sender.js'
import type { Writable } from 'node:stream'

export type { ExporterOptions }

/** Rejects with an OptionError; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseExporter(options)
  const exporter = await load(o.module, o.options)
  const name = o.name ?? exporter.name
  const custom = new Custom(exporter, o.timeout)
  return createSender({ ...o, identity: identityOf(name, name) }, {
    kind: 'exporter',
    monitor: await openMonitor('exporter', name, o.hooks),
    send: part => custom.send(part),
    check: () => true,
    stop: () => custom.close()
  })
}

/** pino target: batches to a module of the user's. Rejects with an OptionError. */
export default async function exporter (options: ExporterOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
