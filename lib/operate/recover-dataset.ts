// The journal of a dataset whose writers have died: staged files are published as far as they were committed, segments converted. What
// columns and partitions there are to be stands in the footers of what is there.
import { basename, dirname, relative } from 'node:path'
import { nothing, type Recovered } from './recover.js'
import { adopt, orphaned, survey } from './recover-spool.js'
import { progress } from './progress.js'
import { count, short } from './result.js'
import { salvage } from './salvage.js'
import { estates, type Estate } from './writers.js'
import { parseParquet, type ParquetOptions } from '../config/parquet.js'
import { retry } from '../delivery/retry.js'
import { OptionError, reason } from '../errors.js'
import { Owner } from '../journal/ownership.js'
import { LEVELS } from '../levels.js'
import { columnsOf, KEYS, type Keys } from '../parquet/columns.js'
import { readCheckpoint } from '../parquet/checkpoint.js'
import { Converter } from '../parquet/converter.js'
import { Dataset } from '../parquet/dataset.js'
import { placeOf } from '../parquet/place.js'
import { openParquet, type Schema } from '../parquet/reading.js'
import { settingsOf } from '../parquet/settings.js'
import { Monitor } from '../telemetry/monitor.js'
import type { JournalPlace } from './places.js'
import type { Partition } from '../parquet/naming.js'

/** Options of the output as far as they were given; what is missing is found out. */
export type DatasetHints = Partial<ParquetOptions>

/** Attempts that a segment has: of one that the thread dies of each is in smaller pieces. */
const ATTEMPTS = 8
/** ms. */
const CLOSING = 60_000

export async function recoverDataset (place: JournalPlace, dry: boolean, hints: DatasetHints): Promise<Recovered> {
  const dir = hints.dir ?? place.dataset
  if (dir === undefined) throw new OptionError('parquet', 'dir', `Expected \`dir\` to name the dataset of ${short(place.path)}, got nothing: the journal does not say it`)
  const { writers, left } = await orphaned(place.path)
  if (writers === 0) return nothing(place.path)
  const recovered: Recovered = { ...await survey({ ...place, dataset: dir }, left, dry), writers, published: left.flatMap(({ staged }) => staged).length }
  const { options, keys } = inferred(place, dir, left, hints)
  const o = parseParquet(options)
  if (dry) return recovered
  const { home, others, dataset } = placeOf(o.dir, o.journal.dir)
  if (home !== place.path && !others.includes(place.path)) throw new OptionError('parquet', 'dir', `Expected \`dir\` to be the dataset of ${short(place.path)}, got ${short(dir)}, whose journal is ${short(home)}`)
  if (recovered.damages.some(({ path }) => isCheckpoint(path))) await mendCheckpoints(place, o.partition, recovered)

  const monitor = new Monitor('recover', line => { recovered.failures.push(line.replace(/^pino-blackbox recover: /, '').trimEnd()) })
  const converter = new Converter({ monitor, settings: () => settingsOf(o, dataset, { keys, levels: LEVELS }) })
  const before = new Set(new Dataset(dataset, o.base).newest(Infinity))
  const { home: spool, found } = await adopt(home, recovered.failures, { others, settle: directory => converter.recover(directory) })
  const bar = progress(found.reduce((sum, { bytes }) => sum + bytes, 0))
  for (const segment of found) {
    bar.now(`${short(dir)}: segment ${segment.id}`)
    await retry(() => converter.convert(segment), async (_, attempt) => attempt < ATTEMPTS).catch(error => { recovered.failures.push(`segment ${segment.id} stays where it is: ${reason(error)}`) })
    bar.add(segment.bytes)
  }
  bar.stop()
  await converter.publish(Infinity).catch(error => { recovered.failures.push(reason(error)) })
  await converter.close(CLOSING)
  await spool.close()
  const published = new Dataset(dataset, o.base).newest(Infinity).filter(path => !before.has(path))
  return { ...recovered, segments: found.length, published: published.length, records: published.reduce((sum, path) => sum + rowsOf(path), 0) }
}

const isCheckpoint = (path: string): boolean => basename(path) === 'checkpoint.json' || path.endsWith('.staged')

/** Makes damaged checkpoints again, owning what dead writers left meanwhile. */
async function mendCheckpoints ({ path }: JournalPlace, partition: Partition, recovered: Recovered): Promise<void> {
  const owner = await Owner.create(path)
  try {
    const orphans = await owner.adopt(error => { recovered.failures.push(reason(error)) })
    for (const estate of (await Promise.all(orphans.map(estates))).flat()) {
      const writer = basename(estate.directory)
      // A page that is damaged stays so: the checkpoint is not to blame, and the footer of the file says nothing else.
      const blamed = recovered.damages.filter(damage => basename(dirname(damage.path)) === writer && isCheckpoint(damage.path) && !damage.rows)
      if (blamed.length === 0) continue
      recovered.notes.push(...await salvage(estate, partition))
      recovered.damages = recovered.damages.filter(damage => !blamed.includes(damage))
      recovered.notes.push(`the checkpoint of writer ${writer} was damaged (expected ${blamed[0]!.expected}, found ${blamed[0]!.found}); it was made again from ${count(estate.staged.length, 'staged file')}`)
    }
  } finally {
    await owner.close()
  }
}

/** The options with which the dataset was written, as far as what is there tells. */
function inferred ({ path, dataset }: JournalPlace, dir: string, left: readonly Estate[], hints: DatasetHints): { options: ParquetOptions, keys: Keys } {
  const published = new Dataset(dir, basename(dir))
  const staged = left.flatMap(({ directory }) => stagedIn(directory))
  const newest = attempt(() => published.newest(1)) ?? []
  const schemas = [...staged.map(({ schema }) => schema), ...newest.map(path => attempt(() => openParquet(path).schema))]
  const { columns, messageKey, errorKey } = schemas.find(schema => schema?.columns.length) ?? { columns: [], ...KEYS }
  const finals = [...staged.map(({ final }) => final), ...newest.map(path => relative(dir, path))]
  const partition = finals.some(final => /^dt=[^/]+\/hr=/.test(final)) ? 'hour' : finals.some(final => final.startsWith('dt=')) ? 'day' : false
  const fixed = columnsOf([], KEYS)
  const promoted = columns.filter(({ name, path }) => path.length > 0 && !fixed.some(column => column.name === name && (column.path.join('\n') === path.join('\n') || !ALIASED.includes(name))))
  const found = Object.fromEntries(promoted.map(({ path, name, type }) => [path.map(key => key.replaceAll('.', '\\.')).join('.'), { name, type }]))
  const hasColumns = Object.keys({ ...found, ...hints.columns }).length > 0
  return {
    keys: { messageKey, errorKey },
    options: { partition, ...hints, dir, ...hasColumns && { columns: { ...found, ...hints.columns } }, ...dataset === undefined && { journal: { dir: dirname(path) } } }
  }
}

/** Fixed columns that may be given another source. */
const ALIASED = ['req_id', 'trace_id', 'span_id']

function stagedIn (directory: string): Array<{ final: string, schema: Schema | undefined }> {
  return attempt(() => readCheckpoint(directory)?.staged.map(state => ({ final: state.final, schema: attempt(() => openParquet(`${directory}/${state.staged}`, state).schema) }))) ?? []
}

function rowsOf (path: string): number {
  return attempt(() => openParquet(path).rows) ?? 0
}

/** Undefined where it throws: what is damaged tells nothing. */
function attempt<T> (look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
