// The verb `ls`: what of ours there is below some paths.
import { join } from 'node:path'
import { lineCount } from './blocks.js'
import { findPlaces, type DatasetPlace, type DumpsPlace, type JournalPlace, type LogPlace, type Place } from './places.js'
import { progress, type Progress } from './progress.js'
import { short, size, table, tell, WELL, type Answering } from './result.js'
import { estates, gone, inhabitants, look, type Estate, type FileHere } from './writers.js'
import { letterFiles } from '../delivery/dead-letters.js'
import { dumpFiles } from '../dumper/sweep.js'
import { readCheckpoint } from '../parquet/checkpoint.js'
import { openParquet } from '../parquet/reading.js'

export interface ListOptions extends Answering {
  dateFormat?: string
  /** False: logs are not read, and have no number of records. */
  count?: boolean
}

/** What `ls --json` has an array of. */
export interface Listed {
  kind: Place['kind']
  /** Kind of the output whose journal it is. */
  output?: string
  path: string
  writers: Array<{ id: string, alive: boolean }>
  /** Files; of a journal, its segments. */
  files: number
  /** null where nobody has counted. */
  records: number | null
  bytes: number
  /** When the oldest of them was written last or, of a segment, begun: ISO 8601. */
  oldest: string | null
  /** Of a dataset's journal: files that are not published yet. */
  staged?: { files: number, records: number, bytes: number }
  deadLetters?: { files: number, records: number, bytes: number }
}

export async function list (paths: readonly string[], options: ListOptions): Promise<number> {
  const places = await findPlaces(paths.length > 0 ? paths : ['.'], options)
  const bar = progress(await volume(places))
  const listed: Listed[] = []
  for (const place of places) {
    bar.now(short(place.path))
    listed.push(await describe(place, options.count !== false, bar))
  }
  bar.stop()
  listed.sort((a, b) => a.path < b.path ? -1 : 1)
  const head = ['what', 'where', 'writers', 'files', 'records', 'size', 'oldest', 'dead letters']
  const rows = listed.map(({ kind, output, path, writers, files, records, bytes, oldest, staged, deadLetters }) => [
    output === undefined ? kind : `${output} ${kind}`,
    short(path),
    liveliness(writers),
    `${files}${staged?.files ? ` + ${staged.files} staged` : ''}`,
    records === null ? '?' : String(records + (staged?.records ?? 0)),
    size(bytes + (staged?.bytes ?? 0)),
    oldest ?? '-',
    deadLetters?.records ? String(deadLetters.records) : '-'
  ])
  await tell(options, { places: listed }, listed.length > 0 ? table([head, ...rows]) : ['nothing of pino-blackbox is here'])
  return WELL
}

function liveliness (writers: Listed['writers']): string {
  const alive = writers.filter(({ alive }) => alive).length
  const dead = writers.length - alive
  return [alive > 0 && `${alive} alive`, dead > 0 && `${dead} dead`].filter(Boolean).join(', ') || '-'
}

/** Bytes that will be read. */
async function volume (places: readonly Place[]): Promise<number> {
  const logs = places.filter(place => place.kind === 'log')
  const files = (await Promise.all(logs.map(filesOf))).flat()
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

async function describe (place: Place, counting: boolean, bar: Progress): Promise<Listed> {
  if (place.kind === 'journal') return await journal(place)
  if (place.kind === 'log') return await log(place, counting, bar)
  if (place.kind === 'dataset') return await dataset(place)
  if (place.kind === 'dumps') return await dumps(place)
  const file = await look(place.path)
  return { ...sum('file', place.path, file ? [file] : []), records: counting ? await lineCount(place.path).catch(() => null) : null }
}

async function log (place: LogPlace, counting: boolean, bar: Progress): Promise<Listed> {
  const files = await filesOf(place)
  let records: number | null = counting ? 0 : null
  // A damaged file is counted as far as it can be read: `verify` says more.
  if (records !== null) for (const { path } of files) records += await lineCount(path, bytes => bar.add(bytes)).catch(() => 0)
  return { ...sum('log', place.path, files), writers: await writersIn(place.folder.home), records }
}

async function filesOf ({ folder }: LogPlace): Promise<FileHere[]> {
  const names = await folder.files().catch(gone) ?? []
  return (await Promise.all(names.map(name => look(folder.path(folder.names.format(name)))))).filter(file => file !== undefined)
}

async function journal ({ path, output }: JournalPlace): Promise<Listed> {
  const writers = await inhabitants(path)
  const all = (await Promise.all(writers.map(({ directory }) => estates(directory)))).flat()
  const segments = all.flatMap(({ segments }) => segments)
  const counts = await Promise.all(segments.map(async ({ path, records }) => records ?? await lineCount(path).catch(() => 0)))
  const staged = all.flatMap(({ staged }) => staged)
  const letters = (await Promise.all((await letterFiles(path)).map(look))).filter(file => file !== undefined)
  const lettersCount = await Promise.all(letters.map(({ path }) => lineCount(path).catch(() => 0)))
  return {
    ...sum('journal', path, segments.map(({ opened, ...file }) => ({ ...file, modified: opened }))),
    output,
    writers: writers.map(({ id, alive }) => ({ id, alive })),
    records: total(counts),
    ...output === 'parquet' && { staged: { files: staged.length, records: total(all.map(stagedRows)), bytes: total(staged.map(({ bytes }) => bytes)) } },
    deadLetters: { files: letters.length, records: total(lettersCount), bytes: total(letters.map(({ bytes }) => bytes)) }
  }
}

/** Rows that are in no segment any more and in no published file yet. */
function stagedRows ({ directory }: Estate): number {
  try {
    return total((readCheckpoint(directory)?.staged ?? []).map(state => openParquet(join(directory, state.staged), state).rows))
  } catch {
    return 0
  }
}

async function dataset ({ path, dataset }: DatasetPlace): Promise<Listed> {
  const files = (await Promise.all(dataset.newest(Infinity).map(look))).filter(file => file !== undefined)
  const rows = files.map(({ path }) => {
    try {
      return openParquet(path).rows
    } catch {
      return 0
    }
  })
  return { ...sum('dataset', path, files), records: total(rows) }
}

async function dumps ({ path }: DumpsPlace): Promise<Listed> {
  const files = await dumpFiles(path)
  return { ...sum('dumps', path, files.map(({ name, ...file }) => ({ path: name, ...file }))), records: files.length }
}

async function writersIn (home: string): Promise<Listed['writers']> {
  return (await inhabitants(home)).map(({ id, alive }) => ({ id, alive }))
}

function sum (kind: Place['kind'], path: string, files: readonly FileHere[]): Listed {
  const oldest = files.length === 0 ? null : new Date(Math.min(...files.map(({ modified }) => modified))).toISOString()
  return { kind, path, writers: [], files: files.length, records: null, bytes: total(files.map(({ bytes }) => bytes)), oldest }
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
