// Customers of the shop, in a process of their own: each looks around, fills a cart and pays, over and over, for a bounded time
// and number of requests. A shop that is down is tried again after a moment.
//
//   node examples/load.js '{"port": 3000, "customers": 32, "seconds": 20, "requests": 100000}'
//
// Messages to the parent, when there is one: the tally below, every 100 ms and at the end. A 'stop' from it ends the load.
import { randomBytes } from 'node:crypto'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const { port = 3000, customers = 32, seconds = 20, requests = 100_000, card = '4111111111111111' } = JSON.parse(process.argv[2] ?? '{}')
const PAUSE = 15
const RETRY = 250
const NAMES = ['Ada Lovelace', 'Zoë Müller', '李雷', 'Søren Kierkegaard', 'Ana Conceição', 'Pavol Országh Hviezdoslav']

/**
 * What became of the requests.
 *
 * @typedef {object} Tally
 * @property {number} sent
 * @property {number} answered
 * @property {number} failed refused, turned away, cut off, or without an answer
 * @property {Record<string, number>} statuses answers by class of status
 * @property {Record<string, { answered: number, broken: number, first: number, last: number }>} runs answers by the run of the
 *   shop that gave them; how many of them had a status of 5xx; the time in ms of its first and last one
 */

/** @type {Tally} */
const tally = { sent: 0, answered: 0, failed: 0, statuses: {}, runs: {} }
const agent = new http.Agent({ keepAlive: true, maxSockets: customers })
const deadline = Date.now() + seconds * 1000
let stopped = false

const going = () => !stopped && Date.now() < deadline && tally.sent < requests

/**
 * @param {string} trace
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function ask (trace, method, path, body) {
  if (!going()) return
  tally.sent++
  const text = body && JSON.stringify(body)
  const headers = {
    traceparent: `00-${trace}-${randomBytes(8).toString('hex')}-01`,
    ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  }
  try {
    const { statusCode, headers: { 'x-run': run } } = await exchange({ method, path, headers }, text)
    if (run === undefined) throw new Error('turned away by a shop that is closing')
    tally.answered++
    const status = `${String(statusCode)[0]}xx`
    tally.statuses[status] = (tally.statuses[status] ?? 0) + 1
    const now = Date.now()
    const by = tally.runs[run] ??= { answered: 0, broken: 0, first: now, last: now }
    by.answered++
    if (status === '5xx') by.broken++
    by.last = now
    await sleep(Math.random() * PAUSE * 2)
  } catch {
    tally.failed++
    await sleep(RETRY)
  }
}

/** Resolves when the answer is there whole. */
function exchange (options, text) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent, timeout: 5000, ...options }, response => {
      response.resume().once('error', reject).once('end', () => resolve(response))
    })
    request.once('error', reject).once('timeout', () => request.destroy(new Error('no answer')))
    request.end(text)
  })
}

const any = count => Math.floor(Math.random() * count)
const sku = () => `sku-${1000 + any(61)}`

async function customer (number) {
  for (let visit = 1; going(); visit++) {
    const id = `customer-${number}-${visit}`
    const trace = randomBytes(16).toString('hex')
    await ask(trace, 'GET', '/products')
    for (let looks = any(4); looks >= 0; looks--) await ask(trace, 'GET', `/products/${sku()}`)
    if (any(4) === 0) await ask(trace, 'GET', `/recommendations/${id}`)
    for (let items = any(3); items >= 0; items--) await ask(trace, 'POST', `/carts/${id}`, { sku: sku(), quantity: 1 + any(3) })
    await ask(trace, 'POST', `/checkout/${id}`, { name: NAMES[any(NAMES.length)], card: { number: card, brand: 'visa' } })
    if (any(25) === 0) await ask(trace, 'GET', `/invoices/${id}`)
  }
}

const report = () => { if (process.connected) process.send?.(tally) }
const reporting = setInterval(report, 100)
process.on('message', message => { stopped ||= message === 'stop' })
process.on('disconnect', () => process.exit())

await Promise.all(Array.from({ length: customers }, (_, number) => customer(number + 1)))
clearInterval(reporting)
agent.destroy()
report()
if (process.connected) process.disconnect()
else console.log(tally)
