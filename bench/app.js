// The application that is measured: a fresh process for every figure. It logs numbered lines through one contender, closes it,
// and tells its parent what that took.
//
//   node app.js '{"contender": "pino/file", "dirs": ["/tmp/x"], "style": "burst", "lines": 1000000, "rate": 200000}'
//
// `url` is that of the receiver, for those who send.
//
// burst: as fast as it can log, a turn of the event loop after every 1000 lines. paced: `rate` lines a second, by a timer.
// feed: ready-made lines, no logger, waiting whenever the transport asks for it: as fast as the transport can. varied: the same with
// lines of many kinds and lengths, of which gzip leaves an eighth, as of a service's; of those of feed, which differ in their number, a sixtieth.
// sized: the same with lines of the contender's length.
// How many lines, and whether flush() is called before closing, is a matter of the style (styles.js); `start` logs none.
import { once } from 'node:events'
import http from 'node:http'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { flush, watch } from 'pino-blackbox'
import { contenders, SIZE_MB } from './contenders.js'
import { service as records } from './convert/service-log.js'
import { diskBytes, mainCpu, peakRss, processCpu } from './meter.js'
import { styles } from './styles.js'

const BURST = 1000
const TICK = 5
/** So many that none is near enough to its next use for gzip to see. */
const KINDS = 10_000
/** Longer than any of them takes. */
const PATIENCE = '10m'

const LINES_A_REQUEST = 10
const METHODS = ['GET', 'GET', 'POST', 'GET', 'PUT', 'DELETE']
const PATHS = ['/', '/cart', '/cart/items', '/checkout', '/orders', '/products/search', '/users/me']
const MESSAGES = [
  'incoming request', 'session found in the cache', 'price list loaded for the region of the customer',
  'stock of the warehouse is low, the order is split in two', 'payment authorised', 'request completed'
]

/** Writes one line after the other as a web service does, about 200 bytes each: a child logger per request, some lines from each. */
function service (log) {
  let request
  return seq => {
    if (seq % LINES_A_REQUEST === 0) {
      request = log.child({
        reqId: `req-${seq.toString(36)}`, userId: seq * 7919 % 1_000_003, method: METHODS[seq % METHODS.length], url: `${PATHS[seq % PATHS.length]}?page=${seq % 97}`
      })
    }
    if (seq % 50 === 0) request.warn({ seq }, MESSAGES[3])
    else request.info({ seq }, MESSAGES[seq % MESSAGES.length])
  }
}

const ways = {
  async burst (logLine, lines) {
    for (let seq = 0; seq < lines;) {
      for (let i = 0; i < BURST && seq < lines; i++) logLine(seq++)
      await turn()
    }
  },

  feed: (_logLine, lines) => feed(lines, [readyMade]),
  varied: (_logLine, lines) => feed(lines, kinds),
  sized: (_logLine, lines) => feed(lines, [sized(contenders[contender].lineBytes)]),

  async paced (logLine, lines, rate) {
    const start = performance.now()
    for (let seq = 0; seq < lines;) {
      const due = Math.min(lines, Math.ceil((performance.now() - start) * rate / 1000))
      while (seq < due) logLine(seq++)
      await sleep(TICK)
    }
  }
}

const bindings = { pid: process.pid, hostname: 'shop-7c9f' }

/** Ready-made lines, cut where their number goes. */
const readyMade = `{"level":30,"time":${Date.now()},"pid":${process.pid},"hostname":"shop-7c9f","reqId":"req-4k2j","userId":48213,"method":"GET","url":"/cart/items?page=42","seq":SEQ,"msg":"price list loaded for the region of the customer"}\n`.split('SEQ')

