// What a debug line costs that nobody asked for: one logger in a process of its own.
//
//   node recorder.js '{"contender": "pino, info, recorder", "style": "recorder", "dirs": ["/tmp/x"], "lines": 1000000}'
//
// recorder: a child logger per request and ten lines from each. children: child loggers only, `lines` of them.
import { once } from 'node:events'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import pino from 'pino'
import { mainCpu, peakRss, processCpu } from './meter.js'
import { loggers } from './requests/loggers.js'
import { filesOf, linesOf } from './verify.js'

const BURST = 1000
/** Logged before the clock runs: what the compiler takes is over by then. */
const WARM = 50_000
const LINES_A_REQUEST = 10
const TIME = /"time":\d+,/

const { contender, style, dirs: [dir], lines } = JSON.parse(process.argv[2])
const { level, recorded } = loggers[contender]
const base = { pid: process.pid, hostname: 'shop-7c9f' }

const kinds = [
  (log, seq) => log.debug({ cache: 'hit', entries: seq % 97 }, 'catalogue read'),
  log => log.debug('session found in the cache'),
  (log, seq) => log.debug('price list %s of %d entries loaded in %d ms', 'eu-1', seq % 997, seq % 7),
  (log, seq) => log.debug({ product: { sku: `sku-${seq % 60}`, name: 'Kettle 12', price: 2634, stock: { fra: seq % 31, ams: 4 }, tags: ['new', 'sale'] } }, 'product read'),
  (log, seq) => log.debug({ customer: 4711 + seq % 97, plan: 'pro', ms: 1.5 }, 'customer known')
]
const logLine = (log, seq) => kinds[seq % kinds.length](log, seq)

/** Only the one that is measured is loaded. */
async function makeRecorder () {
  const [{ parseRecorder }, { Recorder }] = await Promise.all([import('../dist/lib/config/recorder.js'), import('../dist/lib/dumper/recorder.js')])
  return new Recorder(parseRecorder({}))
}

/** As Fastify makes them. */
const bindings = seq => ({ reqId: `req-${seq.toString(36)}` })

/** Makes a child logger of `log`, with a ring that the next one ends. */
function childrenOf (log, recorder) {
  const source = recorder ? recorder.under(log) : log
  let ring
  const next = seq => {
    const child = source.child(bindings(seq), {})
    if (!recorder) return child
    ring?.end()
    const started = recorder.start(child)
    ring = started.ring
    return started.logger
  }
  return { next, ring: () => ring }
}

const styles = {
  recorder (children) {
    let request
    return seq => {
      if (seq % LINES_A_REQUEST === 0) request = children.next(seq)
      logLine(request, seq)
    }
  },
  children: children => seq => { children.next(seq) }
}

async function run (step, count) {
  for (let seq = 0; seq < count;) {
    for (let i = 0; i < BURST && seq < count; i++) step(seq++)
    await turn()
  }
}

// Waiting for a transport does not keep a process alive.
const alive = setInterval(() => {}, 1000)
const transport = pino.transport({ target: 'pino/file', options: { destination: join(dir, 'app.log') } })
await once(transport, 'ready')
const children = childrenOf(pino({ level, base }, transport), recorded && await makeRecorder())
const step = styles[style](children)
await run(step, WARM)
const [start, main, all] = [performance.now(), mainCpu(), processCpu()]
await run(step, lines)
const [mainUs, allUs, ms] = [mainCpu() - main, processCpu() - all, performance.now() - start]
const closed = once(transport, 'close')
transport.end()
await closed
process.send({ ms, mainUs, otherUs: allUs - mainUs, peakRss: peakRss(), failure: wrong() })
clearInterval(alive)
process.disconnect()

/** The lines are in the file if they were to be written, and those of the last request in its ring, as pino writes them. */
function wrong () {
  const logs = style === 'recorder'
  let written = 0
  for (const path of filesOf(dir)) for (const line of linesOf(path)) written += line.endsWith('\n') ? 1 : 0
  const expected = logs && level === 'debug' ? WARM + lines : 0
  if (written !== expected) return `${written} lines in the file where ${expected} are expected`
  if (!recorded || !logs) return undefined
  const plain = []
  const from = lines - 1 - (lines - 1) % LINES_A_REQUEST
  const log = pino({ level: 'debug', base }, { write: line => { plain.push(line) } }).child(bindings(from), {})
  for (let seq = from; seq < lines; seq++) logLine(log, seq)
  const untimed = all => all.map(line => line.trimEnd().replace(TIME, '')).join('\n')
  const kept = untimed(children.ring().lines())
  return kept === untimed(plain) ? undefined : `recorded: ${kept}`
}
