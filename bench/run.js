// npm run bench [-- --lines 1000000 --rows 200000 --rounds 5 --seconds 10 --only q1,q2,q3,q4,q5,q6,q7,q8,q10,calm,requests,errors,e6,rss --log app.jsonl --dir /mnt/disk --out . --quick]
//
// All contenders side by side on this machine: in every round each comparison once, in a new order, each figure from a fresh process.
// Prints the report and writes it to docs/benchmarks.md, its drawings beside it and results.json to bench/, or all to `--out`. `rows` are the lines of the file that is converted to Parquet.
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
import { drawings } from './drawings.js'
import { machine } from './machine.js'
import { plan, questions } from './questions.js'
import { report } from './report.js'
import { PLAIN } from './requests/servers.js'
import { LONGEST, styles } from './styles.js'
import { verify } from './verify.js'
import { verifyParquet, verifyRows } from './verify-parquet.js'

const BYTES_A_LINE = 250
const START_ROUNDS = 3
const ERRORS_A_SECOND = 10_000
const CALM_RATE = 1000
const SATURATION_SECONDS = 3
/** ms after which a figure is too old to be compared with a new one. */
const STALE = 15_000

const { values } = parseArgs({
  options: {
    lines: { type: 'string' },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', default: Object.keys(questions).filter(name => name !== 'log').join(',') },
    dir: { type: 'string' },
    out: { type: 'string' },
    rate: { type: 'string' },
    log: { type: 'string' },
    quick: { type: 'boolean', default: false }
  }
})
const lines = Number(values.lines ?? (values.quick ? 30_000 : 1_000_000))
const rows = Number(values.rows ?? (values.quick ? 10_000 : 200_000))
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
const only = [...values.only.split(','), ...values.log ? ['log'] : []]

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

// First: it fails where the peers are not installed.
const versions = machine()
const [base, disk] = [values.dir ?? defaultDir(), values.dir ?? defaultDisk()].map(dir => fs.mkdtempSync(join(dir, 'pino-blackbox-bench-')))
const inputs = { convert: join(base, 'service.jsonl'), 'convert, real': join(base, 'real.jsonl') }
process.on('exit', () => { for (const dir of [base, disk]) fs.rmSync(dir, { recursive: true, force: true }) })
process.on('SIGINT', () => process.exit(130))

const secondsOf = style => values.seconds ? Number(values.seconds) : values.quick ? 1 : styles[style].seconds

