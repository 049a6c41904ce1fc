// Where the journal of a dataset lives: beside it, so that readers of the dataset see nothing unfinished, but in the same file
// system, because only there a file can be given to the dataset as one change (rename(2), EXDEV).
import fs from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { errno } from '../errors.js'

/** Files of this name at the head are skipped by Spark and Hive. */
const INSIDE = '_blackbox'
const LOOKS = 10

export interface Place {
  /** The dataset's directory by its real path: two ways to it are one place. */
  dataset: string
  /** Directory of all writers' directories. */
  home: string
  /** Other directories where writers of this dataset may have left something. */
  others: string[]
  /** Why it is not where it was to be. */
  instead?: string
}

/** `given` is the option `journal.dir`. Creates what is missing; throws where nothing can be written. */
export function placeOf (dir: string, given: string | undefined): Place {
  fs.mkdirSync(dir, { recursive: true })
  const dataset = fs.realpathSync(dir)
  const beside = join(dirname(dataset), `.${basename(dataset)}.blackbox`)
  const inside = join(dataset, INSIDE)
  const wanted = given === undefined ? beside : join(given, `parquet-${createHash('sha256').update(dataset).digest('hex').slice(0, 12)}`)
  const obstacle = unreachable(wanted, dataset)
  const home = obstacle === undefined ? wanted : inside
  const others = [beside, inside].filter(other => other !== home)
  if (obstacle === undefined) return { dataset, home, others }
  try { fs.rmdirSync(wanted) } catch { /* It was not made, or somebody's journal is in it. */ }
  fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  return { dataset, home, others, instead: `the journal is in ${home}, because ${wanted} ${obstacle}` }
}

/** Why a file cannot be renamed from `home` into `dir`; undefined when it can. Tried, because mounts of one device look alike. */
function unreachable (home: string, dir: string): string | undefined {
  const probe = `_probe-${randomBytes(8).toString('hex')}`
  let error: unknown
  for (let look = 0; look < LOOKS; look++) {
    try {
      fs.mkdirSync(home, { recursive: true, mode: 0o700 })
      fs.writeFileSync(join(home, `.${probe}`), '')
      fs.renameSync(join(home, `.${probe}`), join(dir, probe))
      return undefined
    } catch (failure) {
      error = failure
      // The last writer that leaves takes the directory with it.
      if (errno(error) !== 'ENOENT') break
    } finally {
      for (const path of [join(home, `.${probe}`), join(dir, probe)]) try { fs.rmSync(path, { force: true }) } catch { /* It was not made. */ }
    }
  }
  return errno(error) === 'EXDEV' ? 'is on another file system' : `cannot be used (${errno(error) ?? String(error)})`
}
