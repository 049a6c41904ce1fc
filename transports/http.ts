// pino-blackbox/http: batches to an HTTP receiver, through whatever happens to it. The journal's segment is the batch, its id the
// idempotency key.
//
//   lines -> journal (one segment at a time, sealed when a request is free, or full) -> body -> request, repeated
//         -> removed, or a dead letter
import { parseDestination, type HttpDestination } from '../lib/config/destination.js'
import { parseHttp, type HttpOptions } from '../lib/config/http.js'
import { MOST_IN_MEMORY, SEGMENTS_PER_JOURNAL } from '../lib/config/journal.js'
import { DeadLetters } from '../lib/delivery/dead-letters.js'
import { openExporter } from '../lib/http/exporter.js'
import { placeOf } from '../lib/http/place.js'
import { DiskJournal } from '../lib/journal/disk.js'
import { Forecast } from '../lib/journal/forecast.js'
import { MemoryJournal } from '../lib/journal/memory.js'
import { SpoolShelf } from '../lib/journal/spool.js'
import { createOutput, transport, type Output } from '../lib/output.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import type { Writable } from 'node:stream'
import type { HttpSettings } from '../lib/config/http.js'
import type { Sealed } from '../lib/journal/journal.js'

export type { HttpDestination, HttpOptions }

/** ms for which new lines wait for those that dead processes left, so that older lines are sent first. */
const HEAD_START = 5000

/** Rejects with an OptionError, or when the module of a format cannot be loaded; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseHttp(options)
  const monitor = new Monitor(o.label)
  const { homes, instead } = placeOf(o.journal, o.identity)
  const exporter = await openExporter(o, homes.length > 0 ? new DeadLetters({ homes, maxSize: o.journal.maxSize, monitor }) : undefined)
  if (instead) monitor.say('place', instead)
  const { journal, after } = homes.length > 0 ? onDisk(o, homes, monitor) : inMemory(o, monitor)
  return createOutput<Sealed>({
    kind: 'http',
    monitor,
    journal,
    deliver: segment => exporter.deliver(segment),
    progress: segment => exporter.progress(segment),
    retry: { ...o.retry, lanes: o.concurrency, yielding: true },
    after,
    delivered: () => journal.drain(),
    closeTimeout: o.closeTimeout,
    stop: () => exporter.close(),
    configure: settings => {
      exporter.destination = parseDestination(settings, exporter.destination, o.headers)
    }
  })
}

function onDisk ({ batch, early, journal }: HttpSettings, [home, fallback]: string[], monitor: Monitor) {
  const { maxSize, maxAge, whenFull, blockTimeout, fsync } = journal
  const disk = new DiskJournal({
    shelf: new SpoolShelf({ home: home!, fallback, monitor }),
    monitor,
    rule: { maxRecords: batch.maxRecords, maxBytes: Math.min(batch.maxBytes, Math.ceil(maxSize / SEGMENTS_PER_JOURNAL)), early },
    fsync,
    maxLength: MOST_IN_MEMORY,
    maxAge,
    bound: { maxBytes: maxSize, whenFull, blockTimeout }
  })
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise(resolve => { timer = setTimeout(resolve, HEAD_START) })
  return { journal: disk, after: Promise.race([disk.inherited, waited]).finally(() => clearTimeout(timer)) }
}

function inMemory ({ batch, early, journal }: HttpSettings, monitor: Monitor) {
  const { maxBufferRecords: maxRecords, maxBufferBytes: maxBytes, maxAge, whenFull, blockTimeout } = journal
  const memory = new MemoryJournal({
    monitor,
    rule: { maxRecords: Math.min(batch.maxRecords, Math.ceil(maxRecords / SEGMENTS_PER_JOURNAL)), maxBytes: Math.min(batch.maxBytes, Math.ceil(maxBytes / SEGMENTS_PER_JOURNAL)), early },
    forecast: new Forecast({ maxRecords, maxBytes }),
    maxAge,
    maxRecords,
    maxBytes,
    whenFull,
    blockTimeout
  })
  return { journal: memory, after: undefined }
}

/** pino target: batches to an HTTP receiver. Rejects with an OptionError. */
export default async function http (options: HttpOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
