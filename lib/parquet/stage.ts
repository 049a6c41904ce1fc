// The staged files of one writer, and the protocol that makes every row of a segment appear in the dataset exactly once, wherever
// the process, the thread or the machine stops:
//
//   1 append   the segment's row groups to every staged file that it touches, and sync them
//   2 commit   the checkpoint: the segment's id, and the length and footer of every staged file; its rename is the commit; then
//              a copy of it, should it be damaged
//   3 unlink   the segment
//   publish    append the footer, sync, rename into the dataset, sync that directory; then a checkpoint without the file
//
// A failure before the commit changes nothing: what was appended lies behind the committed length and will be written over.
import { basename, join } from 'node:path'
import { STAGED, writeCheckpoint, writeCopy, type StagedState } from './checkpoint.js'
import { FILE_MODE, type Dataset } from './dataset.js'
import { remove, syncDirectory, writeAt } from './disk.js'
import { MAGIC, type Engine } from './engine.js'
import { fileName } from './naming.js'
import { recover } from './recovery.js'
import type { RowGroup } from './row-groups.js'
import { errno } from '../errors.js'

export interface StageOptions {
  /** The writer's own; its segments are in it too. Its name is the writer's id. */
  directory: string
  dataset: Dataset
  engine: Engine
  /** Key-value pairs of every file. */
  metadata: Readonly<Record<string, string>>
  /** Bytes that a published file is to have, about. */
  size: number
}

/** Files that are staged at a time; beyond it those that have waited longest for rows are published. */
const MOST_STAGED = 32
/** Ids that a checkpoint names: the segment of this commit, and the one before, whose removal may not be on the device yet. */
const REMEMBERED = 2
const MINUTE = 60_000

export interface StagedFile extends StagedState {
  /** Directory of its partition, '' without partitions. */
  readonly partition: string
  /** Unix time in ms before which none of its lines was written. */
  readonly opened: number
  readonly rows: number
  readonly groups: readonly unknown[]
}

type Files = ReadonlyMap<string, StagedFile>

export class Stage {
  readonly #o: StageOptions
  /** What is committed, by partition; what was written to last is at the end. */
  #files: Files = new Map()
  #converted: readonly string[]
  #count: number
  #commits: number
  /** The last commit is on the device. */
  #settled = true

