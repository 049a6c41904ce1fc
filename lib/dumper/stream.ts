// A stream that goes through unchanged, while its last events are kept for the case that it fails. Whoever reads sets the pace, and
// whoever goes away lets go of the source too.
import { finished, Readable, Transform } from 'node:stream'
import type { ReadableStream, ReadableStreamDefaultReader } from 'node:stream/web'
import { OptionError, show } from '../errors.js'
import { parseStream, type RecordStreamOptions, type StreamSettings } from '../config/requests.js'
import { dumperOf } from './desk.js'
import { Tail } from './tail.js'
import type { FileDumper } from './dumper.js'

/** A stream of bytes, of text or of objects: Node's, the web's, or anything that can be iterated. */
export type StreamSource = Readable | ReadableStream<unknown> | AsyncIterable<unknown> | Iterable<unknown>

/**
 * Gives back what `source` gives, and keeps the last of it. When the source fails (or also, with `when: ['stream', 'abort']`, when the
 * reader goes away before the end) these events go to a `.jsonl` file, and the error on to the reader. Throws an OptionError.
 */
export function recordStream (source: StreamSource, options?: RecordStreamOptions): Readable {
  const settings = parseStream(options)
  const { dumper } = dumperOf(settings.dumper)
  const upstream = readableOf(source)
  if (!dumper.enabled) return upstream
  const recording = new Recording(settings)
  return through(upstream, recording, (kind, error) => {
    if (settings.when.includes(kind)) recording.dump(dumper, error)
  })
}

/** What is known of a stream, and its events on their way to a file. */
export class Recording {
  readonly tail: Tail
  readonly #name: string
  #file: string | undefined

  constructor (settings: StreamSettings) {
    this.tail = new Tail(settings)
    this.#name = settings.name ?? 'stream'
  }

  get summary (): { events: number, kept: number, file?: string } {
    const { events, kept } = this.tail
    return { events, kept, ...this.#file !== undefined && { file: this.#file } }
  }

  /** Resolves when the events are in a file, or will not be. */
  async dump (dumper: FileDumper, error?: unknown): Promise<void> {
    const result = await dumper.dumpStreamEvents(lastOf(this.tail, error), this.#name)
    if (result.ok) this.#file = result.path
  }
}

/** An error at the end is what the file ends with. */
function * lastOf (tail: Tail, error: unknown): Generator<unknown> {
  tail.end()
  if (tail.events > tail.kept) yield { _blackbox: { earlier: tail.events - tail.kept } }
  yield * tail
  if (error !== undefined) throw error
}

/** `broken` is called once: with 'stream' when the source fails, with 'abort' when the reader goes away before the end. */
export function through (source: Readable, { tail }: Recording, broken: (kind: 'stream' | 'abort', error?: unknown) => void): Readable {
  let over = false
  const { readableObjectMode: objects } = source
  const out = new Transform({
    readableObjectMode: objects,
    writableObjectMode: objects,
    decodeStrings: false,
    transform (chunk, _encoding, done) {
      tail.push(chunk)
      done(null, chunk)
    },
    destroy (error, done) {
      if (!over && !out.readableEnded) broken('abort')
      over = true
      source.destroy()
      done(error)
    }
  })
  finished(source, { writable: false }, error => {
    if (!error || over) return
    over = true
    broken('stream', error)
    out.destroy(error)
  })
  return source.pipe(out)
}

/** `broken` is called when the payload of a reply is a stream that fails, before those hear of it who come to it later. */
export function whenBroken (payload: unknown, broken: (error: unknown) => void): void {
  if (typeof payload !== 'object' || payload === null) return
  const web = webStreamOf(payload)
  if (web) {
    const open = web.getReader
    web.getReader = (...how) => {
      const reader = open.apply(web, how)
      reader.closed.catch(broken)
      return reader
    }
  } else if (isReadable(payload)) {
    payload.on('error', broken)
  }
}

/** Also that of a Response. */
function webStreamOf (payload: object): { getReader (): ReadableStreamDefaultReader } | undefined {
  const { body } = payload as { body?: unknown }
  return [payload, body].find((stream): stream is { getReader (): ReadableStreamDefaultReader } => typeof Object(stream).getReader === 'function')
}

/** Throws an OptionError. */
export function readableOf (source: StreamSource): Readable {
  if (isReadable(source)) return source
  const { getReader, [Symbol.asyncIterator]: slow, [Symbol.iterator]: fast } = Object(source)
  if (typeof getReader === 'function') return Readable.fromWeb(source as ReadableStream, { objectMode: true })
  if (typeof slow === 'function' || typeof fast === 'function') return Readable.from(source as AsyncIterable<unknown>)
  throw new OptionError('recordStream', 'source', `Expected a stream or something that can be iterated, got ${show(source)}`)
}

function isReadable (source: unknown): source is Readable {
  const { pipe, on, destroy } = Object(source) as Partial<Readable>
  return typeof pipe === 'function' && typeof on === 'function' && typeof destroy === 'function'
}
