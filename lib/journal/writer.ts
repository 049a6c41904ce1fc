// The segment that a disk journal writes, from its creation to its sealing, through errors and external renames. Whoever calls
// does one thing at a time.
import fsp from 'node:fs/promises'
import { dirname } from 'node:path'
import { ActiveSegment, type Secured, type SegmentLife } from './active.js'
import { syncDirectory, syncPath } from './directory.js'
import { nextBoundary, rebase } from './period.js'
import type { Block } from './block.js'
import type { Amount } from '../amount.js'
import type { Sealed } from './journal.js'
import type { SealRule, SegmentState } from './seal.js'
import type { SegmentFile } from './segment.js'
import type { Shelf } from './shelf.js'
import type { Fsync } from '../config/common.js'

export interface WriterOptions<S extends Sealed> {
  shelf: Shelf<S>
  rule: SealRule
  fsync: Fsync
  secured: Secured
  /** Somebody has taken away a file with lines that were not delivered. */
  lost: (amount: Amount) => void
}

interface Broken { segment: ActiveSegment, safe: number }

export class Writer<S extends Sealed> {
  readonly #o: WriterOptions<S>
  #active: ActiveSegment | undefined
  /** The active segment after a failure: to be opened again and cut at `safe`. */
  #broken: Broken | undefined
  /** A directory that is on the device. */
  #kept: string | undefined
  /** Broken ones that could not be mended where they are, and were not waited for. */
  readonly #aside = new Set<Broken>()

  constructor (options: WriterOptions<S>) {
    this.#o = options
  }

  get active (): ActiveSegment | undefined {
    return this.#active
  }

  get broken (): boolean {
    return this.#broken !== undefined
  }

  /** The state of the active segment, as of now. */
  state (now: number): SegmentState | undefined {
    const { period } = this.#o.rule
    const active = this.#active
    if (!active) return undefined
    if (period) active.until = rebase(active.until, now, period)
    const { file: { size }, records, opened, until } = active
    return { size, records, opened, until }
  }

  /** Takes possession of the shelf; goes on with a segment of before where there is one. */
  async possess (now: number): Promise<void> {
    const file = await this.#o.shelf.open(now)
    if (file) this.#active = this.#segment(await this.#keep(file), this.#begin(now))
  }

  async create (now: number): Promise<void> {
    const file = await this.#o.shelf.create(now)
    const kept = await this.#keep(file).catch(async (error: unknown) => {
      // The next try takes another name, and nobody would look for this one.
      await fsp.rm(file.path, { force: true }).catch(() => {})
      throw error
    })
    this.#active = this.#segment(kept, this.#begin(now))
  }

  /** Goes on in a new file when somebody has renamed or removed the one that is written: what was written stays with that. True when it was so. */
  async follow (now: number): Promise<boolean> {
    const active = this.#active
    if (!active || await this.#o.shelf.holds(active.file)) return false
    await active.sync()
    await active.file.close()
    this.#active = this.#segment(await this.#reopened(active.file, now), { ...this.#begin(active.opened), until: active.until })
    this.#lose(active)
    return true
  }

  async seal (): Promise<S> {
    const active = this.#active!
    await active.sync()
    await active.file.close()
    const sealed = await this.#o.shelf.seal(active.file, active)
    this.#active = undefined
    return sealed
  }

  /** After an error: nothing of the active segment is trusted beyond its last safe point. Returns what has to be written again. */
  async setBack (now: number): Promise<Block[]> {
    const segment = this.#active
    if (!segment) return []
    const { again, safe } = segment.retreat(now)
    this.#active = undefined
    this.#broken = { segment, safe }
    // At once: nobody shall read half a line for as long as the disk is full.
    await segment.file.cut(safe).catch(() => {})
    await segment.file.close().catch(() => {})
    return again
  }

  /** Opens a broken segment again, less what has to be written again. */
  async mend (now: number): Promise<void> {
    const broken = this.#broken!
    await this.#reopen(broken, now)
    this.#broken = undefined
  }

  /** Does not wait until a broken segment can be mended: the next one is created in another place. */
  setAside (): void {
    if (this.#broken) this.#aside.add(this.#broken)
    this.#broken = undefined
  }

  /** Seals what was set aside, as far as that is possible by now. Only where there is no active segment. */
  async gather (now: number): Promise<S[]> {
    const sealed: S[] = []
    for (const broken of this.#aside) {
      try {
        if (broken.safe > 0) {
          await this.#reopen(broken, now)
          sealed.push(await this.seal())
        } else await fsp.rm(broken.segment.file.path, { force: true })
        this.#aside.delete(broken)
      } catch {
        // Another time; at the latest the next who starts finds it.
        await this.#active?.file.close().catch(() => {})
        this.#active = undefined
      }
    }
    return sealed
  }

  /** Closes the active segment as it is. Returns what has not become safe. */
  async close (now: number): Promise<void> {
    if (this.#broken) await this.mend(now).catch(() => {})
    await this.#active?.file.close().catch(() => {})
  }

  /** What is not safe by now. */
  abandon (now: number): Block[] {
    return this.#active?.retreat(now).again ?? []
  }

  async #reopen ({ segment, safe }: Broken, now: number): Promise<void> {
    const file = await this.#reopened(segment.file, now)
    try {
      await file.cut(safe)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
    const same = file.size === safe
    this.#active = this.#segment(file, same ? segment : { ...this.#begin(segment.opened), until: segment.until })
    if (!same) this.#lose(segment)
  }

  /** Somebody may have removed it, with the directory that it was in. */
  async #reopened (file: SegmentFile, now: number): Promise<SegmentFile> {
    this.#kept = undefined
    return await this.#keep(await this.#o.shelf.reopen(file, now))
  }

  /** A synced file is of no use when its name gets lost with the power, or that of a directory above it. Closed when it rejects. */
  async #keep (file: SegmentFile): Promise<SegmentFile> {
    if (this.#o.fsync === 'never') return file
    const directory = dirname(file.path)
    try {
      await (directory === this.#kept ? syncDirectory(directory) : syncPath(directory))
      this.#kept = directory
      return file
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
  }

  #lose ({ records, file: { size } }: ActiveSegment): void {
    if (!this.#o.shelf.product) this.#o.lost({ records, bytes: size })
  }

  #begin (opened: number): SegmentLife {
    const { period } = this.#o.rule
    return { opened, records: 0, until: period ? nextBoundary(opened, period) : Infinity }
  }

  #segment (file: SegmentFile, life: SegmentLife): ActiveSegment {
    return new ActiveSegment(file, life, this.#o.fsync, this.#o.secured)
  }
}
