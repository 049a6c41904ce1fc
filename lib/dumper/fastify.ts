// The Fastify plugin: a failed request is dumped, with its own last log lines. It watches, and changes no reply. That is why it does not
// listen to the diagnostics channel of handlers: as soon as somebody does, Fastify gives an error its status before a custom error handler
// runs (lib/handle-request.js), and what that would have answered with 200 becomes a 500.
import { types } from 'node:util'
import fastifyPlugin from 'fastify-plugin'
import { BlackboxError } from '../errors.js'
import { parsePlugin, parseStream, type FailureKind, type FastifyBlackboxOptions, type RecordStreamOptions } from '../config/requests.js'
import { deskOf, type Desk } from './desk.js'
import { replyFacts, requestFacts } from './facts.js'
import { statusOf } from './failure.js'
import { RING } from './layer.js'
import { fileIn, naming, RequestWatch, type Framework } from './request.js'
import { routesIn } from './routes.js'
import { readableOf, through, whenBroken, type StreamSource } from './stream.js'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Readable } from 'node:stream'
import type { DumpResult } from './dumper.js'
import type { Recorder } from './recorder.js'
import type { Ring } from './ring.js'

export type { FastifyBlackboxOptions } from '../config/requests.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Dumps this request as it is now, with whatever is given as `extra`. Never rejects. */
    dump (name?: string, extra?: unknown): Promise<DumpResult>
    /** Gives back what `source` gives; when the request fails, its dump names a file with the last events. Throws an OptionError. */
    recordStream (source: StreamSource, options?: Omit<RecordStreamOptions, 'dumper' | 'when'>): Readable
  }
}

const WATCH = Symbol('pino-blackbox.watch')
/** Names in a warning. */
const MOST_NAMES = 10

type Request = FastifyRequest & { [WATCH]?: RequestWatch<FastifyRequest, FastifyReply> | null }

const framework: Framework<FastifyRequest, FastifyReply> = {
  raw: ({ raw }) => raw,
  route: ({ routeOptions }) => routeOptions.url,
  facts: (request, reply, { body, peer }) => ({
    request: requestFacts(request.raw, {
      id: () => request.id,
      url: () => request.originalUrl,
      route: () => request.routeOptions.url,
      remoteAddress: () => request.ip ?? peer,
      params: () => request.params,
      query: () => request.query,
      body: () => request.body
    }, body),
    reply: replyFacts(reply.raw, () => reply.getHeaders())
  })
}

async function blackbox (app: FastifyInstance, options: FastifyBlackboxOptions): Promise<void> {
  if (app.hasRequestDecorator('dump')) throw new BlackboxError('BLACKBOX_REGISTERED', '`request.dump` is there already: pino-blackbox/fastify is registered once, for all requests that are to be watched')
  const desk = deskOf(parsePlugin(options))
  const { dumper, recorder, when } = desk
  const { watchOf, fail, reconsider } = watching(desk)

  app.addHook('onClose', () => desk.close())
  app.decorateRequest('dump', async function (this: Request, name, extra) {
    return await (this[WATCH]?.dump(name, extra) ?? dumper.dumpStruct({ request: this, extra }, name))
  })
  app.decorateRequest('recordStream', function (this: Request, source, options) {
    const watch = this[WATCH]
    const settings = parseStream(options)
    if (!watch) return readableOf(source)
    const { reply } = watch
    // Before the head is sent, Fastify makes an error of it.
    return through(readableOf(source), watch.record(settings), (kind, error) => {
      if (kind === 'stream' && reply.raw.headersSent) fail(kind, error, this, reply)
    })
  })
  if (!dumper.enabled) return

  app.decorateRequest(WATCH, null)
  if (recorder) recordFrom(app, recorder)
  tellOfEarlyRoutes(app, recorder)
  app.addHook('onRoute', route => { route.handler = watched(route.handler, fail) })
  app.addHook('onRequest', (request, reply, done) => {
    watchOf(request, reply)
    done()
  })
  app.addHook('onError', (request, reply, error, done) => {
    fail('error', error, request, reply)
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    reconsider(request, reply)
    if (reply.statusCode >= 500) fail('reply', undefined, request, reply)
    whenBroken(payload, error => { if (reply.raw.headersSent) fail('stream', error, request, reply) })
    done()
  })
  if (typeof when === 'function' || when.includes('timeout')) {
    app.addHook('onTimeout', (request, reply, done) => {
      fail('timeout', undefined, request, reply)
      done()
    })
  }
}

