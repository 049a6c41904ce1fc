// The Fastify plugin as applications use it: options, request.dump(), whatever logger there is, in whatever order things are registered.
import { once } from 'node:events'
import fs from 'node:fs'
import http2 from 'node:http2'
import { join } from 'node:path'
import v8 from 'node:v8'
import vm from 'node:vm'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import pino from 'pino'
import t from 'tap'
import { createDumper, OptionError, type DumpResult } from 'pino-blackbox'
import blackbox from 'pino-blackbox/fastify'
import { dumps, events, json } from './fixtures/dump-files.js'
import { found, messages, watchedApp } from './fixtures/watched-app.js'

const boom = (app: FastifyInstance, options: object = {}): void => {
  app.get('/boom', options, async request => {
    request.log.debug('below the level')
    throw new Error('boom')
  })
}
const fullLog = ['incoming request', 'below the level', 'boom', 'request completed']

t.test('with a header, the reply names the dump; else it does not', async t => {
  const named = await watchedApp(t, { plugin: { header: 'X-Dump' }, routes: boom })
  const { headers } = await named.get('/boom')
  const [dump] = await named.dumps()
  t.equal(join(named.dir, headers.get('x-dump')!), dump.file)
  t.equal(dump.log.at(-1).dump, dump.file, 'and so do its lines, in the dump too')
  const silent = await watchedApp(t, { routes: boom })
  t.notMatch([...(await silent.get('/boom')).headers].join(), /dump|\.json/)
  t.equal((await silent.dumps()).length, 1)
})

t.test('a route in any script has a dump, and a header that names it', async t => {
  const { get, dumps } = await watchedApp(t, { plugin: { header: 'x-dump' }, routes: app => app.get('/茶/:id', async () => { throw new Error('boom') }) })
  const { status, headers } = await get('/茶/7')
  t.equal(status, 500)
  const [{ file }] = await dumps()
  t.ok(file.endsWith(`/${decodeURIComponent(headers.get('x-dump')!)}`))
  t.match(file, /\/GET_茶_id_/)
})

t.test('an error that turns out to be the client\'s leaves no trace of a dump', async t => {
  const { get, logged, dumps } = await watchedApp(t, {
    plugin: { header: 'x-dump' },
    routes: app => {
      app.setErrorHandler((_error, _request, reply) => reply.code(404).send({}))
      boom(app)
    }
  })
  t.equal((await get('/boom')).headers.get('x-dump'), null)
  t.strictSame(await dumps(), [])
  t.notOk('dump' in logged().find(({ msg }) => msg === 'request completed')!)
})

t.test('a `when` that throws is told once, and the request goes its way', async t => {
  const told: string[] = []
  const { get, dumps } = await watchedApp(t, {
    plugin: { when: () => { throw new Error('unsure') } },
    dumper: { logger: { warn: (_details, message) => { told.push(message) } } },
    routes: boom
  })
  for (let n = 0; n < 3; n++) t.equal((await get('/boom')).status, 500)
  t.strictSame(await dumps(), [])
  t.match(told, [/`when` has thrown.*unsure/])
})

t.test('what the rate limit leaves out is counted in the next dump, and no line names a dump that is not there', async t => {
  const { get, logged, dumps } = await watchedApp(t, { dumper: { rate: { perKey: 2, total: 100 }, logger: { warn () {} } }, routes: app => { boom(app); app.get('/other', async () => { throw new Error('other') }) } })
  for (let n = 0; n < 5; n++) await get('/boom')
  await get('/other')
  const all = await dumps()
  t.strictSame(all.map(({ request, suppressed }) => [request.url, suppressed]), [['/boom', undefined], ['/boom', undefined], ['/other', { total: 3, key: 0 }]])
  t.equal(logged().filter(({ msg, dump }) => msg === 'boom' && dump).length, 2)
})

