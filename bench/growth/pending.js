// A start with segments of a dead process: how soon a new line is durable, and the first of the old ones received.
//
//   node pending.js '{"contender": "blackbox http, 100 segments waiting", "dirs": ["/tmp/x"], "url": "http://127.0.0.1:1234/"}'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import pino from 'pino'
import { flush, watch } from 'pino-blackbox'
import { contenders } from '../contenders.js'
import { peakRss } from '../meter.js'

const LINES = 20
const DEAD = 'aaaaaaaaaaaaaaaa'

/** As a writer leaves them whose process was killed. */
function leave (dir, segments) {
  const home = join(dir, 'http-bench', DEAD)
  fs.mkdirSync(join(home, 'work'), { recursive: true })
  const before = Date.now() - 2 * segments
  for (let at = 0; at < segments; at++) {
    const name = `${String(before + at).padStart(15, '0')}-${DEAD}-${String(at + 1).padStart(9, '0')}.${LINES}.jsonl`
    const lines = Array.from({ length: LINES }, (_, line) => `{"level":30,"time":${before},"seq":${at * LINES + line},"msg":"a line of some length, as they are"}\n`)
    fs.writeFileSync(join(home, name), lines.join(''))
  }
}

const { contender, dirs: [dir], url } = JSON.parse(process.argv[2])
const { segments, transport } = contenders[contender]
leave(dir, segments)
const alive = setInterval(() => {}, 1000)
const began = performance.now()
const { target, options } = transport([dir], url)
const stream = pino.transport({ target, options: { ...options, name: 'bench' } })
let failure
stream.on('error', error => { failure ??= String(error) })
const log = pino(stream)
const watched = watch(stream)
log.info({ seq: segments * LINES }, 'new')
await flush(stream)
const durableMs = performance.now() - began
let receivedMs
while (receivedMs === undefined) {
  if (watched.metrics()[0]?.deliveredRecords > 0) receivedMs = performance.now() - began
  else await new Promise(resolve => setTimeout(resolve, 1))
}
const startRss = peakRss()
await flush(stream, { until: 'delivered', timeout: '10m' })
const ms = performance.now() - began
const [{ droppedRecords, pendingRecords, recoveredRecords }] = watched.metrics()
if (droppedRecords + pendingRecords > 0 || recoveredRecords !== segments * LINES) failure ??= `${recoveredRecords} lines recovered, ${droppedRecords} dropped, ${pendingRecords} left`
const closed = once(stream, 'close')
stream.end()
await closed
clearInterval(alive)
process.send({ lines: segments * LINES + 1, segments, ms, durableMs, receivedMs, peakRss: startRss, failure }, () => process.disconnect())
