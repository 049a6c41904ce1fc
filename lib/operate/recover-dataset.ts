// The journal of a dataset whose writers have died: staged files are published as far as they were committed, segments converted. With
// which options stands in the journal.
import { basename, dirname } from 'node:path'
import { nothing, type Recovered } from './recovered.js'
import { adopt, monitorOf, orphaned, survey } from './recover-spool.js'
import { progress } from './progress.js'
import { short } from './result.js'
import { parseParquet, type ParquetOptions } from '../config/parquet.js'
import { retry } from '../delivery/retry.js'
import { OptionError, reason } from '../errors.js'
import { readAbout } from '../journal/ownership.js'
import { LEVELS } from '../levels.js'
import { KEYS } from '../parquet/columns.js'
import { checkpointDamage, readCheckpoint } from '../parquet/checkpoint.js'
import { Converter } from '../parquet/converter.js'
import { Dataset } from '../parquet/dataset.js'
import { placeOf } from '../parquet/place.js'
import { openParquet } from '../parquet/reading.js'
import { settingsOf, type About } from '../parquet/settings.js'
import type { JournalPlace } from './places.js'

/** Options of the output as far as they were given; what is missing is found out. */
export type DatasetHints = Partial<ParquetOptions>

/** Attempts that a segment has: of one that the thread dies of each is in smaller pieces. */
const ATTEMPTS = 8
/** ms. */
const CLOSING = 60_000

export async function recoverDataset (place: JournalPlace, dry: boolean, hints: DatasetHints): Promise<Recovered> {
  const { writers, left } = await orphaned(place.path)
  if (writers === 0) return nothing(place.path)
  const about = (await Promise.all(left.map(({ directory }) => readAbout(directory)))).find(isAbout)
  // Where it lies says more than what it says: both may have been moved.
  const dir = hints.dir ?? place.dataset ?? about?.options.dir
  if (dir === undefined) throw new OptionError('parquet', 'dir', `Expected \`dir\` to name the dataset of ${short(place.path)}, got nothing: the journal does not say it`)
  const recovered: Recovered = { ...await survey({ ...place, dataset: dir }, left, dry), writers, published: left.flatMap(({ staged }) => staged).length }
  for (const directory of left.map(({ directory }) => directory).filter(isMended)) {
    recovered.damages = recovered.damages.filter(({ path }) => dirname(path) !== directory || basename(path) !== 'checkpoint.json')
    recovered.notes.push(`the checkpoint of writer ${basename(directory)} is damaged; its copy is whole, and nothing is lost`)
  }
  if (!about) recovered.notes.push('its options cannot be read from it: what is not given now is the default')
  const { keys, levels } = about ?? { keys: KEYS, levels: LEVELS }
  const o = parseParquet({ ...about?.options, ...hints, dir, ...place.dataset === undefined && { journal: { dir: dirname(place.path) } } })
  if (dry) return recovered
  const { home, others, dataset } = placeOf(o.dir, o.journal.dir)
  if (home !== place.path && !others.includes(place.path)) {
    throw new OptionError('parquet', 'dir', `Expected \`dir\` to be the dataset of ${short(place.path)}, got ${short(dir)}, whose journal is ${short(home)}`)
  }

  const monitor = monitorOf(recovered.failures)
  const converter = new Converter({ monitor, settings: () => settingsOf(o, dataset, { keys, levels }) })
  const before = new Set(new Dataset(dataset, o.base).newest(Infinity))
  const { home: spool, found } = await adopt(home, recovered.failures, { others, settle: directory => converter.recover(directory) })
  const bar = progress(found.reduce((sum, { bytes }) => sum + bytes, 0))
  for (const segment of found) {
    bar.now(`${short(dir)}: segment ${segment.id}`)
    await retry(() => converter.convert(segment), async (_, attempt) => attempt < ATTEMPTS).catch(error => {
      recovered.failures.push(`segment ${segment.id} stays where it is: ${reason(error)}`)
    })
    bar.add(segment.bytes)
  }
  bar.stop()
  await converter.publish(Infinity).catch(error => { recovered.failures.push(reason(error)) })
  await converter.close(CLOSING)
  await spool.close()
  const published = new Dataset(dataset, o.base).newest(Infinity).filter(path => !before.has(path))
  return { ...recovered, segments: found.length, published: published.length, records: published.reduce((sum, path) => sum + rowsOf(path), 0) }
}

const isAbout = (about: unknown): about is About => typeof about === 'object' && about !== null && 'output' in about && about.output === 'parquet'

/** Does the copy stand in for a damaged checkpoint? */
function isMended (directory: string): boolean {
  try {
    return checkpointDamage(directory) !== undefined && readCheckpoint(directory) !== undefined
  } catch {
    return false
  }
}

function rowsOf (path: string): number {
  try {
    return openParquet(path).rows
  } catch {
    return 0
  }
}
