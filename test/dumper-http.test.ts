// dumpRequests(): plain node:http, a chain of middleware as Express has it, and what pino-http puts on requests.
import { once } from 'node:events'
import fs from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import t, { type Test } from 'tap'
import { createDumper, dumpRequests, type DumpRequestsOptions, type RequestDumps } from 'pino-blackbox'
import { found, leave, messages } from './fixtures/watched-app.js'
import { until } from './fixtures/harness.js'

type Handler = (req: any, res: ServerResponse & { err?: unknown }, dumps: RequestDumps<Logger>) => unknown

interface Server {
  url: string
  lines: Array<Record<string, any>>
  get (path: string, options?: RequestInit): Promise<{ status: number | undefined, headers: Headers }>
  dumps (): Promise<any[]>
}

/** A server whose requests go through dumpRequests() and then to `handler`. */
async function serve (t: Test, handler: Handler, options: DumpRequestsOptions = {}, before: (req: any, res: any, logger: Logger) => void = () => {}): Promise<Server> {
  const dir = join(t.testdir(), 'dumps')
  const lines: Array<Record<string, any>> = []
  const logger = pino({ level: 'info' }, { write: line => { lines.push(JSON.parse(line)) } })
  const dumps = dumpRequests({ logger, ...options, dumper: { enabled: true, dumpPath: dir, rate: false, limits: { time: '10s' }, ...options.dumper as object } }) as RequestDumps<Logger>
  const server = http.createServer((req, res) => {
    before(req, res, logger)
    dumps(req, res)
    handler(req, res, dumps)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    if (server.listening) await once(server.close(), 'close')
    await dumps.close()
  }
  t.teardown(close)
  return {
    url,
    lines,
    async get (path, options) {
      const response = await fetch(url + path, options).catch(() => undefined)
      await response?.text().catch(() => {})
      return { status: response?.status, headers: response?.headers ?? new Headers() }
    },
    async dumps () {
      await close()
      return found(dir)
    }
  }
}

t.test('an error that is told by failed(): dumped with the request\'s lines, which name the dump', async t => {
  const { get, lines, dumps } = await serve(t, (req, res, dumps) => {
    req.log.debug('below the level')
    const path = dumps.failed(Object.assign(new Error('boom'), { code: 'E_BOOM' }), req)
    t.equal(dumps.failed(new Error('and another one'), req), undefined, 'the first one counts')
    req.log.error('told')
    res.writeHead(500, { 'x-request-id': 'r-1' }).end(path)
  }, { header: 'x-dump' })
  const { headers } = await get('/orders/7?color=red')
  const [dump, ...others] = await dumps()
  t.strictSame(others, [])
  t.match(dump, {
    blackbox: 1,
    failure: { kind: 'error', statusCode: 500, message: 'boom' },
    error: { type: 'Error', message: 'boom', code: 'E_BOOM', stack: Array },
    request: { id: lines[0]!.reqId, method: 'GET', url: '/orders/7?color=red', httpVersion: '1.1', remoteAddress: '127.0.0.1', query: { color: 'red' }, headers: { host: String } },
    reply: { statusCode: 500, headers: { 'x-request-id': 'r-1' }, headersSent: true, finished: true },
    process: { pid: process.pid, thread: 0 }
  })
  t.strictSame(messages(dump), ['below the level', 'told'])
  t.equal(lines.find(({ msg }) => msg === 'told')!.dump, dump.file)
  t.ok(dump.file.endsWith(`/${headers.get('x-dump')}`))
})

const cases: Array<[name: string, handler: Handler, failure: object | false, options?: DumpRequestsOptions]> = [
  ['a reply with status 503', (_req, res) => res.writeHead(503).end(), { kind: 'reply', statusCode: 503, message: 'answered with 503 Service Unavailable' }],
  ['an error in res.err', (_req, res) => { res.err = new Error('as pino-http has it'); res.writeHead(500).end() }, { kind: 'error', statusCode: 500, message: 'as pino-http has it' }],
  ['a response that is destroyed', (_req, res) => { res.write('x', () => res.destroy(new Error('broke off'))) }, { kind: 'stream', statusCode: 200, message: 'broke off' }],
  ['an error after the reply', (req, res, dumps) => { res.end('ok', () => setTimeout(() => dumps.failed(new Error('too late'), req), 5)) }, { kind: 'error', statusCode: 500, message: 'too late' }],
  ['a reply', (_req, res) => res.end('ok'), false],
  ['a reply with status 404', (_req, res) => res.writeHead(404).end(), false],
  ['an error that is answered with 404', (req, res, dumps) => { dumps.failed(new Error('nobody knows it'), req); res.writeHead(404).end() }, false],
  ['an error of status 400 in res.err', (_req, res) => { res.err = Object.assign(new Error('bad'), { status: 400 }); res.writeHead(400).end() }, false],
  ['with `timeout`, a connection that is idle', req => req.socket.setTimeout(20), { kind: 'timeout', statusCode: 200 }, { when: ['timeout'] }],
  ['with a function, a reply with status 503 that it does not take', (_req, res) => res.writeHead(503).end(), false, { when: ({ statusCode }) => statusCode !== 503 }]
]

for (const [name, handler, failure, options] of cases) {
  t.test(`${name}: ${failure ? 'one dump' : 'no dump'}`, async t => {
    let after = (): void => {}
    const late = new Promise<void>(resolve => { after = resolve })
    const { get, dumps } = await serve(t, (req, res, dumps) => {
      handler(req, res, dumps)
      res.on('close', () => setTimeout(after, 20))
    }, options)
    await get('/')
    await late
    const [dump, ...others] = await dumps()
    t.strictSame(others, [])
    if (failure) t.match(dump, { failure, request: { url: '/' } })
    else t.equal(dump, undefined)
  })
}

t.test('with `abort`, a client that goes away', async t => {
  let begun = false
  let over = false
  const { url, dumps } = await serve(t, (_req, res) => {
    begun = true
    res.on('close', () => { over = true })
  }, { when: ['abort'] })
  await leave(url, () => begun)
  await until(() => over)
  t.match(await dumps(), [{ failure: { kind: 'abort', statusCode: 200 }, request: { remoteAddress: '127.0.0.1' }, reply: { headersSent: false, finished: false } }])
})

t.test('with `timeout`, a connection that is used again collects no listeners', async t => {
  const counts: number[] = []
  const { url } = await serve(t, (req, res) => { counts.push(req.socket.listenerCount('timeout')); res.end('ok') }, { when: ['timeout'] })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (let n = 0; n < 5; n++) await new Promise(resolve => http.get(url, { agent }, response => response.resume().on('end', resolve)))
  agent.destroy()
  t.strictSame(counts, counts.map(() => counts[0]))
})

t.test('a chain of middleware, as Express has it: routes, params, bodies, and what goes to next()', async t => {
  type Next = (error?: unknown) => void
  const chain = (steps: Array<(req: any, res: any, next: Next) => void>, failed: (error: unknown, req: any, res: any) => void) =>
    (req: IncomingMessage, res: ServerResponse): void => {
      const run = (at: number): void => steps[at]!(req, res, error => error ? failed(error, req, res) : run(at + 1))
      run(0)
    }
  const dir = join(t.testdir(), 'dumps')
  const dumps = dumpRequests({ dumper: { enabled: true, dumpPath: dir, body: '1k' } })
  const server = http.createServer(chain([
    // Like pino-http: only where there is none yet.
    (req, res, next) => { req.id = 'id-7'; req.log ??= pino({ level: 'info' }, { write () {} }).child({ req: { id: req.id } }); res.log ??= req.log; next() },
    (req, res, next) => dumps(req, res, next),
    (req, res, next) => { t.equal(res.log, req.log); next() },
    (req, _res, next) => { Object.assign(req, { originalUrl: req.url, url: '/7', baseUrl: '/orders', route: { path: '/:id' }, params: { id: '7' }, query: { a: ['1', '2'] }, body: { color: 'red' }, ip: '203.0.113.9' }); next() },
    (req, _res, next) => { req.log.debug('at work'); next(new Error('to next')) }
  ], (error, req, res) => {
    dumps.failed(error, req)
    res.writeHead(500).end()
  })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/orders/7?a=1&a=2`, { method: 'POST' }).then(response => response.text())
  server.closeAllConnections()
  server.close()
  await dumps.close()
  const [dump] = found(dir)
  t.match(dump, {
    failure: { kind: 'error', message: 'to next' },
    request: { id: 'id-7', method: 'POST', url: '/orders/7?a=1&a=2', route: '/orders/:id', remoteAddress: '203.0.113.9', params: { id: '7' }, query: { a: ['1', '2'] }, body: { color: 'red' } }
  })
  t.match(dump.file, /\/POST_orders_id_\d{8}_/)
  t.strictSame(messages(dump), ['at work'], 'of the logger that was there')
})

t.test('req.dump() writes at once, and a request that comes by twice is watched once', async t => {
  const { get, dumps } = await serve(t, async (req, res, dumps) => {
    const { dump, log } = dumps(req, res)
    t.equal(log, req.log)
    t.equal(dump, req.dump)
    t.match(await req.dump('checkpoint', { step: 1 }), { ok: true, path: /checkpoint/ })
    res.writeHead(500).end()
  })
  await get('/')
  t.strictSame((await dumps()).map(({ failure, extra }) => [failure.kind, extra]), [['manual', { step: 1 }], ['reply', undefined]])
})

t.test('disabled, nothing is watched, and everything may be called', async t => {
  const { get, lines, dumps } = await serve(t, async (req, res, dumps) => {
    req.log.info('there is a logger all the same')
    t.equal(res.listenerCount('close'), 0)
    t.equal(dumps.failed(new Error('boom'), req), undefined)
    t.strictSame(await req.dump(), { ok: true, path: undefined })
    res.writeHead(500).end()
  }, { dumper: { enabled: false } })
  t.equal((await get('/')).status, 500)
  t.equal(lines.length, 1)
  t.strictSame(await dumps(), [])
})

t.test('without a logger there are no lines, and a logger that is no pino does no harm', async t => {
  const odd = { child: () => { throw new Error('childless') } }
  for (const before of [() => {}, (req: any) => { req.log = odd }]) {
    const { get, dumps } = await serve(t, (req, res, dumps) => {
      dumps.failed(new Error('boom'), req)
      res.writeHead(500).end()
    }, { logger: undefined }, before)
    t.equal((await get('/')).status, 500)
    const [dump] = await dumps()
    t.match(dump, { failure: { message: 'boom' } })
    t.strictSame(dump.log ?? [], [])
    fs.rmSync(dump.file)
  }
})

t.test('bad options throw at once', async t => {
  for (const [options, option] of [[{ when: ['late'] }, 'when'], [{ logger: 'pino' }, 'logger'], [{ header: 'a:b' }, 'header'], [{ dumper: { maxAge: 'old' } }, 'maxAge'], [{ wen: [] }, 'wen']] as const) {
    t.throws(() => dumpRequests(options as object), { name: 'OptionError', message: new RegExp(option) })
  }
})

t.test('close() leaves a dumper alone that was given', async t => {
  const dumper = createDumper({ enabled: true, dumpPath: t.testdir() })
  await dumpRequests({ dumper }).close()
  t.match(await dumper.dumpStruct({}), { ok: true })
  await dumper.close()
})

t.test('no secret of headers, query and cookies is in a dump', async t => {
  const { get, dumps } = await serve(t, (req, res, dumps) => {
    req.log.debug({ headers: req.headers }, `from ${req.headers.authorization}`)
    dumps.failed(new Error(`${new URL(req.url, 'http://a').searchParams.get('token')} is not known`), req)
    res.setHeader('set-cookie', 'sid=canary-set-0123456789')
    res.writeHead(500).end()
  })
  await get('/?token=canary-query-0123456789', { headers: { authorization: 'Bearer canary-bearer-0123456789', cookie: 'a=canary-cookie-0123456789', 'x-key': 'canary-header-0123456789' } })
  const [{ file }] = await dumps()
  t.strictSame([...fs.readFileSync(file, 'utf8').matchAll(/canary-\w+/g)].map(String), [])
})