t.test('request.dump() writes at once, as often as it is called, besides the dump of a failure', async t => {
  const results: DumpResult[] = []
  const { get, dir, dumps } = await watchedApp(t, {
    routes: app => app.get('/orders/:id', async request => {
      request.log.debug('one')
      results.push(await request.dump('checkpoint', { step: 1, password: 'opensesame' }))
      t.match(json(join(dir, fs.readdirSync(dir).find(name => name.startsWith('checkpoint'))!)), { extra: { step: 1, password: '[redacted]' } }, 'the file is there')
      request.log.debug('two')
      results.push(await request.dump())
      throw new Error('boom')
    })
  })
  await get('/orders/7')
  const [first, second, failure] = await dumps()
  t.match(results, [{ ok: true, path: first.file, truncated: false }, { ok: true, path: second.file, truncated: false }])
  t.match(first, { failure: { kind: 'manual', statusCode: 200 }, request: { route: '/orders/:id' } })
  t.strictSame([messages(first), messages(second)], [['incoming request', 'one'], ['incoming request', 'one', 'two']])
  t.match(failure, { failure: { kind: 'error', message: 'boom' } })
  t.match([second.file, failure.file], [/\/GET_orders_id_/, /\/GET_orders_id_/], 'named by the route')
})

t.test('disabled, the plugin leaves Fastify as it is, and request.dump() and recordStream() may be called all the same', async t => {
  const results: DumpResult[] = []
  const { app, get, dir, dumps } = await watchedApp(t, {
    dumper: { enabled: false },
    routes: app => app.get('/boom', async (request, reply) => {
      results.push(await request.dump('x', { get never () { throw t.fail('looked at') } }))
      return reply.send(request.recordStream(['a', 'b']))
    })
  })
  t.equal((await get('/boom')).text, 'ab')
  t.strictSame(results, [{ ok: true, path: undefined }])
  t.notMatch(app.printRoutes({ includeHooks: true }), /onRequest|onError|onTimeout/)
  t.equal(app.childLoggerFactory, Fastify().childLoggerFactory)
  t.strictSame(await dumps(), [])
  t.notOk(fs.existsSync(dir))
})

t.test('a bad option is an error at registration', async t => {
  const bad: Array<[options: object, option: string]> = [
    [{ when: ['errors'] }, 'when'], [{ when: [] }, 'when'], [{ when: 'error' }, 'when'],
    [{ header: 'x dump' }, 'header'], [{ header: '' }, 'header'],
    [{ dumper: { maxBackups: 0 } }, 'maxBackups'], [{ dumper: 'dumps' }, 'options'],
    [{ recorder: { records: -1 } }, 'records'], [{ recorder: true }, 'options'],
    [{ whn: ['error'] }, 'whn']
  ]
  for (const [options, option] of bad) {
    const app = Fastify()
    const error = await app.register(blackbox, options).then(() => {}, error => error)
    t.ok(error instanceof OptionError, JSON.stringify(options))
    t.equal(error?.option, option)
  }
  const app = Fastify()
  await t.resolves(async () => await app.register(blackbox, { prefix: '/x', logLevel: 'warn' } as object), 'what is for Fastify is left alone')
})

t.test('app.close() waits for dumps under way, closes a dumper of its own, and leaves one alone that was given', async t => {
  const dir = t.testdir()
  const dumper = createDumper({ enabled: true, dumpPath: dir })
  const app = Fastify()
  await app.register(blackbox, { dumper })
  boom(app)
  await app.inject('/boom')
  await app.close()
  t.equal(found(dir).length, 1)
  t.match(await dumper.dumpStruct({}), { ok: true, path: String })
  await dumper.close()
})

t.test('registered twice: said, with what to do', async t => {
  const app = Fastify()
  await app.register(blackbox)
  await t.rejects(async () => await app.register(blackbox), { code: 'BLACKBOX_REGISTERED', message: /registered once/ })
})

t.test('a dump that is asked for after the dumper was closed says so', async t => {
  const dumper = createDumper({ enabled: true, dumpPath: t.testdir() })
  const app = Fastify()
  await app.register(blackbox, { dumper })
  app.get('/', async request => {
    await dumper.close()
    const result = await request.dump()
    return result.ok ? '' : result.error.code
  })
  t.equal((await app.inject('/')).body, 'BLACKBOX_DUMP_CLOSED')
})

t.test('every request has its own lines, however many run at the same time', async t => {
  const { get, dumps } = await watchedApp(t, {
    routes: app => app.get('/boom/:n', async ({ log, params }) => {
      const { n } = params as { n: string }
      for (let line = 0; line < 5; line++) {
        log[line % 2 ? 'debug' : 'info']({ n }, `line ${line}`)
        await new Promise(resolve => setImmediate(resolve))
      }
      throw new Error(`boom ${n}`)
    })
  })
  await Promise.all(Array.from({ length: 30 }, (_, n) => get(`/boom/${n}`)))
  const all = await dumps()
  t.equal(all.length, 30)
  for (const dump of all) {
    const { id, params: { n } } = dump.request
    t.strictSame(messages(dump), ['incoming request', 'line 0', 'line 1', 'line 2', 'line 3', 'line 4', `boom ${n}`, 'request completed'])
    t.ok(dump.log.every((line: { reqId: string, n?: string }) => line.reqId === id && (line.n ?? n) === n))
  }
})

