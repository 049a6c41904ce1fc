// The directory that readers look at. Every file in it is complete from the moment at which it can be seen.
import fs from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { begun, isPartition } from './naming.js'
import { move, remove, syncDirectory, writeAt } from './disk.js'
import { surplus, type RetentionLimit } from '../journal/retention.js'
import type { StagedState } from './checkpoint.js'

/** Others may read what is published; until then the directory that it is in keeps them out. */
export const FILE_MODE = 0o666

export class Dataset {
  readonly directory: string
  readonly base: string

  constructor (directory: string, base: string) {
    this.directory = directory
    this.base = base
  }

  /**
   * Completes the staged file at `path` and gives it its name; to be repeated until it succeeds. False when there is neither:
   * it was published before, and taken away since.
   */
  publish (path: string, { final, length, footer }: StagedState): boolean {
    const target = join(this.directory, final)
    // A name is used once, so whoever has it is this file; and it is complete, because renaming comes last.
    if (fs.existsSync(target)) {
      syncDirectory(dirname(target))
      remove(path)
      return true
    }
    if (!fs.existsSync(path)) return false
    writeAt(path, footer, length, FILE_MODE)
    move(path, target, this.directory)
    return true
  }

  /** Paths of so many files that were begun last, the newest at the end. */
  newest (count: number): string[] {
    const aged = this.#files(this.directory).map(path => ({ path, age: begun(this.base, basename(path))! }))
    return aged.sort((a, b) => a.age < b.age ? -1 : 1).slice(-count).map(({ path }) => path)
  }

  /** The oldest files beyond the limit; files of other names are never among them. */
  surplus (limit: RetentionLimit, now: number): Array<{ path: string, bytes: number }> {
    const files = this.#files(this.directory).map(path => ({ path, stat: fs.statSync(path, { throwIfNoEntry: false }) }))
      .filter(({ stat }) => stat?.isFile()).map(({ path, stat }) => ({ path, bytes: stat!.size, modified: stat!.mtimeMs }))
    files.sort((a, b) => a.modified - b.modified || a.path.localeCompare(b.path))
    return surplus(files, limit, now, 0)
  }

  /** Removes the oldest files beyond the limit. */
  retain (limit: RetentionLimit, now: number): void {
    for (const { path } of this.surplus(limit, now)) {
      fs.rmSync(path, { force: true })
      this.#prune(dirname(path))
    }
  }

  #files (directory: string): string[] {
    return fs.readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && isPartition(entry.name)) return this.#files(path)
      return entry.isFile() && begun(this.base, entry.name) !== undefined ? [path] : []
    })
  }

  /** Removes partitions that nothing is left in. */
  #prune (directory: string): void {
    for (let path = directory; relative(this.directory, path) !== ''; path = dirname(path)) {
      try {
        fs.rmdirSync(path)
      } catch {
        // Something is in it, or another writer was faster.
        return
      }
    }
  }
}