  /** Takes up what an earlier thread, or nobody, has left in the directory. */
  constructor (options: StageOptions) {
    this.#o = options
    const { directory, dataset } = options
    const { converted, count, commits } = recover(directory, dataset)
    this.#converted = converted
    this.#count = count
    this.#commits = commits
    // On the device before the first staged file, and before a copy: a staged file without a checkpoint has lost it.
    if (commits === 0) {
      writeCheckpoint(directory, { converted: [...converted], count, commits: ++this.#commits, staged: [] })
      syncDirectory(directory)
    }
    // Nobody else has made sure that the directory itself, and the one that it is in, are on the device.
    syncDirectory(join(directory, '..'))
    syncDirectory(join(directory, '../..'))
  }

  /** Is this segment in the staged files, or published, already? */
  has (id: string): boolean {
    return this.#converted.includes(id)
  }

  /** Steps 1 and 2. `opened` is the Unix time in ms at which the segment was opened. Rejects when it has to be given again. */
  async add (id: string, opened: number, groups: Iterable<RowGroup>): Promise<void> {
    const files = new Map(this.#files)
    const count = this.#count
    try {
      for (const group of groups) {
        const { partition } = group
        const file = files.get(partition) ?? this.#begin(partition, opened)
        // Before it is written to: what fails has to be known to be cleared away.
        files.delete(partition)
        files.set(partition, file)
        files.set(partition, await this.#append(file, group))
      }
      // The commit must not be on the device without the files that it names.
      if (this.#count > count) syncDirectory(this.#o.directory)
      this.#commit(files, [...this.#converted, id].slice(-REMEMBERED))
    } catch (error) {
      if (this.#files !== files) this.#discard(files, count)
      throw error
    }
  }

  /** Step 3, for the file of a segment that this stage `has`. */
  unlink (path: string): void {
    if (!this.#settled) this.#commit(this.#files, this.#converted)
    remove(path)
  }

  /** Publishes what has reached its size, and what has waited longest when there is too much. Returns how many files. */
  publishFull (): number {
    const { size } = this.#o
    const idle = [...this.#files.values()].slice(0, Math.max(0, this.#files.size - MOST_STAGED))
    // Half a row group over or under: with a whole one over, every file would be too large.
    return this.#publish(file => file.length * (1 + 1 / (2 * file.groups.length)) + file.footer.length >= size || idle.includes(file))
  }

  /** Publishes what was begun before `moment` (Unix time in ms). Also what the clock, set back since, takes for future. */
  publish (moment: number, now: number): number {
    return this.#publish(({ opened }) => opened < moment || opened > now + MINUTE)
  }

  /** Publishes everything. */
  close (): number {
    return this.#publish(() => true)
  }

  async #append (file: StagedFile, { rows, columns }: RowGroup): Promise<StagedFile> {
    const { directory, engine, metadata } = this.#o
    const first = file.groups.length === 0
    const { bytes, group } = await engine.encode(columns, rows, first ? MAGIC.length : file.length)
    try {
      writeAt(join(directory, file.staged), first ? Buffer.concat([MAGIC, bytes]) : bytes, file.length, FILE_MODE)
    } catch (error) {
      if (errno(error) !== 'ENOENT' || first) throw error
      // The next attempt begins another one.
      this.#commit(new Map([...this.#files].filter(([partition]) => partition !== file.partition)), this.#converted)
      throw this.#removed(file)
    }
    const groups = [...file.groups, group]
    const length = (first ? MAGIC.length : file.length) + bytes.length
    return { ...file, groups, rows: file.rows + rows, length, footer: engine.footer(groups, metadata) }
  }

  #begin (partition: string, opened: number): StagedFile {
    const { directory, dataset } = this.#o
    const name = fileName(dataset.base, opened, ++this.#count, basename(directory))
    return { partition, opened, rows: 0, groups: [], length: 0, footer: Buffer.alloc(0), final: join(partition, name), staged: name.replace(/\.parquet$/, STAGED) }
  }

  /** Of an attempt that failed: what it has begun, and the numbers that it has given. */
  #discard (files: Files, count: number): void {
    this.#count = count
    for (const { partition, staged } of files.values()) {
      // A disk that does not let go of it now does so when the directory is put in order.
      if (!this.#files.has(partition)) try { remove(join(this.#o.directory, staged)) } catch {}
    }
  }

  #publish (due: (file: StagedFile) => boolean): number {
    const { dataset, directory } = this.#o
    const before = this.#files.size
    const left = new Map(this.#files)
    const lost: StagedFile[] = []
    try {
      for (const file of this.#files.values()) {
        if (!due(file)) continue
        if (!dataset.publish(join(directory, file.staged), file)) lost.push(file)
        left.delete(file.partition)
      }
    } finally {
      if (left.size < before) {
        // Also when the checkpoint cannot be written now: one that still names them finds them published.
        this.#files = left
        this.#commit(left, this.#converted)
      }
    }
    if (lost[0]) throw this.#removed(lost[0])
    return before - left.size
  }

  /** The rename in here is the commit; when it, or what comes before it, fails, nothing has changed. */
  #commit (files: Files, converted: readonly string[]): void {
    const { directory } = this.#o
    const checkpoint = { converted: [...converted], count: this.#count, commits: this.#commits + 1, staged: [...files.values()] }
    writeCheckpoint(directory, checkpoint)
    this.#commits++
    this.#files = files
    this.#converted = converted
    this.#settled = false
    writeCopy(directory, checkpoint)
    syncDirectory(directory)
    this.#settled = true
  }

  #removed ({ staged, rows }: StagedFile): Error {
    return new Error(`somebody has removed ${join(this.#o.directory, staged)}, with ${rows} rows`)
  }
}
