// Sends a file of log lines, or stdin, through the outputs of the examples, in a process of its own.
//
//   node examples/demo/sender.js '{"source": "app.ndjson", "file": "logs/app", "size": 67108864,
//     "url": "http://127.0.0.1:3001", "journal": "journal"}'
//
// Messages to the parent: { bytes, lines } as it goes, then { sent }.
import fs from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { flush, shutdown, watch } from 'pino-blackbox'
import { outputs } from '../outputs.js'
import { LineSplitter } from './lines.js'
import { LineDigest } from './digest.js'

const { source, file, size, url, journal } = JSON.parse(process.argv[2])
const PIECE = 256 * 1024
/** An output keeps at most 64 MB of lines in memory and drops what is beyond; so nobody may be further ahead of it than this. */
const FLUSH_EVERY = 16 * 1024 * 1024
/** The journal of the lines for the receiver keeps 256 MB and drops what is beyond; the same goes for that. */
const MOST_PENDING = 128 * 1024 * 1024
const TICK = 50
const PATIENCE = 60_000
const REPORT_EVERY = 100

// It also keeps this process alive while it waits for its transport, which does not.
process.on('disconnect', () => process.exit())

const stream = pino.transport(outputs({ file, size, url, journal }))
const watched = watch(stream)
await watched.ready
const splitter = new LineSplitter()
const digest = new LineDigest()
const started = performance.now()
let bytes = 0
let ahead = 0
let reported = 0
let last = 0x0a

for await (const piece of source === '-' ? process.stdin : fs.createReadStream(source, { highWaterMark: PIECE })) {
  for (const line of splitter.push(piece)) digest.add(line)
  if (!stream.write(piece)) await once(stream, 'drain')
  last = piece.at(-1)
  bytes += piece.length
  ahead += piece.length
  if (ahead >= FLUSH_EVERY) {
    await flush(stream, { timeout: PATIENCE })
    while (watched.metrics().some(({ pendingBytes }) => pendingBytes > MOST_PENDING)) await sleep(TICK)
    ahead = 0
  }
  if (Date.now() - reported < REPORT_EVERY) continue
  reported = Date.now()
  process.send?.({ bytes, lines: digest.lines })
}
if (last !== 0x0a) {
  // Without its end the last line would not be one yet.
  stream.write('\n')
  digest.add(splitter.rest())
}
await flush(stream, { timeout: PATIENCE })
const ms = performance.now() - started
// Closing has a few seconds for what is not converted yet, and what it leaves would wait for another start.
await flush(stream, { until: 'delivered', timeout: PATIENCE })
await shutdown(stream, { timeout: PATIENCE })
process.send?.({ sent: { bytes, ms, ...digest.figures(), outputs: watched.metrics() } }, () => process.disconnect())