t.test('the last events of a stream are in a file that the dump names', async t => {
  const { get, dumps, dir } = await watchedApp(t, {
    routes: app => app.get('/answer', (request, reply) => {
      async function * tokens () {
        for (let n = 0; n < 8; n++) yield `data: {"n":${n}}\n\n`
        await new Promise(resolve => setTimeout(resolve, 5))
        throw new Error('the model is gone')
      }
      return reply.send(request.recordStream(tokens(), { events: 3 }))
    })
  })
  await get('/answer')
  const [dump] = await dumps()
  t.match(dump, { failure: { kind: 'stream', message: 'the model is gone' }, stream: { events: 8, kept: 3, file: join(dir, '') } })
  t.match(dump.stream.file, /\/GET_answer_\d{8}_\d{6}\.jsonl$/)
  t.strictSame(events(dump.stream.file), [{ _blackbox: { earlier: 5 } }, { data: { n: 5 } }, { data: { n: 6 } }, { data: { n: 7 } }])
})

t.test('a stream that goes well, or whose reader leaves, is forgotten', async t => {
  const { get, dumps, dir } = await watchedApp(t, { routes: app => app.get('/answer', (request, reply) => reply.send(request.recordStream(['data: 1\n\n']))) })
  t.equal((await get('/answer')).text, 'data: 1\n\n')
  await dumps()
  t.notOk(fs.existsSync(dir))
})

const factory = (mark: string): NonNullable<FastifyServerOptions['childLoggerFactory']> => (logger, bindings, options) => logger.child({ ...bindings, mark }, options)
const memory = { level: 'info', stream: { write () {} } }

/** What is registered in which order, and what the dump of its failed request must have. */
const orders: Array<[name: string, start: () => Promise<FastifyInstance> | FastifyInstance, lines?: string[]]> = [
  ['routes after the plugin was awaited', async () => { const app = Fastify({ logger: memory }); await use(app); boom(app); return app }],
  ['routes of an encapsulated plugin, which nobody has awaited', () => { const app = Fastify({ logger: memory }); use(app); app.register(async child => boom(child)); return app }],
  ['routes in after()', () => { const app = Fastify({ logger: memory }); use(app).after(() => boom(app)); return app }],
  ['routes before the plugin', () => { const app = Fastify({ logger: memory }); boom(app); use(app); return app }, fullLog.slice(1)],
  ['routes of a plugin before this one', () => { const app = Fastify({ logger: memory }); app.register(async child => boom(child)); use(app); return app }, fullLog.slice(1)],
  ['the plugin in an encapsulated one', () => { const app = Fastify({ logger: memory }); app.register(async child => { await use(child); boom(child) }); return app }],
  ['a childLoggerFactory of the constructor', async () => { const app = Fastify({ logger: memory, childLoggerFactory: factory('constructor') }); await use(app); boom(app); return app }],
  ['a childLoggerFactory that was set before', async () => { const app = Fastify({ logger: memory }); app.setChildLoggerFactory(factory('before')); await use(app); boom(app); return app }],
  ['a childLoggerFactory that is set afterwards', async () => { const app = Fastify({ logger: memory }); await use(app); app.setChildLoggerFactory(factory('after')); boom(app); return app }, fullLog.slice(1)],
  ['a childLoggerFactory of the route', async () => { const app = Fastify({ logger: memory }); await use(app); boom(app, { childLoggerFactory: factory('route') }); return app }, fullLog.slice(1)],
  ['a childLoggerFactory by onRoute', async () => { const app = Fastify({ logger: memory }); await use(app); app.addHook('onRoute', route => { route.childLoggerFactory = factory('onRoute') }); boom(app); return app }, fullLog.slice(1)],
  ['a logLevel of the route', async () => { const app = Fastify({ logger: memory }); await use(app); boom(app, { logLevel: 'error' }); return app }],
  ['a logger of level silent', async () => { const app = Fastify({ logger: { ...memory, level: 'silent' } }); await use(app); boom(app); return app }],
  ['a loggerInstance', async () => { const app: any = Fastify({ loggerInstance: pino(memory, memory.stream) }); await use(app); boom(app); return app }],
  ['disableRequestLogging', async () => { const app = Fastify({ logger: memory, disableRequestLogging: true }); await use(app); boom(app); return app }, ['below the level']],
  ['no logger', async () => { const app = Fastify(); await use(app); boom(app); return app }, []],
  ['a logger that is no pino', async () => { const app: any = Fastify({ loggerInstance: plain() }); await use(app); boom(app); return app }, []],
  ['a request.log of an onRequest hook', async () => { const app = Fastify({ logger: memory }); app.addHook('onRequest', async request => { request.log = request.log.child({ user: 'u' }) }); await use(app); boom(app); return app }],
  ['no recorder', async () => { const app = Fastify({ logger: memory }); await use(app, { recorder: false }); boom(app); return app }, []]
]

