// Follows outputs from outside, as they are written: rotated files and journals, in several directories. Nothing is locked, touched or
// written; what the writer removes meanwhile is read to its end, because it is open here.
//
//   fs.watch -> a new file is opened at once -+
//   every POLL ms -> all directories anew    -+-> one pass: each file from where it was read to, older ones first -> lines
import fs from 'node:fs'
import zlib from 'node:zlib'
import { dirname, join } from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { FollowedFile, hasHead, identityOf } from './follow-file.js'
import { filesOf, placesOf, type Found, type Kind, type Place } from './follow-place.js'
import { Signal } from '../journal/signal.js'
import { reason } from '../errors.js'

export interface FollowOptions {
  paths: readonly string[]
  /** Gets lines without their ends, and is waited for. */
  take: (lines: string[]) => Promise<void>
  /** Hears of what could not be read. */
  tell: (trouble: string) => void
}

/** ms between two looks at everything, where no event says that there is something new. */
const POLL = 500
/** ms to let events come together. */
const TOGETHER = 5
/** ms for which a file that is gone is kept: the writer of a log looks once a second; a segment may be on its way to who has adopted it. */
const LINGER = 3000
/** Files that are kept open. */
const MOST_OPEN = 64
const MOST_HEADS = 1000

interface Watch { watcher: fs.FSWatcher, identity: string }

export class Follower {
  readonly #o: FollowOptions
  readonly #files = new Map<string, FollowedFile>()
  /** Paths that files of lines had: what is compressed from them has been read ... */
  readonly #read = new Set<string>()
  /** ... and how those began that are gone: an archive may have been given another name meanwhile. */
  readonly #heads: Buffer[] = []
  readonly #archives = new Set<string>()
  #unread: Array<Found & { kind: { kind: 'archive' } }> = []
  readonly #watches = new Map<string, Watch>()
  /** Of each writer the newest segment that was seen. */
  readonly #newest = new Map<string, number>()
  readonly #news = new Signal()
  /** Directories that were there at the start: their writers have not begun with their first segment. */
  readonly #old = new Set<string>()
  #lookedAt = 0
  #changed = false
  #closed = false

  constructor (options: FollowOptions) {
    this.#o = options
  }

