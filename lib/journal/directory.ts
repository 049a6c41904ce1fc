// What stands in a directory, on the device: entries that were created, renamed or removed.
import fsp from 'node:fs/promises'
import { dirname } from 'node:path'
import { errno } from '../errors.js'

/** Resolves also where directories cannot be synced at all: then the file system has to keep the order by itself. */
export async function syncDirectory (path: string): Promise<void> {
  try {
    const handle = await fsp.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!cannotSync(error)) throw error
  }
}

/** That a directory is there, on the device: its name, and the name of each one above it, whoever made them. */
export async function syncPath (path: string): Promise<void> {
  await syncDirectory(path)
  if (dirname(path) !== path) await syncPath(dirname(path))
}

/** Windows refuses to open a directory, some network file systems to sync it, and one that may only be passed through cannot be read. */
export function cannotSync (error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EISDIR'].includes(errno(error) ?? '')
}
