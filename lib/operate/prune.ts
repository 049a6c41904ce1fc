// The verb `prune`: removes the oldest files of ours beyond a limit, by the rules of the outputs and the dumper themselves. Files that are
// being written, or not ours by their names, are never touched.
import fsp from 'node:fs/promises'
import { basename, join } from 'node:path'
import { findPlaces, type JournalPlace, type LogPlace, type Place } from './places.js'
import { complain, count, short, size, tell, WELL, WRONG, type Answering } from './result.js'
import { inhabitants, look } from './writers.js'
import { letterFiles } from '../delivery/dead-letters.js'
import { removeAll, surplusDumps } from '../dumper/sweep.js'
import { reason } from '../errors.js'
import { surplusFiles } from '../journal/archive.js'
import { Owner } from '../journal/ownership.js'
import { surplus, type RetentionLimit } from '../journal/retention.js'
import { parseId } from '../journal/segment-id.js'

export interface PruneOptions extends Answering {
  dateFormat?: string
  dryRun?: boolean
  limit: RetentionLimit
}

interface Surplus {
  files: Array<{ path: string, bytes: number }>
  remove (): Promise<void>
}

interface Pruned { path: string, kind: Place['kind'], files: Array<{ path: string, bytes: number }>, failure?: string }

export async function prune (paths: readonly string[], { limit, dryRun = false, ...options }: PruneOptions): Promise<number> {
  const done: Pruned[] = []
  for (const place of await findPlaces(paths, options)) {
    const pruned: Pruned = { path: place.path, kind: place.kind, files: [] }
    done.push(pruned)
    try {
      const { files, remove } = await beyond(place, limit)
      pruned.files = files
      if (!dryRun) await remove()
    } catch (error) {
      pruned.failure = reason(error)
      complain(`${short(place.path)}: ${pruned.failure}`)
    }
  }
  const sum = (files: Pruned['files']): string => size(files.reduce((sum, { bytes }) => sum + bytes, 0))
  await tell(options, { dryRun, places: done }, done.length === 0
    ? ['there is nothing to prune']
    : done.flatMap(({ path, files }) => [
      ...files.map(({ path, bytes }) => `${dryRun ? 'would remove' : 'removed'} ${short(path)} (${size(bytes)})`),
      `${short(path)}: ${count(files.length, 'file')} with ${sum(files)}${dryRun ? ' would be' : ''} removed`
    ]))
  return done.some(({ failure }) => failure !== undefined) ? WRONG : WELL
}

async function beyond (place: Place, limit: RetentionLimit): Promise<Surplus> {
  if (place.kind === 'log') return await log(place, limit)
  if (place.kind === 'journal') return await letters(place, limit)
  if (place.kind === 'dataset') {
    const { dataset } = place
    const files = dataset.surplus(limit, Date.now()).map(({ path, bytes }) => ({ path, bytes }))
    return { files, remove: async () => dataset.retain(limit, Date.now()) }
  }
  if (place.kind === 'dumps') {
    const { dumps, paths } = await surplusDumps(place.path, { ...limit, count: limit.count ?? Infinity })
    return { files: dumps.map(({ name, bytes }) => ({ path: join(place.path, name), bytes })), remove: () => removeAll(paths) }
  }
  throw new Error('a single file belongs to a log, a journal or a dataset; name that')
}

async function log ({ folder }: LogPlace, limit: RetentionLimit): Promise<Surplus> {
  const files = await surplusFiles(folder, limit, Date.now())
  const remove = async (): Promise<void> => {
    if (files.length === 0) return
    const owner = await Owner.create(folder.home)
    try {
      for (const { id, path } of files) {
        if (!await owner.claim(id, true)) continue
        await fsp.rm(path, { force: true }).finally(() => owner.release(id, true))
      }
    } finally {
      await owner.close()
    }
  }
  return { files: files.map(({ path, bytes }) => ({ path, bytes })), remove }
}

/** Dead letters. Lines that wait for their delivery are bounded by the output alone. */
async function letters ({ path }: JournalPlace, limit: RetentionLimit): Promise<Surplus> {
  const found = (await Promise.all((await letterFiles(path)).map(look))).filter(file => file !== undefined)
  // While anybody lives here, the last file of each process may be one that is being written.
  const last = new Map(found.map(file => [parseId(basename(file.path)).writer, file]))
  const alive = (await inhabitants(path)).some(({ alive }) => alive)
  const closed = found.filter(file => !alive || last.get(parseId(basename(file.path)).writer) !== file)
  const reserved = found.filter(file => !closed.includes(file)).reduce((sum, { bytes }) => sum + bytes, 0)
  const files = surplus(closed, limit, Date.now(), reserved)
  return { files: files.map(({ path, bytes }) => ({ path, bytes })), remove: () => removeAll(files.map(({ path }) => path)) }
}