let dir: string
const use = (app: FastifyInstance, options: object = {}) => app.register(blackbox, { dumper: { enabled: true, dumpPath: dir, rate: false, limits: { time: '10s' } }, ...options })

/** As Fastify wants a logger to be. */
function plain (): any {
  const methods = Object.fromEntries(['info', 'error', 'debug', 'fatal', 'warn', 'trace', 'silent'].map(level => [level, () => {}]))
  return { level: 'info', ...methods, child: plain }
}

for (const [name, start, lines = fullLog] of orders) {
  t.test(`${name}: dumped, ${lines === fullLog ? 'with all lines' : lines.length === 0 ? 'without lines' : `without ${fullLog.filter(line => !lines.includes(line)).join(', ')}`}`, async t => {
    dir = join(t.testdir(), 'dumps')
    const app = await start()
    const { payload } = await app.inject('/boom')
    t.match(JSON.parse(payload), { statusCode: 500, message: 'boom' })
    await app.close()
    const [dump, ...others] = found(dir)
    t.strictSame(others, [])
    t.match(dump, { failure: { kind: 'error', message: 'boom' }, error: { message: 'boom' }, request: { route: '/boom' } })
    t.strictSame(messages({ log: dump.log ?? [] }), lines)
  })
}

t.test('without a logger, Fastify makes no loggers of requests, as it does without the plugin', async t => {
  dir = join(t.testdir(), 'dumps')
  const app = Fastify()
  await use(app)
  t.equal(app.childLoggerFactory, Fastify().childLoggerFactory)
  await app.close()
})

t.test('routes that were there before the plugin are named once, with the remedy', async t => {
  const early = await watchedApp(t, {
    early: app => {
      app.get('/', () => 'ok')
      app.register(async child => { child.post('/orders/:id', () => 'ok').get('/files/*', () => 'ok') }, { prefix: '/v1' })
    },
    routes: boom
  })
  const warnings = early.logged().filter(({ level }) => level === 40)
  t.equal(warnings.length, 1)
  t.match(warnings[0]!.msg, /"incoming request".*: GET, HEAD \/; POST \/v1\/orders\/:id; GET, HEAD \/v1\/files\/\*\. .*await app\.register/)
  t.notMatch(warnings[0]!.msg, /boom/)
  const fine = await watchedApp(t, { routes: boom })
  t.strictSame(fine.logged().filter(({ level }) => level === 40), [])
})

t.test('two applications, and a scope of one, have dumpers of their own', async t => {
  const [one, two] = [join(t.testdir(), 'one'), join(t.testdir(), 'two')]
  const app = Fastify()
  for (const [prefix, dumpPath] of [['/one', one], ['/two', two]] as const) {
    app.register(async child => {
      await child.register(blackbox, { dumper: { enabled: true, dumpPath } })
      boom(child)
    }, { prefix })
  }
  boom(app)
  for (const path of ['/one/boom', '/two/boom', '/boom']) await app.inject(path)
  await app.close()
  t.strictSame([one, two].map(dir => found(dir).map(({ request }) => request.url)), [['/one/boom'], ['/two/boom']])
})

