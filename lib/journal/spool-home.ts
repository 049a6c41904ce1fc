// One place where spooled segments live: the directory of this writer in it, and those of dead writers, which it adopts.
//
//   <home>/<writer>/<opened>-<first writer>-<n>.open             being written
//                   <opened>-<first writer>-<n>.<records>.jsonl  sealed
//                   owner.json, s, journal.json                  who owns them (ownership.ts)
//
// Whoever starts adopts what dead writers left, by one atomic rename of their directory: exactly one succeeds. A segment
// keeps its id, so keys and names that derive from it never change.
import fsp from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory } from './directory.js'
import { countLines } from './block.js'
import { adopted, claims, Owner, sweepUnborn, writers } from './ownership.js'
import { SegmentFile } from './segment.js'
import { formatId, ID_PATTERN, parseId } from './segment-id.js'
import { Signal } from './signal.js'
import { SpooledSegment } from './spooled-segment.js'
import { errno } from '../errors.js'
import type { Monitor } from '../telemetry/monitor.js'

export const OPEN = '.open'
/** Id and number of lines. */
export const SEALED = new RegExp(`^(${ID_PATTERN})\\.(\\d+)\\.jsonl$`)
export const MODE = 0o600

export interface HomeOptions {
  /** Shared by all writers of one output, over processes and restarts. */
  home: string
  /** Homes that the output had before, or would have had otherwise: nobody else looks after what was left there. */
  others?: readonly string[]
  monitor: Monitor
  /** What whoever takes over without knowing the output has to know; asked when this writer appears. */
  about?: (() => unknown) | undefined
  /**
   * Puts in order what an output may keep beside the segments, in the directory of a dead writer, before those are taken over. It
   * may be called again for the same one.
   */
  settle?: ((directory: string) => Promise<void>) | undefined
}

/** ms until what could not be adopted is tried again. */
const AGAIN = 60_000

export class SpoolHome {
  readonly #o: HomeOptions
  #owner: Owner | undefined
  #possessing: Promise<Owner> | undefined
  #adopting: Promise<void> | undefined
  readonly #hurry = new Signal()
  #closing = false

  constructor (options: HomeOptions) {
    this.#o = options
  }

  /** Makes sure that this writer can be seen here. */
  possess (): Promise<Owner> {
    this.#possessing ??= this.#possess().finally(() => { this.#possessing = undefined })
    return this.#possessing
  }

  /** Calls `action` with the directory of this writer; again with another one when somebody has removed it. */
  async within<T> (action: (owner: Owner) => Promise<T>): Promise<T> {
    // Not looked at each time: that would be one more call for every segment.
    const owner = this.#owner ?? await this.possess()
    try {
      return await action(owner)
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error
      return await action(await this.possess())
    }
  }

  /** Is this path in the directory that this writer has here, and is that still there? */
  async holds (path: string): Promise<boolean> {
    return this.#owner !== undefined && dirname(path) === this.#owner.directory && await this.#owner.visible()
  }

