// A journal whose writers have died: adopted and put in order, under one writer that ends at once; its segments wait for whoever
// delivers them next.
import { join } from 'node:path'
import { damagesIn } from './verify.js'
import { nothing, type Recovered } from './recovered.js'
import { keepTorn } from './torn.js'
import { estates, inhabitants, type Estate } from './writers.js'
import { SpoolHome, type HomeOptions } from '../journal/spool-home.js'
import type { SpooledSegment } from '../journal/spooled-segment.js'
import { Monitor } from '../telemetry/monitor.js'
import type { JournalPlace } from './places.js'

/** Estates of dead writers. */
export async function orphaned (home: string): Promise<{ writers: number, left: Estate[] }> {
  const dead = (await inhabitants(home)).filter(({ alive }) => !alive)
  return { writers: dead.length, left: (await Promise.all(dead.map(({ directory }) => estates(directory)))).flat() }
}

/** Half lines at the end of what dead writers were writing, kept in the home; and everything else that is wrong with what they left. */
export async function survey (place: JournalPlace, left: readonly Estate[], dry: boolean): Promise<Recovered> {
  const recovered = nothing(place.path)
  const tally = { files: 0, records: 0, bytes: 0 }
  for (const estate of left) {
    for (const { id, path, records } of estate.segments) {
      const torn = records === undefined ? await keepTorn(path, join(place.path, id), dry) : undefined
      if (torn) recovered.torn.push(torn)
    }
    for await (const damage of damagesIn(estate, place.dataset, tally, false)) {
      if (!recovered.torn.some(({ path, offset }) => path === damage.path && offset === damage.offset)) recovered.damages.push(damage)
    }
  }
  return { ...recovered, segments: left.flatMap(({ segments }) => segments).length, records: tally.records }
}

export async function recoverSpool (place: JournalPlace, dry: boolean): Promise<Recovered> {
  const { writers, left } = await orphaned(place.path)
  if (writers === 0) return nothing(place.path)
  const recovered: Recovered = { ...await survey(place, left, dry), writers }
  if (dry) return recovered
  const { home, found } = await adopt(place.path, recovered.failures)
  await home.close()
  return { ...recovered, segments: found.length, records: found.reduce((sum, { records }) => sum + records, 0) }
}

/** One that tells its trouble there. */
export function monitorOf (failures: string[]): Monitor {
  return new Monitor('recover', line => { failures.push(line.replace(/^pino-blackbox recover: /, '').trimEnd()) })
}

/** Takes over everything that dead writers left, oldest first. `home` is to be closed; what has not been removed by then stays. */
export async function adopt (path: string, failures: string[], more: Pick<HomeOptions, 'others' | 'settle'> = {}): Promise<{ home: SpoolHome, found: SpooledSegment[] }> {
  const home = new SpoolHome({ home: path, monitor: monitorOf(failures), ...more })
  await home.possess()
  const found: SpooledSegment[] = []
  await home.adopt(segment => { found.push(segment) })
  return { home, found: found.sort((a, b) => a.order < b.order ? -1 : 1) }
}
