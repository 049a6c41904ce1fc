// node bench/lost.js [--rounds 5]: how many lines are lost when an application comes to its end, by the way it does. Prints the table of
// docs/lost.md. A line is lost when it was logged and is not whole in a file after the next start.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loggers } from './lost/loggers.js'

const { values: { rounds } } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const RATES = { '1,000 lines/s': 1000, 'as fast as it can': 0 }
const ENDINGS = ['drain', 'exit', 'throw', 'SIGTERM, handled', 'SIGTERM', 'SIGKILL', 'worker']
const TOLD = {
  drain: 'the event loop has nothing left to do',
  exit: '`process.exit()`',
  throw: 'an exception that nobody catches',
  'SIGTERM, handled': 'SIGTERM, with `shutdown.onSignals(logger)`',
  SIGTERM: 'SIGTERM, without a handler',
  SIGKILL: '`kill -9`',
  worker: 'the worker of the transport dies, with `watch(logger)`'
}
/** The others have nothing like it: without a handler of the user's they lose as with the plain signal, and the app dies with the worker. */
const OURS = ['SIGTERM, handled', 'worker']

async function lose (contender, ending, rate) {
  const base = fs.mkdtempSync(join(os.tmpdir(), 'pino-blackbox-lost-'))
  const [dir, mark] = [join(base, 'logs'), join(base, 'mark')]
  const { NODE_OPTIONS, ...env } = process.env
  const child = fork(fileURLToPath(new URL('lost/app.js', import.meta.url)), [JSON.stringify({ contender, ending, rate, dir, mark })], { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  child.on('message', () => child.kill(ending.split(',')[0]))
  await once(child, 'exit')
  const logged = fs.statSync(mark).size / 8
  const found = new Set(fs.readdirSync(dir, { withFileTypes: true }).filter(entry => entry.isFile()).flatMap(({ name }) =>
    fs.readFileSync(join(dir, name), 'utf8').split('\n').slice(0, -1).flatMap(line => { try { return JSON.parse(line).seq } catch { return [] } })))
  fs.rmSync(base, { recursive: true })
  return { logged, lost: Math.max(0, logged - found.size) }
}

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const shown = number => number.toLocaleString('en')

for (const [name, rate] of Object.entries(RATES)) {
  console.log(`\n| ${name}, lines lost: median (most) of ${rounds} | ${Object.keys(loggers).join(' | ')} |\n| --- |${' --- |'.repeat(Object.keys(loggers).length)}`)
  for (const ending of ENDINGS) {
    const cells = []
    for (const contender of Object.keys(loggers)) {
      if (OURS.includes(ending) && contender !== 'pino-blackbox') {
        cells.push('')
        continue
      }
      const runs = []
      for (let round = 0; round < rounds; round++) runs.push((await lose(contender, ending, rate)).lost)
      cells.push(Math.max(...runs) === 0 ? '0' : `${shown(median(runs))} (${shown(Math.max(...runs))})`)
    }
    console.log(`| ${TOLD[ending]} | ${cells.join(' | ')} |`)
  }
}
