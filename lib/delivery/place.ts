// Where the journal of an exporter lives: <dir>/<kind>-<identity>; in memory where nothing can be written.
import fs from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { errno } from '../errors.js'

const DEFAULT = './.blackbox'

export interface Place {
  /** Directories that can be written to, the first one first; none: in memory. */
  homes: string[]
  /** Why it is not where it was to be. */
  instead?: string
}

/** `dir` is false for a journal in memory. Creates what is missing. */
export function placeOf ({ dir = DEFAULT, fallbackDir }: { dir?: string | false | undefined, fallbackDir?: string | undefined }, name: string): Place {
  const wanted = [dir, fallbackDir].filter(path => typeof path === 'string').map(path => join(resolve(path), name))
  const obstacles = wanted.map(obstacle)
  const homes = wanted.filter((_, at) => obstacles[at] === undefined)
  if (dir === false || obstacles[0] === undefined) return { homes }
  return { homes, instead: `the journal is ${homes[0] === undefined ? 'in memory, and lost with the process' : `in ${homes[0]}`}, because ${wanted[0]} cannot be written to (${obstacles[0]})` }
}

function obstacle (home: string): string | undefined {
  try {
    fs.mkdirSync(home, { recursive: true, mode: 0o700 })
    fs.accessSync(home, fs.constants.W_OK | fs.constants.X_OK)
    return undefined
  } catch (error) {
    return errno(error) === 'ENOENT' ? obstacle(dirname(home)) ?? 'ENOENT' : errno(error) ?? String(error)
  }
}
