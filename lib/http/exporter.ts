// A segment's way to its receiver: format, compress, send, and what the answer asks for.
//
//   lines -> parts -> body -> request -> answer: delivered | again later (an AttemptError) | in halves | dead letter
import { STATUS_CODES } from 'node:http'
import { redirectOf, retryAfter, verdictOn } from './answer.js'
import { formatOf, isObject, isStrict, type Body, type Format } from './body.js'
import { Client, type Answer, type Request } from './client.js'
import { compressor, type Compressor } from './compress.js'
import { Lines, type Range } from './lines.js'
import { Parts } from './parts.js'
import { AttemptError, errno, GoneError, reason } from '../errors.js'
import { parseId } from '../journal/segment-id.js'
import type { HttpSettings } from '../config/http.js'
import type { Credentials } from './credentials.js'
import type { LetterBox } from '../delivery/dead-letters.js'
import type { Amount, Outcome, Progress, Sealed } from '../journal/journal.js'

/** Who gets the lines. */
export interface Destination {
  url: URL
  credentials: Credentials
}

export interface ExporterOptions {
  destination: Destination
  method: Request['method']
  headers: Record<string, string>
  format: Format
  /** Does the format need lines that are JSON to the last character? */
  strict: boolean
  compress: Compressor
  /** Value of content-encoding. */
  encoding: string | undefined
  client: Client
  /** Without it what is refused is dropped, and counted. */
  dead: LetterBox | undefined
}

/** For an output with these options, as parseHttp() gives them. Rejects when the module of a format cannot be loaded. */
export async function openExporter (o: HttpSettings, dead: LetterBox | undefined): Promise<Exporter> {
  return new Exporter({
    destination: { url: o.url, credentials: o.credentials },
    method: o.method,
    headers: o.headers,
    format: await formatOf(o.format),
    strict: isStrict(o.format),
    compress: compressor(o.compress, o.compressLevel),
    encoding: o.compress || undefined,
    client: new Client({ timeout: o.timeout, connectTimeout: o.connectTimeout, connections: o.concurrency, tls: o.tls }),
    dead
  })
}

const HOPS = 5
/** Characters of an answer that are told. */
const EXCERPT = 300
/** ms between two attempts while somebody has to do something. */
const HELP = 60_000
const NOTHING: Amount = { records: 0, bytes: 0 }

/** What is known of a segment that was begun. */
interface State {
  lines: Lines
  parts: Parts
  delivered: Amount
  /** Refused for good, malformed lines included. */
  refused: Amount
}

export class Exporter {
  readonly #o: ExporterOptions
  /** May be changed at any time. */
  destination: Destination
  /** Of segments of which a part is done. */
  readonly #states = new WeakMap<Sealed, State>()

  constructor (options: ExporterOptions) {
    this.#o = options
    this.destination = options.destination
  }

  async close (): Promise<void> {
    await this.#o.client.close()
  }

