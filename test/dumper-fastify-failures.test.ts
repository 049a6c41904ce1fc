// Every way in which a request can fail in Fastify, over real HTTP: one dump each, with what failed, of whom, and the request's lines.
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { found, leave, messages, watchedApp, type Setting, type Watched } from './fixtures/watched-app.js'
import { until } from './fixtures/harness.js'

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

/** A route that says something at each level, and then fails. */
const route = (fail: Handler, options: object = {}) => (app: FastifyInstance): void => {
  app.get('/orders/:id', options, (request, reply) => {
    request.log.debug('looking')
    return fail(request, reply)
  })
}
/** Bytes, and then an error. */
const breaking = (): Readable => Readable.from((async function * () {
  yield 'a'
  await sleep(5)
  throw new Error('broke off')
})(), { objectMode: false })
const webStream = (): ReadableStream => {
  let pulls = 0
  return new ReadableStream({
    async pull (controller) {
      if (pulls++ === 0) return controller.enqueue(Buffer.from('a'))
      await sleep(5)
      controller.error(new Error('broke off'))
    }
  })
}
const thrown = (message: string, more: object = {}): Error => Object.assign(new Error(message), more)

interface Case extends Setting {
  name: string
  /** What the client does, instead of asking for /orders/7. */
  ask? (watched: Watched): Promise<unknown>
  /** Of the failure; false: there is to be no dump. */
  failure: { kind: string, statusCode: number, message?: string } | false
  error?: object
  /** Lines besides those of Fastify's own. */
  lines?: string[]
  /** A line that has the path of the dump. */
  told?: string
}