export default fastifyPlugin(blackbox, { name: 'pino-blackbox', fastify: '>=5.0.0' })

type Fail = (kind: FailureKind, error: unknown, request: FastifyRequest, reply: FastifyReply) => void

function watching (desk: Desk) {
  const { header, recorder } = desk
  /** What was told of a dump that is not to be written after all. */
  const untell = new WeakMap<FastifyRequest, () => void>()

  /** Made in whichever hook comes first: hooks of others may have ended the request before ours. */
  function watchOf (request: Request, reply: FastifyReply): RequestWatch<FastifyRequest, FastifyReply> {
    if (request[WATCH]) return request[WATCH]
    const ring = ringOf(recorder, request, reply)
    const watch = request[WATCH] = new RequestWatch(desk, framework, request, reply, ring)
    // Not onResponse, which does not come where the client or a stream has broken off.
    reply.raw.on('close', () => watch.ended())
    return watch
  }

  function fail (kind: FailureKind, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const path = watchOf(request, reply).failed(kind, error, kind === 'error' ? statusOf(error, reply.statusCode) : reply.statusCode)
    if (path !== undefined) tell(path, request, reply)
  }

  /** An error handler may have found that it is the client's fault. */
  function reconsider (request: FastifyRequest, reply: FastifyReply): void {
    if (watchOf(request, reply).answered(reply.statusCode)) untell.get(request)?.()
  }

  function tell (path: string, request: FastifyRequest, reply: FastifyReply): void {
    const { log } = request
    const { log: replyLog } = reply
    const told = naming(log, path)
    request.log = told
    reply.log = replyLog === log ? told : naming(replyLog, path)
    if (header && !reply.raw.headersSent) reply.header(header, fileIn(path))
    untell.set(request, () => {
      if (request.log === told) request.log = log
      reply.log = replyLog
      if (header) reply.removeHeader(header)
    })
  }

  return { watchOf, fail, reconsider }
}

/** Requests' loggers are made from one that records. Without pino there is none, and Fastify makes none either when there is no logger. */
function recordFrom (app: FastifyInstance, recorder: Recorder): void {
  if (recorder.under(app.log) === app.log) return
  const make = app.childLoggerFactory
  app.setChildLoggerFactory(function (logger, ...rest) {
    const child = make.call(this, recorder.under(logger) as FastifyBaseLogger, ...rest)
    return recorder.start(child).logger as FastifyBaseLogger
  })
}

/** The ring of the request's logger. One without is replaced: that of a route which came before the plugin, or has a factory of its own. */
function ringOf (recorder: Recorder | undefined, request: FastifyRequest, reply: FastifyReply): Ring | undefined {
  const { [RING]: known } = request.log as { [RING]?: Ring }
  if (known || !recorder) return known
  const { logger, ring } = recorder.start(request.log)
  if (ring) request.log = reply.log = logger as FastifyBaseLogger
  return ring
}

/** Sees what is thrown after the reply was sent: Fastify logs it, and tells no hook. */
function watched (handler: RouteHandlerMethod, fail: Fail): RouteHandlerMethod {
  return function (request, reply) {
    const late = (error: unknown): void => { if (reply.sent) fail('error', error, request, reply) }
    try {
      const result = handler.call(this, request, reply)
      // Only of a promise: other thenables may do their work again with every `then`.
      if (types.isPromise(result)) result.then(undefined, late)
      return result
    } catch (error) {
      late(error)
      throw error
    }
  }
}

function tellOfEarlyRoutes (app: FastifyInstance, recorder: Recorder | undefined): void {
  // What a scope sees of the routes around it is none of its business.
  const early = 'addHook' in Object.getPrototypeOf(app) ? [] : routesIn(app.printRoutes())
  if (early.length === 0) return
  const names = early.length > MOST_NAMES ? [...early.slice(0, MOST_NAMES), `${early.length - MOST_NAMES} more`] : early
  app.log.warn(`pino-blackbox: these routes were declared before the plugin was loaded; their dumps do not have ${recorder ? 'the line "incoming request", nor ' : ''}what is thrown after the reply: ${names.join('; ')}. Remedy: \`await app.register(blackbox)\` before the routes`)
}
