// The shelf of rotated files: segments that are the product, under final names in the user's directory. Several writers share
// it: each has a file of its own and takes the next free number when it rotates.
import fsp from 'node:fs/promises'
import { basename } from 'node:path'
import { mendOrphans } from './orphans.js'
import { Owner, sweepUnborn } from './ownership.js'
import { periodStart, type Period } from './period.js'
import { errno } from '../errors.js'
import { RotatedFolder, type RotatedFile } from './rotated-folder.js'
import { pointTo } from './symlink.js'
import { SegmentFile, type SegmentOptions } from './segment.js'
import type { Shelf } from './shelf.js'
import type { RotatedName, RotatedNames } from './naming.js'
import type { Monitor } from '../telemetry/monitor.js'

/** ms by which the clock that stamps files may lag behind Date.now(). */
const FILE_CLOCK = 20

export interface RotatedOptions extends SegmentOptions {
  names: RotatedNames
  monitor: Monitor
  mkdir: boolean
  symlink: boolean
  /** The symlink has left a file, which is as free as others now. */
  moved?: () => void
  /** A file of this many bytes is not written on after a restart. */
  maxBytes?: number | undefined
  period?: Period | undefined
}

export class RotatedShelf implements Shelf<RotatedFile> {
  readonly product = true
  readonly folder: RotatedFolder
  readonly #o: RotatedOptions
  readonly #made = new Set<string>()
  #owner: Owner | undefined

  constructor (options: RotatedOptions) {
    this.#o = options
    this.folder = new RotatedFolder(options)
  }

  async open (now: number): Promise<SegmentFile> {
    const { names } = this.#o
    await this.#possess()
    await sweepUnborn(this.folder.home)
    const mended = await this.mendOrphans()
    const files = (await this.folder.files()).filter(({ date }) => date === this.#date(now))
    const compressed = new Set(files.filter(({ suffix }) => suffix !== '').map(name => names.format({ ...name, suffix: '' })))
    const newest = files.at(-1)
    const candidates = new Set(mended)
    if (newest) candidates.add(names.format({ ...newest, suffix: '' }))
    // A file that has been compressed is finished, whether or not its source could still be removed.
    const free = [...candidates].filter(name => !compressed.has(name)).sort(this.#newestFirst)
    return await this.#resume(free, now) ?? await this.create(now)
  }

  /** The next free number; another writer may take it first, then the one after that. */
  async create (now: number): Promise<SegmentFile> {
    const { names } = this.#o
    await this.#possess()
    const date = this.#date(now)
    const numbers = (await this.folder.files()).filter(name => name.date === date).map(({ number }) => number)
    for (let number = Math.max(0, ...numbers) + 1; ; number++) {
      const name = names.format({ date, number, suffix: '' })
      if (!await this.#owner!.claim(name)) continue
      try {
        const { file } = await SegmentFile.open(this.folder.path(name), 'always', this.#o)
        this.#made.add(name)
        await this.#point(file)
        return file
      } catch (error) {
        await this.#owner!.release(name)
        if (errno(error) !== 'EEXIST') throw error
      }
    }
  }

  async reopen ({ path }: SegmentFile, now: number): Promise<SegmentFile> {
    await this.#possess()
    if (!await this.#owner!.claim(basename(path))) return await this.create(now)
    const file = await this.#open(path, true)
    await this.#point(file)
    return file
  }

  async holds (file: SegmentFile): Promise<boolean> {
    return await file.inPlace() && (this.#owner?.visible() ?? false)
  }

  async seal (file: SegmentFile, { records }: { records: number }): Promise<RotatedFile> {
    const name = basename(file.path)
    await this.#owner?.release(name)
    return this.folder.file(name, file.size, records)
  }

  async remove (): Promise<void> {
    // Retention alone removes finished files.
  }

  async close (): Promise<void> {
    await this.#owner?.close()
  }

  /** Was this file written by this run? */
  made (name: RotatedName): boolean {
    return this.#made.has(this.#o.names.format({ ...name, suffix: '' }))
  }

  /** Works on a closed file while no other process does. `workplace` is a directory for what is unfinished. */
  async exclusively (id: string, work: (workplace: string) => Promise<void>): Promise<void> {
    const owner = this.#owner!
    if (!await owner.claim(id, true)) return
    try {
      await work(owner.directory)
    } finally {
      await owner.release(id, true)
    }
  }

  async #possess (): Promise<void> {
    const { names, mkdir } = this.#o
    if (this.#owner && await this.#owner.visible()) return
    if (mkdir) await fsp.mkdir(names.directory, { recursive: true })
    await this.#owner?.close()
    this.#owner = await Owner.create(this.folder.home)
  }

  /** Takes over from dead writers: cuts the half lines that they left. Returns the names of the files, which are free now. */
  async mendOrphans (): Promise<string[]> {
    return await mendOrphans(this.#owner!, {
      ours: name => this.#o.names.parse(name) !== undefined,
      mend: async name => { await (await this.#open(this.folder.path(name))).close() },
      failed: error => this.#o.monitor.failed('mend the file of a dead writer', error)
    })
  }

  /** Goes on with the newest file that is free, belongs to this period and has room. */
  async #resume (candidates: string[], now: number): Promise<SegmentFile | undefined> {
    const { names, maxBytes = Infinity } = this.#o
    for (const name of candidates) {
      if (names.parse(name)!.date !== this.#date(now) || !await this.#owner!.claim(name)) continue
      const path = this.folder.path(name)
      try {
        const file = await this.#current(path, now) ? await this.#open(path) : undefined
        if (file && file.size < maxBytes) {
          this.#made.add(name)
          await this.#point(file)
          return file
        }
        await file?.close()
      } catch (error) {
        if (errno(error) !== 'ENOENT') this.#o.monitor.failed('go on with the last file', error)
      }
      await this.#owner!.release(name)
    }
    return undefined
  }

  /** Was this file begun in the period that `now` lies in? */
  async #current (path: string, now: number): Promise<boolean> {
    const { period } = this.#o
    if (!period) return true
    const { birthtimeMs, mtimeMs } = await fsp.stat(path)
    return (birthtimeMs || mtimeMs) + FILE_CLOCK >= periodStart(now, period)
  }

  /** The date in the name is that of the beginning of the period, as in pino-roll. */
  #date (now: number): string {
    const { names, period } = this.#o
    return period ? names.date(periodStart(now, period)) : ''
  }

  async #open (path: string, create = false): Promise<SegmentFile> {
    const { file, torn } = await SegmentFile.open(path, create ? 'if missing' : 'never', this.#o)
    if (torn > 0) {
      this.#o.monitor.counters.change({ tornBytes: torn })
      this.#o.monitor.say('torn', `cut ${torn} bytes of an unfinished line from ${path}`)
    }
    return file
  }

  async #point (file: SegmentFile): Promise<void> {
    if (!this.#o.symlink) return
    await pointTo(this.folder.link, basename(file.path), this.#owner!.directory).catch(error => this.#o.monitor.failed('update the symlink current.log', error))
    this.#o.moved?.()
  }

  readonly #newestFirst = (a: string, b: string): number =>
    this.#o.names.compare(this.#o.names.parse(b)!, this.#o.names.parse(a)!)
}