const cases: Case[] = [
  {
    name: 'a handler that throws',
    routes: route(() => { throw thrown('boom', { code: 'E_BOOM' }) }),
    failure: { kind: 'error', statusCode: 500, message: 'boom' },
    error: { type: 'Error', message: 'boom', code: 'E_BOOM' },
    lines: ['looking', 'boom', 'request completed'],
    told: 'boom'
  },
  {
    name: 'a handler that rejects, with a status of its own',
    routes: route(async () => { throw thrown('busy', { statusCode: 503 }) }),
    failure: { kind: 'error', statusCode: 503, message: 'busy' },
    told: 'busy'
  },
  {
    name: 'a handler that rejects, and an error handler that answers with 200',
    routes: app => {
      app.setErrorHandler((error: Error, request, reply) => {
        request.log.error(error, 'apologised')
        reply.send({ sorry: true })
      })
      route(async () => { throw new TypeError('boom') })(app)
    },
    ask: async ({ get }) => t.match(await get('/orders/7'), { status: 200, text: '{"sorry":true}' }, 'which is what the client gets'),
    failure: { kind: 'error', statusCode: 200, message: 'boom' },
    error: { type: 'TypeError' },
    lines: ['apologised'],
    told: 'apologised'
  },
  { name: 'an error that is no Error', routes: route(async () => { throw 'plain words' }), failure: { kind: 'error', statusCode: 500, message: 'plain words' }, error: { type: 'string', value: 'plain words' } }, // eslint-disable-line no-throw-literal
  { name: 'an error that cannot be read', routes: route(async () => { throw new Proxy(new Error('x'), { get (target, key) { if (key === 'code') throw new Error('no'); return Reflect.get(target, key) } }) }), failure: { kind: 'error', statusCode: 500 } },
  { name: 'a hook that throws', routes: app => { app.addHook('preHandler', async () => { throw new Error('in a hook') }); route(() => 'never')(app) }, failure: { kind: 'error', statusCode: 500, message: 'in a hook' } },
  { name: 'a hook onRequest before ours that throws', early: app => { app.addHook('onRequest', async () => { throw new Error('before all') }) }, routes: route(() => 'never'), failure: { kind: 'error', statusCode: 500, message: 'before all' } },
  { name: 'a hook onSend that throws', routes: app => { app.addHook('onSend', async (_request, reply) => { if (reply.statusCode < 400) throw new Error('while sending') }); route(() => 'ok')(app) }, failure: { kind: 'error', statusCode: 500, message: 'while sending' } },
  { name: 'a serializer that fails', routes: route(() => ({ n: 'x' }), { schema: { response: { 200: { type: 'object', properties: { n: { type: 'array' } } } } } }), failure: { kind: 'error', statusCode: 500 } },
  { name: 'a handler that takes too long', server: { handlerTimeout: 20 }, routes: route(() => new Promise(() => {})), failure: { kind: 'error', statusCode: 503 }, error: { code: 'FST_ERR_HANDLER_TIMEOUT' } },
  { name: 'an error handler that throws', routes: app => { app.setErrorHandler(() => { throw new Error('second') }); route(() => { throw new Error('first') })(app) }, failure: { kind: 'error', statusCode: 500, message: 'first' } },
  { name: 'reply.send(error)', routes: route((_request, reply) => { reply.send(new Error('sent')) }), failure: { kind: 'error', statusCode: 500, message: 'sent' } },
  {
    name: 'reply.code(500).send()',
    routes: route((_request, reply) => { reply.code(500).send({ no: true }) }),
    failure: { kind: 'reply', statusCode: 500, message: 'answered with 500 Internal Server Error' },
    lines: ['looking', 'request completed'],
    told: 'request completed'
  },
  { name: 'a Response with status 502', routes: route((_request, reply) => reply.send(new Response('x', { status: 502 }))), failure: { kind: 'reply', statusCode: 502 } },
  { name: 'a hijacked reply with status 500', routes: route((_request, reply) => { reply.hijack(); reply.raw.writeHead(500).end('x') }), failure: { kind: 'reply', statusCode: 500 } },
  { name: 'a hijacked reply that is destroyed', routes: route((_request, reply) => { reply.hijack(); reply.raw.write('x', () => reply.raw.destroy(new Error('given up'))) }), failure: { kind: 'stream', statusCode: 200, message: 'given up' } },
  {
    name: 'a handler that rejects after the reply was sent',
    routes: route(async (_request, reply) => { reply.send('ok'); throw new Error('too late') }),
    failure: { kind: 'error', statusCode: 500, message: 'too late' },
    lines: ['looking', 'Promise errored, but reply.sent = true was set'],
    told: 'Promise errored, but reply.sent = true was set'
  },
  {
    name: 'a handler that rejects long after the response has closed',
    routes: route(async (_request, reply) => { reply.send('ok'); await once(reply.raw, 'close'); await sleep(5); throw new Error('much too late') }),
    ask: async ({ get, dir }) => { await get('/orders/7'); await until(() => found(dir).length > 0) },
    failure: { kind: 'error', statusCode: 500, message: 'much too late' },
    lines: ['request completed', 'Promise errored, but reply.sent = true was set']
  },
  { name: 'a handler that throws after the reply was sent', routes: route((_request, reply) => { reply.send('ok'); throw new Error('too late') }), failure: { kind: 'error', statusCode: 500, message: 'too late' } },
  {
    name: 'a stream that breaks off after the head was sent',
    routes: route((_request, reply) => reply.send(breaking())),
    failure: { kind: 'stream', statusCode: 200, message: 'broke off' },
    error: { type: 'Error' },
    lines: ['looking', 'response terminated with an error with headers already sent'],
    told: 'response terminated with an error with headers already sent'
  },
  { name: 'a web stream that breaks off', routes: route((_request, reply) => reply.send(webStream())), failure: { kind: 'stream', statusCode: 200, message: 'broke off' }, told: 'response terminated with an error with headers already sent' },
  { name: 'a Response whose body breaks off', routes: route((_request, reply) => reply.send(new Response(webStream()))), failure: { kind: 'stream', statusCode: 200, message: 'broke off' } },
  { name: 'a recorded stream that fails in a hijacked reply', routes: route((request, reply) => { reply.hijack(); const stream = request.recordStream(breaking()); stream.on('error', () => reply.raw.end()).pipe(reply.raw) }), failure: { kind: 'stream', statusCode: 200, message: 'broke off' } },
  { name: 'a stream that fails before the head was sent', routes: route((_request, reply) => reply.send(new PassThrough().destroy(new Error('not there')))), failure: { kind: 'error', statusCode: 500, message: 'not there' } },
  { name: 'HEAD', routes: route(() => { throw new Error('no body either') }), ask: ({ get }) => get('/orders/7', { method: 'HEAD' }), failure: { kind: 'error', statusCode: 500 } },
  { name: 'inject()', routes: route(() => { throw new Error('injected') }), ask: ({ app }) => app.inject('/orders/7'), failure: { kind: 'error', statusCode: 500, message: 'injected' }, lines: ['request completed'] },
  { name: 'a stream under inject()', routes: route((_request, reply) => reply.send(breaking())), ask: ({ app }) => app.inject('/orders/7').catch(() => {}), failure: { kind: 'stream', statusCode: 200, message: 'broke off' } },

  // What is no failure.
  { name: 'a reply', routes: route(() => 'ok'), failure: false },
  { name: '404', routes: route(() => 'ok'), ask: ({ get }) => get('/nowhere'), failure: false },
  { name: 'an error with status 422', routes: route(() => { throw thrown('no such colour', { statusCode: 422 }) }), failure: false },
  { name: 'a validation error', routes: route(() => 'ok', { schema: { params: { type: 'object', properties: { id: { type: 'array', items: { type: 'boolean' } } } } } }), failure: false },
  {
    name: 'an error that a custom error handler finds to be the client\'s',
    routes: app => { app.setErrorHandler((_error, _request, reply) => reply.code(409).send({})); route(() => { throw new Error('taken') })(app) },
    failure: false
  },
  { name: 'a client that goes away', routes: route(() => new Promise(() => {})), ask: atWork, failure: false },
  { name: 'a client that goes away from a stream', routes: route((_request, reply) => reply.send(endless())), ask: replying, failure: false },
  {
    name: 'a client that goes away, and what is given up because of it',
    routes: route(async (_request, reply) => {
      const given = new AbortController()
      reply.raw.on('close', () => given.abort())
      await sleep(60_000, undefined, { signal: given.signal })
    }),
    ask: atWork,
    failure: false
  },
  { name: 'a client that goes away from a stream that fails because of it', routes: route((_request, reply) => reply.send(endless(new Error('nobody is there')))), ask: replying, failure: false },

  // What is asked for.
  { name: 'with `abort`, a client that goes away', plugin: { when: ['abort'] }, routes: app => { app.addHook('onRequestAbort', slowly(({ log }) => log.debug('left'))); route(() => new Promise(() => {}))(app) }, ask: atWork, failure: { kind: 'abort', statusCode: 200, message: 'the client went away before the reply was complete' }, lines: ['looking', 'left'] },
  { name: 'with `abort`, a client that goes away from a stream', plugin: { when: ['abort'] }, routes: route((_request, reply) => reply.send(endless())), ask: replying, failure: { kind: 'abort', statusCode: 200 }, lines: ['stream closed prematurely'] },
  { name: 'an error after the client has left', routes: route(async (_request, reply) => { await once(reply.raw, 'close'); throw new Error('all the same') }), ask: atWork, failure: { kind: 'error', statusCode: 500, message: 'all the same' } },
  { name: 'with `abort`, a reply that comes to its end', plugin: { when: ['abort'] }, routes: route(() => 'ok'), failure: false },
  { name: 'with `timeout`, a connection that is idle', server: { connectionTimeout: 30 }, plugin: { when: ['timeout'] }, routes: route(() => new Promise(() => {})), failure: { kind: 'timeout', statusCode: 200, message: 'the connection was idle for too long' } },
  { name: 'without `error`, an error is a reply with 500, and known', plugin: { when: ['reply'] }, routes: route(() => { throw new Error('boom') }), failure: { kind: 'reply', statusCode: 500, message: 'boom' }, error: { message: 'boom' } },
  { name: 'without `error` and `reply`, an error', plugin: { when: ['stream'] }, routes: route(() => { throw new Error('boom') }), failure: false },
  { name: 'with a function, a failure that it takes', plugin: { when: ({ kind, error, statusCode, request }) => kind === 'error' && error instanceof Error && statusCode === 422 && 'params' in request }, routes: route(() => { throw thrown('no such colour', { statusCode: 422 }) }), failure: { kind: 'error', statusCode: 422, message: 'no such colour' } },
  { name: 'with a function, a failure that it does not take', plugin: { when: () => false }, routes: route(() => { throw new Error('boom') }), failure: false }
]

