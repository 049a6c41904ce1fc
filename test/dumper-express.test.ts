// Failed requests of Express behind pino-http, both real: the logger that pino-http holds on to records, and its last line names the dump.
import t from 'tap'
import express, { type NextFunction, type Request, type Response } from 'express'
import pino from 'pino'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { dumpRequests } from 'pino-blackbox'
import { dumps, json } from './fixtures/dump-files.js'

// Its types give fields to every request of node:http, also where the sources of this package are checked.
const pinoHttp = createRequire(import.meta.url)('pino-http')

t.test('pino-http: one dump for each failed request, with its lines below the level and with pino-http\'s last one, which names it', async t => {
  const dumpPath = t.testdir()
  const written: Array<Record<string, unknown>> = []
  const record = dumpRequests({ dumper: { enabled: true, dumpPath } })
  const app = express()
  app.use(pinoHttp({ logger: pino({ level: 'info' }, { write: (line: string) => { written.push(JSON.parse(line)) } }) }))
  app.use(record)
  app.get('/throws', async (req: any) => {
    req.log.debug('before it throws')
    throw new Error('no invoice')
  })
  app.get('/answers', (req: any, res) => {
    req.log.trace('before it answers')
    res.status(503).end()
  })
  app.get('/fine', (_req, res) => { res.end('fine') })
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    record.failed(error, req)
    res.status(500).end()
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const path of ['/throws', '/answers', '/fine']) {
    await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)).text()
  }
  server.close()
  server.closeAllConnections()
  await record.close()

  const found = dumps(dumpPath).map(name => json(join(dumpPath, name))).reverse()
  t.match(found, [
    { failure: { kind: 'error', statusCode: 500, message: 'no invoice' }, request: { url: '/throws', route: '/throws' } },
    { failure: { kind: 'reply', statusCode: 503 }, request: { url: '/answers', route: '/answers' } }
  ])
  t.strictSame(found.map(({ log }) => log.map(({ level }: { level: number }) => level)), [[20, 30], [10, 30]])
  t.match(written, [{ msg: 'request errored', dump: /GET_throws/ }, { msg: 'request errored', dump: /GET_answers/ }, { msg: 'request completed', dump: undefined }])
  for (const { log } of found) t.strictSame(log[1].dump, written.find(({ dump }) => dump === log[1].dump)?.dump)
})
