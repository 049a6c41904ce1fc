// pino-blackbox/jsonl: rotating files of whole lines. The journal's segment is the product.
//
//   lines -> journal (one file at a time, sealed by size and period) -> archive (compress, retain)
import { parseJsonl, type JsonlOptions } from '../lib/config/jsonl.js'
import { openMonitor } from '../lib/hooks/hooks.js'
import { Archive } from '../lib/journal/archive.js'
import { DiskJournal } from '../lib/journal/disk.js'
import { RotatedShelf } from '../lib/journal/rotated.js'
import { createOutput, transport, type Output } from '../lib/output.js'
import type { Writable } from 'node:stream'

export type { JsonlOptions }

const DEFAULT_MODE = 0o666
/** ms without any progress after which a disk counts as stalled and lines are dropped instead of waited for. */
const STALL = 2000

/** Rejects with an OptionError; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseJsonl(options)
  const monitor = await openMonitor('jsonl', o.name ?? `jsonl ${o.file}`, o.hooks)
  const shelf = new RotatedShelf({
    names: o.names,
    monitor,
    period: o.period,
    maxBytes: o.size,
    mkdir: o.mkdir,
    mode: o.mode ?? DEFAULT_MODE,
    maxWrite: o.maxWrite,
    sync: o.sync,
    symlink: o.symlink,
    moved: () => archive.sweep()
  })
  const journal = new DiskJournal({
    shelf,
    monitor,
    bound: { maxBytes: o.maxLength, whenFull: 'block', blockTimeout: STALL },
    rule: { maxBytes: o.size, period: o.period },
    fsync: o.fsync,
    minLength: o.minLength,
    periodicFlush: o.periodicFlush
  })
  const archive = new Archive({ shelf, monitor, compress: o.compress, limit: o.limit, maxBytes: o.size })
  journal.opened.then(() => archive.sweep())
  const deliver = async (): Promise<void> => archive.sweep()
  return createOutput({ kind: 'jsonl', monitor, journal, closeTimeout: o.closeTimeout, deliver, stop: () => archive.close() })
}

/** pino target: rotating JSONL files. Rejects with an OptionError. */
export default async function jsonl (options: JsonlOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
