// One request that is watched: what failed first, whether that is dumped, and the document, which is written when the response has
// closed. The Fastify plugin and dumpRequests() tell it what they see; nothing in here throws at them.
import { STATUS_CODES, type ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { types } from 'node:util'
import { DumpError } from '../errors.js'
import { messageOf } from './exotic.js'
import { mark, processFacts, round } from './facts.js'
import { Recording } from './stream.js'
import type { Desk } from './desk.js'
import type { DumpResult } from './dumper.js'
import type { Ring } from './ring.js'
import type { FailureKind, StreamSettings } from '../config/requests.js'

/** Why a request may have to be dumped. */
export interface Failure {
  kind: FailureKind
  /** What was thrown; undefined where nobody knows. */
  error: unknown
  /** Of the reply, or what it is about to be. */
  statusCode: number
  /** Those of Fastify, or of node:http. */
  request: object
  reply: object
}

/** How a framework has its requests and replies. */
export interface Framework<Request, Reply> {
  raw (reply: Reply): ServerResponse
  /** The pattern of the path: `/orders/:id`. */
  route (request: Request): string | undefined
  facts (request: Request, reply: Reply, more: { body: number | false, peer: string | undefined, header: string | undefined }): Pick<DumpDocument, 'request' | 'reply'>
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

const MESSAGES = {
  error: 'an error without a message',
  stream: 'the reply broke off',
  abort: 'the client went away before the reply was complete',
  timeout: 'the connection was idle for too long',
  manual: 'asked for by the application'
}

/** Most requests have none. */
const NONE: readonly Recording[] = []

export class RequestWatch<Request extends object, Reply extends object> {
  readonly reply: Reply
  readonly #ring: Ring | undefined
  readonly #desk: Desk
  readonly #framework: Framework<Request, Reply>
  readonly #request: Request
  readonly #raw: ServerResponse
  /** A socket that is closed does not know it any more. */
  readonly #peer: string | undefined
  readonly #started = performance.now()
  #case: Case | undefined
  #error: unknown
  #ended = false
  #recordings: readonly Recording[] = NONE

  constructor (desk: Desk, framework: Framework<Request, Reply>, request: Request, reply: Reply, ring: Ring | undefined) {
    this.#desk = desk
    this.#framework = framework
    this.#request = request
    this.reply = reply
    this.#raw = framework.raw(reply)
    this.#peer = this.#raw.req.socket?.remoteAddress
    this.#ring = ring
    mark(this.#started)
  }

  /** Gives the path of the dump to the first failure that is dumped: it may go to the log and to the reply. */
  failed (kind: FailureKind, error: unknown, statusCode: number): string | undefined {
    this.#error ??= error
    const failure = { kind, error, statusCode, request: this.#request, reply: this.reply }
    if (this.#case || !this.#counts(failure)) return undefined
    const { dumper } = this.#desk
    const key = `${this.#name} ${error === undefined ? kind : labelOf(error)}`
    const path = dumper.admit(key) ? dumper.plan(this.#name) : undefined
    this.#case = { failure, after: performance.now() - this.#started, key, path }
    if (this.#ended) this.#write()
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
    if (this.#case) this.#write()
    else this.#ring?.end()
  }

  /** At once, whatever becomes of the request. */
  async dump (name = this.#name, extra?: unknown): Promise<DumpResult> {
    const { dumper } = this.#desk
    if (!dumper.enabled) return { ok: true, path: undefined }
    if (!dumper.admit(name)) return { ok: false, error: new DumpError('BLACKBOX_DUMP_RATE', `more dumps in a minute than \`rate\` allows (${name})`) }
    const { error, statusCode } = this.#case?.failure ?? { error: this.#error, statusCode: this.#raw.statusCode }
    return await this.#put(dumper.plan(name), name, { ...this.#document('manual', statusCode, error), extra })
  }

  /** What comes through this stream belongs to the request. */
  record (settings: StreamSettings): Recording {
    const recording = new Recording({ ...settings, name: settings.name ?? this.#name })
    this.#recordings = [...this.#recordings, recording]
    return recording
  }

  #counts (failure: Failure): boolean {
    const { when, dumper } = this.#desk
    try {
      if (typeof when === 'function') return when(failure) === true
      return when.includes(failure.kind) && !(failure.kind === 'error' && failure.statusCode >= 400 && failure.statusCode < 500)
    } catch (thrown) {
      dumper.complain('when', `\`when\` has thrown, and so a failed request was not dumped: ${messageOf(thrown)}`)
      return false
    }
  }

  /** `GET_orders_id`: of the file, and of what the rate limit counts together. */
  get #name (): string {
    return `${this.#raw.req.method} ${this.#framework.route(this.#request) ?? ''}`.replace(/[^\p{L}\p{N}.-]+/gu, '_').replace(/_+$/, '') || 'request'
  }

  /** In the next turn: then also those who hear of the end after us have said what they have to say. */
  #write (): void {
    const { failure: { kind, statusCode, error = this.#error }, path, key, after } = this.#case!
    if (path === undefined) return this.#ring?.end()
    const { dumper, underWay } = this.#desk
    const document = this.#document(kind, statusCode, error, after)
    const written = new Promise(resolve => setImmediate(resolve))
      .then(() => Promise.all(this.#recordings.map(recording => recording.dump(dumper))))
      .then(() => this.#put(path, key, document))
      .finally(() => {
        this.#ring?.end()
        underWay.delete(written)
      })
    underWay.add(written)
  }

  #document (kind: FailureKind | 'manual', statusCode: number, error: unknown, after?: number): DumpDocument {
    const now = performance.now()
    const { dumper, header } = this.#desk
    return {
      blackbox: 1,
      time: new Date().toISOString(),
      failure: { kind, statusCode, message: messageFor(kind, statusCode, error) },
      error: error === undefined || isError(error) ? error : { type: labelOf(error), message: messageOf(error), value: error },
      ...this.#framework.facts(this.#request, this.reply, { body: dumper.settings.body, peer: this.#peer, header }),
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

/** The same logger, with the dump's path on its lines. It may be any logger. */
export function naming<L> (log: L, path: string): L {
  try {
    return (log as { child (bindings: object): L }).child({ dump: path })
  } catch {
    return log
  }
}

/** What Fastify and Express make of an error: its own status, else one that says so already, else 500. */
export function statusOf (error: unknown, statusCode: number): number {
  try {
    const { statusCode: own, status } = Object(error) as { statusCode?: unknown, status?: unknown }
    return [own, status, statusCode].find((code): code is number => typeof code === 'number' && code >= 400 && code <= 599) ?? 500
  } catch {
    return 500
  }
}

function messageFor (kind: FailureKind | 'manual', statusCode: number, error: unknown): string {
  return (error === undefined ? '' : messageOf(error)) ||
    (kind === 'reply' ? `answered with ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trimEnd() : MESSAGES[kind])
}

/** Those of Fastify are no native ones, those of other contexts no instances. */
function isError (thrown: unknown): boolean {
  try {
    return types.isNativeError(thrown) || thrown instanceof Error
  } catch {
    return false
  }
}

/** `ECONNRESET`, or `TypeError`: what errors are told apart by. */
function labelOf (error: unknown): string {
  try {
    const { code, name } = Object(error) as { code?: unknown, name?: unknown }
    return [code, name].find(label => typeof label === 'string')?.slice(0, 100) ?? typeof error
  } catch {
    return typeof error
  }
}
