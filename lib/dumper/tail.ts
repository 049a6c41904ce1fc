// The last events of a stream, within a number and within bytes. Each is kept as bytes of its own: a slice of a chunk would keep
// all of the chunk in memory.
import { StringDecoder } from 'node:string_decoder'
import { copy } from './snapshot.js'
import type { StreamSettings } from '../config/requests.js'

type Chunk = string | Uint8Array

/** Characters by which a stream is known to be one of events, or of lines. */
const ENOUGH = 16
const SSE = /^\ufeff?[\r\n]*(:|(data|event|id|retry)(:|[\r\n]))/
const NDJSON = /^\ufeff?\s*[[{"]/
/** Bounds of the copy of an object. */
const OBJECT = { depth: 8, breadth: 100, string: 4096, nodes: 500 }
const CUT = '[cut]'

interface Event {
  bytes: Buffer
  form: 'sse' | 'json' | 'text' | 'bytes'
}

export class Tail {
  /** How many there were in all. */
  events = 0
  readonly #settings: StreamSettings
  readonly #decoder = new StringDecoder()
  #format: 'sse' | 'ndjson' | 'chunks' | undefined
  /** What came while the format was not known. */
  #unread: Chunk[] = []
  readonly #kept: Event[] = []
  #bytes = 0
  /** The line and the block that have no end yet. */
  #line = ''
  #block = ''

  constructor (settings: StreamSettings) {
    this.#settings = settings
    if (settings.format !== 'auto') this.#format = settings.format
  }

  get kept (): number {
    return this.#kept.length
  }

  /** Looks at what comes through. Objects are copied, since whoever gets them may change them. */
  push (chunk: unknown): void {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) this.#keep(Buffer.from(JSON.stringify(copy(chunk, OBJECT)) ?? 'null'), 'json')
    else if (this.#format) this.#read(chunk)
    else this.#begin(chunk)
  }

  /** Nothing comes any more: what is there of the last event is one too. */
  end (): void {
    if (!this.#format) this.#settle('chunks')
    this.#split(this.#decoder.end())
    this.#endLine()
    this.#endLine()
  }

  * [Symbol.iterator] (): Generator<unknown> {
    for (const { bytes, form } of this.#kept) {
      if (form === 'bytes') yield bytes
      else if (form === 'sse') yield eventOf(bytes.toString())
      else yield form === 'json' ? valueOf(bytes.toString()) : bytes.toString()
    }
  }

  #begin (chunk: Chunk): void {
    this.#unread.push(chunk)
    const text = Buffer.concat(this.#unread.map(chunk => Buffer.from(chunk as string))).toString()
    if (SSE.test(text)) this.#settle('sse')
    else if (NDJSON.test(text)) this.#settle('ndjson')
    else if (text.length >= ENOUGH) this.#settle('chunks')
  }

  #settle (format: 'sse' | 'ndjson' | 'chunks'): void {
    this.#format = format
    const chunks = this.#unread
    this.#unread = []
    for (const chunk of chunks) this.#read(chunk)
  }

  #read (chunk: Chunk): void {
    if (this.#format === 'chunks') this.#keep(Buffer.from(chunk as string), typeof chunk === 'string' ? 'text' : 'bytes')
    else this.#split(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk as Buffer))
  }

  /** `\r\n` may come in two chunks: a `\r` at the end waits for what follows. */
  #split (text: string): void {
    const [first = '', ...more] = (this.#line.endsWith('\r') ? `\r${text}` : text).split(/\r\n|\n|\r(?=[^])/)
    if (this.#line.endsWith('\r')) this.#line = this.#line.slice(0, -1)
    this.#line = this.#longer(this.#line, first)
    for (const line of more) {
      this.#endLine()
      this.#line = this.#longer('', line)
    }
  }

  /** A line without end takes no more memory than all events may. */
  #longer (line: string, more: string): string {
    return line.length > this.#settings.bytes ? line : line + more
  }

  #endLine (): void {
    const line = this.#line.replace(/\r$/, '')
    this.#line = ''
    if (this.#format === 'ndjson') {
      if (line.trim() !== '') this.#keep(Buffer.from(line), 'json')
    } else if (line !== '') {
      this.#block = this.#longer(this.#block, `${line}\n`)
    } else if (this.#block !== '') {
      this.#keep(Buffer.from(this.#block), 'sse')
      this.#block = ''
    }
  }

  #keep (bytes: Buffer, form: Event['form']): void {
    const { events, bytes: most } = this.#settings
    this.events++
    const event = { bytes: bytes.length > most ? Buffer.concat([bytes.subarray(0, most), Buffer.from(CUT)]) : bytes, form }
    this.#kept.push(event)
    this.#bytes += event.bytes.length
    while (this.#kept.length > events || (this.#bytes > most && this.#kept.length > 1)) this.#bytes -= this.#kept.shift()!.bytes.length
  }
}

/** The fields of a block of server-sent events; `data` as a value where it is JSON. */
function eventOf (block: string): unknown {
  const fields: Record<string, unknown> = {}
  const data: string[] = []
  for (const line of block.replace(/^\ufeff/, '').trimEnd().split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line)!
    if (name === 'data') data.push(value)
    else fields[name || 'comment'] = value
  }
  return data.length > 0 ? { ...fields, data: /^\s*[[{]/.test(data[0]!) ? valueOf(data.join('\n')) : data.join('\n') } : fields
}

function valueOf (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
