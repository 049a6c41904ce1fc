// The shelf of a spool: segments that wait until they are delivered. New ones go to the first place that can be written to.
import { dirname, join } from 'node:path'
import fsp from 'node:fs/promises'
import { SegmentFile } from './segment.js'
import { formatId } from './segment-id.js'
import { MODE, OPEN, seal, SpoolHome, type HomeOptions } from './spool-home.js'
import type { Shelf } from './shelf.js'
import type { SpooledSegment } from './spooled-segment.js'

export interface SpoolOptions extends HomeOptions {
  /** Another home, for when the first cannot be written to. */
  fallback?: string | undefined
}

/** ms for which a place that has failed is not written to, as long as there is another. */
const AVOID = 30_000

export class SpoolShelf implements Shelf<SpooledSegment> {
  readonly product = false
  readonly #first: SpoolHome
  readonly #fallback: SpoolHome | undefined
  #avoidUntil = -Infinity
  #count = 0

  constructor ({ fallback, ...options }: SpoolOptions) {
    this.#first = new SpoolHome(options)
    this.#fallback = fallback === undefined ? undefined : new SpoolHome({ home: fallback, monitor: options.monitor, settle: options.settle })
  }

  async open (now: number): Promise<undefined> {
    await this.#inPlace(now, home => home.possess())
  }

  async adopt (found: (segment: SpooledSegment) => void): Promise<void> {
    await Promise.all([this.#first.adopt(found), await this.#fallback?.inhabited() && this.#fallback!.adopt(found)])
  }

  async create (now: number): Promise<SegmentFile> {
    const number = ++this.#count
    return await this.#inPlace(now, async home => await home.within(async ({ id, directory }) => {
      const { file } = await SegmentFile.open(join(directory, formatId({ opened: now, writer: id, number }) + OPEN), 'always', { mode: MODE })
      return file
    }))
  }

  async reopen ({ path }: SegmentFile, now: number): Promise<SegmentFile> {
    const home = await this.#first.holds(path) ? this.#first : this.#fallback
    if (!await home?.holds(path)) return await this.create(now)
    const { file } = await SegmentFile.open(path, 'if missing', { mode: MODE })
    return file
  }

  async holds (file: SegmentFile): Promise<boolean> {
    return await file.inPlace() && (await this.#first.holds(file.path) || await this.#fallback?.holds(file.path) === true)
  }

  /** There is one other place: the one that did not fail is in use next. */
  avoid (now: number): boolean {
    if (!this.#fallback) return false
    this.#avoidUntil = now < this.#avoidUntil ? -Infinity : now + AVOID
    return true
  }

  async seal ({ path, size }: SegmentFile, { records }: { records: number }): Promise<SpooledSegment> {
    return await seal(path, dirname(path), records, size)
  }

  async remove ({ path }: SpooledSegment): Promise<void> {
    await fsp.rm(path, { force: true })
  }

  async close (): Promise<void> {
    await Promise.all([this.#first.close(), this.#fallback?.close()])
  }

  /** In the first home, or in the other one while that is avoided or when it fails. */
  async #inPlace<T> (now: number, action: (home: SpoolHome) => Promise<T>): Promise<T> {
    if (!this.#fallback) return await action(this.#first)
    const [first, second] = now < this.#avoidUntil ? [this.#fallback, this.#first] : [this.#first, this.#fallback]
    try {
      return await action(first)
    } catch {
      return await action(second)
    }
  }
}
