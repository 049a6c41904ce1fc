// The application of the soak: logs numbered lines at a rate through a tee of all outputs, flushes ten times a second, and tells what it
// finds out about itself.
//
//   node app.js '{"writer": "life-0", "rate": 10000, "place": "/tmp/x", "url": "http://127.0.0.1:1234/", "fileSize": "8m", "exported": "/tmp/x/exported.ndjson", "clock": "/tmp/x/clock", "down": "/tmp/x/down"}'
//
// To its parent: { ready }, { acked: <lines below this number are safe>, lag: <ms>, outputs }, { failed: <message of a flush> },
// { sample } once a second, { died: <message> } for a worker, { ended }. From its parent: 'terminate' the worker; 'die' by SIGKILL the moment
// that some lines more have been acknowledged; 'end'.
import fs from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { exporter, flush, http, jsonl, parquet, shutdown, tee, watch } from 'pino-blackbox'

const { writer, rate, place, url, clock, down, exported, fileSize } = JSON.parse(process.argv[2])
/** ms between two bursts of lines, between two flushes, and that it catches up with at most: who was stopped for a minute does not log a minute's lines at once. */
const [STEP, PAUSE, BEHIND] = [10, 100, 500]
/** Lines whose acknowledgement is the last thing that it does. */
const LAST = 500
const PADDING = 'a request was answered, and this is what its line says'
const RETRY = { minDelay: 50, maxDelay: 1000 }

const outputs = tee([
  jsonl({ file: join(place, 'jsonl', 'app'), extension: 'jsonl', size: fileSize, compress: 'gzip' }),
  parquet({ dir: join(place, 'parquet'), size: fileSize, frequency: '20s', columns: { writer: 'string', seq: 'int64' } }),
  http({ url, name: 'soak', journal: { dir: join(place, 'http') }, retry: RETRY, timeout: '5s' }),
  exporter({ module: new URL('exporter.js', import.meta.url).href, name: 'soak', options: { file: exported, down }, journal: { dir: join(place, 'exporter') }, retry: RETRY })
])
const preload = new URL('../fixtures/clock.js', import.meta.url).href
const stream = pino.transport({ ...outputs, worker: { execArgv: ['--import', preload], env: { ...process.env, CLOCK: clock } } })
const log = pino(stream)
const watched = watch(log)
const tell = message => { if (process.connected) process.send(message) }
watched.on('workerDied', ({ error }) => tell({ died: error.message }))
await watched.ready
tell({ ready: true })

let seq = 0
let began = performance.now()
const logging = setInterval(() => {
  const now = performance.now()
  began = Math.max(began, now - BEHIND - seq * 1000 / rate)
  while (seq < (now - began) * rate / 1000) log.info({ writer, seq: seq++ }, PADDING)
}, STEP)

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
const figures = () => watched.metrics().map(({ kind, pendingRecords, droppedRecords, dropped, deadRecords, deliveredRecords, retries }) =>
  ({ kind, pendingRecords, droppedRecords, dropped, deadRecords, deliveredRecords, retries }))
const sampling = setInterval(() => {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const descriptors = fs.readdirSync('/proc/self/fd').length
  tell({ sample: { logged: seq, rss, heap: heapUsed + external, descriptors, cpu: (user + system) / 1000, delay: delay.percentile(99) / 1e6, outputs: figures() } })
  delay.reset()
}, 1000)

const load = new AbortController()
process.on('message', message => {
  if (message === 'terminate') stream.worker.terminate()
  if (message === 'die') die()
  if (message === 'end') load.abort()
})
process.on('disconnect', () => process.exit(1))

async function acknowledge (options) {
  const mark = seq
  const asked = performance.now()
  try {
    await flush(log, { timeout: '2m', ...options })
    tell({ acked: mark, lag: performance.now() - asked, outputs: figures() })
  } catch (error) {
    tell({ failed: error.message })
  }
}

async function die () {
  for (let at = 0; at < LAST; at++) log.info({ writer, seq: seq++ }, PADDING)
  await acknowledge()
  process.kill(process.pid, 'SIGKILL')
}

while (!load.signal.aborted) {
  await acknowledge()
  await sleep(PAUSE)
}
clearInterval(logging)
await acknowledge()
/** What dead lives have left is delivered as well. */
const deadline = performance.now() + 120_000
while (performance.now() < deadline && figures().some(({ pendingRecords }) => pendingRecords > 0)) {
  await acknowledge({ until: 'delivered' })
  await sleep(PAUSE)
}
clearInterval(sampling)
process.removeAllListeners('disconnect')
await shutdown(log, { timeout: '1m' }).catch(error => tell({ failed: error.message }))
tell({ ended: true, outputs: figures() })
process.disconnect()
