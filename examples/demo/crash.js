// The shop under load: the receiver of its log is killed, then the shop itself; both are started again, and the shop is ended by
// SIGTERM while customers are still there. Then everything that was logged is looked for.
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditShop, consoleReader } from './audit.js'
import { figures } from './crash-figures.js'
import { text, verdicts } from './crash-report.js'
import { compareShop, withDataset } from './dataset.js'
import { auditDumps, CARD, dumpFiles, dumperOptions, telling } from './dumps.js'
import { logFiles } from './lines.js'
import { freePort, heard, inTime, PATIENCE, start } from './processes.js'
import { progress } from './progress.js'
import { answers } from './questions.js'
import { auditReceived } from './received.js'
import { Receiver } from './receiver.js'
import { count, dim, seconds as inSeconds } from './report.js'
import { viewed } from './viewed.js'

const BASE = 'shop'
const CUSTOMERS = 48
/** More than any machine gets through, so that the load is bounded and never the first to end. */
const MOST_PER_SECOND = 20_000
const TICK = 50
/** Shares of the load's time. The receiver is away when the shop is killed: the next process has to send what waits. */
const RECEIVER_KILLED = 1 / 3
const SHOP_KILLED = 1 / 2
const RECEIVER_BACK = 7 / 12

/**
 * One process of the shop.
 *
 * @typedef {object} Run
 * @property {import('./processes.js').Program} program
 * @property {number} acknowledged highest sequence number that flush() has acknowledged
 * @property {any[]} outputs figures of the outputs, as of the last acknowledgement
 * @property {Set<number>} onConsole
 * @property {() => number} logged as the process itself has left it with the kernel, line by line
 */

/** @param {{ directory: string, seconds: number, size: number }} settings */
export async function crash ({ directory, seconds, size }) {
  const logs = join(directory, 'logs')
  const received = join(directory, 'received')
  const journal = join(directory, 'journal')
  const dumper = dumperOptions(join(directory, 'dumps'))
  const dumped = () => dumpFiles(dumper.dumpPath).length
  const began = Date.now()
  const show = progress(seconds * 1000)
  const say = text => show.say(`  ${dim(inSeconds(Date.now() - began).padStart(8))}  ${text}`)
  const port = await freePort()
  const receiver = new Receiver(received)
  /** @type {import('../load.js').Tally} */
  const load = { sent: 0, answered: 0, failed: 0, statuses: {}, runs: {} }
  /** @type {Run[]} */
  const runs = []
  const logged = () => runs.map(run => run.logged())
  const tallyOf = number => join(directory, `.tally.${number}`)
  const startShop = () => {
    const run = openShop({ port, run: runs.length + 1, file: join(logs, BASE), size, tally: tallyOf(runs.length + 1), url: receiver.url, journal, dumper })
    runs.push(run)
    return run
  }
  let audited = 0
  try {
    say(`the receiver listens (process ${(await receiver.open()).child.pid})`)
    const first = startShop()
    await inTime(heard(first.program, ({ ready }) => ready, 'start the shop'), 'start the shop')
    say(`the shop listens (process ${first.program.child.pid})`)
    const customers = start('load.js', { port, customers: CUSTOMERS, seconds: 10 * seconds + 60, requests: MOST_PER_SECOND * (seconds + PATIENCE / 1000), card: CARD }, {
      onMessage: tally => Object.assign(load, tally)
    })
    say(`${CUSTOMERS} customers come (process ${customers.child.pid})`)
    let spent = 0
    /** The load goes on until this share of its time is over; and a while longer, when there is something still to come. */
    const go = async (share, enough = () => true) => {
      const from = Date.now() - spent
      do {
        for (const program of [customers, runs.at(-1)?.program, receiver.program]) {
          if (program?.ended) throw new Error(`a process ended too early (${program.ended.signal ?? `code ${program.ended.code}`})\n${program.stderr}`)
        }
        show.update(spent, live(load.answered, logged(), receiver.lines))
        await sleep(TICK)
        spent = Date.now() - from
      } while (spent < share * seconds * 1000 || (!enough() && spent < share * seconds * 1000 + PATIENCE))
    }

    await inTime(answered(load, 1, customers), 'an answer of process 1')
    await go(RECEIVER_KILLED)
    const unanswered = await receiver.kill()
    const outage = { arrivals: receiver.batches, lines: receiver.lines, from: Date.now(), until: 0, logged: [0] }
    say('SIGKILL to the receiver, between a batch and its answer')
    await go(SHOP_KILLED, () => first.acknowledged > 0 && dumped() > 0)
    first.program.child.kill('SIGKILL')
    await inTime(first.program.exited, 'kill the shop')
    const tail = tornTail(logs)
    const left = dumped()
    const killed = Date.now()
    const second = startShop()
    say(`SIGKILL to the shop; started again at once (process ${second.program.child.pid})`)
    await inTime(heard(second.program, ({ ready }) => ready, 'start the shop again'), 'start the shop again')
    say(`it listens again, ${inSeconds(Date.now() - killed)} after the kill`)
    await inTime(answered(load, 2, customers), 'an answer of process 2')
    await go(RECEIVER_BACK)
    const { child } = await receiver.open()
    Object.assign(outage, { until: Date.now(), logged: logged() })
    const owed = [first.acknowledged - outage.lines, second.acknowledged]
    say(`the receiver listens again, after ${inSeconds(outage.until - outage.from)} (process ${child.pid})`)
    const through = () => auditReceived(received, logged(), outage).waited.every((lines, at) => lines >= owed[at])
    await go(1, () => second.acknowledged > 0 && dumped() > left && through())

    say('SIGTERM to the shop, with all customers in it')
    second.program.child.kill('SIGTERM')
    const end = await inTime(second.program.closed.then(() => second.program.exited), 'end the shop')
    if (customers.child.connected) customers.child.send('stop')
    await inTime(Promise.all([customers.closed, first.program.closed]), 'end the load')
    await receiver.close()
    say(`the shop has ended (${end.signal ?? `code ${end.code}`}); now every file is read back`)

    const total = logFiles(logs, BASE).reduce((sum, name) => sum + fs.statSync(join(logs, name)).size, 0)
    const found = await auditShop(logs, BASE, logged(), read => {
      audited += read
      show.update(seconds * 1000 * audited / total, 'reading back')
    })
    const inbox = auditReceived(received, logged(), outage)
    say('and DuckDB reads the Parquet files')
    const asked = await askDataset(logs, runs.length)
    const dumps = auditDumps(dumper.dumpPath, found.runs)
    const shown = telling(dumps.files)
    const view = shown && await viewed(join(dumps.directory, shown.name))
    const all = figures(runs, found, { size, torn: tail, load, receiver, inbox, outage, unanswered, ...asked, dumps })
    return { figures: all, verdicts: verdicts(all), text: text(all, view) }
  } finally {
    show.stop()
    for (const at of runs.keys()) fs.rmSync(tallyOf(at + 1), { force: true })
  }
}

