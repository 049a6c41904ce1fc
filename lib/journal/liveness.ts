// Is the process that owns a directory alive? A process id proves nothing in containers (every one is 1), a heartbeat nothing
// under SIGSTOP; the kernel knows better: connecting to the socket of a dead process is refused, across pid and network
// namespaces, and a stopped one still answers. Where the kernel cannot be asked (another machine on a shared volume, Windows,
// a file system without sockets) the lease decides: dead after LEASE ms without renewal.
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import { join } from 'node:path'
import { errno } from '../errors.js'

/** Names in the directory of a writer. */
export const SOCKET = 's'
export const OWNER = 'owner.json'
/** A writer that cannot be asked is dead after this many ms without renewing its lease. */
export const LEASE = 30_000
/** Longest path of a Unix socket, in bytes, that every platform binds whole; Node 20 cuts longer ones silently. */
const LONGEST = 100

/** The signs of life of this process in one directory. */
export interface Presence {
  server?: net.Server
  /** Kept open as long as the server: closing that unlinks a path that leads through the descriptor. */
  handle?: fsp.FileHandle
}

/** What stands in OWNER. */
interface OwnerFile { boot: string, host: string, pid: number, socket: boolean }

/** Shows life in `directory`. */
export async function arise (directory: string): Promise<Presence> {
  const presence = await listen(directory)
  const file: OwnerFile = { boot: bootId(), host: os.hostname(), pid: process.pid, socket: presence.server !== undefined }
  try {
    await fsp.writeFile(join(directory, OWNER), JSON.stringify(file), { mode: 0o600 })
    return presence
  } catch (error) {
    await subside(presence)
    throw error
  }
}

/** Does the writer of this directory live? When that cannot be found out, yes. */
export async function isAlive (directory: string): Promise<boolean> {
  try {
    const owner = await readOwner(directory)
    if (owner?.socket && owner.boot === bootId() && process.platform !== 'win32') return await answers(directory)
    const { mtimeMs } = await fsp.stat(join(directory, OWNER))
    return Date.now() - mtimeMs < LEASE
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(errno(error) ?? '')
  }
}

/** Undefined when it holds anything else; then the lease decides. */
async function readOwner (directory: string): Promise<OwnerFile | undefined> {
  const text = await fsp.readFile(join(directory, OWNER), 'utf8')
  try {
    return JSON.parse(text) as OwnerFile
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

async function listen (directory: string): Promise<Presence> {
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
  return { server, ...(handle && { handle }) }
}

/** Gives the signs of life up. */
export async function subside ({ server, handle }: Presence): Promise<void> {
  if (server) await new Promise(resolve => server.close(resolve))
  await handle?.close().catch(() => {})
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
