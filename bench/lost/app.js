// An application that comes to its end in one of several ways while it logs numbered lines. The number of the last one that was
// logged stands in the file `mark`, whatever the end is.
//
//   node app.js '{"contender": "pino-blackbox", "ending": "exit", "rate": 1000, "dir": "/tmp/x", "mark": "/tmp/x.mark"}'
import fs from 'node:fs'
import pino from 'pino'
import { loggers } from './loggers.js'

const { contender, ending, rate, dir, mark } = JSON.parse(process.argv[2])
const BURST = 200
/** ms of logging before the end, and after the death of the worker. */
const [BEFORE, AFTER] = [400, 400]

const { transport, prepare } = loggers[contender]
const stream = pino.transport(transport(dir))
await new Promise(resolve => stream.once('ready', resolve))
const log = pino(stream)
prepare?.(log, ending)

const at = fs.openSync(mark, 'w')
const number = Buffer.alloc(8)
let seq = 0
let stopped = false
function line () {
  log.info({ seq, reqId: `req-${seq.toString(36)}`, route: '/orders/:id' }, 'request completed')
  number.writeDoubleLE(++seq)
  fs.writeSync(at, number, 0, 8, 0)
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
setTimeout(endings[ending] ?? endings.signal, BEFORE + Math.random() * 100)