/** One of so many bytes, with a text that does not repeat itself for 4 kB. */
function sized (bytes) {
  const [head, tail] = readyMade
  const words = Array.from({ length: 500 }, (_, at) => (at * 2_654_435_761 >>> 0).toString(36)).join(' ')
  const missing = bytes - head.length - tail.length - 8
  if (missing <= 0) return ['{"level":30,"time":1763700000000,"pid":4242,"seq":', ',"msg":"price list loaded for the region"}\n']
  return [head, tail.replace('"msg":"', `"msg":"${words.repeat(Math.ceil(missing / words.length)).slice(0, missing)}`)]
}

function variedKinds () {
  const record = records()
  return Array.from({ length: KINDS }, (_, seq) => `${JSON.stringify(record(seq))}\n`.split(new RegExp(`(?<="seq":)${seq}(?=,)`)))
}

async function feed (lines, kinds) {
  for (let seq = 0; seq < lines; seq++) {
    const [head, tail] = kinds[seq % kinds.length]
    if (seq === lines >> 1) halfRss = peakRss()
    if (!transport.write(head + seq + tail)) await once(transport, 'drain')
    if (seq % BURST === 0) await turn()
  }
}

const { contender, dirs, url, style, lines, rate } = JSON.parse(process.argv[2])
// Waiting for a transport does not keep a process alive.
const alive = setInterval(() => {}, 1000)
let failure
const beforeStart = performance.now()
const { transport, log, close } = await (contenders[contender].application ?? openPino)(dirs, SIZE_MB, bindings)
const startMs = performance.now() - beforeStart

const { log: way, flush: flushes } = styles[style]
const { later, unconfirmed } = contenders[contender]
const result = { startMs }
const kinds = way === 'varied' ? variedKinds() : []
let halfRss = 0
if (way) {
  const watched = flushes || later ? watch(transport) : undefined
  await watched?.ready
  const idleRss = peakRss()
  const [start, main, all, disk] = [performance.now(), mainCpu(), processCpu(), diskBytes()]
  const logLine = service(log)
  await ways[way](seq => {
    if (seq === lines >> 1) halfRss = peakRss()
    logLine(seq)
  }, lines, rate)
  const loggedMs = performance.now() - start
  const loggedUs = mainCpu() - main
  if (flushes) {
    await flush(transport, { timeout: PATIENCE })
    result.durableMs = performance.now() - start
  }
  if (flushes || later) {
    await flush(transport, { until: 'delivered', timeout: PATIENCE })
    result.deliveredMs = performance.now() - start
  }
  if (unconfirmed) await arrived()
  await close()
  const ms = performance.now() - start
  const [mainUs, allUs] = [mainCpu() - main, processCpu() - all]
  const after = diskBytes()
  const [written, takenBack] = [after.written - disk.written, after.takenBack - disk.takenBack]
  if (watched?.metrics().length === 0) failure ??= 'no output tells its figures'
  const lost = watched?.metrics().find(({ droppedRecords, pendingRecords }) => droppedRecords + pendingRecords > 0)
  if (lost) failure ??= `${lost.name}: ${lost.droppedRecords} lines dropped, ${lost.pendingRecords} not delivered`
  Object.assign(result, { ms, loggedMs, loggedUs, mainUs, otherUs: allUs - mainUs, idleRss, halfRss, peakRss: peakRss(), written, onDisk: Math.max(0, written - takenBack) })
} else {
  await close()
}
process.send({ ...result, failure })
clearInterval(alive)
process.disconnect()

/** The receiver answers when it has every line, or has had no request for long. */
async function arrived () {
  const [answer] = await once(http.get(new URL(`arrived?lines=${lines}`, url), { agent: false }), 'response')
  answer.resume()
  await once(answer, 'end')
}

async function openPino () {
  const transport = pino.transport(contenders[contender].transport(dirs, url))
  transport.on('error', error => { failure ??= String(error) })
  await Promise.race([once(transport, 'ready'), once(transport, 'close')])
  return {
    transport,
    log: pino({ base: bindings }, transport),
    /** Everything is in the kernel's hands when the transport has closed; its thread is gone too. */
    async close () {
      const closed = once(transport, 'close')
      transport.end()
      await closed
    }
  }
}
