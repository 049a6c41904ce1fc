// npm run bench [-- --lines 1000000 --rows 200000 --rounds 5 --only q1,q2,q3,q4,q5,q6,q10,e6,rss --dir /mnt/disk --quick]
//
// All contenders side by side on this machine: in every round each of them once, in a new order, each in a fresh process.
// Prints the tables and writes bench/results.md and bench/results.json. `rows` are the lines of the file that is converted to Parquet.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contenders, DATASET, HTTP } from './contenders.js'
import { converters, PASSES } from './convert/converters.js'
import { cutIntoSegments } from './convert/segments.js'
import { writeServiceLog } from './convert/service-log.js'
import { machine } from './machine.js'
import { plan, questions } from './questions.js'
import { report } from './report.js'
import { LONGEST, styles } from './styles.js'
import { verify } from './verify.js'
import { verifyParquet } from './verify-parquet.js'

const BYTES_A_LINE = 250
const START_ROUNDS = 3

const { values } = parseArgs({
  options: {
    lines: { type: 'string' },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string', default: Object.keys(questions).join(',') },
    dir: { type: 'string' },
    rate: { type: 'string' },
    quick: { type: 'boolean', default: false }
  }
})
const lines = Number(values.lines ?? (values.quick ? 30_000 : 1_000_000))
const rows = Number(values.rows ?? (values.quick ? 10_000 : 200_000))
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
const only = values.only.split(',')

/** Memory, if there is room: the figures are about software, and pino/file and pino-roll fsync where the others do not. */
function defaultDir () {
  const shared = '/dev/shm'
  if (!fs.existsSync(shared)) return os.tmpdir()
  const { bavail, bsize } = fs.statfsSync(shared)
  return bavail * bsize > lines * LONGEST * BYTES_A_LINE * 3 * 1.5 ? shared : os.tmpdir()
}

/** Meant for what is to be there after the next start of the machine, so not in memory as /tmp may be. */
function defaultDisk () {
  return fs.existsSync('/var/tmp') ? '/var/tmp' : os.tmpdir()
}

const [base, disk] = [values.dir ?? defaultDir(), values.dir ?? defaultDisk()].map(dir => fs.mkdtempSync(join(dir, 'pino-blackbox-bench-')))
const input = join(base, 'service.jsonl')
process.on('exit', () => { for (const dir of [base, disk]) fs.rmSync(dir, { recursive: true, force: true }) })
process.on('SIGINT', () => process.exit(130))

/** One process, one figure. Rejects when it did not do what it was to do. */
async function measure (contender, style, { lines, rate }) {
  const { program, share = 1, disk: onDisk } = styles[style]
  const sample = { contender, style, lines: program ? rows : Math.round(lines * share) }
  const { outputs = ['lines'], stdout = false } = contenders[contender] ?? {}
  const dirs = outputs.map((_, at) => join(onDisk ? disk : base, String(at)))
  for (const dir of dirs) fs.mkdirSync(dir)
  const receiver = outputs.includes(HTTP) ? await startReceiver() : undefined
  const out = stdout ? fs.openSync(join(dirs[0], 'app.log'), 'a') : 'ignore'
  try {
    const result = await inProcess(program ?? 'app.js', { ...sample, dirs, rate, input, url: receiver?.url }, out)
    const found = result.failure || style === 'start' ? [] : await Promise.all(program ? verifyPasses(sample, dirs[0]) : verifyOutputs(outputs, dirs, sample.lines, receiver))
    const { bytes, requests } = found.find(({ bytes }) => bytes !== undefined) ?? {}
    return { ...sample, ...result, bytes, requests, wrong: result.failure ?? found.find(({ wrong }) => wrong)?.wrong, cut: found.reduce((sum, { cut = 0 }) => sum + cut, 0) }
  } finally {
    receiver?.end()
    if (stdout) fs.closeSync(out)
    for (const dir of dirs) fs.rmSync(dir, { recursive: true })
  }
}

function start (program, about = {}, out = 'inherit') {
  const { NODE_OPTIONS, ...env } = process.env
  return fork(fileURLToPath(new URL(program, import.meta.url)), [JSON.stringify(about)], { env, execArgv: [], stdio: ['ignore', out, 'inherit', 'ipc'] })
}

async function inProcess (program, about, out) {
  const child = start(program, about, out)
  let result
  child.on('message', message => { result = message })
  const [code] = await once(child, 'exit')
  return result ?? { failure: `ended with code ${code}` }
}

/** A fresh one for every figure, too: what one has sent does not fill the memory of the next one's. */
async function startReceiver () {
  const child = start('receiver.js')
  const [{ url }] = await once(child, 'message')
  return {
    url,
    async verify (lines) {
      child.send({ lines })
      const [found] = await once(child, 'message')
      return found
    },
    end: () => child.disconnect()
  }
}

function verifyOutputs (outputs, dirs, lines, receiver) {
  const verifiers = {
    lines: dir => verify(dir, lines),
    parquet: dir => verifyParquet(join(dir, DATASET), lines),
    [HTTP]: dir => leftIn(dir) ?? receiver.verify(lines)
  }
  return dirs.map((dir, at) => verifiers[outputs[at]](dir))
}

function leftIn (dir) {
  const left = fs.readdirSync(dir, { recursive: true }).find(name => /\.(open|jsonl)$/.test(name))
  return left && { wrong: `left in the journal: ${left}` }
}
const verifyPasses = ({ contender, lines }, dir) => PASSES.map(pass => verifyParquet(join(dir, pass, DATASET), lines, converters[contender].seq))

/** Half of what pino/file can take: an application that is busy, but not with logging alone. */
async function halfOfSaturation () {
  const { ms, wrong } = await measure('pino/file', 'burst', { lines: 200_000 })
  if (wrong) throw new Error(`pino/file: ${wrong}`)
  return Math.round(200_000 / ms * 1000 / 2)
}

const measurements = plan(only)
const rate = Number(values.rate ?? (measurements.some(({ style }) => style === 'paced') ? await halfOfSaturation() : 0))
if (measurements.some(({ style }) => style === 'convert')) {
  writeServiceLog(input, rows)
  cutIntoSegments(input)
}
const samples = []
for (let round = 0; round < rounds; round++) {
  // Another order in every round: what one leaves behind (heat, caches) meets each of the others.
  const order = measurements.map((_, at) => measurements[(at + round) % measurements.length])
  for (const { contender, style } of round % 2 ? order.reverse() : order) {
    for (let repeat = 0; repeat < (style === 'start' ? START_ROUNDS : 1); repeat++) {
      process.stderr.write(`round ${round + 1}/${rounds}  ${style.padEnd(12)}${contender} ... `)
      const sample = { round, repeat, ...await measure(contender, style, { lines, rate }) }
      samples.push(sample)
      process.stderr.write(`${sample.wrong ?? `${Math.round(sample.ms ?? sample.startMs)} ms`}\n`)
    }
  }
}

const results = { machine: machine(), dir: values.dir ?? base.slice(0, base.lastIndexOf('/')), lines, rows, rounds, rate, samples }
const text = report(results, only)
fs.writeFileSync(new URL('results.md', import.meta.url), text)
fs.writeFileSync(new URL('results.json', import.meta.url), JSON.stringify(results, null, 1) + '\n')
console.log(`\n${text}`)
