// A batch's way over HTTP: format, compress, send, and what the answer asks for.
//
//   lines -> body -> request -> answer: delivered | again later (an AttemptError) | refused
import { STATUS_CODES } from 'node:http'
import { redirectOf, retryAfter, verdictOn } from './answer.js'
import { formatOf, type Body, type Format } from './body.js'
import { Client, type Answer, type Request } from './client.js'
import { compressor, type Compressor } from './compress.js'
import { AttemptError, errno, reason } from '../errors.js'
import { parseId } from '../journal/segment-id.js'
import type { HttpSettings } from '../config/http.js'
import type { Credentials } from './credentials.js'
import type { Part, Refusal } from '../delivery/batches.js'

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
  compress: Compressor
  /** Value of content-encoding. */
  encoding: string | undefined
  client: Client
}

/** For an output with these options, as parseHttp() gives them. Rejects when the module of a format cannot be loaded. */
export async function openExporter (o: HttpSettings): Promise<Exporter> {
  return new Exporter({
    destination: { url: o.url, credentials: o.credentials },
    method: o.method,
    headers: o.headers,
    format: await formatOf(o.format),
    compress: compressor(o.compress, o.compressLevel),
    encoding: o.compress || undefined,
    client: new Client({ timeout: o.timeout, connectTimeout: o.connectTimeout, connections: o.concurrency, tls: o.tls })
  })
}

const HOPS = 5
/** Characters of an answer that are told. */
const EXCERPT = 300
/** ms between two attempts while somebody has to do something. */
const HELP = 60_000

export class Exporter {
  readonly #o: ExporterOptions
  /** May be changed at any time. */
  destination: Destination
  readonly #bodies = new WeakMap<Part, Promise<Body | Refusal>>()

  constructor (options: ExporterOptions) {
    this.#o = options
    this.destination = options.destination
  }

  async close (): Promise<void> {
    await this.#o.client.close()
  }

  /** A text without the credentials. */
  hide (text: string): string {
    return this.destination.credentials.hide(text)
  }

  /** Makes the body of what may be sent next. */
  prepare (part: Part): void {
    const body = this.#body(part)
    this.#bodies.set(part, body)
    // What fails is told when it is sent.
    body.catch(() => {})
  }

  /** Undefined when the receiver has it, else why it never will. Rejects with an AttemptError when it is to be sent again. */
  async send (part: Part): Promise<Refusal | undefined> {
    const prepared = this.#bodies.get(part)
    // For one attempt: what has failed is made anew.
    this.#bodies.delete(part)
    const body = await (prepared ?? this.#body(part))
    if ('why' in body) return body
    const answer = await this.#request(body, part)
    const verdict = verdictOn(answer.status)
    if (verdict === 'delivered') return undefined
    const why = this.#tell(answer)
    if (verdict === 'retry') throw this.#failure(why, { after: retryAfter(answer.headers['retry-after'], Date.now()) })
    if (verdict === 'help') throw this.#failure(why, { after: HELP, needsHelp: true })
    return { status: answer.status, why }
  }

  async #body ({ bytes, key }: Part): Promise<Body | Refusal> {
    const { format, compress } = this.#o
    let body: Body
    try {
      body = await format(bytes, key)
    } catch (error) {
      return { status: null, why: `the format failed: ${reason(error)}` }
    }
    return { ...body, bytes: await compress(body.bytes) }
  }

  /** Follows redirects, and asks again at once with credentials that have changed. */
  async #request ({ bytes: body, headers }: Body, { key, segment }: Part): Promise<Answer> {
    const { client, encoding, method, headers: own } = this.#o
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
    return new AttemptError(this.hide(what), about)
  }

  #tell ({ status, headers, text }: Answer): string {
    const { location } = headers
    const where = location === undefined ? '' : ` to ${typeof location === 'string' && URL.canParse(location, this.destination.url.href) ? new URL(location, this.destination.url).origin : 'somewhere'}, which is not followed`
    // Before anything is cut or joined: half a secret is one too.
    const body = this.hide(text).trim().replaceAll(/\s+/g, ' ').slice(0, EXCERPT)
    return `the receiver answered ${status} ${STATUS_CODES[status] ?? ''}${where}${body && `: ${body}`}`
  }
}

/** Several addresses were tried, and each failed in its own way. */
function messageOf (error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  return reason(first) || errno(error) || 'the connection failed'
}
