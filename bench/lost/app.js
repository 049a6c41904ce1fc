// An application that comes to its end in one of several ways while it logs numbered lines. When each of them was logged stands in the
// file `mark`, 8 bytes each (Unix time in ms), whatever the end is; that comes after `before` ms.
//
//   node app.js '{"contender": "pino-blackbox", "ending": "exit", "rate": 1000, "dir": "/tmp/x", "mark": "/tmp/x.mark", "before": 400}'
import fs from 'node:fs'
import pino from 'pino'
import { loggers, outputs } from './loggers.js'

const { contender, ending, rate, dir, mark, before = 400 } = JSON.parse(process.argv[2])
const BURST = 200
/** ms after the death of the worker. */
const AFTER = 400

const { transport, prepare } = { ...loggers, ...outputs }[contender]
const stream = pino.transport(transport(dir))
await new Promise(resolve => stream.once('ready', resolve))
const log = pino(stream)
prepare?.(log, ending)

const at = fs.openSync(mark, 'w')
const time = Buffer.alloc(8)
let seq = 0
let stopped = false
function line () {
  log.info({ seq, reqId: `req-${seq.toString(36)}`, route: '/orders/:id' }, 'request completed')
  time.writeDoubleLE(performance.timeOrigin + performance.now())
  fs.writeSync(at, time, 0, 8, 8 * seq++)
}

const started = performance.now()
/** As many as the rate asks for, or as fast as it can. */
function some () {
  if (stopped) return
  const due = rate ? Math.floor((performance.now() - started) * rate / 1000) : seq + BURST
  while (seq < due) line()
  if (rate) setTimeout(some, 1)
  else setImmediate(some)
}
some()

const endings = {
  drain: () => { stopped = true },
  exit: () => process.exit(0),
  throw: () => { throw new Error('nobody catches it') },
  // The parent's, by signal.
  signal: () => process.send('now'),
  worker: () => {
    stream.worker.terminate()
    setTimeout(() => process.exit(0), AFTER)
  }
}
setTimeout(endings[ending] ?? endings.signal, before + Math.random() * 100)
