// Events become lines as they come. However many there are and however slowly they come: little is held, and the event loop goes on.
import { setImmediate as turn } from 'node:timers/promises'
import { reason } from '../errors.js'

/** Characters that are written at once. */
const CHUNK = 65_536
/** ms of work after which others have their turn. */
const WORK = 10
/** Bytes of the line that says why it is the last one. */
const LAST_LINE = 1024
const LONGEST_MESSAGE = 100
/** What a snapshot has in place of a value that throws, here of a whole event. */
const THROWS = /^"\[Throws: (.*)\]"$/s

export interface EventFile {
  /** Bytes that the file may have. */
  limit: number
  /** An event as one line, without its end, of so many bytes at most. Never throws. */
  line (event: unknown, bytes: number): { text: string, truncated: boolean }
  append (lines: string): Promise<void>
  ending: Ending
}

/** Resolves with whether all events are in the file, whole; rejects when it cannot be written. */
export async function writeEvents (events: unknown, file: EventFile): Promise<boolean> {
  const source = new Source(events, file.ending)
  try {
    return await copyLines(source, file)
  } finally {
    source.leave()
  }
}

async function copyLines (source: Source, { limit, line, append }: EventFile): Promise<boolean> {
  const room = limit - LAST_LINE
  let lines = ''
  let bytes = 0
  let count = 0
  let whole = true
  let since = performance.now()
  const add = (text: string, most: number): boolean => {
    const size = Buffer.byteLength(text) + 1
    if (bytes + size > most) return false
    lines += `${text}\n`
    bytes += size
    return true
  }
  const say = (what: object): string => line({ _blackbox: what }, LAST_LINE).text
  const close = async (last?: object): Promise<boolean> => {
    if (last) add(say(last), limit)
    await append(lines)
    return whole && !last
  }
  for (;;) {
    // Without waiting where nothing has to be waited for: what little there is to read is read during the call.
    const coming = source.next()
    const step = coming instanceof Promise ? await coming : coming
    if ('why' in step) return await close({ failed: step.why })
    if (!('event' in step)) return await close()
    const { text, truncated } = line(step.event, room)
    const thrown = typeof step.event === 'string' ? null : THROWS.exec(text)
    if (truncated || thrown) whole = false
    if (!add(thrown ? say({ badEvent: JSON.parse(`"${thrown[1]}"`) }) : text, room)) return await close({ truncated: { events: count, bytes } })
    count++
    if (lines.length >= CHUNK) {
      const text = lines
      lines = ''
      await append(text)
    }
    if (performance.now() - since >= WORK) {
      await turn()
      since = performance.now()
    }
  }
}

/** An event, the end, or why there is no more. */
type Step = { event: unknown } | { why: string } | object

/** Anything that says that it can be iterated. Nothing that it does throws here. */
class Source {
  readonly #events: unknown
  readonly #ending: Ending
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined
  #slow = false
  #done = false

  constructor (events: unknown, ending: Ending) {
    this.#events = events
    this.#ending = ending
  }

  next (): Step | Promise<Step> {
    try {
      if (this.#ending.ended) return CLOSED
      const coming = (this.#iterator ??= this.#begin()).next()
      if (!this.#slow) return this.#step(coming as IteratorResult<unknown>)
      return this.#ending.either(Promise.resolve(coming)).then(result => this.#ending.ended ? CLOSED : this.#step(result!)).catch(error => this.#failed(error))
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** It may let go; whether it does is its own affair. */
  leave (): void {
    if (!this.#done) (async () => await this.#iterator?.return?.())().catch(() => {})
  }

  #begin (): Iterator<unknown> | AsyncIterator<unknown> {
    const { [Symbol.asyncIterator]: slow, [Symbol.iterator]: fast } = Object(this.#events) as Partial<AsyncIterable<unknown> & Iterable<unknown>>
    this.#slow = typeof slow === 'function'
    if (typeof slow === 'function') return slow.call(this.#events)
    if (typeof fast === 'function') return fast.call(this.#events)
    throw new TypeError('what was to be dumped cannot be iterated')
  }

  #step ({ done, value }: IteratorResult<unknown>): Step {
    this.#done = done === true
    return done ? {} : { event: value }
  }

  #failed (error: unknown): Step {
    this.#done = true
    try {
      return { why: reason(error).slice(0, LONGEST_MESSAGE) }
    } catch {
      return { why: 'a reason that cannot be read' }
    }
  }
}

const CLOSED: Step = { why: 'the dumper was closed' }

/** The end of waiting for what may never come. */
export class Ending {
  #ended = false
  readonly #waiting = new Set<() => void>()

  get ended (): boolean {
    return this.#ended
  }

  end (): void {
    this.#ended = true
    for (const give of this.#waiting) give()
  }

  /** Settles as the promise does, or with undefined at the end. */
  either<T> (promise: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const give = (): void => resolve(undefined)
      this.#waiting.add(give)
      promise.finally(() => this.#waiting.delete(give)).then(resolve, reject)
    })
  }
}
