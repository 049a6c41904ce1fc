// The dumper: a snapshot of anything becomes a file of its own, soon and at little cost, or a result says why not. Whatever happens,
// nothing is thrown at the application.
import { basename, join } from 'node:path'
import { DumpError, errno, reason } from '../errors.js'
import { parseDumper, type DumperOptions, type DumperSettings } from '../config/dumper.js'
import { complaints, tellStderr } from '../telemetry/complaints.js'
import { clip, lengthOf, type Content } from './bytes.js'
import { renderLine } from './document.js'
import { Ending, writeEvents } from './events.js'
import { GrowingFile, store } from './files.js'
import { baseOf, namesOf, uniqueName, type Extension } from './names.js'
import { contentOf } from './note.js'
import { Queue } from './queue.js'
import { RateLimit, type Suppressed } from './rate.js'
import { Secrets } from './secrets.js'
import { retention } from './sweep.js'

/** What became of a dump. */
export type DumpResult =
  /** The file is there, whole, under its final name. `truncated`: it does not hold everything that was given, and says so. */
  | { ok: true, path: string, truncated: boolean }
  /** The dumper is disabled: nothing was touched. */
  | { ok: true, path: undefined }
  | { ok: false, error: DumpError }

/** Writes what went wrong to files. No method throws, no promise rejects; results may be ignored. */
export interface Dumper {
  readonly enabled: boolean
  /** Directory of the dumps, absolute. */
  readonly dumpPath: string
  /** Anything, as JSON without secrets, to `<name>_<YYYYMMDD_HHMMSS>.json` (UTC). It is read during the call, and may change afterwards. */
  dumpStruct (data: unknown, name?: string): Promise<DumpResult>
  /**
   * One line per event, without secrets, to `.jsonl`. What takes longer to come than the call is read as it comes; `maxSize` or `close()` end
   * what has no end. An event that cannot be read is replaced by `{"_blackbox":{"badEvent":"..."}}`.
   */
  dumpStreamEvents (events: Iterable<unknown> | AsyncIterable<unknown>, name?: string): Promise<DumpResult>
  /** These bytes, copied during the call, to `.bin`. Nothing is taken out: secrets among them are written. */
  dumpBytes (bytes: Uint8Array | ArrayBuffer | string, name?: string): Promise<DumpResult>
  /** Resolves when all dumps under way are written, events as far as they have come. Later dumps give BLACKBOX_DUMP_CLOSED. */
  close (): Promise<void>
}

/** Throws an OptionError for a bad option, or a bad environment variable. */
export function createDumper (options?: DumperOptions): Dumper {
  return new FileDumper(parseDumper(options))
}

interface Written {
  name: string
  truncated: boolean
}

/** What is made of the settings, once. */
interface Tools {
  settings: DumperSettings
  secrets: Secrets
  rate: RateLimit
  /** After each dump. */
  retain (name: string): Promise<void>
}

/** What every dumper is. Adapters ask for more than applications do: they tell a path before there is a file. */
export class FileDumper implements Dumper {
  /** Trouble of its own: at `warn` to `options.logger`, else to stderr; at most once a minute per cause. */
  readonly complain: (cause: string, message: string) => void
  #tools!: Tools
  #ending = new Ending()
  readonly #queue = new Queue()
  readonly #underWay = new Set<Promise<unknown>>()

