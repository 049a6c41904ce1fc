// The commit of a segment: one small file, replaced atomically, that says what is in the staged files and what would complete
// them. A row is in the dataset-to-be from the rename of this file on, and never twice, because the segment that it came from is
// named here until it is gone.
import fs from 'node:fs'
import { join } from 'node:path'
import { writeAt } from './disk.js'
import { errno } from '../errors.js'

const NAME = 'checkpoint.json'
const TEMPORARY = 'checkpoint.tmp'
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
export function writeCheckpoint (directory: string, { converted, count, staged }: Checkpoint): void {
  const stored: Stored = {
    version: 1,
    converted,
    count,
    staged: staged.map(({ staged, final, length, footer }) => ({ staged, final, length, footer: Buffer.from(footer).toString('base64') }))
  }
  // After a power cut it may be one file with the checkpoint, whose rename was half done.
  fs.rmSync(join(directory, TEMPORARY), { force: true })
  writeAt(join(directory, TEMPORARY), Buffer.from(JSON.stringify(stored)), 0, MODE)
  fs.renameSync(join(directory, TEMPORARY), join(directory, NAME))
}

/** Undefined when there is none. Throws when it cannot be read: then nothing of what it says may be guessed. */
export function readCheckpoint (directory: string): Checkpoint | undefined {
  let text: string
  try {
    text = fs.readFileSync(join(directory, NAME), 'utf8')
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined
    throw error
  }
  const { version, converted, count, staged } = JSON.parse(text) as Stored
  if (version !== 1) throw new Error(`${join(directory, NAME)} has version ${String(version)}, this release knows 1`)
  if (!texts(converted) || !Number.isSafeInteger(count) || !Array.isArray(staged) || !staged.every(isState)) throw new Error(`${join(directory, NAME)} is damaged`)
  return { converted, count, staged: staged.map(state => ({ ...state, footer: Buffer.from(state.footer, 'base64') })) }
}

const texts = (values: unknown): boolean => Array.isArray(values) && values.every(value => typeof value === 'string')

const isState = ({ staged, final, length, footer }: Stored['staged'][number]): boolean => texts([staged, final, footer]) && Number.isSafeInteger(length)

export function removeCheckpoint (directory: string): void {
  fs.rmSync(join(directory, NAME), { force: true })
}
