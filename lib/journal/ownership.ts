// Who writes into a directory that several processes share. Each writer has a directory of its own in a common home:
//
//   <home>/<writer id>/owner.json   boot id, host and pid of the writer; its mtime is renewed as a lease
//                     /journal.json what somebody has to know who takes over, where there is anything
//                     /s            Unix socket the writer listens on
//                     /<name>       what it claims to write, or its segments
//                     /work/<name>  what it claims to work on, because nobody writes it
//                     /<id>/        a dead writer's directory that it has adopted
// Whether a writer lives is found out by liveness.ts.
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { basename, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { syncDirectory } from './directory.js'
import { errno } from '../errors.js'
import { arise, isAlive, LEASE, OWNER, SOCKET, subside, type Presence } from './liveness.js'

const UNBORN = '.new-'
const ID = /^[0-9a-f]{16}$/
const WORK = 'work'
const ABOUT = 'journal.json'
const RENEWAL = 5000

export class Owner {
  /** Random, unique over processes, threads and time. */
  readonly id: string
  readonly home: string
  readonly #presence: Presence
  readonly #writing = new Set<string>()
  readonly #lease: NodeJS.Timeout

  private constructor (home: string, id: string, presence: Presence) {
    this.home = home
    this.id = id
    this.#presence = presence
    this.#lease = setInterval(() => {
      const now = new Date()
      fs.utimes(join(this.directory, OWNER), now, now, () => {})
    }, RENEWAL).unref()
  }

  get directory (): string {
    return join(this.home, this.id)
  }

  /**
   * Comes alive first and takes its name afterwards, so that no directory ever looks dead while it is being made. `about` is for
   * readAbout().
   */
  static async create (home: string, about?: unknown): Promise<Owner> {
    const id = randomBytes(8).toString('hex')
    const unborn = join(home, UNBORN + id)
    await fsp.mkdir(unborn, { recursive: true, mode: 0o700 })
    let presence: Presence | undefined
    try {
      await fsp.mkdir(join(unborn, WORK), { mode: 0o700 })
      if (about !== undefined) await fsp.writeFile(join(unborn, ABOUT), JSON.stringify(about), { mode: 0o600 })
      presence = await arise(unborn)
      await fsp.rename(unborn, join(home, id))
      // Whatever comes in here must not be found under the name that anybody may sweep away.
      await syncDirectory(home)
      return new Owner(home, id, presence)
    } catch (error) {
      if (presence) await subside(presence)
      await fsp.rm(unborn, { recursive: true, force: true }).catch(() => {})
      throw error
    }
  }

  /** False after somebody removed the directory: then nobody can see this writer any more. */
  async visible (): Promise<boolean> {
    return await fsp.access(join(this.directory, OWNER)).then(() => true, error => errno(error) !== 'ENOENT')
  }

  /**
   * Claims `name` against every other writer of this home, to write the file or, with `work`, to work on it when nobody writes
   * it. Announce first, then look: two who look at once both see each other and both withdraw; that both succeed cannot
   * happen. False when a living writer has it; rejects, with nothing claimed, when that cannot be found out.
   */
  async claim (name: string, work = false): Promise<boolean> {
    // Not announced again: who only looks at the name just now would have us withdraw.
    if (!work && this.#writing.has(name)) return true
    const own = this.#mark(name, work)
    await fsp.writeFile(own, '', { mode: 0o600 })
    try {
      for (const other of await writers(this.home)) {
        if (other.id === this.id || !(await claims(other.directory)).some(({ claimed }) => claimed === name)) continue
        if (!await isAlive(other.directory)) continue
        await this.release(name, work)
        return false
      }
      if (!work) this.#writing.add(name)
      return true
    } catch (error) {
      await this.release(name, work)
      throw error
    }
  }

  /** Does this writer hold a claim to write `name`? */
  writes (name: string): boolean {
    return this.#writing.has(name)
  }

  async release (name: string, work = false): Promise<void> {
    if (!work) this.#writing.delete(name)
    await fsp.rm(this.#mark(name, work), { force: true })
  }

  /**
   * Takes over what dead writers left, each directory by one atomic rename into this writer's own: exactly one adopter
   * succeeds, and in between nothing is without an owner. Returns the paths. Who has sorted one out removes it. What cannot be
   * taken over stays where it is, and `failed` hears of it.
   */
  async adopt (failed: (error: unknown) => void, home = this.home): Promise<string[]> {
    const adopted: string[] = []
    for (const { id, directory } of await writers(home)) {
      if (id === this.id || await isAlive(directory)) continue
      const mine = join(this.directory, id)
      try {
        await fsp.rename(directory, mine)
        adopted.push(mine)
      } catch (error) {
        if (errno(error) !== 'ENOENT') failed(error)
      }
    }
    return adopted
  }

  /** Leaves the directory and what is in it to whoever adopts it. */
  async leave (): Promise<void> {
    clearInterval(this.#lease)
    await fsp.rm(join(this.directory, OWNER), { force: true }).catch(() => {})
    await subside(this.#presence)
  }

  /** Gives up the directory; what was adopted and could not be sorted out is left to the next. */
  async close (): Promise<void> {
    clearInterval(this.#lease)
    try {
      for (const orphan of await adopted(this.directory)) await fsp.rename(orphan, join(this.home, basename(orphan)))
      // Taken away under another name first: a directory without its socket would look like that of a dead writer.
      const gone = join(this.home, UNBORN + this.id)
      await fsp.rename(this.directory, gone)
      await subside(this.#presence)
      await fsp.rm(gone, { recursive: true, force: true })
      await fsp.rmdir(this.home)
    } catch {
      // The directory is gone already, or others are at home, or something could not be handed on: then it stays.
      await this.leave()
    }
  }

  #mark (name: string, work: boolean): string {
    return work ? join(this.directory, WORK, name) : join(this.directory, name)
  }
}

export interface Writer { id: string, directory: string }

/** Every writer that has a directory in `home`, dead ones included. */
export async function writers (home: string): Promise<Writer[]> {
  const names = await fsp.readdir(home).catch(orEmpty)
  return names.filter(name => ID.test(name)).map(id => ({ id, directory: join(home, id) }))
}

export interface Claim {
  /** Name of the file that is claimed. */
  claimed: string
  /** Only to be worked on; nobody was writing it. */
  work: boolean
}

/** What a writer claims, with what those claimed whom it has adopted. */
export async function claims (directory: string): Promise<Claim[]> {
  // Each directory by itself: an adopted one may vanish while this looks, and must not take the rest with it.
  const written = (await fsp.readdir(directory, { withFileTypes: true }).catch(orEmpty))
    .filter(entry => !entry.isDirectory() && ![SOCKET, OWNER, ABOUT].includes(entry.name)).map(({ name }) => ({ claimed: name, work: false }))
  const worked = (await fsp.readdir(join(directory, WORK)).catch(orEmpty)).map(claimed => ({ claimed, work: true }))
  const inherited = await Promise.all((await adopted(directory)).map(claims))
  return [...written, ...worked, ...inherited.flat()]
}

/** What a writer said for whoever takes over. Undefined when it said nothing, or that cannot be read. */
export async function readAbout (directory: string): Promise<unknown> {
  return await fsp.readFile(join(directory, ABOUT), 'utf8').then(JSON.parse).catch(() => undefined)
}

/** Directories of dead writers that this one has adopted and not sorted out yet. */
export async function adopted (directory: string): Promise<string[]> {
  const entries = await fsp.readdir(directory, { withFileTypes: true }).catch(orEmpty)
  return entries.filter(entry => entry.isDirectory() && entry.name !== WORK).map(({ name }) => join(directory, name))
}

/** What is not there holds nothing; any other trouble with looking is the caller's. */
function orEmpty (error: unknown): never[] {
  if (['ENOENT', 'ENOTDIR'].includes(errno(error) ?? '')) return []
  throw error
}

/** Removes directories that a process died in while it made or left them. */
export async function sweepUnborn (home: string): Promise<void> {
  for (const name of await fsp.readdir(home).catch(() => [])) {
    if (!name.startsWith(UNBORN)) continue
    const directory = join(home, name)
    const age = Date.now() - await fsp.stat(directory).then(stat => stat.mtimeMs, () => Infinity)
    if (age > LEASE && !await isAlive(directory)) await fsp.rm(directory, { recursive: true, force: true }).catch(() => {})
  }
}