t.test('http2: an error, and a client that goes away', async t => {
  const { url, dumps, logged } = await watchedApp(t, {
    server: { http2: true } as object,
    plugin: { when: ['error', 'abort'] },
    routes: app => {
      boom(app)
      app.get('/hang', () => new Promise(() => {}))
    }
  })
  const client = http2.connect(url)
  const failed = client.request({ ':path': '/boom' })
  t.equal((await once(failed, 'response'))[0][':status'], 500)
  await once(failed.resume(), 'close')
  const hanging = client.request({ ':path': '/hang' })
  hanging.on('error', () => {})
  while (logged().filter(({ msg }) => msg === 'incoming request').length < 2) await new Promise(resolve => setTimeout(resolve, 5))
  hanging.close(http2.constants.NGHTTP2_CANCEL)
  await once(hanging, 'close')
  client.destroy()
  const [error, abort] = await dumps()
  t.match(error, { failure: { kind: 'error' }, request: { httpVersion: '2.0', url: '/boom', remoteAddress: '127.0.0.1' }, reply: { statusCode: 500, finished: true } })
  t.match(abort, { failure: { kind: 'abort' }, request: { url: '/hang', remoteAddress: '127.0.0.1' }, reply: { headersSent: false, finished: false } })
})

t.test('a body is in the dump only when it is asked for, and no more of it than that', async t => {
  const post = async (body: unknown, dumper: object) => {
    const { get, dumps } = await watchedApp(t, { dumper, routes: app => app.post('/boom', async () => { throw new Error('boom') }) })
    await get('/boom', { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' } })
    return (await dumps())[0].request
  }
  const body = { user: 'alice', password: 'opensesame', items: Array.from({ length: 100 }, (_, n) => ({ sku: `sku-${n}` })) }
  t.notOk('body' in await post(body, {}))
  t.strictSame((await post(body, { body: '16k' })).body, { ...body, password: '[redacted]' })
  const part = (await post(body, { body: 500 })).body
  t.ok(JSON.stringify(part).length <= 550, `${JSON.stringify(part).length} characters`)
  t.equal(part.user, 'alice')
  t.match((await post('x'.repeat(1000), { body: 100 })).body, /^x{100}\[\+ 900 characters\]$/)
})

t.test('no secret is in a dump: of headers, query, params, body, errors and lines', async t => {
  const canary = (where: string): string => `canary-${where}-0123456789`
  const { url, dumps, dir } = await watchedApp(t, {
    dumper: { body: '16k' },
    plugin: { header: 'x-dump' },
    routes: app => app.post('/reset/:token', async (request, reply) => {
      const { authorization = '', cookie = '', 'x-tenant-key': tenant } = request.headers
      const { token } = request.params as { token: string }
      const { apiKey } = request.query as { apiKey: string }
      const { password } = request.body as { password: string }
      request.log.debug({ headers: request.headers, body: request.body }, `asked with ${authorization} and ${cookie}`)
      request.log.info('key %s of %s', apiKey, tenant)
      reply.header('set-cookie', `sid=${canary('set-cookie')}; Path=/`)
      await request.dump('manual', { body: request.body, raw: request.raw, request, reply })
      throw new Error(`${password} does not open ${token}, see https://alice:${canary('url')}@example.com/?access_token=${canary('link')}`, {
        cause: Object.assign(new Error('refused'), { config: { headers: { Authorization: `Bearer ${canary('cause')}` }, data: JSON.stringify({ client_secret: canary('json') }) } })
      })
    })
  })
  await fetch(`${url}/reset/${canary('param')}?apiKey=${canary('query')}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${canary('bearer')}`, cookie: `session=${canary('cookie')}`, 'x-tenant-key': canary('header'), 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'alice', password: canary('body') })
  })
  t.equal((await dumps()).length, 2)
  for (const name of fs.readdirSync(dir)) t.notMatch(name, /canary/)
  for (const name of dumpsOf(dir)) {
    const text = fs.readFileSync(join(dir, name), 'utf8')
    t.strictSame([...text.matchAll(/canary-[a-z-]+/g)].map(String), [], name)
    t.match(text, /alice/, 'what is no secret is there')
  }
})
const dumpsOf = dumps

t.test('a request that went well is let go', async t => {
  v8.setFlagsFromString('--expose-gc')
  const gc: () => void = vm.runInNewContext('gc')
  const requests: Array<WeakRef<object>> = []
  const { get } = await watchedApp(t, {
    routes: app => app.get('/', async request => {
      requests.push(new WeakRef(request))
      request.log.debug('below the level')
      return 'ok'
    })
  })
  for (let n = 0; n < 20; n++) await get('/')
  for (let n = 0; n < 5; n++) {
    await new Promise(resolve => setImmediate(resolve))
    gc()
  }
  // The connection may hold the last one.
  t.ok(requests.filter(request => request.deref()).length <= 2)
})
