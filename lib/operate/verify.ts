// The verb `verify`: reads everything whole and tells each damage. Nothing is touched, and what a living writer is writing is none.
import fs from 'node:fs'
import { basename, extname, join } from 'node:path'
import { damagedDocument, damagedLines, damagedParquet, sentence, type Damage, type Tally } from './damage.js'
import { findPlaces, type DumpsPlace, type JournalPlace, type LogPlace, type Place } from './places.js'
import { progress, type Progress } from './progress.js'
import { count, short, size, tell, WELL, WRONG, type Answering } from './result.js'
import { estates, gone, inhabitants, look, type Estate } from './writers.js'
import { letterFiles } from '../delivery/dead-letters.js'
import { dumpFiles } from '../dumper/sweep.js'
import { errno, reason } from '../errors.js'
import { claims } from '../journal/ownership.js'
import { checkpointDamage, readCheckpoint, type Checkpoint } from '../parquet/checkpoint.js'

export interface VerifyOptions extends Answering {
  dateFormat?: string
}

export async function verify (paths: readonly string[], options: VerifyOptions): Promise<number> {
  const places = await findPlaces(paths, options)
  const tally: Tally = { files: 0, records: 0, bytes: 0 }
  const damages: Damage[] = []
  const bar = progress(await volume(places))
  for (const place of places) {
    bar.now(short(place.path))
    for await (const damage of damagesAt(place, tally, bar)) damages.push(damage)
  }
  bar.stop()
  const read = `${count(tally.files, 'file')} with ${count(tally.records, 'record')} in ${size(tally.bytes)} read`
  const end = damages.length === 0 ? `${read}: no damage` : `${read}: ${count(damages.length, 'damage')}`
  await tell(options, { ...tally, damages }, [...damages.map(sentence), end])
  return damages.length === 0 ? WELL : WRONG
}

async function volume (places: readonly Place[]): Promise<number> {
  const logs = await Promise.all(places.filter(place => place.kind === 'log').map(async ({ folder }) =>
    await Promise.all((await folder.files().catch(gone) ?? []).map(name => look(folder.path(folder.names.format(name)))))))
  return logs.flat().reduce((sum, file) => sum + (file?.bytes ?? 0), 0)
}

export async function * damagesAt (place: Place, tally: Tally, bar?: Progress): AsyncGenerator<Damage> {
  if (place.kind === 'log') yield * log(place, tally, bar)
  else if (place.kind === 'journal') yield * journal(place, tally)
  else if (place.kind === 'dataset') for (const path of place.dataset.newest(Infinity)) yield * present(damagedParquet(path, tally))
  else if (place.kind === 'dumps') yield * dumps(place, tally)
  else yield * file(place.path, tally)
}

/** What is taken away while it is looked at is not damaged. */
async function * present (damages: AsyncGenerator<Damage>): AsyncGenerator<Damage> {
  try {
    yield * damages
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
  }
}

async function * log ({ folder }: LogPlace, tally: Tally, bar: Progress | undefined): AsyncGenerator<Damage> {
  const living = (await inhabitants(folder.home)).filter(({ alive }) => alive)
  const written = new Set((await Promise.all(living.map(({ directory }) => claims(directory)))).flat().filter(({ work }) => !work).map(({ claimed }) => claimed))
  for (const name of await folder.files()) {
    const file = folder.names.format(name)
    yield * present(damagedLines(folder.path(file), tally, { growing: written.has(file), seen: bytes => bar?.add(bytes) }))
  }
}

async function * journal ({ path, dataset }: JournalPlace, tally: Tally): AsyncGenerator<Damage> {
  const writers = await inhabitants(path)
  for (const { directory, alive } of writers) {
    for (const estate of await estates(directory)) yield * damagesIn(estate, dataset, tally, alive && estate.directory === directory)
  }
  const growing = writers.some(({ alive }) => alive)
  for (const letter of await letterFiles(path)) yield * present(damagedLines(letter, tally, { growing, extra: isLetter }))
}

const isLetter = ({ key, record }: Record<string, unknown>): string | undefined =>
  typeof key === 'string' && typeof record === 'string' ? undefined : 'a dead letter with its key and its record'

/** `alive`: its writer may be writing it just now. */
export async function * damagesIn ({ directory, segments }: Estate, dataset: string | undefined, tally: Tally, alive: boolean): AsyncGenerator<Damage> {
  for (const { path, records } of segments) yield * present(damagedLines(path, tally, { records, growing: alive && records === undefined }))
  // Of a living one a file may be published, or grow, between two looks: then the checkpoint is another one.
  for (let looks = 0; ; looks++) {
    const before = checkpointIn(directory)
    const mine: Tally = { files: 0, records: 0, bytes: 0 }
    const found: Damage[] = []
    for await (const damage of damagesStaged(directory, before, dataset, mine)) found.push(damage)
    if (found.length > 0 && alive && looks < LOOKS && !same(before, checkpointIn(directory))) continue
    for (const figure of ['files', 'records', 'bytes'] as const) tally[figure] += mine[figure]
    yield * found
    return
  }
}

const LOOKS = 5

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function checkpointIn (directory: string): Checkpoint | { problem: string } | undefined {
  try {
    return readCheckpoint(directory)
  } catch (error) {
    return { problem: reason(error) }
  }
}

async function * damagesStaged (directory: string, checkpoint: ReturnType<typeof checkpointIn>, dataset: string | undefined, tally: Tally): AsyncGenerator<Damage> {
  if (!checkpoint) return
  tally.files++
  const damage = checkpointDamage(directory) ?? ('problem' in checkpoint ? checkpoint.problem : undefined)
  if (damage !== undefined) yield { path: join(directory, 'checkpoint.json'), expected: 'a checkpoint', found: damage }
  if ('problem' in checkpoint) return

  for (const state of checkpoint.staged) {
    const path = join(directory, state.staged)
    const there = await look(path)
    if (there && there.bytes < state.length) {
      yield { path, offset: there.bytes, expected: `${count(state.length, 'byte')}, as its checkpoint says`, found: count(there.bytes, 'byte') }
    } else if (there) {
      yield * present(damagedParquet(path, tally, state))
    } else if (dataset === undefined || !fs.existsSync(join(dataset, state.final))) {
      yield { path, expected: `a staged file, or ${state.final} in the dataset`, found: 'neither' }
    }
  }
}

async function * dumps ({ path }: DumpsPlace, tally: Tally): AsyncGenerator<Damage> {
  for (const { name } of await dumpFiles(path)) yield * present(file(join(path, name), tally))
}

/** By its name. */
async function * file (path: string, tally: Tally): AsyncGenerator<Damage> {
  const name = basename(path)
  if (name === 'checkpoint.json') {
    yield * damagesStaged(join(path, '..'), checkpointIn(join(path, '..')), undefined, tally)
  } else if (extname(name) === '.parquet') {
    yield * damagedParquet(path, tally)
  } else if (extname(name) === '.json') {
    yield * damagedDocument(path, tally)
  } else if (extname(name) === '.bin') {
    tally.files++
    tally.bytes += (await look(path))?.bytes ?? 0
  } else {
    yield * damagedLines(path, tally)
  }
}
