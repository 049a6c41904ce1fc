// npm run bench [-- --lines 1000000 --rounds 5 --only q1,q2,q10,e6,rss --dir /mnt/disk --quick]
//
// All contenders side by side on this machine: in every round each of them once, in a new order, each in a fresh process.
// Prints the tables and writes bench/results.md and bench/results.json.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contenders } from './contenders.js'
import { machine } from './machine.js'
import { plan } from './questions.js'
import { report } from './report.js'
import { verify } from './verify.js'

const BYTES_A_LINE = 250
const START_ROUNDS = 3
/** How many times the lines of the others a long run has. */
const LONG = 8

const { values } = parseArgs({
  options: {
    lines: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string', default: 'q1,q2,q10,e6,rss' },
    dir: { type: 'string' },
    rate: { type: 'string' },
    quick: { type: 'boolean', default: false }
  }
})
const lines = Number(values.lines ?? (values.quick ? 100_000 : 1_000_000))
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5))
const only = values.only.split(',')

/** Memory, if there is room: the figures are about software, and pino/file and pino-roll fsync where the others do not. */
function defaultDir () {
  const shared = '/dev/shm'
  if (!fs.existsSync(shared)) return os.tmpdir()
  const { bavail, bsize } = fs.statfsSync(shared)
  return bavail * bsize > lines * LONG * BYTES_A_LINE * 3 * 1.5 ? shared : os.tmpdir()
}

const base = fs.mkdtempSync(join(values.dir ?? defaultDir(), 'pino-blackbox-bench-'))
process.on('exit', () => fs.rmSync(base, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))

/** One process, one figure. Rejects when it did not do what it was to do. */
async function measure (contender, style, { lines, rate }) {
  const { outputs = 1, stdout = false } = contenders[contender]
  const dirs = Array.from({ length: outputs }, (_, at) => join(base, String(at)))
  for (const dir of dirs) fs.mkdirSync(dir)
  const out = stdout ? fs.openSync(join(dirs[0], 'app.log'), 'a') : 'ignore'
  const { NODE_OPTIONS, ...env } = process.env
  if (style === 'long') lines *= LONG
  try {
    const child = fork(fileURLToPath(new URL('app.js', import.meta.url)), [JSON.stringify({ contender, dirs, style, lines, rate })],
      { env, execArgv: [], stdio: ['ignore', out, 'inherit', 'ipc'] })
    let result
    child.on('message', message => { result = message })
    const [code] = await once(child, 'exit')
    const failure = result === undefined ? `ended with code ${code}` : result.failure
    const found = failure || style === 'start' ? [] : dirs.map(dir => verify(dir, lines))
    return {
      contender, style, lines, ...result, wrong: failure ?? found.find(({ wrong }) => wrong)?.wrong, cut: found.reduce((sum, { cut }) => sum + cut, 0)
    }
  } finally {
    if (stdout) fs.closeSync(out)
    for (const dir of dirs) fs.rmSync(dir, { recursive: true })
  }
}

/** Half of what pino/file can take: an application that is busy, but not with logging alone. */
async function halfOfSaturation () {
  const { ms, wrong } = await measure('pino/file', 'burst', { lines: 200_000 })
  if (wrong) throw new Error(`pino/file: ${wrong}`)
  return Math.round(200_000 / ms * 1000 / 2)
}

const rate = Number(values.rate ?? await halfOfSaturation())
const measurements = plan(only)
const samples = []
for (let round = 0; round < rounds; round++) {
  // Another order in every round: what one leaves behind (heat, caches) meets each of the others.
  const order = measurements.map((_, at) => measurements[(at + round) % measurements.length])
  for (const { contender, style } of round % 2 ? order.reverse() : order) {
    for (let repeat = 0; repeat < (style === 'start' ? START_ROUNDS : 1); repeat++) {
      process.stderr.write(`round ${round + 1}/${rounds}  ${style.padEnd(6)}${contender} ... `)
      const sample = { round, repeat, ...await measure(contender, style, { lines, rate }) }
      samples.push(sample)
      process.stderr.write(`${sample.wrong ?? `${Math.round(sample.ms ?? sample.startMs)} ms`}\n`)
    }
  }
}

const results = { machine: machine(), dir: values.dir ?? base.slice(0, base.lastIndexOf('/')), lines, rounds, rate, samples }
const text = report(results, only)
fs.writeFileSync(new URL('results.md', import.meta.url), text)
fs.writeFileSync(new URL('results.json', import.meta.url), JSON.stringify(results, null, 1) + '\n')
console.log(`\n${text}`)
