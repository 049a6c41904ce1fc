// From pino's stream to blocks of whole lines; the only importer of pino-abstract-transport. Lines are never parsed.
//
//   chunks -> whole lines, until a turn is over or BLOCK characters are together -> a block for all sinks
//                                                \-> split, where lines have to be looked at -> a block for each level
//
// pino hands over either chunks of up to 4 MiB that may end in the middle of a line (one target) or a line at a time (several).
// Lines are looked at one by one when outputs have levels, and when some of them are empty or may end with \r.
import build from 'pino-abstract-transport'
import { levelOf } from './levels.js'
import { Block } from './journal/block.js'
import { Writable, type Transform } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

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

/** Characters of a block, about. */
const BLOCK = 256 * 1024

/** Lines with their levels. Sinks that get the same ones share a block. */
class Batch {
  readonly #sinks: readonly Sink[]
  readonly #labels: Readonly<Record<string, number>>
  #lines: string[] = []
  #levels: number[] = []
  #lowest = Infinity

  constructor ({ sinks, levels }: IntakeOptions) {
    this.#sinks = sinks
    this.#labels = levels
  }

  add (line: string): void {
    const level = levelOf(line, this.#labels)
    this.#lines.push(line)
    this.#levels.push(level)
    if (level < this.#lowest) this.#lowest = level
  }

  /** Gives every sink its lines; the pauses that were asked for. */
  ship (): Array<Promise<void>> {
    const [lines, levels, lowest] = [this.#lines, this.#levels, this.#lowest]
    this.#lines = []
    this.#levels = []
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
  return lines.length === 0 ? undefined : new Block([...lines, ''].join('\n'), lines.length)
}

/** How many lines `text` has, all of them with an end; undefined when some are empty or may end with \r. */
function countPlain (text: string): number | undefined {
  if (text.includes('\r')) return undefined
  let lines = 0
  for (let start = 0; start < text.length; lines++) {
    const end = text.indexOf('\n', start)
    if (end === start) return undefined
    start = end + 1
  }
  return lines
}

/** The stream that pino writes to. It accepts at once whatever is written, never emits 'error', and emits 'close' once after `end()`. */
export function intake (options: IntakeOptions): Writable {
  const { sinks } = options
  const batch = new Batch(options)
  const decoder = new StringDecoder()
  const filtering = sinks.some(({ level }) => level > 0)
  const pauses = new Set<Promise<void>>()
  /** Lines that wait for the end of the turn, and the beginning of the next one. */
  let whole = ''
  let part = ''
  let scheduled = false
  let closed = false

  const ship = (): void => {
    const text = whole
    whole = ''
    for (let start = 0; start < text.length;) {
      const end = text.indexOf('\n', Math.min(start + BLOCK, text.length) - 1) + 1
      for (const pause of give(text.slice(start, end))) {
        pauses.add(pause)
        pause.then(() => pauses.delete(pause))
      }
      start = end
    }
  }

  const give = (lines: string): Array<Promise<void>> => {
    const records = filtering ? undefined : countPlain(lines)
    if (records !== undefined) {
      const block = new Block(lines, records)
      return sinks.flatMap(sink => sink.append(block) ?? [])
    }
    splitter.write(lines)
    return batch.ship()
  }

  const take = (chunk: string): void => {
    const end = chunk.lastIndexOf('\n') + 1
    if (end > 0) {
      whole += part + chunk.slice(0, end)
      part = chunk.slice(end)
    } else part += chunk
    // Several lines at once are a turn's worth. Handed over before thread-stream takes the chunk for read, they are counted
    // or still there when this thread dies.
    if (whole.length >= BLOCK || chunk.indexOf('\n') < end - 1) ship()
    else if (whole !== '' && !scheduled) {
      scheduled = true
      process.nextTick(() => {
        scheduled = false
        ship()
      })
    }
  }

  const resumed = async (): Promise<void> => {
    while (pauses.size > 0) await Promise.all(pauses)
  }

  // Lines are taken where they would be parsed, as they are split; an answer of null ends their way there, and nothing is
  // kept for a reader.
  const splitter = build(() => {}, {
    parseLine (text) {
      const line = text.endsWith('\r') ? text.slice(0, -1) : text
      if (line !== '') batch.add(line)
      return null
    },
    metadata: false,
    close: () => options.close()
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
    write (chunk: string | Buffer, _encoding, done) {
      take(typeof chunk === 'string' ? chunk : decoder.write(chunk))
      if (pauses.size === 0) done()
      else resumed().then(() => done())
    },
    final (done) {
      if (closed) return done()
      // A last line without an end gets one.
      take(decoder.end())
      if (part !== '') take('\n')
      ship()
      splitter.once('close', done)
      splitter.end()
    },
    destroy (_error, done) {
      if (closed) return done(null)
      ship()
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