/** What a hook has to say a few promises later belongs to the request as well. */
function slowly (say: (request: FastifyRequest) => void) {
  return async (request: FastifyRequest): Promise<void> => {
    for (let n = 0; n < 20; n++) await undefined
    say(request)
  }
}

function endless (atEnd?: Error): Readable {
  return new Readable({ read () { setTimeout(() => this.push('a'), 1) }, destroy (_error, done) { done(atEnd ?? null) } })
}

/** The client leaves, while the handler is at work or when the reply has begun, and the server knows it. */
async function gone ({ app, url }: Watched, when?: () => unknown): Promise<void> {
  await leave(`${url}/orders/7`, when)
  await until(() => new Promise(resolve => app.server.getConnections((_error, count) => resolve(count === 0))))
}

function atWork (watched: Watched): Promise<void> { return gone(watched, () => watched.logged().some(({ msg }) => msg === 'incoming request')) }
function replying (watched: Watched): Promise<void> { return gone(watched) }

for (const { name, ask = ({ get }: Watched) => get('/orders/7'), failure, error, lines = [], told, ...setting } of cases) {
  t.test(`${name}: ${failure ? 'one dump' : 'no dump'}`, async t => {
    const watched = await watchedApp(t, setting)
    await ask(watched)
    const [dump, ...others] = await watched.dumps()
    t.strictSame(others, [])
    if (!failure) return t.equal(dump, undefined)
    const { reqId } = watched.logged().find(({ msg }) => msg === 'incoming request')!
    t.match(dump, { blackbox: 1, failure, request: { id: reqId, url: '/orders/7', route: '/orders/:id', params: { id: '7' } } })
    if (error) t.match(dump.error, error)
    t.match(messages(dump), ['incoming request'])
    for (const line of lines) t.ok(messages(dump).includes(line), line)
    t.ok(dump.log.every((line: object) => 'reqId' in line && line.reqId === reqId), 'all of its lines are this request\'s')
    if (told) t.equal(watched.logged().find(({ msg }) => msg === told)?.dump, dump.file, 'the line says where the dump is')
  })
}
