// A segment's way into the dataset, as the worker sees it: it asks the thread, and counts what that says.
import fs from 'node:fs'
import { dirname } from 'node:path'
import { Dataset } from './dataset.js'
import { clear } from './recovery.js'
import { ConvertThread, ThreadDeath } from './thread.js'
import { within } from '../deadline.js'
import { GoneError } from '../errors.js'
import type { Job, Outcome, Settings } from './settings.js'
import type { SpooledSegment } from '../journal/spooled-segment.js'
import type { Monitor } from '../telemetry/monitor.js'

/** A segment of which the thread has died is converted in this many times as many pieces the next time, up to so many. */
const FINER = 4
const FINEST = 4096

export interface ConverterOptions {
  /** As of now: pino's configuration may come after the first line. */
  settings: () => Settings
  monitor: Monitor
}

type Task<J extends Job = Job> = J extends Job ? Omit<J, 'settings' | 'directory'> : never

export class Converter {
  readonly #o: ConverterOptions
  readonly #thread = ConvertThread.acquire()
  /** Directories of this writer that have had a segment converted. */
  readonly #directories = new Set<string>()
  /** Pieces for the segment that the thread died of. */
  readonly #pieces = new Map<string, number>()
  #closed = false

  constructor (options: ConverterOptions) {
    this.#o = options
  }

  /** Rejects when the segment is to be given again. */
  async convert ({ id, path, opened }: SpooledSegment): Promise<void> {
    const directory = dirname(path)
    const pieces = this.#pieces.get(id) ?? 1
    this.#directories.add(directory)
    try {
      const { gone } = await this.#ask(directory, { do: 'convert', segment: { id, path, opened }, pieces })
      this.#pieces.delete(id)
      if (gone) throw new GoneError(`somebody has removed ${path}`)
    } catch (error) {
      if (error instanceof ThreadDeath) this.#pieces.set(id, Math.min(pieces * FINER, FINEST))
      throw error
    }
  }

  /** Publishes what was begun before `moment`, Unix time in ms; Infinity for everything. */
  async publish (moment: number): Promise<void> {
    const publishing = [...this.#directories].map(async directory => {
      const ask = (): Promise<Outcome> => this.#ask(directory, { do: 'publish', moment })
      // A new thread takes up what the dead one has left by publishing it.
      const { gone } = await ask().catch(error => {
        if (error instanceof ThreadDeath) return ask()
        throw error
      })
      if (!gone) return
      this.#directories.delete(directory)
      throw new Error(`somebody has removed ${directory}`)
    })
    const failed = (await Promise.allSettled(publishing)).find(result => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** Puts in order what a dead writer left in its directory. */
  async recover (directory: string): Promise<void> {
    await this.#ask(directory, { do: 'recover' })
  }

  /**
   * Publishes everything. The thread may be in the middle of a segment and take longer than the `ms` that are left: then it is
   * ended, and what it has committed is published from here, because that needs no converting. What there is no time for is left
   * to the next who starts.
   */
  async close (ms: number): Promise<void> {
    const { settings, monitor } = this.#o
    const deadline = Date.now() + ms
    const directories = [...this.#directories]
    const closed = Promise.all(directories.map(directory => this.#ask(directory, { do: 'close' })))
    const inTime = await within(closed.catch(() => {}), ms / 2)
    this.#closed = true
    await this.#thread.release(!inTime)
    const { dataset, base } = settings()
    for (const directory of directories) {
      try {
        if (fs.existsSync(directory)) clear(directory, new Dataset(dataset, base), deadline)
      } catch (error) {
        monitor.failed('publish a file', error)
      }
    }
  }

  async #ask (directory: string, task: Task): Promise<Outcome> {
    const { settings, monitor } = this.#o
    // Asking would start the thread again.
    if (this.#closed) throw new Error('the output is closed')
    const outcome = await this.#thread.ask({ settings: settings(), directory, ...task } as Job)
    const { spilled, corrupt, published, trouble } = outcome
    monitor.counters.change({ spilledValues: spilled, corruptRecords: corrupt, filesPublished: published })
    for (const { action, message } of trouble) monitor.failed(action, new Error(message))
    return outcome
  }
}