/** The rows beside the lines, and what they tell. */
async function askDataset (logs, runs) {
  return await withDataset(join(logs, BASE), async dataset => {
    await dataset.load(logFiles(logs, BASE).map(name => join(logs, name)))
    const { files, bytes } = dataset
    return { parquet: { files, bytes, runs: await compareShop(dataset, runs) }, answers: await answers(dataset) }
  })
}

/** @returns {Run} */
function openShop (options) {
  const { numbers, read } = consoleReader()
  const tally = Buffer.alloc(8)
  const run = {
    acknowledged: 0,
    outputs: [],
    onConsole: numbers,
    logged () {
      // Not there before the process has opened it.
      if (!fs.existsSync(options.tally)) return 0
      const fd = fs.openSync(options.tally, 'r')
      const read = fs.readSync(fd, tally, 0, tally.length, 0)
      fs.closeSync(fd)
      return read === tally.length ? tally.readDoubleLE() : 0
    },
    program: start('shop.js', options, {
      onStdout: read,
      onMessage: ({ acknowledged, outputs }) => {
        if (acknowledged !== undefined) Object.assign(run, { acknowledged, outputs })
      }
    })
  }
  return run
}

/** The load has had an answer of the shop's process `number`. */
async function answered (load, number, customers) {
  while (!load.runs[number] && !customers.ended) await sleep(TICK)
}

/** Always as long, so that nothing jumps. */
function live (requests, logged, received) {
  const lines = logged.reduce((sum, lines) => sum + lines, 0)
  return `${count(requests).padStart(7)} requests ${count(lines).padStart(9)} lines ${count(received).padStart(9)} received`
}

/** Bytes of an unfinished line at the end of the newest file. */
function tornTail (logs) {
  const name = logFiles(logs, BASE).filter(name => name.endsWith('.jsonl')).at(-1)
  if (name === undefined) return 0
  const bytes = fs.readFileSync(join(logs, name))
  return bytes.length - bytes.lastIndexOf(0x0a) - 1
}
