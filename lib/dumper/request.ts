// One request that is watched: what failed first, and the document, which is written when the response has closed. The Fastify plugin
// and dumpRequests() tell it what they see; nothing in here throws at them.
import { basename } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { DumpError } from '../errors.js'
import { messageOf } from './exotic.js'
import { mark, processFacts, round } from './facts.js'
import { counts, described, isGivenUp, labelOf, messageFor, type Failure } from './failure.js'
import { Recording } from './stream.js'
import type { ServerResponse } from 'node:http'
import type { Desk } from './desk.js'
import type { DumpResult } from './dumper.js'
import type { Ring } from './ring.js'
import type { FailureKind, StreamSettings } from '../config/requests.js'

/** How a framework has its requests and replies. */
export interface Framework<Request, Reply> {
  raw (reply: Reply): ServerResponse
  /** The pattern of the path: `/orders/:id`. */
  route (request: Request): string | undefined
  facts (request: Request, reply: Reply, more: { body: number | false, peer: string | undefined }): Pick<DumpDocument, 'request' | 'reply'>
}

export interface DumpDocument {
  /** Version of this form. */
  blackbox: 1
  time: string
  failure: { kind: FailureKind | 'manual', statusCode: number, message: string }
  error?: unknown
  request: Record<string, unknown>
  reply: Record<string, unknown>
  /** ms; `started` is an ISO time. */
  timings: { started: string, ms: number, failedAfterMs?: number }
  process: Record<string, unknown>
  extra?: unknown
  stream?: unknown
  logLeftOut?: number
}

/** A failure that is dumped. */
interface Case {
  failure: Failure
  after: number
  key: string
  /** undefined: the rate limit has left it out. */
  path: string | undefined
}

/** Most requests have none. */
const NONE: readonly Recording[] = []

export class RequestWatch<Request extends object, Reply extends object> {
  readonly reply: Reply
  readonly #request: Request
  readonly #raw: ServerResponse
  /** A socket that is closed does not know it any more. */
  readonly #peer: string | undefined
  readonly #ring: Ring | undefined
  readonly #desk: Desk
  readonly #framework: Framework<Request, Reply>
  readonly #started = performance.now()
  #case: Case | undefined
  #error: unknown
  #ended = false
  #recordings: readonly Recording[] = NONE

