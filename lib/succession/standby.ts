// Stands where the stream of a dead worker stood until another worker is up. It looks like thread-stream's stream, keeps the
// lines up to a bound, and lets whoever asks for a flush wait.
import { EventEmitter } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { countLines } from '../journal/block.js'
import { hasRead } from './rescue.js'
import type { TransportStream } from '../logger.js'
import type { DropReason } from '../telemetry/counters.js'

const NEWLINE = 0x0a

type Flushed = (error?: Error) => void

export interface StandbyOptions {
  /** Most bytes of lines that come while it stands; those of the dead worker come on top. */
  maxBytes: number
  /** Lines that found no room, or came too late. */
  dropped (why: DropReason, records: number, bytes: number): void
  /** The application ends the stream. */
  ended (): void
}

export class Standby {
  readonly ready = false
  readonly writableNeedDrain = false
  readonly writableObjectMode = false
  readonly writableFinished = false
  readonly writableErrored = null
  /** As a worker is that has exited: messages reach nobody. */
  readonly worker = Object.assign(new EventEmitter(), {
    threadId: -1,
    exited: true,
    postMessage (): void {},
    ref (): void {},
    unref (): void {},
    terminate: async (): Promise<number> => 0
  })

  destroyed = false
  closed = false
  writableEnded = false
  readonly #o: StandbyOptions
  #lines: Buffer[] = []
  #bytes = 0
  #flushes: Flushed[] = []

  constructor (options: StandbyOptions) {
    this.#o = options
  }

  get writable (): boolean {
    return !this.destroyed && !this.writableEnded
  }

  write (data: string | Buffer): boolean {
    const line = Buffer.from(data as string)
    if (!this.writable || this.#bytes + line.length > this.#o.maxBytes) {
      this.#o.dropped(this.writable ? 'full' : 'closed', countLines(line), line.length)
      return false
    }
    this.#lines.push(line)
    this.#bytes += line.length
    return true
  }

  /** Lines that are older than those that came here. */
  putBefore (lines: readonly Buffer[]): void {
    this.#lines = [...lines, ...this.#lines]
    for (const { length } of lines) this.#bytes += length
  }

  flush (callback: Flushed = () => {}): void {
    if (this.destroyed) process.nextTick(callback, new Error('the worker has exited'))
    else this.#flushes.push(callback)
  }

  /** Not waited for: it would freeze the application for as long as a worker takes to start. */
  flushSync (): void {}

  end (): void {
    if (this.writableEnded) return
    this.writableEnded = true
    this.#o.ended()
  }

  ref (): void {}
  unref (): void {}

  /** Gives one line, the first; its length, 0 when there is none. Resolves when the worker has read it, or has died. */
  async feed (stream: TransportStream): Promise<number> {
    const line = this.#shift()
    if (!line) return 0
    stream.write(line)
    while (!hasRead(stream)) await turn()
    return line.length
  }

  /** Everything goes to this stream from now on; the number of lines. */
  handOver (stream: TransportStream): number {
    const lines = this.#lines.splice(0)
    this.#bytes = 0
    for (const line of lines) stream.write(line)
    for (const flushed of this.#flushes.splice(0)) stream.flush(flushed)
    return lines.reduce((records, line) => records + countLines(line), 0)
  }

  /** There will be no other worker. */
  destroy (): void {
    this.destroyed = true
    this.closed = true
    for (const line of this.#lines.splice(0)) this.#o.dropped('closed', countLines(line), line.length)
    for (const flushed of this.#flushes.splice(0)) process.nextTick(flushed, new Error('the worker has exited'))
  }

  #shift (): Buffer | undefined {
    const lines = this.#lines
    while (lines.length > 1 && !lines[0]!.includes(NEWLINE)) lines.splice(0, 2, Buffer.concat(lines.slice(0, 2)))
    const first = lines[0]
    if (!first) return undefined
    const end = (first.indexOf(NEWLINE) + 1) || first.length
    if (end === first.length) lines.shift()
    else lines[0] = first.subarray(end)
    this.#bytes -= end
    return first.subarray(0, end)
  }
}
