// What binds the dumper to requests: what TypeScript must accept and refuse. Only compiled (tsc -p tsconfig.test.json), never run.
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import pino, { type Logger } from 'pino'
import {
  createDumper, dumper, dumpRequests, recordStream,
  type DumpRequestsOptions, type DumpResult, type Failure, type FailureKind, type RecordStreamOptions, type RequestDump, type RequestDumps, type StreamSource, type When
} from 'pino-blackbox'
import blackbox, { type FastifyBlackboxOptions } from 'pino-blackbox/fastify'

// --- Fastify ---

const app = Fastify({ logger: true })
await app.register(blackbox)
await app.register(blackbox, {})
await app.register(blackbox, { dumper: { enabled: true, dumpPath: './dumps', maxAge: '24h', redact: ['user.email'] } })
await app.register(blackbox, { dumper, recorder: false })
await app.register(blackbox, { dumper: createDumper(), recorder: { records: 200, bytes: '1m', level: 'debug' }, when: ['error', 'abort'], header: 'x-dump' })
await app.register(blackbox, { when: ({ kind, error, statusCode, request, reply }) => kind === 'error' && error instanceof Error && statusCode > 500 && request !== reply })
Fastify({ http2: true }).register(blackbox)
Fastify({ loggerInstance: pino() }).register(blackbox, { dumper })
const options: FastifyBlackboxOptions = { when: ['stream'], header: 'x-dump' }
// @ts-expect-error no such option of a dumper
await app.register(blackbox, { dumper: { path: './dumps' } })
// @ts-expect-error no such failure
await app.register(blackbox, { when: ['late'] })
// @ts-expect-error one failure is a list too
await app.register(blackbox, { when: 'error' })
// @ts-expect-error it says yes or no
await app.register(blackbox, { when: () => 'yes' })
// @ts-expect-error `true` is no option of the recorder
await app.register(blackbox, { recorder: true })
// @ts-expect-error a header has a name
await app.register(blackbox, { header: true })
// @ts-expect-error the loggers are Fastify's
await app.register(blackbox, { logger: pino() })

app.get('/', async (request, reply) => {
  const result: DumpResult = await request.dump()
  await request.dump('checkpoint', { step: 1 })
  // @ts-expect-error a name is a text
  await request.dump({ step: 1 })
  const stream: Readable = request.recordStream(Readable.from(['a']), { events: 10, format: 'sse' })
  // @ts-expect-error its dumper is that of the request
  request.recordStream(stream, { dumper })
  if (result.ok) return result.path?.length
  const { code }: { code: string } = result.error
  // @ts-expect-error there is no path when it failed
  reply.header('x', result.path)
  return code
})

// --- node:http, Express ---

const logger = pino()
const dumps: RequestDumps<Logger> = dumpRequests({ logger, dumper: { enabled: true }, when: ['reply'], recorder: { records: 5 } })
const plain: RequestDumps = dumpRequests()
http.createServer((req, res) => {
  const { log, dump }: RequestDump<Logger> = dumps(req, res)
  log.child({ a: 1 }).info('a')
  dump('x', {}).then(result => result.ok)
  const path: string | undefined = dumps.failed(new Error('x'), req)
  // @ts-expect-error without a logger nobody knows what req.log is
  plain(req, res).log.info('a')
  return path
})
/** As Express types its handlers. */
type Middleware = (req: IncomingMessage & { params: object }, res: ServerResponse & { locals: object }, next: (error?: unknown) => void) => void | Promise<void>
const middleware: Middleware[] = [dumps, plain]
const closed: Promise<void> = dumps.close()
// @ts-expect-error a logger makes children
dumpRequests({ logger: console })
// @ts-expect-error an unknown option
dumpRequests({ loger: logger })
// @ts-expect-error whose error is it?
dumps.failed(new Error('x'))

// --- streams ---

async function * generator (): AsyncGenerator<{ n: number }> { yield { n: 1 } }
const sources: StreamSource[] = [Readable.from([]), generator(), [1, 2], new ReadableStream()]
const readable: Readable = recordStream(generator(), { dumper, name: 'answer', events: 10, bytes: '64k', format: 'ndjson', when: ['stream', 'abort'] })
recordStream(sources[0]!, { dumper: { enabled: true } })
// @ts-expect-error nothing that could be read
recordStream(5)
// @ts-expect-error no such format
recordStream([], { format: 'json' })
// @ts-expect-error a stream only breaks, or is left
recordStream([], { when: ['reply'] })

const kinds: Record<FailureKind, true> = { error: true, reply: true, stream: true, abort: true, timeout: true }
const when: When = (failure: Failure) => failure.statusCode > 500
const more: [DumpRequestsOptions, RecordStreamOptions] = [{ header: 'x-dump' }, {}]

export { options, middleware, closed, readable, kinds, when, more }
