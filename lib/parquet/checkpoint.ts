// The commit of a segment: one small file, replaced atomically, that says what is in the staged files and what would complete
// them. A row is in the dataset-to-be from the rename of this file on, and never twice, because the segment that it came from is
// named here until it is gone.
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { writeAt } from './disk.js'
import { errno, reason } from '../errors.js'

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
  staged: StagedState[]
}

interface Stored { version: 1, converted: string[], count: number, staged: Array<Omit<StagedState, 'footer'> & { footer: string }> }

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
 * Undefined when there is none. Throws when it is damaged and its copy cannot stand in for it: then nothing of what they say may be guessed.
 * Where it is missing and its copy is damaged, the power went while the first one was written, and nothing had been committed.
 */
export function readCheckpoint (directory: string): Checkpoint | undefined {
  let damage: unknown
  for (const name of [NAME, COPY]) {
    try {
      const found = read(join(directory, name))
      if (found) return found
    } catch (error) {
      if (name === NAME) damage = error
    }
  }
  if (damage !== undefined) throw damage
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
  const { version, converted, count, staged } = JSON.parse(text) as Stored
  if (version !== 1) throw new Error(`${path} has version ${String(version)}, this release knows 1`)
  return { converted, count, staged: staged.map(state => ({ ...state, footer: Buffer.from(state.footer, 'base64') })) }
}

function textOf ({ converted, count, staged }: Checkpoint): Buffer {
  const stored: Stored = {
    version: 1,
    converted,
    count,
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