  /** Looks for what is there by now, which is not new. Files that lines can be taken from, newest last. */
  start (): FollowedFile[] {
    this.#look(true)
    return [...this.#files.values()]
  }

  /** Until `close`. */
  async run (): Promise<void> {
    while (!this.#closed) {
      await this.#pass()
      await this.#news.wait(POLL)
      if (this.#closed) break
      await sleep(TOGETHER)
      if (this.#changed || Date.now() - this.#lookedAt >= POLL) this.#look(false)
    }
  }

  close (): void {
    this.#closed = true
    this.#news.ring()
    for (const { watcher } of this.#watches.values()) watcher.close()
    for (const file of this.#files.values()) file.rest()
  }

  /** Everything that is new. */
  async #pass (): Promise<void> {
    for (const found of this.#unread.splice(0)) await this.#unpack(found)
    for (const file of [...this.#files.values()]) {
      for (let bytes = file.read(); bytes && !this.#closed; bytes = file.read()) {
        await this.#o.take(linesOf(bytes))
        // What appears meanwhile is opened meanwhile.
        await turn()
      }
      if (file.goneSince !== undefined && Date.now() - file.goneSince >= LINGER) this.#forget(file)
    }
    this.#spare()
  }

  /** Oldest first; they are opened again when they grow. */
  #spare (): void {
    let open = [...this.#files.values()].filter(file => file.open).length
    for (const file of this.#files.values()) {
      if (open <= MOST_OPEN) return
      if (!file.open || file.goneSince !== undefined) continue
      file.rest()
      open--
    }
  }

  #look (old: boolean): void {
    this.#changed = false
    this.#lookedAt = Date.now()
    const present = new Set<string>()
    const directories = new Set<string>()
    for (const place of this.#o.paths.flatMap(placesOf)) {
      const enter = (directory: string, level: number): void => {
        if (old) this.#old.add(directory)
        directories.add(this.#watch(directory, name => this.#appeared(join(directory, name), name, place, level)))
      }
      for (const found of filesOf(place, enter)) this.#meet(found, old, present)
    }
    for (const identity of this.#archives) if (!present.has(identity)) this.#archives.delete(identity)
    for (const file of [...this.#files.values()]) {
      if (present.has(file.identity)) continue
      file.goneSince ??= this.#lookedAt
      if (!file.open) this.#forget(file)
    }
    for (const [directory, { watcher }] of this.#watches) {
      if (directories.has(directory)) continue
      watcher.close()
      this.#watches.delete(directory)
    }
  }

  /** A file that is there, known or new. */
  #meet ({ path, kind }: Found, old: boolean, present?: Set<string>): void {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    if (!stat?.isFile()) return
    const identity = identityOf(stat)
    present?.add(identity)
    if (kind.kind === 'archive') {
      if (!this.#archives.has(identity) && !old && !this.#read.has(join(dirname(path), kind.of))) this.#unread.push({ path, kind })
      this.#archives.add(identity)
      this.#read.add(join(dirname(path), kind.of))
      return
    }
    const known = this.#files.get(identity)
    if (known?.seen(path, stat.size)) {
      if (kind.kind === 'lines') this.#read.add(path)
      return
    }
    if (known) this.#forget(known)
    const file = FollowedFile.open(path, old)
    if (!file) return
    present?.add(file.identity)
    if (this.#files.has(file.identity)) return file.rest()
    this.#files.set(file.identity, file)
    if (kind.kind === 'segment') this.#count(path, kind)
    else this.#read.add(path)
    if (old) this.#spare()
  }

  /** Numbers of one writer have no gaps; what it has adopted has numbers of its own. */
  #count (path: string, { writer, number }: Kind & { kind: 'segment' }): void {
    const own = dirname(path).endsWith(writer)
    const before = this.#newest.get(writer) ?? (!own || this.#old.has(dirname(path)) ? number : 0)
    if (own && number > before + 1) this.#o.tell(`of ${writer} ${number - before - 1} segments were delivered before they could be read`)
    this.#newest.set(writer, Math.max(before, number))
  }

  #forget (file: FollowedFile): void {
    file.rest()
    if (file.goneSince !== undefined && this.#heads.push(file.head) > MOST_HEADS) this.#heads.shift()
    this.#files.delete(file.identity)
  }

  async #unpack ({ path, kind: { codec } }: Found & { kind: { kind: 'archive' } }): Promise<void> {
    try {
      const bytes = fs.readFileSync(path)
      const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer }
      if (codec === 'zstd' && !zstdDecompressSync) throw new Error('this Node cannot read zstd; 22.15 and later can')
      const content = codec === 'gzip' ? zlib.gunzipSync(bytes) : zstdDecompressSync!(bytes)
      const known = [...this.#heads, ...[...this.#files.values()].map(({ head }) => head)]
      if (!known.some(head => hasHead(content, head))) await this.#o.take(linesOf(content))
    } catch (error) {
      this.#o.tell(`${path} was compressed before it could be read: ${reason(error)}`)
    }
  }

  /** Where nothing can be watched, looking has to do; where nothing is yet, the directory in which it will be. */
  #watch (directory: string, appeared: (name: string) => void): string {
    const stat = fs.statSync(directory, { throwIfNoEntry: false })
    if (!stat && dirname(directory) !== directory) return this.#watch(dirname(directory), () => this.#look(false))
    const before = this.#watches.get(directory)
    if (before && stat && before.identity === identityOf(stat)) return directory
    before?.watcher.close()
    this.#watches.delete(directory)
    try {
      const watcher = fs.watch(directory, (event, name) => {
        if (this.#closed) return
        this.#changed ||= event === 'rename'
        if (name !== null) appeared(name)
        this.#news.ring()
      })
      watcher.on('error', () => watcher.close())
      this.#watches.set(directory, { watcher, identity: identityOf(stat!) })
    } catch { /* No more watches, or a file system without. */ }
    return directory
  }

  /** At once: a segment may be delivered and gone within the next millisecond. */
  #appeared (path: string, name: string, place: Place, level: number): void {
    const kind = place.fits(name, level)
    if (kind) this.#meet({ path, kind }, false)
    else if (place.leads(name, level) && !this.#watches.has(path)) this.#look(false)
  }
}

function linesOf (bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}
