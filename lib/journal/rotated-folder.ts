// The directory of rotated files as anybody sees it: which files there are, which of them are closed, and who is at home.
//
//   logs/app.1.jsonl  app.2.jsonl.gz  app.3.jsonl          the files
//   logs/.app.jsonl.blackbox/<writer>/app.3.jsonl          who writes which (ownership.ts)
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { claims, writers, type Claim } from './ownership.js'
import type { Sealed } from './journal.js'
import type { RotatedName, RotatedNames } from './naming.js'

/** A closed file. Its id is its name. */
export interface RotatedFile extends Sealed {
  readonly path: string
  readonly name: RotatedName
}

export class RotatedFolder {
  readonly names: RotatedNames
  readonly #symlink: boolean

  constructor ({ names, symlink }: { names: RotatedNames, symlink: boolean }) {
    this.names = names
    this.#symlink = symlink
  }

  /** Where the writers of these files have their directories. */
  get home (): string {
    const { directory, base, extension } = this.names
    return join(directory, `.${base}${extension}.blackbox`)
  }

  get link (): string {
    return join(this.names.directory, 'current.log')
  }

  path (id: string): string {
    return join(this.names.directory, id)
  }

  file (id: string, bytes = 0, records = 0): RotatedFile {
    const path = this.path(id)
    return { id, bytes, records, path, name: this.names.parse(id)!, read: () => fsp.readFile(path) }
  }

  /** All files of this log, compressed ones included, oldest first. */
  async files (): Promise<RotatedName[]> {
    const found = await fsp.readdir(this.names.directory)
    return found.map(name => this.names.parse(name)).filter(name => name !== undefined).sort(this.names.compare)
  }

  /** Closed files that nobody writes or works on, oldest first: what compression and retention may touch. */
  async closed (): Promise<RotatedFile[]> {
    // In this order: a file is claimed before it is created, so none can be seen whose claim cannot.
    const files = await this.files()
    const owned = new Set((await this.#owned()).map(({ claimed }) => claimed))
    // Nor the one that the symlink leads to: until there is a next file, that is the last one.
    if (this.#symlink) owned.add(await fsp.readlink(this.link).catch(() => ''))
    return files.map(name => this.names.format(name)).filter(name => !owned.has(name)).map(name => this.file(name))
  }

  /** Paths of the files being written, by this process or another one. */
  async written (): Promise<string[]> {
    return (await this.#owned()).filter(({ claimed, work }) => !work && this.names.parse(claimed)).map(({ claimed }) => this.path(claimed))
  }

  /** How many writers there are. */
  async crowd (): Promise<number> {
    return (await writers(this.home)).length
  }

  /** Claims of every writer, dead ones included: what they left may end in half a line until somebody has adopted it. */
  async #owned (): Promise<Claim[]> {
    return (await Promise.all((await writers(this.home)).map(({ directory }) => claims(directory)))).flat()
  }
}
