// pino-blackbox/http: batches to an HTTP receiver, through whatever happens to it. The journal's segment is the batch, its id the
// idempotency key.
//
//   lines -> journal (one segment at a time, sealed when a request is free, or full) -> batches (in halves where they are refused)
//         -> body -> request, repeated -> removed, or a dead letter
import { parseDestination, type HttpDestination } from '../lib/config/destination.js'
import { parseHttp, type HttpOptions } from '../lib/config/http.js'
import { openMonitor } from '../lib/hooks/hooks.js'
import { checkOf } from '../lib/http/body.js'
import { openExporter } from '../lib/http/exporter.js'
import { transport, type Output } from '../lib/output.js'
import { createSender } from '../lib/sender.js'
import type { Writable } from 'node:stream'

export type { HttpDestination, HttpOptions }

/** Rejects with an OptionError, or when the module of a format cannot be loaded; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseHttp(options)
  const exporter = await openExporter(o)
  return createSender(o, {
    kind: 'http',
    monitor: await openMonitor('http', o.label, o.hooks),
    prepare: part => exporter.prepare(part),
    send: part => exporter.send(part),
    check: checkOf(o.format),
    hide: text => exporter.hide(text),
    stop: () => exporter.close(),
    configure: settings => {
      exporter.destination = parseDestination(settings, exporter.destination, o.headers)
    }
  })
}

/** pino target: batches to an HTTP receiver. Rejects with an OptionError. */
export default async function http (options: HttpOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
