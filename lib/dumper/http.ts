// Dumps of failed requests without Fastify: for node:http, and as middleware for Express and whatever is like it, with or without pino-http.
import { parseFunction, type DumpRequestsOptions, type FailureKind, type Logger } from '../config/requests.js'
import { deskOf, type Desk } from './desk.js'
import { replyFacts, requestFacts } from './facts.js'
import { statusOf } from './failure.js'
import { fileIn, naming, RequestWatch, type Framework } from './request.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DumpResult } from './dumper.js'
import type { Ring } from './ring.js'

/** A request that is watched. */
export interface RequestDump<L> {
  /** The request's logger, also as `req.log`: the one that was there, or else a child of the option `logger`. */
  readonly log: L
  /** Dumps the request as it is now, with whatever is given as `extra`; also as `req.dump`. Never rejects. */
  dump (name?: string, extra?: unknown): Promise<DumpResult>
}

/** Watches requests, and dumps those that fail when their responses have closed. */
export interface RequestDumps<L = unknown> {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void
  (req: IncomingMessage, res: ServerResponse): RequestDump<L>
  /** Says why a request fails. Gives the path of its dump to be, if it is the first to say so. Errors that are in `res.err` at the end are known already. */
  failed (error: unknown, req: IncomingMessage): string | undefined
  /** Resolves when all dumps under way are written. Closes the dumper, unless that was given ready-made. */
  close (): Promise<void>
}

/** What is found on requests and responses: by Express, by pino-http, by us. */
interface Asked extends IncomingMessage {
  id?: unknown
  log?: Logger
  /** Loggers that pino-http has made for this request, and logs its own lines with. */
  allLogs?: unknown
  dump?: unknown
  originalUrl?: string
  baseUrl?: string
  route?: { path?: unknown }
  ip?: string
  params?: unknown
  query?: unknown
  body?: unknown
}
interface Answer extends ServerResponse { log?: Logger, err?: unknown }

const framework: Framework<Asked, Answer> = {
  raw: res => res,
  route: ({ baseUrl = '', route }) => route === undefined ? undefined : baseUrl + String(route.path),
  facts: (req, res, { body, peer }) => ({
    request: requestFacts(req, {
      id: () => req.id,
      url: () => req.originalUrl ?? req.url,
      route: () => framework.route(req),
      remoteAddress: () => req.ip ?? peer,
      params: () => req.params,
      query: () => req.query ?? Object.fromEntries(new URL(req.url ?? '', 'http://localhost').searchParams),
      body: () => req.body
    }, body),
    reply: replyFacts(res, () => res.getHeaders())
  })
}

/** Throws an OptionError. */
export function dumpRequests<L extends Logger> (options: DumpRequestsOptions & { logger: L }): RequestDumps<L>
export function dumpRequests (options?: DumpRequestsOptions): RequestDumps
export function dumpRequests (options?: DumpRequestsOptions): RequestDumps {
  const { logger, ...settings } = parseFunction(options)
  const desk = deskOf(settings)
  const attended = new WeakMap<IncomingMessage, Attended>()

  function dumps (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void): RequestDump<unknown> {
    let request = attended.get(req)
    if (!request) attended.set(req, request = attend(desk, logger, req, res))
    next?.()
    return request
  }
  return Object.assign(dumps as RequestDumps, {
    failed: (error: unknown, req: IncomingMessage) => attended.get(req)?.failed('error', error),
    close: () => desk.close()
  })
}

interface Attended extends RequestDump<unknown> {
  failed (kind: FailureKind, error: unknown): string | undefined
}

let requests = 0

function attend (desk: Desk, logger: Logger | undefined, req: Asked, res: Answer): Attended {
  const { dumper, recorder, when, header } = desk
  req.id ??= `req-${(++requests).toString(36)}`
  const given = req.log ?? (recorder && logger ? recorder.under(logger) as Logger : logger)?.child({ reqId: req.id })
  const held = Array.isArray(req.allLogs) && req.allLogs.includes(given)
  const { logger: log = given, ring } = !given || !recorder
    ? {}
    : (held ? { ring: recorder.adopt(given) } : recorder.start(given)) as { logger?: Logger, ring: Ring | undefined }
  become(log)
  const watch = new RequestWatch(desk, framework, req, res, ring)
  let open = false
  const dump = req.dump = (name?: string, extra?: unknown) => watch.dump(name, extra)
  if (dumper.enabled) follow()
  return { get log () { return req.log }, dump, failed }

  function become (log: Logger | undefined): void {
    if (!log) return
    if (res.log === req.log) res.log = log
    req.log = log
  }

  function failed (kind: FailureKind, error: unknown): string | undefined {
    const path = watch.failed(kind, error, kind === 'error' ? statusOf(error, res.statusCode) : res.statusCode)
    if (path === undefined) return undefined
    open = !res.headersSent
    if (held) given?.setBindings?.({ dump: path })
    else become(naming(req.log, path))
    if (header && !res.headersSent) res.setHeader(header, fileIn(path))
    return path
  }

  /** The status is known. */
  function settled (): void {
    // The convention of pino-http.
    if (res.err !== undefined) failed('error', res.err)
    if (open) watch.answered(res.statusCode)
    if (res.statusCode >= 500) failed('reply', undefined)
  }

  function follow (): void {
    const { socket } = req
    const idle = (): void => { failed('timeout', undefined) }
    if (typeof when === 'function' || when.includes('timeout')) socket.on('timeout', idle)
    // Before pino-http, which logs its last line then.
    res.prependListener('finish', settled)
    res.prependListener('close', () => {
      socket.off('timeout', idle)
      settled()
      watch.ended()
    })
  }
}