  /** Has anybody left something here? */
  async inhabited (): Promise<boolean> {
    return (await writers(this.#o.home).catch(() => [])).length > 0
  }

  /** Takes over what dead writers left. Never rejects; resolves when everything has had its first try; what failed is tried again later. */
  adopt (found: (segment: SpooledSegment) => void): Promise<void> {
    return new Promise(resolve => { this.#adopting = this.#adoptAll(found, resolve) })
  }

  async close (): Promise<void> {
    this.#closing = true
    this.#hurry.ring()
    await this.#adopting
    if (!this.#owner) return
    // Also a segment that could not be sealed, what the output keeps beside it, or what cannot be seen: the next who starts sees to it.
    if (await claims(this.#owner.directory).then(all => all.some(({ work }) => !work), () => true)) await this.#owner.leave()
    else await this.#owner.close()
  }

  /**
   * Until everything is adopted, or the output closes. What cannot be put in order holds up nobody else's, and is tried again;
   * `tried` is called when everything has had its first try.
   */
  async #adoptAll (found: (segment: SpooledSegment) => void, tried: () => void): Promise<void> {
    const { home, others = [], monitor } = this.#o
    while (!this.#closing) {
      let again: number | undefined
      const failed = (error: unknown): void => {
        monitor.failed('adopt the journal of a dead writer', error)
        again ??= AGAIN
      }
      const owner = await this.possess().catch(failed)
      for (const place of owner ? [home, ...others] : []) {
        await sweepUnborn(place)
        for (const orphan of await owner!.adopt(failed, place).catch(error => { failed(error); return [] })) {
          await this.#take(orphan, owner!.directory, found, failed)
        }
        // Nobody lives there any more; what is left in it keeps it.
        if (place !== home) await fsp.rmdir(place).catch(() => {})
      }
      if (again === undefined) break
      tried()
      await this.#hurry.wait(again)
    }
    tried()
  }

  async #possess (): Promise<Owner> {
    if (this.#owner && await this.#owner.visible()) return this.#owner
    await this.#owner?.leave()
    this.#owner = await Owner.create(this.#o.home, this.#o.about?.())
    return this.#owner
  }

  /**
   * Sorts in what a dead writer left, then what those left whom it had adopted in its turn: it may have died when these were half
   * sorted in. Who takes one half takes the other, and first the moved one, which is the older. What cannot be put in order is
   * left where everybody looks, and `failed` hears of it.
   */
  async #take (orphan: string, own: string, found: (segment: SpooledSegment) => void, failed: (error: unknown) => void): Promise<void> {
    try {
      await this.#sortIn(orphan, own, found)
      for (const inherited of await adopted(orphan)) await this.#take(inherited, own, found, failed)
      if ((await adopted(orphan)).length > 0) throw new Error(`${orphan} holds what cannot be moved`)
      await fsp.rm(orphan, { recursive: true, force: true })
    } catch (error) {
      failed(error)
      await fsp.rename(orphan, join(this.#o.home, basename(orphan))).catch(() => {})
    }
  }

  /** Moves the segments of a dead writer to our own. */
  async #sortIn (orphan: string, own: string, found: (segment: SpooledSegment) => void): Promise<void> {
    await this.#o.settle?.(orphan)
    const moved: SpooledSegment[] = []
    try {
      for (const name of (await fsp.readdir(orphan)).sort()) {
        const path = join(orphan, name)
        const sealed = SEALED.exec(name)
        if (sealed) {
          const { size } = await fsp.stat(path)
          await fsp.rename(path, join(own, name))
          moved.push(new SpooledSegment(own, { id: sealed[1]!, records: Number(sealed[2]), bytes: size }))
        } else if (name.endsWith(OPEN)) {
          const mended = await this.#mend(path, own)
          if (mended) moved.push(mended)
        }
      }
      // Before anything is made of them: first that they are here, then that they are nowhere else.
      for (const directory of [own, orphan]) await syncDirectory(directory)
    } finally {
      for (const segment of inOrder(moved)) found(segment)
    }
  }

  /** Seals a segment whose writer died while writing it, without the line that it did not finish. */
  async #mend (path: string, own: string): Promise<SpooledSegment | undefined> {
    const { file, torn } = await SegmentFile.open(path, 'never', { mode: MODE })
    await file.close()
    if (torn > 0) this.#o.monitor.counters.change({ tornBytes: torn })
    return file.size > 0 ? await seal(path, own, countLines(await fsp.readFile(path)), file.size) : undefined
  }
}

/**
 * By the time at which they were opened, those of one writer by their numbers, because its clock may have been set back: each is
 * taken to be at least as late as the one before it.
 */
function inOrder (segments: readonly SpooledSegment[]): SpooledSegment[] {
  const latest = new Map<string, number>()
  return segments.map(segment => ({ segment, ...parseId(segment.id) })).sort((a, b) => a.number - b.number)
    .map(({ segment, opened, writer, number }) => {
      const time = Math.max(opened, latest.get(writer) ?? 0)
      latest.set(writer, time)
      return segment.inOrder(time === opened ? segment.id : formatId({ opened: time, writer, number }))
    })
}

/** Gives a segment its final name, in `directory`. */
export async function seal (path: string, directory: string, records: number, bytes: number): Promise<SpooledSegment> {
  const segment = new SpooledSegment(directory, { id: basename(path, OPEN), records, bytes })
  await fsp.rename(path, segment.path)
  return segment
}
