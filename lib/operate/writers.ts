// What the writers of a home have there, seen from outside: nothing is touched, and anything may go while it is looked at.
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { errno } from '../errors.js'
import { isAlive } from '../journal/liveness.js'
import { adopted, writers } from '../journal/ownership.js'
import { parseId } from '../journal/segment-id.js'
import { OPEN, SEALED } from '../journal/spool-home.js'
import { STAGED } from '../parquet/checkpoint.js'

export interface Inhabitant { id: string, directory: string, alive: boolean }

export interface FileHere {
  path: string
  bytes: number
  /** Unix time in ms of the last write. */
  modified: number
}

/** A segment in a journal. */
export interface SegmentHere extends FileHere {
  id: string
  /** Unix time in ms. */
  opened: number
  /** As its name says; undefined for one that is being written, or was when its writer died. */
  records?: number
}

/** What stands in the directory of one writer. */
export interface Estate {
  directory: string
  segments: SegmentHere[]
  staged: FileHere[]
  /** Path of its checkpoint. */
  checkpoint?: string
}

export async function inhabitants (home: string): Promise<Inhabitant[]> {
  return await Promise.all((await writers(home)).map(async writer => ({ ...writer, alive: await isAlive(writer.directory) })))
}

/** Of this directory, and of those of dead writers that it has adopted and not sorted out yet. */
export async function estates (directory: string): Promise<Estate[]> {
  const own: Estate = { directory, segments: [], staged: [] }
  for (const name of (await fsp.readdir(directory).catch(gone) ?? []).sort()) {
    const path = join(directory, name)
    const [, id = name.endsWith(OPEN) ? name.slice(0, -OPEN.length) : undefined, records] = SEALED.exec(name) ?? []
    if (name === 'checkpoint.json') own.checkpoint = path
    if (id === undefined && !name.endsWith(STAGED)) continue
    const file = await look(path)
    if (!file) continue
    if (id === undefined) own.staged.push(file)
    else own.segments.push({ ...file, id, opened: parseId(id).opened, ...records !== undefined && { records: Number(records) } })
  }
  return [own, ...(await Promise.all((await adopted(directory)).map(estates))).flat()]
}

/** Undefined when it is not there any more, or no file. */
export async function look (path: string): Promise<FileHere | undefined> {
  const stat = await fsp.stat(path).catch(gone)
  return stat?.isFile() ? { path, bytes: stat.size, modified: stat.mtimeMs } : undefined
}

export function gone (error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(errno(error) ?? '')) throw error
}
