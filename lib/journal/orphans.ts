// What dead writers of rotated files left: files that may end in half a line, known by their claims.
import fsp from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { claims, type Owner } from './ownership.js'
import { errno } from '../errors.js'

/** A rival that still claims a file after so many looks, so many ms apart, writes it, and has cut it. */
const LOOKS = 10
const BETWEEN_LOOKS = 20

export interface Mending {
  /** Is this the name of one of these files? */
  ours: (name: string) => boolean
  /** Cuts the half line that it may end in. Rejects with ENOENT when it is not there any more. */
  mend: (name: string) => Promise<void>
  failed: (error: unknown) => void
}

/**
 * Takes over from dead writers and mends their files. Returns the names of those, which are free now. What cannot be mended is still
 * known to the next who starts.
 */
export async function mendOrphans (owner: Owner, { ours, mend, failed }: Mending): Promise<string[]> {
  const mended: string[] = []
  for (const orphan of await owner.adopt(failed)) {
    let done = true
    for (const { claimed, work } of await claims(orphan)) {
      if (work || !ours(claimed)) continue
      try {
        if (await mendOne(owner, claimed, mend)) mended.push(claimed)
      } catch (error) {
        done = false
        failed(error)
      }
    }
    if (done) await fsp.rm(orphan, { recursive: true, force: true })
  }
  return mended
}

/** False when there is nothing to mend, or a living writer has taken care. */
async function mendOne (owner: Owner, name: string, mend: Mending['mend']): Promise<boolean> {
  if (owner.writes(name)) return false
  // Somebody who wants to go on with it may be looking at this very moment, and withdraw because we have adopted it.
  for (let look = 0; !await owner.claim(name); look++) {
    if (look === LOOKS) return false
    await sleep(BETWEEN_LOOKS)
  }
  try {
    await mend(name)
    return true
  } catch (error) {
    if (errno(error) === 'ENOENT') return false
    throw error
  } finally {
    await owner.release(name)
  }
}
