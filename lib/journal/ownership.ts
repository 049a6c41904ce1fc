// Who writes into a directory that several processes share. Each writer has a directory of its own in a common home:
//
//   <home>/<writer id>/owner.json   boot id, host and pid of the writer; its mtime is renewed as a lease
//                     /s            Unix socket the writer listens on
//                     /<name>       what it claims (jsonl), or its segments (journals)
//
// A process id proves nothing in containers (every one is 1), a heartbeat nothing under SIGSTOP; the kernel knows better:
// connecting to the socket of a dead process is refused, across pid and network namespaces, and a stopped one still
// answers. Where the kernel cannot be asked (another machine on a shared volume, Windows, a file system without
// sockets) the lease decides: dead after LEASE ms without renewal.
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { errno } from '../errors.js'

const SOCKET = 's'
const OWNER = 'owner.json'
const UNBORN = '.new-'
const RENEWAL = 5000
/** A writer that cannot be asked is dead after this many ms without renewing its lease. */
export const LEASE = 30_000
/** Longest path of a Unix socket, in bytes, that every platform binds whole; Node 20 cuts longer ones silently. */
const LONGEST = 100

interface OwnerFile { boot: string, host: string, pid: number, socket: boolean }

export class Owner {
  /** Random, unique over processes, threads and time. */
  readonly id: string
  readonly home: string
  readonly #server: net.Server | undefined
  readonly #handle: fsp.FileHandle | undefined
  readonly #lease: NodeJS.Timeout

  private constructor (home: string, id: string, server: net.Server | undefined, handle: fsp.FileHandle | undefined) {
    this.home = home
    this.id = id
    this.#server = server
    this.#handle = handle
    this.#lease = setInterval(() => {
      const now = new Date()
      fs.utimes(join(this.directory, OWNER), now, now, () => {})
    }, RENEWAL).unref()
  }

  get directory (): string {
    return join(this.home, this.id)
  }

  /** Comes alive first and takes its name afterwards, so that no directory ever looks dead while it is being made. */
  static async create (home: string): Promise<Owner> {
    const id = randomBytes(8).toString('hex')
    const unborn = join(home, UNBORN + id)
    await fsp.mkdir(unborn, { recursive: true, mode: 0o700 })
    const { server, handle } = await listen(unborn)
    const file: OwnerFile = { boot: bootId(), host: os.hostname(), pid: process.pid, socket: server !== undefined }
    await fsp.writeFile(join(unborn, OWNER), JSON.stringify(file), { mode: 0o600 })
    await fsp.rename(unborn, join(home, id))
    return new Owner(home, id, server, handle)
  }

  /** False after somebody removed the directory: then nobody can see this writer any more. */
  async visible (): Promise<boolean> {
    return await fsp.access(join(this.directory, OWNER)).then(() => true, error => errno(error) !== 'ENOENT')
  }

  /**
   * Claims `name` against every other writer of this home: announce first, then look. Two who look at once both see each
   * other and both withdraw; that one claims and another does too cannot happen. False when a living writer has it.
   */
  async claim (name: string): Promise<boolean> {
    await fsp.writeFile(join(this.directory, name), '', { mode: 0o600 })
    for (const other of await writers(this.home)) {
      if (other.id === this.id || !(await claims(other.directory)).includes(name)) continue
      if (!await isAlive(other.directory)) continue
      await this.release(name)
      return false
    }
    return true
  }

  async release (name: string): Promise<void> {
    await fsp.rm(join(this.directory, name), { force: true })
  }

  /** Leaves the directory and what is in it to whoever adopts it. */
  async leave (): Promise<void> {
    clearInterval(this.#lease)
    await fsp.rm(join(this.directory, OWNER), { force: true }).catch(() => {})
    await this.#unlisten()
  }

  /** Gives up the directory and everything in it. */
  async close (): Promise<void> {
    clearInterval(this.#lease)
    // Taken away under another name first: a directory without its socket would look like that of a dead writer.
    const gone = join(this.home, UNBORN + this.id)
    await fsp.rename(this.directory, gone).catch(() => {})
    await this.#unlisten()
    await fsp.rm(gone, { recursive: true, force: true }).catch(() => {})
    await fsp.rmdir(this.home).catch(() => {})
  }

  async #unlisten (): Promise<void> {
    if (this.#server) await new Promise(resolve => this.#server!.close(resolve))
    await this.#handle?.close().catch(() => {})
  }
}

export interface Writer { id: string, directory: string }

/** Every writer that has a directory in `home`, dead ones included. */
export async function writers (home: string): Promise<Writer[]> {
  const names = await fsp.readdir(home).catch(() => [])
  return names.filter(name => !name.startsWith('.')).map(id => ({ id, directory: join(home, id) }))
}

/** What a writer claims. */
export async function claims (directory: string): Promise<string[]> {
  const names = await fsp.readdir(directory).catch(() => [])
  return names.filter(name => name !== SOCKET && name !== OWNER)
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

/** Does the writer of this directory live? When in doubt, yes. */
export async function isAlive (directory: string): Promise<boolean> {
  const owner = await readOwner(directory)
  if (!owner) return false
  if (owner.socket && owner.boot === bootId() && process.platform !== 'win32') return await answers(directory)
  const renewed = await fsp.stat(join(directory, OWNER)).then(stat => stat.mtimeMs, () => -Infinity)
  return Date.now() - renewed < LEASE
}

async function readOwner (directory: string): Promise<OwnerFile | undefined> {
  try {
    return JSON.parse(await fsp.readFile(join(directory, OWNER), 'utf8')) as OwnerFile
  } catch {
    return undefined
  }
}

async function answers (directory: string): Promise<boolean> {
  return await withSocketPath(directory, async path => await new Promise<boolean>(resolve => {
    const socket = net.connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    // Refused: nobody listens any more. Not there: its owner is leaving. Anything else (a full backlog of a stopped
    // process, no descriptors left here) proves no death.
    socket.once('error', error => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errno(error) ?? '')))
  })).catch(() => true)
}

async function listen (directory: string): Promise<{ server?: net.Server, handle?: fsp.FileHandle }> {
  if (process.platform === 'win32') return {}
  const { path, handle } = await socketPath(directory)
  const server = net.createServer(socket => socket.destroy())
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // Exclusive: in a cluster worker Node would otherwise have the primary process listen.
      server.listen({ path, exclusive: true }, resolve)
    })
  } catch {
    await handle?.close()
    return {}
  }
  server.on('error', () => {})
  server.unref()
  // The handle stays open as long as the server: closing it unlinks a path that leads through the descriptor.
  return { server, ...(handle && { handle }) }
}

async function withSocketPath<T> (directory: string, use: (path: string) => Promise<T>): Promise<T> {
  const { path, handle } = await socketPath(directory)
  try {
    return await use(path)
  } finally {
    await handle?.close()
  }
}

/** A path to the socket that is short enough, on Linux through a descriptor of its directory. */
async function socketPath (directory: string): Promise<{ path: string, handle?: fsp.FileHandle }> {
  const path = join(directory, SOCKET)
  if (Buffer.byteLength(path) <= LONGEST || process.platform !== 'linux') return { path }
  const handle = await fsp.open(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  return { path: `/proc/self/fd/${handle.fd}/${SOCKET}`, handle }
}

let boot: string | undefined

function bootId (): string {
  try {
    boot ??= fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    boot = ''
  }
  return boot
}