/** One process, one figure. Rejects when it did not do what it was to do. */
async function measure (contender, style, { lines, rate, seconds = secondsOf(style) }) {
  const { program = 'app.js', check = 'outputs', share = 1, disk: onDisk } = styles[style]
  const { outputs = ['lines'], stdout = false, share: times = 1, lineBytes } = contenders[contender] ?? {}
  const sample = { contender, style, lineBytes, lines: rowsOf[style] ?? Math.round(lines * share * times) }
  const dirs = outputs.map((_, at) => join(onDisk ? disk : base, String(at)))
  for (const dir of dirs) fs.mkdirSync(dir)
  const receiver = outputs.includes(HTTP) ? await startReceiver() : undefined
  const out = stdout ? fs.openSync(join(dirs[0], 'app.log'), 'a') : 'ignore'
  try {
    const result = await inProcess(program, { ...sample, dirs, seconds, rate, input: inputs[style], url: receiver?.url }, out)
    const found = result.failure ? [] : await Promise.all(checks[check]({ ...sample, ...result }, dirs, outputs, receiver))
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

/** By the `check` of the style. */
const checks = {
  itself: () => [],
  passes: ({ contender, lines }, [dir]) => PASSES.map(pass => verifyParquet(join(dir, pass, DATASET), lines, converters[contender].seq)),
  rows: ({ lines }, [dir]) => PASSES.map(pass => verifyRows(join(dir, pass, DATASET), lines)),
  received: ({ lines }, _dirs, _outputs, receiver) => [receiver.verify(lines)],
  wide: ({ lines }, [dir]) => [verifyParquet(join(dir, 'cold', DATASET), lines)],
  outputs: verifyOutputs
}

function verifyOutputs ({ lines }, dirs, outputs, receiver) {
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

/** Per second, what a contender can take. */
async function saturation (contender, style, count) {
  const { ms, wrong, ...sample } = await measure(contender, style, { lines: 200_000, seconds: SATURATION_SECONDS })
  if (wrong) throw new Error(`${contender}: ${wrong}`)
  return Math.round(sample[count] / ms * 1000)
}

/** How much a second, by style, and what the machine could take. */
const findRates = {
  /** Half of what pino/file can take: an application that is busy, but not with logging alone. */
  async paced () {
    const most = await saturation('pino/file', 'burst', 'lines')
    return { rate: Number(values.rate ?? Math.round(most / 2)), most }
  },
  calm: () => ({ rate: CALM_RATE }),
  /** So many only where the server has room for them without the plugin. */
  async errors () {
    const most = await saturation(PLAIN, 'errors', 'answered')
    return { rate: ERRORS_A_SECOND <= most * 3 / 4 ? ERRORS_A_SECOND : Math.round(most / 2), most }
  }
}

const groups = plan(only)
const asked = new Set(groups.flat().map(({ style }) => style))
if (asked.has('convert')) writeServiceLog(inputs.convert, rows)
if (asked.has('convert, real')) fs.copyFileSync(values.log, inputs['convert, real'])
const rowsOf = Object.fromEntries(Object.entries(inputs).filter(([style]) => asked.has(style)).map(([style, input]) => [style, cutIntoSegments(input)]))
const rates = {}
for (const [style, find] of Object.entries(findRates)) if (asked.has(style)) rates[style] = await find()
const samples = []
for (let round = 0; round < rounds; round++) {
  // Another order in every round: what one leaves behind (heat, caches) meets each of the others.
  const order = groups.map((_, at) => groups[(at + round) % groups.length]).filter(group => group.every(({ style }) => round < (styles[style].rounds ?? rounds)))
  for (const group of round % 2 ? order.map(group => group.toReversed()).reverse() : order) {
    for (let repeat = 0; repeat < (group[0].style === 'start' ? START_ROUNDS : 1); repeat++) {
      for (const { contender, style } of group) await sample(contender, style, round, repeat)
    }
  }
}

/** The speed of a machine that is shared changes within minutes: who is compared has run shortly before, or runs again. */
async function sample (contender, style, round, repeat) {
  const last = samples.findLast(sample => sample.contender === contender && sample.style === style && sample.round === round && sample.repeat === repeat)
  if (last && performance.now() - last.at < STALE) return
  process.stderr.write(`round ${round + 1}/${rounds}  ${style.padEnd(12)}${contender} ... `)
  const made = { round, repeat, ...await measure(contender, style, { lines, rate: rates[style]?.rate }), at: performance.now() }
  samples.push(made)
  process.stderr.write(`${made.wrong ?? `${Math.round(made.ms ?? made.startMs)} ms`}\n`)
}

const results = { machine: versions, dir: values.dir ?? base.slice(0, base.lastIndexOf('/')), lines, rows, rounds, rates, samples }
const drawn = drawings(results, only)
const text = report(results, only, Object.keys(drawn))
const pages = values.out ?? fileURLToPath(new URL('../docs', import.meta.url))
write(pages, 'benchmarks.md', text)
for (const [name, svg] of Object.entries(drawn)) write(join(pages, 'benchmarks'), name, svg)
write(values.out ?? fileURLToPath(new URL('.', import.meta.url)), 'results.json', JSON.stringify(results, null, 1) + '\n')
console.log(`\n${text}`)

function write (directory, name, content) {
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(join(directory, name), content)
}
