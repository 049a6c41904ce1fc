// One request and its answer; the only importer of undici.
//
// Not the global fetch: that has no timeout for connecting, no way to a CA or a client certificate of one's own, and no proxy on
// Node 20. It is loaded with the first request, so that it costs nothing at the start.
import type { Dispatcher } from 'undici'

export interface ClientOptions {
  /** ms for all of a request, from its first byte to the end of the answer. */
  timeout: number
  /** ms for the connection, TLS included. */
  connectTimeout: number
  /** Connections at most. */
  connections: number
  tls: { ca?: string, cert?: string, key?: string, passphrase?: string, servername?: string, rejectUnauthorized: boolean }
}

export interface Request {
  url: URL
  method: 'POST' | 'PUT' | 'PATCH'
  headers: Record<string, string>
  body: Uint8Array
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** The first bytes of the body, as text. */
  text: string
}

/** Bytes of an answer that are read; what is longer is not waited for. */
const MOST_READ = 64 * 1024
/** ms for which a connection is kept without use. */
const KEEP_ALIVE = 30_000

export class Client {
  readonly #o: ClientOptions
  #dispatcher: Promise<Dispatcher> | undefined
  readonly #active = new Set<AbortController>()
  #closed = false

  constructor (options: ClientOptions) {
    this.#o = options
  }

  /** Resolves with the answer, read to its end or to its first 64 KiB. Rejects when there is none, or not all of it. */
  async send ({ url, method, headers, body }: Request): Promise<Answer> {
    const controller = new AbortController()
    const { timeout } = this.#o
    const timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeout} ms`)), timeout)
    this.#active.add(controller)
    try {
      const dispatcher = await this.#ready()
      const response = await dispatcher.request({ origin: url.origin, path: url.pathname + url.search, method, headers, body, signal: controller.signal })
      return { status: response.statusCode, headers: response.headers, text: await beginning(response.body) }
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : error
    } finally {
      clearTimeout(timer)
      this.#active.delete(controller)
    }
  }

  /** Gives up what is under way. */
  async close (): Promise<void> {
    this.#closed = true
    for (const controller of this.#active) controller.abort(new Error('the output is closing'))
    await (await this.#dispatcher)?.destroy()
  }

  async #ready (): Promise<Dispatcher> {
    if (this.#closed) throw new Error('the output is closed')
    this.#dispatcher ??= this.#connect()
    return await this.#dispatcher
  }

  /** Directly, or through the proxy that `https_proxy`, `http_proxy` and `no_proxy` name, in capitals too. */
  async #connect (): Promise<Dispatcher> {
    const { EnvHttpProxyAgent } = await import('undici')
    const { connectTimeout, connections, tls } = this.#o
    const connect = { ...tls, timeout: connectTimeout }
    return new EnvHttpProxyAgent({
      connect,
      requestTls: connect,
      connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE,
      // One timeout for everything is above.
      headersTimeout: 0,
      bodyTimeout: 0
    })
  }
}

async function beginning (body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    // Leaving the loop closes the connection.
    if (bytes >= MOST_READ) break
  }
  return Buffer.concat(chunks).subarray(0, MOST_READ).toString()
}
