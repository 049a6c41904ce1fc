// The verb `recover`: does by hand, without the application, what its next start would do with what dead writers left. Living writers,
// and whatever is theirs, are left alone.
//
//   log      half lines cut                         journal  adopted and put in order: half lines cut, segments sealed
//   dataset  staged files published, and the segments of its journal converted and published too
import { sentence } from './damage.js'
import { findPlaces, type Place } from './places.js'
import { recoverDataset, type DatasetHints } from './recover-dataset.js'
import { recoverLog } from './recover-log.js'
import { recoverSpool } from './recover-spool.js'
import { complain, count, short, tell, WELL, WRONG, type Answering } from './result.js'
import { nothing, type Recovered } from './recovered.js'
import { reason } from '../errors.js'

export interface RecoverOptions extends Answering {
  dateFormat?: string
  dryRun?: boolean
  /** For the journals of datasets. */
  dataset: DatasetHints
}

export async function recover (paths: readonly string[], options: RecoverOptions): Promise<number> {
  const { dryRun = false } = options
  const done: Recovered[] = []
  for (const place of await findPlaces(paths, options)) {
    const recovered = await one(place, dryRun, options).catch((error: unknown): Recovered => ({ ...nothing(place.path), failures: [reason(error)] }))
    if (recovered) done.push(recovered)
  }
  for (const { path, failures } of done) for (const failure of failures) complain(`${short(path)}: ${failure}`)
  await tell(options, { dryRun, places: done }, done.length > 0 ? done.flatMap(place => told(place, dryRun)) : ['there is nothing to recover'])
  return done.some(({ failures, damages }) => failures.length + damages.length > 0) ? WRONG : WELL
}

async function one (place: Place, dry: boolean, options: RecoverOptions): Promise<Recovered | undefined> {
  if (place.kind === 'log') return await recoverLog(place, dry)
  if (place.kind === 'journal') return place.output === 'parquet' ? await recoverDataset(place, dry, options.dataset) : await recoverSpool(place, dry)
  // Whatever there is to recover of a dataset is in its journal, and dumps appear whole.
  if (place.kind === 'file') throw new Error('a single file belongs to a log or a journal; name that')
  return undefined
}

function told ({ path, writers, torn, segments, records, published, damages, notes }: Recovered, dry: boolean): string[] {
  const here = short(path)
  const would = dry ? 'would be ' : ''
  const sums: string[] = []
  if (published !== undefined) sums.push(`${count(published, 'file')} with ${count(records ?? 0, 'record')} of ${count(writers, 'dead writer')} ${would}published`)
  else if (segments !== undefined) sums.push(`${count(segments, 'segment')} with ${count(records ?? 0, 'record')} of ${count(writers, 'dead writer')} ${would}put in order`)
  return [
    ...torn.map(({ path, offset, bytes, kept }) =>
      `${here}: ${count(bytes, 'byte')} of an unfinished line ${would}cut from ${short(path)} at byte ${offset}${kept === undefined ? '' : `, kept in ${short(kept)}`}`),
    ...notes.map(note => `${here}: ${note}`),
    ...damages.map(damage => `damage that stays: ${sentence(damage)}`),
    ...sums.map(sum => `${here}: ${sum}`),
    ...torn.length + notes.length + damages.length + sums.length === 0 ? [`${here}: nothing to do`] : []
  ]
}
