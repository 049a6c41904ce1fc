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

/** Lines on their way to a block, with their levels. Sinks that get the same lines share a block: encoded once. */
class Batch {
  readonly #sinks: readonly Sink[]
  readonly #labels: Readonly<Record<string, number>>
  /** Is there a sink that does not take everything? Else nobody asks for levels. */
  readonly #filtering: boolean
  #lines: string[] = []
  #levels: number[] = []
  #length = 0
  #lowest = Infinity

  constructor ({ sinks, levels }: IntakeOptions) {
    this.#sinks = sinks
    this.#labels = levels
    this.#filtering = sinks.some(({ level }) => level > 0)
  }

  get full (): boolean {
    return this.#length >= BLOCK
  }

  get lines (): number {
    return this.#lines.length
  }

  add (line: string): void {
    this.#lines.push(line)
    this.#length += line.length
    if (!this.#filtering) return
    const level = levelOf(line, this.#labels)
    this.#levels.push(level)
    if (level < this.#lowest) this.#lowest = level
  }

  /** Gives every sink its lines; the pauses that were asked for. */
  ship (): Array<Promise<void>> {
    const [lines, levels, lowest] = [this.#lines, this.#levels, this.#lowest]
    if (lines.length === 0) return []
    this.#lines = []
    this.#levels = []
    this.#length = 0
    this.#lowest = Infinity
    const blocks = new Map<number, Block | undefined>()
    return this.#sinks.flatMap(sink => {
      const from = sink.level <= lowest ? 0 : sink.level
      if (!blocks.has(from)) blocks.set(from, blockOf(from === 0 ? lines : lines.filter((_, at) => levels[at]! >= from)))
      const block = blocks.get(from)
      return (block && sink.append(block)) ?? []
    })
  }
}

function blockOf (lines: readonly string[]): Block | undefined {
  return lines.length === 0 ? undefined : { bytes: Buffer.from([...lines, ''].join('\n')), records: lines.length }
}

/** The stream that pino writes to. It accepts at once whatever is written, never emits 'error', and emits 'close' once after `end()`. */
export function intake (options: IntakeOptions): Writable {
  const batch = new Batch(options)
  const pauses = new Set<Promise<void>>()
  let scheduled = false
  let closed = false

  const ship = (): void => {
    for (const pause of batch.ship()) {
      pauses.add(pause)
      pause.then(() => pauses.delete(pause))
    }
  }

  const resumed = async (): Promise<void> => {
    while (pauses.size > 0) await Promise.all(pauses)
  }

  const onLine = (line: string): null => {
    batch.add(line)
    if (batch.full) ship()
    if (!scheduled) {
      scheduled = true
      process.nextTick(() => {
        scheduled = false
        ship()
      })
    }
    return null
  }

  // Lines are taken where they would be parsed, as they are split; an answer of null ends their way there, and nothing is
  // kept for a reader.
  const splitter = build(() => {}, {
    parseLine (text) {
      const line = text.endsWith('\r') ? text.slice(0, -1) : text
      return line === '' ? null : onLine(line)
    },
    metadata: false,
    close: async () => {
      ship()
      await options.close()
    }
  }) as Transform
  // It would otherwise turn every string into a buffer, which split2 turns into a string again ...
  Object.assign((splitter as unknown as { _writableState: object })._writableState, { decodeStrings: false })
  // ... and look for line ends by a regular expression (split2, `matcher`), which takes four times as long as a newline does.
  Object.assign(splitter, { matcher: '\n' })
  splitter.once('close', () => { closed = true })
  splitter.resume()

  // What pino gets can be written to and nothing else: at the end of a `pipeline` a stream that can be read as well counts as
  // done when it has taken everything (stream.pipeline waits for 'finish'), and the worker ends before the outputs have closed.
  const stream = new Writable({
    decodeStrings: false,
    write (chunk, encoding, done) {
      splitter.write(chunk, encoding)
      // Several lines at once are a turn's worth. Handed over before thread-stream takes the chunk for read, they are counted
      // or still there when this thread dies.
      if (batch.lines > 1) ship()
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