  /** Rejects with an AttemptError when it is to be called again, with a GoneError when the segment is not there any more. */
  async deliver (segment: Sealed): Promise<Outcome> {
    const state = this.#states.get(segment) ?? await this.#open(segment)
    const { parts, lines, refused } = state
    try {
      for (let part = parts.next; part; part = parts.next) await this.#deliver(segment, state, part)
    } catch (error) {
      if (parts.begun || refused.records > 0) this.#states.set(segment, state)
      throw error instanceof AttemptError ? error : this.#failure(reason(error))
    }
    // A file that was damaged may have other lines than the segment had.
    const lost = { records: Math.max(0, segment.records - lines.count), bytes: 0 }
    const kept = within(refused, segment)
    return {
      ...this.#o.dead && { dead: kept },
      dropped: [{ why: 'gone', ...lost }, ...this.#o.dead ? [] : [{ why: 'refused' as const, ...kept }]]
    }
  }

  /** Of a segment that could not be delivered to its end. */
  progress (segment: Sealed): Progress | undefined {
    const state = this.#states.get(segment)
    if (!state) return undefined
    const dead = within(this.#o.dead ? state.refused : NOTHING, segment)
    return { dead, delivered: within(state.delivered, { records: segment.records - dead.records, bytes: segment.bytes - dead.bytes }) }
  }

  async #open (segment: Sealed): Promise<State> {
    const bytes = await segment.read().catch((error: unknown) => {
      throw errno(error) === 'ENOENT' ? new GoneError(`somebody has removed segment ${segment.id}`) : error
    })
    const lines = new Lines(bytes, this.#o.strict ? isObject : undefined)
    const state = { lines, parts: new Parts(lines.count), delivered: { ...NOTHING }, refused: { ...NOTHING } }
    await this.#bury(state, lines.malformed, line => keyOf(segment, lines, { from: line, to: line + 1 }), null, 'malformed: no JSON object')
    return state
  }

  async #deliver (segment: Sealed, state: State, part: Range): Promise<void> {
    const { lines, parts } = state
    const bytes = lines.bytes(part)
    // Nothing but lines that are dead letters already.
    if (bytes.length === 0) return parts.skip()
    const key = keyOf(segment, lines, part)
    let status: number | null = null
    let why: string
    try {
      const answer = await this.#send(await this.#o.format(bytes, key), key, segment)
      const verdict = verdictOn(answer.status)
      if (verdict === 'delivered') {
        if (part.to - part.from < lines.count) add(state.delivered, wellFormed(lines, part), lines)
        return parts.accept()
      }
      why = this.#tell(answer)
      if (verdict === 'retry') throw this.#failure(why, { after: retryAfter(answer.headers['retry-after'], Date.now()) })
      if (verdict === 'help') throw this.#failure(why, { after: HELP, needsHelp: true })
      status = answer.status
    } catch (error) {
      if (error instanceof AttemptError) throw error
      why = `the format failed: ${reason(error)}`
    }
    if (!parts.hopeless) return parts.halve()
    await this.#bury(state, wellFormed(lines, part), () => key, status, why)
    parts.bury()
  }

  /** Follows redirects, and asks again at once with credentials that have changed. */
  async #send ({ bytes, headers }: Body, key: string, segment: Sealed): Promise<Answer> {
    const { client, compress, encoding, method, headers: own } = this.#o
    const body = await compress(bytes)
    const { url: first, credentials } = this.destination
    for (let url = first, hops = 0, renewed = false; ;) {
      const answer = await client.send({
        url,
        method,
        headers: {
          'user-agent': 'pino-blackbox',
          ...headers,
          ...own,
          ...encoding !== undefined && { 'content-encoding': encoding },
          'idempotency-key': key,
          'x-batch-seq': String(parseId(segment.id).number),
          ...credentials.headers
        },
        body
      }).catch(error => { throw this.#failure(messageOf(error)) })
      const to = redirectOf(answer.status, answer.headers.location, url)
      if (to && ++hops <= HOPS) {
        url = to
      } else if (answer.status === 401 && !renewed && credentials.renew()) {
        renewed = true
      } else {
        return answer
      }
    }
  }

  #failure (what: string, about?: { after?: number, needsHelp?: boolean }): AttemptError {
    return new AttemptError(this.destination.credentials.hide(what), about)
  }

  /** As dead letters, or nowhere. */
  async #bury ({ lines, refused }: State, numbers: readonly number[], key: (line: number) => string, status: number | null, why: string): Promise<void> {
    if (numbers.length === 0) return
    const text = this.destination.credentials.hide(why)
    await this.#o.dead?.add(numbers.map(line => ({ key: key(line), status, reason: text, record: lines.text(line) })))
    add(refused, numbers, lines)
  }

  #tell ({ status, headers, text }: Answer): string {
    const { location } = headers
    const where = location === undefined ? '' : ` to ${typeof location === 'string' && URL.canParse(location, this.destination.url.href) ? new URL(location, this.destination.url).origin : 'somewhere'}, which is not followed`
    // Before anything is cut or joined: half a secret is one too.
    const body = this.destination.credentials.hide(text).trim().replaceAll(/\s+/g, ' ').slice(0, EXCERPT)
    return `the receiver answered ${status} ${STATUS_CODES[status] ?? ''}${where}${body && `: ${body}`}`
  }
}

/** Of all of a segment its id, of a part that and its lines. */
function keyOf (segment: Sealed, lines: Lines, { from, to }: Range): string {
  return to - from === lines.count ? segment.id : `${segment.id}/${from}-${to}`
}

/** Numbers of the lines of a part that are JSON objects. */
function wellFormed ({ malformed }: Lines, { from, to }: Range): number[] {
  const bad = new Set(malformed)
  return Array.from({ length: to - from }, (_, at) => from + at).filter(line => !bad.has(line))
}

/** Several addresses were tried, and each failed in its own way. */
function messageOf (error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  return reason(first) || errno(error) || 'the connection failed'
}

function add (amount: Amount, numbers: readonly number[], lines: Lines): void {
  amount.records += numbers.length
  for (const line of numbers) amount.bytes += lines.size({ from: line, to: line + 1 })
}

function within ({ records, bytes }: Amount, most: Amount): Amount {
  return { records: Math.min(records, most.records), bytes: Math.min(bytes, most.bytes) }
}
