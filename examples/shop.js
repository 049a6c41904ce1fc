// A small shop: products, carts, checkout; some routes are slow, some fail. Every log line carries the number of the process's
// run and a sequence number, so that a reader of the files can tell what is missing.
//
//   node examples/shop.js '{"port": 3000, "run": 1, "file": "logs/shop", "size": 8388608, "tally": "logs/tally.1",
//     "url": "http://127.0.0.1:3001", "journal": "journal", "dumper": {"dumpPath": "dumps"}}'
//
// Its log goes to examples/receiver.js too. While there is none, what is for it waits in the journal.
// A request that fails is dumped, with all that it has logged: also its `trace` lines, which go nowhere else.
//
// Messages to the parent, when there is one: { ready: true }, { acknowledged, outputs }: lines up to that number are safe.
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { flush, shutdown, watch } from 'pino-blackbox'
import blackbox from 'pino-blackbox/fastify'
import { outputs } from './outputs.js'

const {
  port = 3000, run = 1, file = 'logs/shop', size = 8 * 1024 ** 2, tally, url = 'http://127.0.0.1:3001', journal = 'journal', dumper
} = JSON.parse(process.argv[2] ?? '{}')
const FLUSH_EVERY = 200
const PRODUCTS = Array.from({ length: 60 }, (_, n) => ({
  sku: `sku-${1000 + n}`, name: `${['Kettle', 'Lamp', 'Chair', 'Café crème', '茶碗', 'Fjällräven'][n % 6]} ${n}`, price: 990 + n * 137, stock: 1e6
}))

let seq = 0
const tallyFd = tally && fs.openSync(tally, 'w')
const tallied = Buffer.alloc(8)

const app = Fastify({
  logger: {
    level: 'debug',
    redact: ['card.number'],
    transport: outputs({ file, size, url, journal }),
    mixin () {
      seq++
      if (tallyFd) count()
      return { run, seq }
    }
  }
})

/** Leaves the number of the line with the kernel: what a process that was killed had logged can be known in no other way. */
function count () {
  tallied.writeDoubleLE(seq)
  fs.writeSync(tallyFd, tallied, 0, tallied.length, 0)
}

/** @type {Map<string, Array<{ sku: string, price: number, quantity: number }>>} */
const carts = new Map()
let orders = 0

// Before everything else, so that no route is without it. The customers' bodies hold their cards.
await app.register(blackbox, {
  dumper: { enabled: true, body: '16k', redact: ['request.body.card.number'], ...dumper },
  recorder: { level: 'trace' }
})

// What a request's lines are found by: its route, and the trace that it belongs to (W3C Trace Context, `traceparent`).
app.addHook('onRoute', route => {
  // The application's own factory makes it: it is the plugin's, and records from the first line on.
  route.childLoggerFactory = (logger, bindings, options, request) => {
    const [, trace = randomBytes(16).toString('hex')] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(request.headers.traceparent ?? '') ?? []
    const found = { trace_id: trace, span_id: randomBytes(8).toString('hex'), route: `${route.method} ${route.url}` }
    return app.childLoggerFactory(logger, { ...bindings, ...found }, options, request)
  }
})
app.addHook('onSend', async (_request, reply) => { reply.header('x-run', run) })

app.get('/products', async request => {
  request.log.debug({ cache: Math.random() < 0.9 ? 'hit' : 'miss', products: PRODUCTS.length }, 'catalogue read')
  return PRODUCTS.slice(0, 10).map(({ sku, price }) => ({ sku, price }))
})

app.get('/products/:sku', async (request, reply) => {
  const product = PRODUCTS.find(({ sku }) => sku === request.params.sku)
  request.log.trace({ sku: request.params.sku, among: PRODUCTS.length, found: product !== undefined }, 'shelf searched')
  if (!product) {
    request.log.warn({ sku: request.params.sku }, 'no such product')
    return reply.code(404).send({ error: 'no such product' })
  }
  request.log.debug({ product }, 'product read')
  return product
})

// Slow: somebody else's service is asked.
app.get('/recommendations/:customer', async request => {
  const started = performance.now()
  await sleep(20 + Math.random() * 180)
  const ms = Math.round(performance.now() - started)
  request.log[ms > 150 ? 'warn' : 'info']({ customer: request.params.customer, upstream: 'recommender', ms }, 'recommendations fetched')
  return PRODUCTS.slice(0, 3).map(({ sku }) => sku)
})

app.post('/carts/:customer', async request => {
  const { customer } = request.params
  const { sku, quantity } = request.body
  const cart = carts.get(customer) ?? []
  cart.push({ sku, quantity, price: PRODUCTS.find(product => product.sku === sku)?.price ?? 0 })
  carts.set(customer, cart.slice(-20))
  request.log.info({ customer, sku, quantity, items: cart.length }, 'added to cart')
  return { items: cart.length }
})

app.post('/checkout/:customer', async (request, reply) => {
  const { customer } = request.params
  const { name, card } = request.body
  const cart = carts.get(customer) ?? []
  const number = ++orders
  const order = `${run}-${number}`
  const total = cart.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
  const log = request.log.child({ customer: { id: customer, name }, order })
  log.info({ items: cart, total, currency: 'EUR' }, 'checkout started')
  for (const { sku, quantity } of cart) log.debug({ sku, quantity }, 'stock reserved')
  const ms = await pay(log, number, card)
  if (Math.random() < 0.05) {
    log.warn({ card, ms, reason: 'insufficient funds' }, 'payment declined')
    return reply.code(402).send({ error: 'payment declined' })
  }
  log.info({ card, ms, provider: 'acquirer-eu-1' }, 'payment authorised')
  carts.delete(customer)
  log.info({ total, parcels: 1 + cart.length % 3 }, 'order placed')
  return { order }
})

class PaymentTimeout extends Error {
  statusCode = 504
}

/** Takes a while, and now and then fails with a cause. */
async function pay (log, number, card) {
  const ms = Math.round(5 + Math.random() * 40)
  log.trace({ card, host: 'acquirer-eu-1', attempt: 1 }, 'acquirer asked')
  await sleep(ms)
  if (number % 40 !== 3) return ms
  const error = new PaymentTimeout(`payment ${number} timed out`, { cause: new Error('socket hang up') })
  log.error({ err: error, ms }, 'payment failed')
  throw error
}

// Broken: the kind of bug that the log is read for.
app.get('/invoices/:order', async request => {
  request.log.info({ order: request.params.order }, 'invoice asked for')
  const invoice = PRODUCTS.find(({ sku }) => sku === request.params.order)
  request.log.trace({ order: request.params.order, among: PRODUCTS.length, found: invoice !== undefined }, 'invoice looked for')
  return { lines: invoice.lines.length }
})

await app.listen({ port, host: '127.0.0.1' })
const watched = watch(app.log)
await watched.ready

const closing = new AbortController()
const acknowledging = (async () => {
  while (!closing.signal.aborted) {
    await sleep(FLUSH_EVERY)
    await acknowledge()
  }
})()

shutdown.onSignals(app.log, {
  before: async () => {
    await app.close()
    closing.abort()
    await acknowledging
    await acknowledge()
  }
})
await tell({ ready: true })

/** Everything logged so far is safe when flush() comes back; then, and only then, somebody is told. */
async function acknowledge () {
  const logged = seq
  await flush(app.log)
  await tell({ acknowledged: logged, outputs: watched.metrics() })
}

/** @param {object} message */
async function tell (message) {
  if (process.connected) await new Promise(resolve => { process.send?.(message, resolve) })
}
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