  constructor (desk: Desk, framework: Framework<Request, Reply>, request: Request, reply: Reply, ring: Ring | undefined) {
    this.reply = reply
    this.#request = request
    this.#raw = framework.raw(reply)
    this.#peer = peerOf(this.#raw)
    this.#ring = ring
    this.#desk = desk
    this.#framework = framework
    mark(this.#started)
  }

  /** Gives the path of the dump to the first failure that is dumped: it may go to the log and to the reply. */
  failed (how: FailureKind, error: unknown, statusCode: number): string | undefined {
    this.#error ??= error
    const kind = this.#left && (how !== 'error' || isGivenUp(error)) ? 'abort' : how
    const failure = { kind, error, statusCode, request: this.#request, reply: this.reply }
    if (this.#case || !this.#counts(failure)) return undefined
    const { dumper } = this.#desk
    const key = `${this.#name} ${error === undefined ? kind : labelOf(error)}`
    const path = dumper.enabled && !dumper.refusal(key) ? dumper.plan(this.#name) : undefined
    this.#case = { failure, after: performance.now() - this.#started, key, path }
    if (this.#ended) this.#write(this.#case)
    return path
  }

  /** An error handler has answered. Is the error no longer one that is dumped? */
  answered (statusCode: number): boolean {
    const failure = this.#case?.failure
    if (failure?.kind !== 'error' || failure.statusCode === statusCode || this.#ended) return false
    failure.statusCode = statusCode
    if (this.#counts(failure)) return false
    this.#case = undefined
    return true
  }

  /** The response has closed, whole or not. */
  ended (): void {
    if (this.#ended) return
    const raw = this.#raw
    if (raw.errored) this.failed('stream', raw.errored, raw.statusCode)
    if (raw.statusCode >= 500) this.failed('reply', undefined, raw.statusCode)
    if (!raw.writableEnded) this.failed('abort', undefined, raw.statusCode)
    this.#ended = true
    if (this.#case?.path !== undefined) this.#write(this.#case)
    else this.#ring?.end()
  }

  /** At once, whatever becomes of the request. */
  async dump (name = this.#name, extra?: unknown): Promise<DumpResult> {
    const { dumper } = this.#desk
    if (!dumper.enabled) return { ok: true, path: undefined }
    try {
      const key = String(name)
      const refusal = dumper.refusal(key)
      if (refusal) return { ok: false, error: refusal }
      const { error, statusCode } = this.#case?.failure ?? { error: this.#error, statusCode: this.#raw.statusCode }
      return await this.#put(dumper.plan(key), key, { ...this.#document('manual', statusCode, error), extra })
    } catch (thrown) {
      return { ok: false, error: new DumpError('BLACKBOX_DUMP', `cannot dump a request: ${messageOf(thrown)}`, { cause: thrown }) }
    }
  }

  /** What comes through this stream belongs to the request. */
  record (settings: StreamSettings): Recording {
    const recording = new Recording({ ...settings, name: settings.name ?? this.#name })
    this.#recordings = [...this.#recordings, recording]
    return recording
  }

  #counts (failure: Failure): boolean {
    try {
      return counts(this.#desk.when, failure)
    } catch (thrown) {
      this.#desk.dumper.complain('when', `\`when\` has thrown, and so a failed request was not dumped: ${messageOf(thrown)}`)
      return false
    }
  }

  /** The client did not wait for the end of the reply: what comes to nothing after that does so because of it. */
  get #left (): boolean {
    return this.#ended && !this.#raw.writableEnded
  }

  /** `GET_orders_id`: of the file, and of what the rate limit counts together. */
  get #name (): string {
    return `${this.#raw.req.method} ${this.#framework.route(this.#request) ?? ''}`.replace(/[^\p{L}\p{N}.-]+/gu, '_').replace(/_+$/, '')
  }

  #write (it: Case): void {
    const { dumper, underWay } = this.#desk
    const written = this.#written(it)
      .catch(thrown => dumper.complain('request', `cannot dump a request: ${messageOf(thrown)}`))
      .finally(() => {
        this.#ring?.end()
        underWay.delete(written)
      })
    underWay.add(written)
  }

  async #written ({ failure: { kind, statusCode, error = this.#error }, after, key, path }: Case): Promise<void> {
    if (path === undefined) return
    const document = this.#document(kind, statusCode, error, after)
    // In the next turn those who hear of the end after us have said what they have to say.
    await turn()
    await Promise.all(this.#recordings.map(recording => recording.dump(this.#desk.dumper)))
    await this.#put(path, key, document)
  }

  #document (kind: FailureKind | 'manual', statusCode: number, error: unknown, after?: number): DumpDocument {
    const now = performance.now()
    return {
      blackbox: 1,
      time: new Date().toISOString(),
      failure: { kind, statusCode, message: messageFor(kind, statusCode, error) },
      error: described(error),
      ...this.#framework.facts(this.#request, this.reply, { body: this.#desk.dumper.settings.body, peer: this.#peer }),
      timings: {
        started: new Date(Date.now() - now + this.#started).toISOString(),
        ms: round(now - this.#started),
        ...after !== undefined && { failedAfterMs: round(after) }
      },
      process: processFacts()
    }
  }

  async #put (path: string, key: string, document: DumpDocument): Promise<DumpResult> {
    const streams = this.#recordings.map(({ summary }) => summary)
    const lines = this.#ring?.lines() ?? []
    const logLeftOut = this.#ring?.leftOut || undefined
    return await this.#desk.dumper.dumpAt(path, { ...document, stream: streams.length > 1 ? streams : streams[0], logLeftOut }, { key, lines })
  }
}

/** http2 has a socket that throws once its session is gone. */
function peerOf ({ req }: ServerResponse): string | undefined {
  try {
    return req.socket.remoteAddress
  } catch {
    return undefined
  }
}

/** The same logger, with the dump's path on its lines. It may be any logger. */
export function naming<L> (log: L, path: string): L {
  try {
    return (log as { child (bindings: object): L }).child({ dump: path }) ?? log
  } catch {
    return log
  }
}

/** The name of the file, as a header may have it: routes may be in any script. */
export function fileIn (path: string): string {
  return encodeURIComponent(basename(path))
}
