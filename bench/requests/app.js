// The server that is measured, in a process of its own: a small shop, which logs as such things do and answers in JSON.
//
//   node app.js '{"contender": "plugin, info", "log": "/tmp/x/log/shop", "dumps": "/tmp/x/dumps"}'
//
// It tells its parent { url }, on 'figures' what it has used and served so far, and on 'close' the same when its log is complete.
import Fastify from 'fastify'
import { shutdown } from 'pino-blackbox'
import { mainCpu, peakRss, processCpu } from '../meter.js'
import { MAX_BACKUPS, MAX_SIZE_MB, ROUTES, servers } from './servers.js'

const { contender, log, dumps } = JSON.parse(process.argv[2])
const { level, plugin } = servers[contender]
const PRODUCTS = Array.from({ length: 60 }, (_, n) => ({
  sku: `sku-${1000 + n}`, name: `${['Kettle', 'Lamp', 'Chair', 'Café crème'][n % 4]} ${n}`, price: 990 + n * 137, stock: { fra: n * 3, ams: n }, tags: ['new', 'sale']
}))

const app = Fastify({ logger: { level, transport: { target: 'pino-blackbox/jsonl', options: { file: log } } } })
if (plugin) {
  const { default: blackbox } = await import('pino-blackbox/fastify')
  await app.register(blackbox, { ...plugin, dumper: { enabled: true, dumpPath: dumps, maxBackups: MAX_BACKUPS, maxSize: MAX_SIZE_MB, logger: app.log } })
}

let served = 0
let failed = 0

/** As many lines at debug as servers.js says. */
function find (log) {
  const product = PRODUCTS[served++ % PRODUCTS.length]
  log.debug('session found in the cache')
  log.debug({ customer: 4711 + served % 97, plan: 'pro' }, 'customer known')
  log.debug('price list %s of %d entries loaded in %d ms', 'eu-1', PRODUCTS.length, served % 7)
  log.debug({ product }, 'product read')
  log.debug({ sku: product.sku, warehouses: Object.keys(product.stock), ms: 0.4 }, 'stock looked up')
  log.debug({ discount: 0.1, reason: 'returning customer' }, 'discount found')
  log.debug({ price: product.price, currency: 'EUR' }, 'priced')
  log.info({ sku: product.sku, price: product.price }, 'product found')
  return product
}

app.get(ROUTES.fine, async request => {
  const { sku, name, price } = find(request.log)
  return { sku, name, price, related: PRODUCTS.slice(0, 5).map(({ sku }) => sku) }
})

for (const route of [ROUTES.warm, ROUTES.storm, ROUTES.after]) {
  app.get(route, async request => {
    const { sku } = find(request.log)
    failed++
    throw new Error(`no price for ${sku}`)
  })
}

const figures = () => ({ mainUs: mainCpu(), allUs: processCpu(), peakRss: peakRss(), served, failed })

process.on('message', async message => {
  if (message === 'figures') return process.send(figures())
  await app.close()
  await shutdown(app.log)
  process.send(figures(), () => process.disconnect())
})
process.on('disconnect', () => process.exit())
process.send({ url: await app.listen({ port: 0, host: '127.0.0.1' }) })
