// From pino's stream to blocks of whole lines; the only importer of pino-abstract-transport. Lines are never parsed: each is
// looked at once for its end and, where outputs have levels, for its level.
//
// pino hands over either chunks of up to 4 MiB that may end in the middle of a line (one target) or a line at a time (several).
// Both are joined to blocks: when BLOCK characters are together, and once more at the end of the turn, or the tail would wait.
import build from 'pino-abstract-transport'
import { levelOf } from './levels.js'
import type { Block } from './journal/block.js'
import { Writable, type Transform } from 'node:stream'

export interface Sink {
  /** Lines below this level are not for it; 0 takes everything. */
  readonly level: number
  /** A promise asks for a pause. */
  append (block: Block): Promise<void> | undefined
}

export interface IntakeOptions {
  sinks: readonly Sink[]
  /** Numbers of level labels; may change while the stream runs. */
  levels: Readonly<Record<string, number>>
  /** Everything has been handed over; 'close' is emitted when it resolves. Must not reject. */
  close: () => Promise<void>
}

const BLOCK = 256 * 1024

/** The sinks of one level share their blocks: encoded once. */
class Lane {
  readonly level: number
  readonly sinks: readonly Sink[]
  #lines: string[] = []
  #length = 0

  constructor (level: number, sinks: readonly Sink[]) {
    this.level = level
    this.sinks = sinks
  }

  add (line: string): Promise<void> | undefined {
    this.#lines.push(line)
    this.#length += line.length
    return this.#length >= BLOCK ? this.ship() : undefined
  }

  ship (): Promise<void> | undefined {
    const records = this.#lines.length
    if (records === 0) return
    this.#lines.push('')
    const block = { bytes: Buffer.from(this.#lines.join('\n')), records }
    this.#lines = []
    this.#length = 0
    const pauses = this.sinks.map(sink => sink.append(block)).filter(pause => pause !== undefined)
    return pauses.length > 0 ? Promise.all(pauses).then(() => {}) : undefined
  }
}

/** The stream that pino writes to. It accepts at once whatever is written, never emits 'error', and emits 'close' once after `end()`. */
export function intake ({ sinks, levels, close }: IntakeOptions): Writable {
  const lanes = [...new Set(sinks.map(({ level }) => level))].map(level => new Lane(level, sinks.filter(sink => sink.level === level)))
  const filtering = lanes.some(({ level }) => level > 0)
  const pauses = new Set<Promise<void>>()
  let scheduled = false
  let closed = false

  const shipAll = (): void => {
    scheduled = false
    for (const lane of lanes) pause(lane.ship())
  }

  const pause = (asked: Promise<void> | undefined): void => {
    if (!asked) return
    pauses.add(asked)
    asked.then(() => pauses.delete(asked))
  }

  const resumed = async (): Promise<void> => {
    while (pauses.size > 0) await Promise.all(pauses)
  }

  const onLine = (line: string): null => {
    const level = filtering ? levelOf(line, levels) : Infinity
    for (const lane of lanes) {
      if (level >= lane.level) pause(lane.add(line))
    }
    if (!scheduled) {
      scheduled = true
      process.nextTick(shipAll)
    }
    return null
  }

  // Lines are taken where they would be parsed, as they are split; an answer of null ends their way there. A third of this
  // thread's time would go into the readable side.
  const splitter = build(() => {}, {
    parseLine: line => line === '' ? null : onLine(line),
    metadata: false,
    close: async () => {
      shipAll()
      await close()
    }
  }) as Transform
  // It would otherwise turn every string into a buffer, which split2 turns into a string again.
  Object.assign((splitter as unknown as { _writableState: object })._writableState, { decodeStrings: false })
  splitter.once('close', () => { closed = true })
  splitter.resume()

  // What pino gets can be written to and nothing else: at the end of a `pipeline` a stream that can be read as well counts as
  // done when it has taken everything (stream.pipeline waits for 'finish'), and the worker ends before the outputs have closed.
  const stream = new Writable({
    decodeStrings: false,
    write (chunk, encoding, done) {
      splitter.write(chunk, encoding)
      if (pauses.size === 0) done()
      else resumed().then(() => done())
    },
    final (done) {
      if (closed) return done()
      splitter.once('close', done)
      splitter.end()
    },
    destroy (_error, done) {
      if (closed) return done(null)
      splitter.once('close', () => done(null))
      splitter.destroy()
    }
  })
  // thread-stream waits for 'drain' after a falsy answer, and does so without a turn of the event loop in between: file
  // writes would starve. What is written here has been split before `write` returns, so there is nothing to wait for.
  const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean
  stream.write = ((chunk: unknown, ...rest: unknown[]) => write(chunk, ...rest) || pauses.size === 0) as typeof stream.write
  return stream
}
