// How a file gets its final name. An empty marker beside the dumps, created exclusively, is the lock on the name and says later
// that the file is ours; the content is written beside and renamed. No fsync: dumps are diagnostics, they need not outlive the machine.
import { constants } from 'node:fs'
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { errno } from '../errors.js'

const FILE = 0o640
const DIRECTORY = 0o750
export const TMP = '.tmp'
/** How often a directory is made again that somebody removes meanwhile. */
const TRIES = 4
/** ms; well below the age at which a sweep takes a file for left behind. */
const TOUCH = 600_000

/** Where markers are, and what is being written. */
export function homeOf (directory: string): string {
  return join(directory, '.blackbox')
}

/** A file on its way to its final name. */
export interface Draft {
  readonly name: string
  append (data: string | Uint8Array): Promise<void>
  /** Under its final name, whole. */
  publish (): Promise<void>
  discard (): Promise<void>
  /** Nothing is written to it, and yet it is not to be taken for left behind. */
  touch (): Promise<void>
}

/** Takes the first of these names that is free. */
export async function draft (directory: string, names: () => Iterable<string>): Promise<Draft> {
  for (let tries = 1; ; tries++) {
    try {
      return await begin(directory, names())
    } catch (error) {
      if (errno(error) !== 'ENOENT' || tries === TRIES) throw error
      await makeHome(directory)
    }
  }
}

/** The name of the file that has this content. */
export async function store (directory: string, names: () => Iterable<string>, data: string | Uint8Array): Promise<string> {
  for (let tries = 1; ; tries++) {
    const file = await draft(directory, names)
    try {
      await file.append(data)
      await file.publish()
      return file.name
    } catch (error) {
      await file.discard()
      if (errno(error) !== 'ENOENT' || tries === TRIES) throw error
    }
  }
}

/** One that grows, begun with the first data. */
export class GrowingFile {
  readonly #directory: string
  readonly #names: () => Iterable<string>
  #draft: Draft | undefined
  #alive: NodeJS.Timeout | undefined

  constructor (directory: string, names: () => Iterable<string>) {
    this.#directory = directory
    this.#names = names
  }

  async append (data: string): Promise<void> {
    if (!this.#draft) {
      const begun = this.#draft = await draft(this.#directory, this.#names)
      this.#alive = setInterval(() => { begun.touch().catch(() => {}) }, TOUCH).unref()
    }
    await this.#draft.append(data)
  }

  /** To be called once, after the last data. */
  async publish (): Promise<string> {
    clearInterval(this.#alive)
    await this.#draft!.publish()
    return this.#draft!.name
  }

  async discard (): Promise<void> {
    clearInterval(this.#alive)
    await this.#draft?.discard()
  }
}

async function begin (directory: string, names: Iterable<string>): Promise<Draft> {
  for (const name of names) {
    const path = join(directory, name)
    const marker = join(homeOf(directory), name)
    const tmp = marker + TMP
    if (!await created(marker)) continue
    if (await exists(path)) {
      await fsp.rm(marker, { force: true })
      continue
    }
    // Whoever was held up since it took the marker may have lost that to a sweep: two may have the marker, only one the tmp.
    if (!await created(tmp)) continue
    return {
      name,
      // Without O_CREAT: where somebody removed the first half of a file, there is to be no second one.
      append: data => fsp.writeFile(tmp, data, { flag: constants.O_WRONLY | constants.O_APPEND }),
      async publish () {
        await created(marker)
        await fsp.rename(tmp, path)
      },
      // Without a tmp it may have been renamed, whatever was said: then it needs its marker.
      discard: () => fsp.unlink(tmp).then(() => fsp.unlink(marker)).catch(() => {}),
      touch: async () => { await fsp.utimes(tmp, new Date(), new Date()) }
    }
  }
  throw new Error(`no name is free in ${directory}`)
}

async function makeHome (directory: string): Promise<void> {
  try {
    await fsp.mkdir(homeOf(directory), { recursive: true, mode: DIRECTORY })
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
    // That is what Node says of a read-only disk; asked for this one directory alone it tells the truth. Or else somebody removes it just now.
    await fsp.mkdir((error as NodeJS.ErrnoException).path!, DIRECTORY).catch(error => {
      if (!['ENOENT', 'EEXIST'].includes(errno(error) ?? '')) throw error
    })
  }
}

/** An empty file, unless there is one. */
async function created (path: string): Promise<boolean> {
  try {
    const handle = await fsp.open(path, 'wx', FILE)
    await handle.close()
    return true
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error
    return false
  }
}

async function exists (path: string): Promise<boolean> {
  try {
    await fsp.lstat(path)
    return true
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error
    return false
  }
}
