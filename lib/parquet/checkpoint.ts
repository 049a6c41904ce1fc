// The commit of a segment: one small file, replaced atomically, that says what is in the staged files and what would complete
// them. A row is in the dataset-to-be from the rename of this file on, and never twice, because the segment that it came from is
// named here until it is gone.
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { paths, writeAt } from './disk.js'
import { errno, reason } from '../errors.js'

/** Files that are not published yet; no reader takes such a name for its own. */
export const STAGED = '.staged'
const NAME = 'checkpoint.json'
const TEMPORARY = 'checkpoint.tmp'
const COPY = 'checkpoint.copy'
const MODE = 0o600

/** A staged file as far as it is committed. */
export interface StagedState {
  /** Name in the directory of its writer. */
  staged: string
  /** Path below the dataset's directory under which it will be published. */
  final: string
  /** Bytes that are committed; what follows them is left over from a failure. */
  length: number
  /** What completes a file of that length. */
  footer: Uint8Array
}

export interface Checkpoint {
  /** Ids of segments that are in the staged files and may still be there: the last ones only. */
  converted: string[]
  /** Names given so far; each number is used once. */
  count: number
  /** How often it was replaced: of a checkpoint and its copy that one is the case which has more. */
  commits: number
  staged: StagedState[]
}

interface Stored { version: 1, converted: string[], count: number, commits?: number, staged: Array<Omit<StagedState, 'footer'> & { footer: string }> }

/** Nothing has changed when it throws; when it returns, the rename is still to be synced. */
export function writeCheckpoint (directory: string, checkpoint: Checkpoint): void {
  // After a power cut it may be one file with the checkpoint, whose rename was half done.
  fs.rmSync(join(directory, TEMPORARY), { force: true })
  writeAt(join(directory, TEMPORARY), textOf(checkpoint), 0, MODE)
  fs.renameSync(join(directory, TEMPORARY), join(directory, NAME))
}

/**
 * The same again beside it, for when a disk gives back something else than it was given. To be written after the checkpoint, and before
 * segments are removed: while it is the older of the two, or half written, everything that it does not know is still there.
 */
export function writeCopy (directory: string, checkpoint: Checkpoint): void {
  writeAt(join(directory, COPY), textOf(checkpoint), 0, MODE)
}

/**
 * Undefined when there has not been one yet. Throws when neither it nor its copy can be read, or both are gone, while something is staged: then
 * nothing of what they said may be guessed.
 */
export function readCheckpoint (directory: string): Checkpoint | undefined {
  const errors: unknown[] = []
  const [first, copy] = [NAME, COPY].map(name => {
    try {
      return read(join(directory, name))
    } catch (error) {
      errors.push(error)
      return undefined
    }
  })
  // The first one may be an old one that somebody, or a file system after a power cut, has put back.
  const latest = first && copy && copy.commits > first.commits ? copy : first ?? copy
  if (latest) return latest
  // Half a copy alone, beside nothing that is staged, is what a power cut leaves of the first one, or of a directory that was removed.
  if (errors.length > 0 && fs.existsSync(join(directory, NAME))) throw errors[0]
  if (fs.existsSync(directory) && paths(directory, name => name.endsWith(STAGED)).length > 0) {
    throw errors[0] ?? new Error(`${join(directory, NAME)} is gone, and its copy: what is committed of the staged files is not known`)
  }
  return undefined
}

/** What is wrong with the checkpoint itself, whether or not its copy can stand in for it; undefined when nothing is. */
export function checkpointDamage (directory: string): string | undefined {
  try {
    read(join(directory, NAME))
    return undefined
  } catch (error) {
    return reason(error)
  }
}

function read (path: string): Checkpoint | undefined {
  let text: string
  try {
    text = fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  }
  const end = text.lastIndexOf(SUM)
  if (end === -1 || text.slice(end) !== signature(text.slice(0, end))) throw new Error(`${path} is damaged: its content and its sum do not agree`)
  const { version, converted, count, commits = 0, staged } = JSON.parse(text) as Stored
  if (version !== 1) throw new Error(`${path} has version ${String(version)}, this release knows 1`)
  return { converted, count, commits, staged: staged.map(state => ({ ...state, footer: Buffer.from(state.footer, 'base64') })) }
}

function textOf ({ converted, count, commits, staged }: Checkpoint): Buffer {
  const stored: Stored = {
    version: 1,
    converted,
    count,
    commits,
    staged: staged.map(({ staged, final, length, footer }) => ({ staged, final, length, footer: Buffer.from(footer).toString('base64') }))
  }
  const text = JSON.stringify(stored).slice(0, -1)
  return Buffer.from(text + signature(text))
}

const SUM = ',"sum":"'

/** The end of the document: over everything before it. */
function signature (text: string): string {
  return `${SUM}${createHash('sha256').update(text).digest('hex')}"}\n`
}

export function removeCheckpoint (directory: string): void {
  // The copy first: alone it would be taken for what is the case.
  for (const name of [COPY, NAME]) fs.rmSync(join(directory, name), { force: true })
}
