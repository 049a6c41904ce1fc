// Where the journal of a dataset lives: beside it, so that readers of the dataset see nothing unfinished, but in the same file
// system, because only there a file can be given to the dataset as one change (rename(2), EXDEV).
import fs from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { errno } from '../errors.js'

/** Files of this name at the head are skipped by Spark and Hive. */
const INSIDE = '_blackbox'

export interface Place {
  /** Directory of all writers' directories. */
  home: string
  /** Why it is not where it was to be. */
  instead?: string
}

/** `given` is the option `journal.dir`, `name` that of the output. Creates what is missing; throws where nothing can be written. */
export function placeOf (dir: string, given: string | undefined, name: string | undefined): Place {
  fs.mkdirSync(dir, { recursive: true })
  // Beside its dataset a journal needs no name to be found again, also when both were moved or the output was given another one.
  const wanted = given === undefined
    ? join(dirname(dir), `.${basename(dir)}.blackbox`)
    : join(given, `parquet-${name?.replace(/[^\w.-]/g, '_') ?? createHash('sha256').update(dir).digest('hex').slice(0, 12)}`)
  const obstacle = unreachable(wanted, dir)
  if (obstacle === undefined) return { home: wanted }
  try { fs.rmdirSync(wanted) } catch { /* It was not made, or somebody's journal is in it. */ }
  const home = join(dir, INSIDE)
  fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  return { home, instead: `the journal is in ${home}, because ${wanted} ${obstacle}` }
}

/** Why a file cannot be renamed from `home` into `dir`; undefined when it can. Tried, because mounts of one device look alike. */
function unreachable (home: string, dir: string): string | undefined {
  const probe = `_probe-${randomBytes(8).toString('hex')}`
  try {
    fs.mkdirSync(home, { recursive: true, mode: 0o700 })
    fs.writeFileSync(join(home, `.${probe}`), '')
    fs.renameSync(join(home, `.${probe}`), join(dir, probe))
    return undefined
  } catch (error) {
    return errno(error) === 'EXDEV' ? 'is on another file system' : `cannot be used (${errno(error) ?? String(error)})`
  } finally {
    for (const path of [join(home, `.${probe}`), join(dir, probe)]) fs.rmSync(path, { force: true })
  }
}
