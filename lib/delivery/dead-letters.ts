// What a receiver refuses for good: kept in files of JSON lines, with the reason, where a person finds it.
//
//   <home>/dead/<opened>-<random>-<n>.jsonl   {"time", "key", "status", "reason", "record"}
import fsp from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { syncPath } from '../journal/directory.js'
import { formatId, ID_PATTERN } from '../journal/segment-id.js'
import { errno } from '../errors.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface Letter {
  /** Of the batch, or the part of it, that was refused. */
  key: string
  /** Of the answer; null when nobody was asked. */
  status: number | null
  reason: string
  /** The line as it is, JSON or not. */
  record: string
}

/** What takes them. */
export interface LetterBox {
  add (letters: readonly Letter[]): Promise<void>
}

export interface DeadLetterOptions {
  /** Directories of the journal; the first that can be written to takes the letters. */
  homes: readonly string[]
  /** Bytes that all of them may take in one home; the oldest files are removed. */
  maxSize: number
  /** On the device before their segment goes. */
  synced: boolean
  monitor: Monitor
}

const DIRECTORY = 'dead'
const NAME = new RegExp(`^${ID_PATTERN}\\.jsonl$`)
const LARGEST_FILE = 8 * 1024 * 1024
/** Files that fill the space; fewer would leave little when the oldest goes. */
const FILES = 4

interface File { path: string, size: number }

/** Paths of the files of dead letters in this home, oldest first: names begin with the time. */
export async function letterFiles (home: string): Promise<string[]> {
  const directory = join(home, DIRECTORY)
  const names = await fsp.readdir(directory).catch(error => {
    if (errno(error) === 'ENOENT') return []
    throw error
  })
  return names.filter(name => NAME.test(name)).sort().map(name => join(directory, name))
}

export class DeadLetters implements LetterBox {
  readonly #o: DeadLetterOptions
  readonly #id = randomBytes(8).toString('hex')
  readonly #files = new Map<string, File>()
  #count = 0
  #last: Promise<void> = Promise.resolve()

  constructor (options: DeadLetterOptions) {
    this.#o = options
  }

  /** Resolves when they are with the kernel, or on the device where that is asked for. Rejects when no directory takes them. */
  async add (letters: readonly Letter[]): Promise<void> {
    const time = new Date().toISOString()
    const bytes = Buffer.from(letters.map(letter => `${JSON.stringify({ time, ...letter })}\n`).join(''))
    // One after the other: each knows where the file ended before it.
    const added = this.#last.catch(() => {}).then(() => this.#addTo(bytes))
    this.#last = added
    await added
  }

  async #addTo (bytes: Buffer): Promise<void> {
    let error: unknown
    for (const home of this.#o.homes) {
      try {
        await this.#append(home, bytes)
        await this.#bound(home).catch(failure => this.#o.monitor.failed('remove old dead letters', failure))
        return
      } catch (failure) {
        error = failure
      }
    }
    throw error
  }

  async #append (home: string, bytes: Buffer): Promise<void> {
    const largest = Math.min(LARGEST_FILE, this.#o.maxSize / FILES)
    let file = this.#files.get(home)
    if (!file || file.size + bytes.length > largest) {
      await fsp.mkdir(join(home, DIRECTORY), { recursive: true, mode: 0o700 })
      const name = `${formatId({ opened: Date.now(), writer: this.#id, number: ++this.#count })}.jsonl`
      file = { path: join(home, DIRECTORY, name), size: 0 }
    }
    // Not this file again when it fails: it may end in the middle of a line then.
    this.#files.delete(home)
    try {
      await fsp.appendFile(file.path, bytes, { mode: 0o600 })
      if (this.#o.synced) await sync(file)
    } catch (error) {
      await (file.size > 0 ? fsp.truncate(file.path, file.size) : fsp.rm(file.path, { force: true })).catch(() => {})
      throw error
    }
    this.#files.set(home, { path: file.path, size: file.size + bytes.length })
  }

  async #bound (home: string): Promise<void> {
    let bytes = 0
    for (const path of (await letterFiles(home)).reverse()) {
      bytes += (await fsp.stat(path)).size
      if (bytes <= this.#o.maxSize || path === this.#files.get(home)?.path) continue
      await fsp.rm(path, { force: true })
      this.#o.monitor.say('dead letters full', `removed the oldest dead letters, to stay within ${this.#o.maxSize} bytes: ${path}`)
    }
  }
}

async function sync ({ path, size }: File): Promise<void> {
  const handle = await fsp.open(path, 'r+')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
  // A new one.
  if (size === 0) await syncPath(dirname(path))
}
