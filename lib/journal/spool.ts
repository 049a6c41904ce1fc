// The shelf of a spool: segments that wait until they are delivered, in a directory of their writer's own.
//
//   <home>/<writer>/<opened>-<first writer>-<n>.open             being written
//                   <opened>-<first writer>-<n>.<records>.jsonl  sealed
//                   owner.json, s                                who owns them (ownership.ts)
//
// Whoever starts adopts what dead writers left, by one atomic rename of their directory: exactly one succeeds. A segment
// keeps its id, so keys and names that derive from it never change.
import fsp from 'node:fs/promises'
import { basename, join } from 'node:path'
import { syncDirectory } from './directory.js'
import { countLines } from './block.js'
import { adopted, claims, Owner, sweepUnborn } from './ownership.js'
import { SegmentFile } from './segment.js'
import type { Sealed } from './journal.js'
import type { Shelf } from './shelf.js'
import type { Monitor } from '../telemetry/monitor.js'

export interface SpooledSegment extends Sealed {
  /** Its file; other files of its writer may be beside it. */
  readonly path: string
  /** Unix time in ms at which it was opened. */
  readonly opened: number
}

const OPEN = '.open'
const SEALED = /^(\d{15}-[0-9a-f]+-\d{9})\.(\d+)\.jsonl$/
const MODE = 0o600

export class SpoolShelf implements Shelf<SpooledSegment> {
  readonly product = false
  readonly #home: string
  readonly #monitor: Monitor
  readonly #settle: (directory: string) => Promise<void>
  #owner: Owner | undefined
  #count = 0

  /**
   * `home` is shared by all writers of one output, over processes and restarts. `settle` puts in order what an output may keep
   * beside the segments, in the directory of a dead writer, before those are taken over. It may be called again for the same one.
   */
  constructor (home: string, monitor: Monitor, settle: (directory: string) => Promise<void> = async () => {}) {
    this.#home = home
    this.#monitor = monitor
    this.#settle = settle
  }

  async open (): Promise<{ sealed: SpooledSegment[] }> {
    await this.#possess()
    await sweepUnborn(this.#home)
    const failed = (error: unknown): void => this.#monitor.failed('adopt the journal of a dead writer', error)
    for (const orphan of await this.#owner!.adopt(failed)) await this.#sortIn(orphan).catch(failed)
    return { sealed: await this.#sealed() }
  }

  async create (now: number): Promise<SegmentFile> {
    await this.#possess()
    const id = `${String(now).padStart(15, '0')}-${this.#owner!.id}-${String(++this.#count).padStart(9, '0')}`
    const { file } = await SegmentFile.open(join(this.#owner!.directory, id + OPEN), 'always', { mode: MODE })
    return file
  }

  async reopen ({ path }: SegmentFile, now: number): Promise<SegmentFile> {
    const before = this.#owner
    await this.#possess()
    if (this.#owner !== before) return await this.create(now)
    const { file } = await SegmentFile.open(path, 'if missing', { mode: MODE })
    return file
  }

  async holds (file: SegmentFile): Promise<boolean> {
    return await file.inPlace() && (this.#owner?.visible() ?? false)
  }

  async seal (file: SegmentFile, { records }: { records: number }): Promise<SpooledSegment> {
    return await this.#rename(file.path, records, file.size)
  }

  async remove ({ id, records }: SpooledSegment): Promise<void> {
    await fsp.rm(this.#path(id, records), { force: true })
  }

  async close (): Promise<void> {
    if (!this.#owner) return
    // Also a segment that could not be sealed, or what the output keeps beside it: the next who starts sees to it.
    if ((await claims(this.#owner.directory)).some(({ work }) => !work)) await this.#owner.leave()
    else await this.#owner.close()
  }

  async #possess (): Promise<void> {
    if (this.#owner && await this.#owner.visible()) return
    await this.#owner?.leave()
    this.#owner = await Owner.create(this.#home)
  }

  /** Moves the segments of a dead writer to our own, with what that one may have adopted and not sorted in yet. */
  async #sortIn (orphan: string): Promise<void> {
    for (const inherited of await adopted(orphan)) await this.#sortIn(inherited)
    await this.#settle(orphan)
    for (const name of await fsp.readdir(orphan)) {
      const path = join(orphan, name)
      if (SEALED.test(name)) await fsp.rename(path, join(this.#owner!.directory, name))
      if (name.endsWith(OPEN)) await this.#mend(path)
    }
    // Before anything is made of them: first that they are here, then that they are nowhere else.
    for (const directory of [this.#owner!.directory, orphan]) await syncDirectory(directory)
    await fsp.rm(orphan, { recursive: true, force: true })
  }

  /** Seals a segment whose writer died while writing it, without the line that it did not finish. */
  async #mend (path: string): Promise<void> {
    const { file, torn } = await SegmentFile.open(path, 'never', { mode: MODE })
    await file.close()
    if (torn > 0) this.#monitor.counters.add({ tornBytes: torn })
    if (file.size > 0) await this.#rename(path, countLines(await fsp.readFile(path)), file.size)
  }

  async #rename (path: string, records: number, bytes: number): Promise<SpooledSegment> {
    const id = basename(path, OPEN)
    await fsp.rename(path, this.#path(id, records))
    return this.#segment(id, records, bytes)
  }

  async #sealed (): Promise<SpooledSegment[]> {
    const found: SpooledSegment[] = []
    for (const name of (await fsp.readdir(this.#owner!.directory)).sort()) {
      const match = SEALED.exec(name)
      if (!match) continue
      const { size } = await fsp.stat(join(this.#owner!.directory, name))
      found.push(this.#segment(match[1]!, Number(match[2]), size))
    }
    return found
  }

  #segment (id: string, records: number, bytes: number): SpooledSegment {
    const path = this.#path(id, records)
    return { id, records, bytes, path, opened: Number(id.slice(0, 15)), read: () => fsp.readFile(path) }
  }

  #path (id: string, records: number): string {
    return join(this.#owner!.directory, `${id}.${records}.jsonl`)
  }
}
