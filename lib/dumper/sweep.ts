// Retention: what has to go so that the dumps keep to their limits. Only files with a marker are ours.
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { errno, reason } from '../errors.js'
import { surplus, type ClosedFile, type RetentionLimit } from '../journal/retention.js'
import { homeOf, TMP } from './files.js'
import { timeOf } from './names.js'

/** ms after which what is being written is taken for left behind by a process that ended. */
const LEFT_BEHIND = 3_600_000
/** ms that a marker outlives its file: while somebody could take the name again, another sweep may still be about to remove its old file. */
const LINGER = 5000

export interface DumpFile extends ClosedFile {
  name: string
}

/** What has to go. `now` is not before the mtime of a file just written. */
export function doomed (files: readonly DumpFile[], limit: RetentionLimit & { count: number }, now: number): DumpFile[] {
  // A file from the future is of a clock that was wrong: nobody knows how old it is, so it goes first.
  const age = ({ modified }: DumpFile): number => modified > now ? Infinity : now - modified
  // All processes have the same order, whoever looks: so they agree on the newest, which is never removed.
  const sorted = [...files].sort((a, b) => age(b) - age(a) || (a.name < b.name ? -1 : 1))
  const newest = sorted.pop()
  return newest ? surplus(sorted, { ...limit, count: limit.count - 1 }, now, newest.bytes) : []
}

/** The dumps that are there: files of ours by their markers. */
export async function dumpFiles (directory: string): Promise<DumpFile[]> {
  const marked = (await fsp.readdir(homeOf(directory))).filter(name => timeOf(name) !== undefined)
  return (await Promise.all(marked.map(name => look(directory, name)))).filter(file => file !== undefined)
}

/** What has to go so that the dumps of a directory keep to a limit. */
export interface Surplus {
  dumps: DumpFile[]
  /** Paths of those, of markers whose time is over, and of what a process left behind while it wrote. */
  paths: string[]
}

/** `written` are names of files that came since the last time. */
export async function surplusDumps (directory: string, limit: RetentionLimit & { count: number }, written: ReadonlySet<string> = new Set()): Promise<Surplus> {
  const home = homeOf(directory)
  const entries = await fsp.readdir(home)
  const files: DumpFile[] = []
  const paths: string[] = []

  const drafts = new Set<string>()
  for (const tmp of entries.filter(name => name.endsWith(TMP))) {
    const name = tmp.slice(0, -TMP.length)
    const file = timeOf(name) === undefined ? undefined : await look(home, tmp)
    if (file && Date.now() - file.modified > LEFT_BEHIND) paths.push(join(home, tmp))
    else drafts.add(name)
  }
  const outlived = (name: string): boolean => !drafts.has(name) && Date.now() - timeOf(name)! > LINGER
  for (const name of entries.filter(name => timeOf(name) !== undefined)) {
    const file = await look(directory, name)
    if (file) files.push(file)
    else if (outlived(name)) paths.push(join(home, name))
  }
  const now = Math.max(Date.now(), ...files.filter(({ name }) => written.has(name)).map(({ modified }) => modified))
  const dumps = doomed(files, limit, now)
  for (const { name } of dumps) paths.push(join(directory, name), ...outlived(name) ? [join(home, name)] : [])
  return { dumps, paths }
}

/** Rejects when something could not be removed. */
export async function removeAll (paths: readonly string[]): Promise<void> {
  let failure: unknown
  for (const path of paths) await fsp.rm(path, { force: true }).catch(error => { failure = error })
  if (failure) throw failure
}

/** A file as it is there, or undefined: a directory with the name of a dump is none. */
async function look (directory: string, name: string): Promise<DumpFile | undefined> {
  try {
    const stats = await fsp.lstat(join(directory, name))
    return stats.isFile() ? { name, bytes: stats.size, modified: stats.mtimeMs } : undefined
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
    return undefined
  }
}

/** To be called with the name of each new file: resolves when the dumps keep to their limits, or somebody was told why not. */
export function retention (directory: string, limit: RetentionLimit & { count: number }, complain: (cause: string, message: string) => void): (name: string) => Promise<void> {
  let written = new Set<string>()
  const run = oneAtATime(async () => {
    const since = written
    written = new Set()
    try {
      await removeAll((await surplusDumps(directory, limit, since)).paths)
    } catch (error) {
      // A directory that somebody has just removed keeps to every limit.
      if (errno(error) !== 'ENOENT') complain('retention', `cannot remove what is too much in ${directory}: ${reason(error)}`)
    }
  })
  return name => {
    written.add(name)
    return run()
  }
}

/** One run after the other. Whoever asks during a run shares the next one. */
function oneAtATime (run: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve()
  let waiting = false
  return () => {
    if (waiting) return last
    waiting = true
    last = last.then(() => {
      waiting = false
      return run()
    })
    return last
  }
}