  constructor (settings: DumperSettings) {
    this.complain = complaints(message => this.#tell(message))
    this.adopt(settings)
  }

  /** From now on; dumps under way keep to the old ones. */
  protected adopt (settings: DumperSettings): void {
    const { dumpPath, maxBackups: count, maxAge: age, maxSize: totalSize } = settings
    this.#tools = {
      settings,
      secrets: new Secrets(settings),
      rate: new RateLimit(settings.rate),
      retain: retention(dumpPath, { count, age, totalSize }, this.complain)
    }
    if (this.#ending.ended) this.#ending = new Ending()
  }

  get settings (): DumperSettings {
    return this.#tools.settings
  }

  get enabled (): boolean {
    return this.settings.enabled
  }

  get dumpPath (): string {
    return this.settings.dumpPath
  }

  dumpStruct (data: unknown, name?: string): Promise<DumpResult> {
    return this.#dump(async tools => {
      const { key, names } = this.#enter('json', name, tools.settings.limits.bytes)
      return await this.#write(tools, names, key, suppressed => contentOf(data, { ...tools, note: suppressed && { suppressed } }))
    })
  }

  dumpStreamEvents (events: Iterable<unknown> | AsyncIterable<unknown>, name?: string): Promise<DumpResult> {
    return this.#dump(async tools => {
      const { settings: { dumpPath, limits, maxSize }, secrets } = tools
      const { names } = this.#enter('jsonl', name, limits.bytes)
      const file = new GrowingFile(dumpPath, names)
      try {
        const truncated = !await writeEvents(events, {
          limit: maxSize,
          line: (event, bytes) => renderLine(event, { limits: { ...limits, bytes: Math.max(1, Math.min(limits.bytes, bytes)) }, secrets }),
          append: lines => this.#queue.run(Buffer.byteLength(lines), () => file.append(lines)),
          ending: this.#ending
        })
        return { name: await this.#queue.run(0, () => file.publish()), truncated }
      } catch (error) {
        await file.discard()
        throw error
      }
    })
  }

  dumpBytes (bytes: Uint8Array | ArrayBuffer | string, name?: string): Promise<DumpResult> {
    return this.#dump(async tools => {
      const { dumpPath, maxSize } = tools.settings
      const { names } = this.#enter('bin', name, Math.min(lengthOf(bytes), maxSize))
      const { data, truncated } = clip(bytes, maxSize)
      return { name: await this.#queue.run(data.length, () => store(dumpPath, names, data)), truncated }
    })
  }

  /** Why a dump with this key may not be written now. Counts it; what is refused by the rate is counted as left out. */
  refusal (key: string): DumpError | undefined {
    if (this.#ending.ended) return new DumpError('BLACKBOX_DUMP_CLOSED', 'the dumper was closed')
    if (this.#tools.rate.admit(key, performance.now())) return undefined
    this.complain('rate', 'more dumps than `rate` allows; some are left out')
    return new DumpError('BLACKBOX_DUMP_RATE', `more dumps in a minute than \`rate\` allows (${key})`)
  }

  /** The absolute path of a file that nobody else writes, chosen without touching the disk. */
  plan (name: string): string {
    return join(this.dumpPath, uniqueName(baseOf(name), 'json', Date.now()))
  }

  /** Writes to a planned path what was admitted under `key`; `lines` are JSON records, which become the last field, `log`. */
  dumpAt (path: string, document: object, { key = '', lines }: { key?: string, lines?: string[] } = {}): Promise<DumpResult> {
    return this.#dump(async tools => {
      this.#assertRoom(tools.settings.limits.bytes)
      return await this.#write(tools, () => [basename(path)], key, suppressed =>
        contentOf(suppressed ? { ...document, suppressed } : document, { ...tools, lines }))
    })
  }

  async close (): Promise<void> {
    this.#ending.end()
    await Promise.all(this.#underWay)
  }

  #dump (work: (tools: Tools) => Promise<Written>): Promise<DumpResult> {
    if (!this.enabled) return Promise.resolve({ ok: true, path: undefined })
    const result = this.#settled(this.#tools, work)
    this.#underWay.add(result)
    result.then(() => this.#underWay.delete(result))
    return result
  }

  async #settled (tools: Tools, work: (tools: Tools) => Promise<Written>): Promise<DumpResult> {
    try {
      const { name, truncated } = await work(tools)
      await tools.retain(name)
      return { ok: true, path: join(tools.settings.dumpPath, name), truncated }
    } catch (thrown) {
      if (thrown instanceof DumpError) return { ok: false, error: thrown }
      const what = `cannot write a dump to ${tools.settings.dumpPath}: ${reason(thrown)}`
      this.complain(`dump ${errno(thrown) ?? ''}`, what)
      return { ok: false, error: new DumpError('BLACKBOX_DUMP', what, { cause: thrown }) }
    }
  }

  /** Its names and the key of its rate. Throws a DumpError when there is no room for it now. */
  #enter (extension: Extension, name: string | undefined, bytes: number): { key: string, names: () => Iterable<string> } {
    const time = Date.now()
    const key = baseOf(name === undefined ? 'dump' : String(name))
    this.#assertRoom(bytes)
    const refusal = this.refusal(key)
    if (refusal) throw refusal
    return { key, names: () => namesOf(key, extension, time) }
  }

  #assertRoom (bytes: number): void {
    if (this.#ending.ended) throw new DumpError('BLACKBOX_DUMP_CLOSED', 'the dumper was closed')
    if (this.#queue.takes(bytes)) return
    this.complain('busy', 'too much waits for the disk; dumps are left out')
    throw new DumpError('BLACKBOX_DUMP_BUSY', 'too much waits for the disk')
  }

  /** What was left out before stands in this dump, or in the next one when this one fails. */
  async #write ({ settings: { dumpPath }, rate }: Tools, names: () => Iterable<string>, key: string, make: (suppressed?: Suppressed) => Content): Promise<Written> {
    const suppressed = rate.take(key)
    try {
      const { data, truncated } = make(suppressed)
      return { name: await this.#queue.run(data.length, () => store(dumpPath, names, data)), truncated }
    } catch (error) {
      if (suppressed) rate.giveBack(key, suppressed)
      throw error
    }
  }

  #tell (message: string): void {
    const { logger, dumpPath } = this.#tools.settings
    const onStderr = (): void => tellStderr(`pino-blackbox dumper: ${message}\n`)
    if (!logger) return onStderr()
    // It may throw or reject, whatever its type says.
    const told = async (): Promise<void> => { await logger.warn({ dumpPath }, `pino-blackbox dumper: ${message}`) }
    told().catch(onStderr)
  }
}
