// The journal of an output that sends its segments elsewhere: on disk, where later processes find what is left, or in memory.
import { placeOf } from './place.js'
import { DeadLetters } from './dead-letters.js'
import { within } from '../deadline.js'
import { MOST_IN_MEMORY, SEGMENTS_PER_JOURNAL } from '../config/journal.js'
import { DiskJournal } from '../journal/disk.js'
import { Forecast } from '../journal/forecast.js'
import { MemoryJournal } from '../journal/memory.js'
import { SpoolShelf } from '../journal/spool.js'
import type { Batch, SpoolJournal } from '../config/journal.js'
import type { Journal } from '../journal/journal.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface SpoolSettings {
  batch: Batch
  journal: SpoolJournal
  /** Names the journal among those of its kind. */
  identity: string
}

export interface Spool {
  journal: Journal
  /** Deliveries begin when it resolves. */
  after: Promise<unknown> | undefined
  /** On disk only. */
  dead: DeadLetters | undefined
}

/** ms for which new lines wait for those that dead processes left, so that older lines are sent first. */
const HEAD_START = 5000

/** Creates what is missing on the disk; where that cannot be, lines wait in memory, and the monitor tells it. */
export function openSpool (kind: string, { batch, journal, identity }: SpoolSettings, monitor: Monitor): Spool {
  const { homes, instead } = placeOf(journal, `${kind}-${identity}`)
  if (instead) monitor.say('place', instead)
  const [home, fallback] = homes
  if (home === undefined) return { journal: inMemory(batch, journal, monitor), after: undefined, dead: undefined }
  const disk = onDisk(batch, journal, new SpoolShelf({ home, fallback, monitor }), monitor)
  return { journal: disk, after: within(disk.inherited, HEAD_START), dead: new DeadLetters({ homes, maxSize: journal.maxSize, synced: journal.fsync !== 'never', monitor }) }
}

function onDisk ({ early, ...batch }: Batch, { maxSize, maxAge, whenFull, blockTimeout, fsync }: SpoolJournal, shelf: SpoolShelf, monitor: Monitor) {
  return new DiskJournal({
    shelf,
    monitor,
    rule: { maxRecords: batch.maxRecords, maxBytes: Math.min(batch.maxBytes, Math.ceil(maxSize / SEGMENTS_PER_JOURNAL)), early },
    fsync,
    maxLength: MOST_IN_MEMORY,
    maxAge,
    bound: { maxBytes: maxSize, whenFull, blockTimeout }
  })
}

function inMemory ({ early, ...batch }: Batch, { maxBufferRecords: maxRecords, maxBufferBytes: maxBytes, maxAge, whenFull, blockTimeout }: SpoolJournal, monitor: Monitor) {
  return new MemoryJournal({
    monitor,
    rule: { maxRecords: Math.min(batch.maxRecords, Math.ceil(maxRecords / SEGMENTS_PER_JOURNAL)), maxBytes: Math.min(batch.maxBytes, Math.ceil(maxBytes / SEGMENTS_PER_JOURNAL)), early },
    forecast: new Forecast({ maxRecords, maxBytes }),
    maxAge,
    maxRecords,
    maxBytes,
    whenFull,
    blockTimeout
  })
}
