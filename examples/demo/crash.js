// The shop under load, killed half-way and started again, then ended by SIGTERM while customers are still there; and what is
// found of its log lines afterwards.
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { auditShop, consoleReader, missing } from './audit.js'
import { text, verdicts } from './crash-report.js'
import { compareShop, withDataset } from './dataset.js'
import { logFiles } from './lines.js'
import { freePort, heard, inTime, start } from './processes.js'
import { progress } from './progress.js'
import { answers } from './questions.js'
import { count, dim, seconds as inSeconds } from './report.js'

const BASE = 'shop'
const CUSTOMERS = 48
/** More than any machine gets through, so that the load is bounded and never the first to end. */
const MOST_PER_SECOND = 20_000
const TICK = 50

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
  const began = Date.now()
  const show = progress(seconds * 1000)
  const say = text => show.say(`  ${dim(inSeconds(Date.now() - began).padStart(8))}  ${text}`)
  const port = await freePort()
  /** @type {import('../load.js').Tally} */
  const load = { sent: 0, answered: 0, failed: 0, statuses: {}, runs: {} }
  /** @type {Run[]} */
  const runs = []
  const tallyOf = number => join(directory, `.tally.${number}`)
  const startShop = () => {
    const run = openShop({ port, run: runs.length + 1, file: join(logs, BASE), size, tally: tallyOf(runs.length + 1) })
    runs.push(run)
    return run
  }
  let audited = 0
  try {
    const first = startShop()
    await inTime(heard(first.program, ({ ready }) => ready, 'start the shop'), 'start the shop')
    say(`the shop listens (process ${first.program.child.pid})`)
    const customers = start('load.js', { port, customers: CUSTOMERS, seconds: 10 * seconds + 60, requests: MOST_PER_SECOND * seconds }, {
      onMessage: tally => Object.assign(load, tally)
    })
    say(`${CUSTOMERS} customers come (process ${customers.child.pid})`)
    const half = async number => {
      await inTime(answered(load, number, customers), `an answer of process ${number}`)
      const from = Date.now()
      for (let now = from; now - from < seconds * 500 || runs[number - 1].acknowledged === 0; now = Date.now()) {
        for (const { ended, stderr } of [customers, runs[number - 1].program]) {
          if (ended) throw new Error(`a process ended too early (${ended.signal ?? `code ${ended.code}`})\n${stderr}`)
        }
        show.update((number - 1) * seconds * 500 + now - from, live(load.answered, runs))
        await sleep(TICK)
      }
    }

    await half(1)
    first.program.child.kill('SIGKILL')
    await inTime(first.program.exited, 'kill the shop')
    const tail = tornTail(logs)
    const killed = Date.now()
    const second = startShop()
    say(`SIGKILL to the shop; started again at once (process ${second.program.child.pid})`)
    await inTime(heard(second.program, ({ ready }) => ready, 'start the shop again'), 'start the shop again')
    say(`it listens again, ${inSeconds(Date.now() - killed)} after the kill`)
    await half(2)

    say('SIGTERM to the shop, with all customers in it')
    second.program.child.kill('SIGTERM')
    const end = await inTime(second.program.closed.then(() => second.program.exited), 'end the shop')
    if (customers.child.connected) customers.child.send('stop')
    await inTime(Promise.all([customers.closed, first.program.closed]), 'end the load')
    say(`the shop has ended (${end.signal ?? `code ${end.code}`}); now every file is read back`)

    const total = logFiles(logs, BASE).reduce((sum, name) => sum + fs.statSync(join(logs, name)).size, 0)
    const found = await auditShop(logs, BASE, runs.map(run => run.logged()), read => {
      audited += read
      show.update(seconds * 1000 * audited / total, 'reading back')
    })
    say('and DuckDB reads the Parquet files')
    const asked = await askDataset(logs, runs.length)
    const all = figures(runs, found, { size, torn: tail, load, ...asked })
    return { figures: all, verdicts: verdicts(all), text: text(all) }
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
function live (requests, runs) {
  const lines = runs.reduce((sum, run) => sum + run.logged(), 0)
  return `${count(requests).padStart(7)} requests ${count(lines).padStart(9)} lines  process ${runs.length}`
}

/** Bytes of an unfinished line at the end of the newest file. */
function tornTail (logs) {
  const name = logFiles(logs, BASE).filter(name => name.endsWith('.jsonl')).at(-1)
  if (name === undefined) return 0
  const bytes = fs.readFileSync(join(logs, name))
  return bytes.length - bytes.lastIndexOf(0x0a) - 1
}

/**
 * Everything that the report tells.
 *
 * @param {Run[]} runs
 * @param {Awaited<ReturnType<typeof auditShop>>} found
 * @param {{ size: number, torn: number, load: import('../load.js').Tally } & Awaited<ReturnType<typeof askDataset>>} more
 */
export function figures (runs, { files, runs: found, strange }, { size, torn, load, parquet, answers }) {
  const processes = runs.map(({ acknowledged, outputs, onConsole, program, logged }, at) => {
    const { lines, highest, duplicates, unordered, completed, errors } = found[at]
    const lost = missing(found[at], acknowledged)
    const expected = errors.filter(seq => seq <= acknowledged)
    const { rows, twice, different, withoutRow, withoutLine } = parquet.runs[at]
    // What the kill took is not the same lines in each output.
    const owed = program.ended?.signal === 'SIGKILL' ? acknowledged : Infinity
    return {
      run: at + 1,
      endedBy: program.ended?.signal ?? `code ${program.ended?.code}`,
      logged: logged(),
      acknowledged,
      found: lines,
      missing: lost.length,
      firstMissing: lost.slice(0, 10),
      duplicates,
      unordered,
      gaps: highest - lines,
      afterLastAcknowledgement: logged() - acknowledged,
      lost: logged() - lines,
      requestsCompleted: completed,
      rows,
      rowsTwice: twice,
      rowsDifferent: different,
      linesWithoutRow: withoutRow.filter(seq => seq <= owed).length,
      rowsWithoutLine: withoutLine.filter(seq => seq <= owed).length,
      unacknowledgedInOne: [...withoutRow, ...withoutLine].filter(seq => seq > owed).length,
      consoleExpected: expected.length,
      consoleMissing: expected.filter(seq => !onConsole.has(seq)).length,
      dropped: outputs.reduce((sum, { droppedRecords }) => sum + droppedRecords, 0),
      outputs,
      stderr: program.stderr
    }
  })
  const cut = processes.at(-1)?.outputs.reduce((sum, { tornBytes }) => sum + tornBytes, 0) ?? 0
  const [killed, ended] = [1, 2].map(run => load.runs[run])
  return {
    mode: 'shop',
    load,
    /** ms without an answer */
    downFor: killed && ended ? ended.first - killed.last : undefined,
    processes,
    files,
    size,
    parquet: { files: parquet.files, bytes: parquet.bytes, ratio: files.reduce((sum, { text }) => sum + text, 0) / parquet.bytes },
    answers,
    strangeLines: strange.length,
    strange: strange.slice(0, 10),
    /** bytes of a half line at the kill, and those that the next process says it cut */
    torn: { left: torn, cut }
  }
}
