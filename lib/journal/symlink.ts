// A symbolic link that always leads somewhere: made beside and renamed over, never removed first (pino-roll#170).
import fsp from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { basename, join } from 'node:path'
import { errno } from '../errors.js'

/** Lets `link` lead to `target`; `workplace` is a directory for what is unfinished. Refuses to replace anything that is not a symbolic link. */
export async function pointTo (link: string, target: string, workplace: string): Promise<void> {
  const existing = await fsp.readlink(link).catch(error => {
    if (errno(error) === 'ENOENT') return undefined
    throw errno(error) === 'EINVAL' ? new Error(`${link} is there and is not a symbolic link`) : error
  })
  if (existing === target) return
  const made = join(workplace, `${basename(link)}.${randomBytes(4).toString('hex')}`)
  await fsp.symlink(target, made)
  await fsp.rename(made, link).catch(async error => {
    await fsp.rm(made, { force: true })
    throw error
  })
}
