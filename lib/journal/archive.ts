// What becomes of rotated files: compressed, then removed when the limits say so. One sweep looks at the directory as it is
// and does what is left to do, so it can be interrupted anywhere and simply be run again.
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { syncDirectory } from './directory.js'
import { surplus, type RetentionLimit } from './retention.js'
import { SUFFIX, type RotatedName } from './naming.js'
import type { CompressJob } from './compress-thread.js'
import type { Clock } from './journal.js'
import type { RotatedFolder } from './rotated-folder.js'
import type { RotatedShelf } from './rotated.js'
import type { Monitor } from '../telemetry/monitor.js'

/** ms; file systems and `utimes` round. */
const SAME_TIME = 10

export interface ArchiveOptions {
  shelf: RotatedShelf
  monitor: Monitor
  compress: false | 'gzip' | 'zstd'
  limit?: RetentionLimit & { removeOtherLogFiles: boolean } | undefined
  /** What a file being written may grow to, in bytes. */
  maxBytes?: number | undefined
  now?: Clock
}

export class Archive {
  readonly #o: ArchiveOptions
  #thread: Worker | undefined
  #sweeping: Promise<void> = Promise.resolve()
  /** Asked for and not begun yet. */
  #next: Promise<void> | undefined
  #closed = false

  constructor (options: ArchiveOptions) {
    this.#o = options
  }

  /** Soon, once however often it is asked for until then. What could not be done is tried at the next one. */
  sweep (): void {
    this.#sweeping = this.#next ??= this.#sweeping.then(() => {
      this.#next = undefined
      return this.#sweep()
    })
  }

  async #sweep (): Promise<void> {
    const { shelf, compress, limit, monitor } = this.#o
    if (this.#closed) return
    try {
      if (compress || limit) await shelf.mendOrphans()
      if (compress) await this.#compress(compress)
      if (limit) await this.#retain(limit)
    } catch (error) {
      if (!this.#closed) monitor.failed('tidy up rotated files', error)
    }
  }

  /** What is unfinished is done at the next start. */
  async close (): Promise<void> {
    this.#closed = true
    await this.#thread?.terminate()
    await this.#sweeping
  }

  async #compress (codec: 'gzip' | 'zstd'): Promise<void> {
    const { shelf, monitor } = this.#o
    for (const file of await shelf.folder.closed()) {
      if (file.name.suffix !== '' || this.#closed) continue
      const final = file.path + SUFFIX[codec]
      // Another process may be at the same file: claimed, it is nobody else's to touch.
      await shelf.exclusively(file.id, async workplace => {
        const source = await fsp.stat(file.path).catch(() => undefined)
        if (!source?.isFile()) return
        const made = await fsp.stat(final).catch(() => undefined)
        if (!made) {
          const target = join(workplace, `${file.id}.part`)
          await this.#run({ source: file.path, target, codec })
          await fsp.rename(target, final)
        } else if (Math.abs(made.mtimeMs - source.mtimeMs) > SAME_TIME) {
          // Not made of this file, or it would have its time: somebody else's, and both are kept.
          return
        }
        // First that the one is there, then that the other is not.
        await syncDirectory(shelf.folder.names.directory)
        await fsp.rm(file.path, { force: true })
      }).catch(error => {
        if (!this.#closed) monitor.failed('compress a rotated file', error)
      })
    }
  }

  async #run (job: CompressJob): Promise<void> {
    const thread = new Worker(new URL('./compress-thread.js', import.meta.url), { workerData: job, execArgv: [] })
    this.#thread = thread
    thread.unref()
    try {
      await new Promise<void>((resolve, reject) => {
        thread.once('error', reject)
        thread.once('exit', code => code === 0 ? resolve() : reject(new Error(`the compressing thread ended with code ${code}`)))
      })
    } finally {
      this.#thread = undefined
    }
  }

  async #retain (limit: NonNullable<ArchiveOptions['limit']>): Promise<void> {
    const { shelf, maxBytes, monitor, now = Date.now } = this.#o
    const ours = limit.removeOtherLogFiles ? () => true : (name: RotatedName) => shelf.made(name)
    for (const file of await surplusFiles(shelf.folder, limit, now(), { ours, maxBytes })) {
      await shelf.exclusively(file.id, () => fsp.rm(file.path, { force: true })).catch(error => monitor.failed('remove a rotated file', error))
    }
  }
}

/** Closed files beyond the limit, oldest first. `maxBytes` is what a file being written may grow to. */
export async function surplusFiles (
  folder: RotatedFolder, limit: RetentionLimit, now: number, { ours = () => true, maxBytes }: { ours?: (name: RotatedName) => boolean, maxBytes?: number | undefined } = {}
) {
  const removable = (await folder.closed()).filter(({ name }) => ours(name))
  const found = await Promise.all(removable.map(async file => ({ file, stat: await fsp.stat(file.path).catch(() => undefined) })))
  const files = found.filter(({ stat }) => stat?.isFile()).map(({ file, stat }) => ({ ...file, bytes: stat!.size, modified: stat!.mtimeMs }))
  // By time, because dates in names may not sort; the names decide between files of one moment.
  files.sort((a, b) => a.modified - b.modified)
  const sizes = await Promise.all((await folder.written()).map(path => fsp.stat(path).then(({ size }) => size, () => 0)))
  return surplus(files, limit, now, reserve(sizes, await folder.crowd(), maxBytes))
}

/** Bytes that the files being written may grow to, and those that the other writers, between two files, are about to begin. */
function reserve (sizes: number[], crowd: number, maxBytes = 0): number {
  const begun = sizes.reduce((sum, size) => sum + Math.max(size, maxBytes), 0)
  return begun + Math.max(0, crowd - sizes.length) * maxBytes
}
