// pino-blackbox/parquet: a dataset of Parquet files that every engine reads. The journal's segment is the write-ahead log.
//
//   lines -> journal (one segment at a time, sealed by rows, bytes and period) -> converting thread (columns, row groups)
//         -> staged files, committed by a checkpoint -> dataset (published by size and period)
import { MOST_IN_MEMORY } from '../lib/config/journal.js'
import { parseParquet, type ParquetOptions } from '../lib/config/parquet.js'
import { openMonitor } from '../lib/hooks/hooks.js'
import { DiskJournal } from '../lib/journal/disk.js'
import { SpoolShelf } from '../lib/journal/spool.js'
import { createOutput, transport, type Output } from '../lib/output.js'
import { Converter } from '../lib/parquet/converter.js'
import { placeOf } from '../lib/parquet/place.js'
import { Rotation } from '../lib/parquet/rotation.js'
import { aboutOf, settingsOf } from '../lib/parquet/settings.js'
import { Registry } from '../lib/registry.js'
import type { Writable } from 'node:stream'

export type { ParquetOptions }

/** Rejects with an OptionError; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseParquet(options)
  const monitor = await openMonitor('parquet', o.label, o.hooks)
  const { dataset, home, others, instead } = placeOf(o.dir, o.journal.dir)
  if (instead) monitor.say('place', instead)
  const registry = Registry.here()
  const converter = new Converter({ monitor, settings: () => settingsOf(o, dataset, registry) })
  const journal = new DiskJournal({
    shelf: new SpoolShelf({ home, others, monitor, about: () => aboutOf(o, dataset, registry), settle: directory => converter.recover(directory) }),
    monitor,
    rule: { ...o.rule, period: o.period },
    fsync: o.journal.fsync,
    maxLength: MOST_IN_MEMORY,
    maxAge: o.journal.maxAge,
    bound: { maxBytes: o.journal.maxSize, whenFull: o.journal.whenFull, blockTimeout: o.journal.blockTimeout }
  })
  const publish = (moment: number): Promise<void> => converter.publish(moment)
  const rotation = o.period && new Rotation(o.period, boundary => { publish(boundary).catch(error => monitor.failed('publish a file', error)) })
  return createOutput({
    kind: 'parquet',
    monitor,
    journal,
    deliver: segment => converter.convert(segment),
    delivered: async () => {
      await journal.drain()
      await publish(Infinity)
    },
    closeTimeout: o.closeTimeout,
    stop: ms => {
      rotation?.close()
      return converter.close(ms)
    }
  })
}

/** pino target: a dataset of Parquet files. Rejects with an OptionError. */
export default async function parquet (options: ParquetOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
