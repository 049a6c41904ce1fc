// The log of a web service as pino writes it, made up, but always the same: requests with a trace each, four shapes of records,
// a few warnings, a few errors with their stacks. About 280 bytes a line; `seq` numbers the lines.
import { createHash } from 'node:crypto'
import fs from 'node:fs'

const START = 1_763_700_000_000
const ROUTES = ['/api/users', '/api/orders', '/api/products', '/health', '/api/cart', '/api/checkout']
const PLANS = ['free', 'pro', 'team']
const LINES_A_TRACE = 4
const AT_ONCE = 10_000

/** Writes `lines` lines to `path`. */
export function writeServiceLog (path, lines) {
  const fd = fs.openSync(path, 'w')
  const record = service()
  for (let from = 0; from < lines; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, lines - from) }, (_, at) => JSON.stringify(record(from + at)) + '\n')
    fs.writeSync(fd, some.join(''))
  }
  fs.closeSync(fd)
}

/** What makes the record of line `seq`, for one line after the other. */
export function service () {
  const random = dice(1)
  const any = length => Math.floor(random() * length)
  let time = START
  let trace
  return seq => {
    time += any(20)
    if (seq % LINES_A_TRACE === 0) trace = createHash('md5').update(String(seq)).digest('hex')
    const route = ROUTES[any(ROUTES.length)]
    const level = random() < 0.02 ? 50 : random() < 0.1 ? 40 : 30
    const head = { level, time, pid: 4242, hostname: 'web-1.prod.example', reqId: `req-${seq.toString(36)}`, trace_id: trace, span_id: trace.slice(0, 16), seq }
    if (seq % 4 === 0) {
      const req = { method: 'GET', url: `${route}/${any(10_000)}?page=${seq % 7}`, host: 'shop.example', remoteAddress: `10.0.${seq % 200}.${seq % 250}`, remotePort: 30_000 + seq % 30_000 }
      return { ...head, req, msg: 'incoming request' }
    }
    if (seq % 4 === 1) {
      return { ...head, route, user: { id: any(5000), plan: PLANS[seq % 3] }, cache: random() < 0.5, ms: any(100_000) / 1000, msg: `loaded ${seq % 50} items for user` }
    }
    if (level === 50) {
      const message = `Cannot read properties of undefined (reading 'x${seq % 9}')`
      const stack = `TypeError: ${message}\n    at handler (/app/src/routes${route}.js:${seq % 300}:17)\n    at Object.run (/app/node_modules/fastify/lib/handle.js:88:12)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`
      return { ...head, err: { type: 'TypeError', message, stack }, msg: 'request failed' }
    }
    return { ...head, res: { statusCode: random() < 0.9 ? 200 : random() < 0.5 ? 404 : 500 }, responseTime: any(1_000_000) / 1000, msg: 'request completed' }
  }
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function dice (seed) {
  return () => {
    seed = seed + 0x6d2b79f5 | 0
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed)
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32
  }
}
