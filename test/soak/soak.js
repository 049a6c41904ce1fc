// node --import ./test/fixtures/typescript.js test/soak/soak.js [--quick | --minutes 60 | --hours 8] [--rate 10000] [--seed 1]
//
// An application logs to all outputs while one fault after the other comes over it: one a minute, with --quick one every few seconds.
// Afterwards every line that flush() had acknowledged is looked for in every output, and soak-report/ says what was found, with a plot.
// Ends with 1 when a line was lost, doubled or damaged, or when memory grew in a run that is long enough to tell.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { forbidden } from '../fixtures/faults.js'
import { seeded } from '../fixtures/harness.js'
import { judge } from './figures.js'
import { report } from './report.js'
import { Storm } from './storm.js'
import { Sweep } from './sweep.js'
import { FAULTS } from './weather.js'

/** Size of the disk that is filled: in memory, so not larger than it must be. */
const DISK = '768m'
const MINUTE = 60_000
const QUICK = { ms: 60_000, every: 3500, lasts: [700, 1500], rate: 2000, fileSize: '512k' }
const FULL = { ms: 10 * MINUTE, every: MINUTE, lasts: [5000, 20_000], rate: 10_000, fileSize: '8m' }
/** From this length on nothing is killed in the second half: memory is judged by a life that is long. */
const LONG = 60 * MINUTE

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    hours: { type: 'string' },
    rate: { type: 'string' },
    every: { type: 'string' },
    seed: { type: 'string', default: process.env.SEED ?? `${Date.now() % 1e6}` }
  }
})

/** Runs this program once more where a small disk is mounted; what is in there goes with it. */
function onSmallDisk (base) {
  const place = join(base, 'disk')
  fs.mkdirSync(place)
  const mounted = `mount -t tmpfs -o size=${DISK} tmpfs "$0" && exec "$@"`
  const again = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  return spawnSync('unshare', ['-rm', 'sh', '-c', mounted, place, ...again], { stdio: 'inherit', env: { ...process.env, SOAK_BASE: base, SEED: values.seed } }).status ?? 1
}

/** Each kind of fault once, in a random order, before any comes again. */
function * bag (storm, random) {
  for (;;) {
    const order = FAULTS.map(fault => ({ fault, at: random() })).sort((a, b) => a.at - b.at)
    for (const { fault } of order) if (!fault.skip?.(storm)) yield fault
  }
}

async function weather (storm, sweep, { ms, every, lasts: [least, most] }, random) {
  const faults = bag(storm, random)
  await sleep(every / 2)
  while (storm.now() + every < ms) {
    const next = storm.now() + every
    const { value: fault } = faults.next()
    if (!fault.restarts || ms < LONG || storm.now() < ms / 2) {
      const from = storm.now()
      await fault.strike(storm, least + random() * (most - least))
      storm.faults.push({ name: fault.name, from, to: storm.now() })
      console.log(`${(from / 1000).toFixed(0).padStart(6)} s  ${fault.name}, ${((storm.now() - from) / 1000).toFixed(1)} s; ${storm.app.life.acked.toLocaleString('en')} lines of ${storm.app.life.writer} acknowledged`)
    }
    // Not before what the fault has left is settled.
    await sleep(Math.max(0, next - storm.now()) / 2)
    await sweep.closed()
    await sleep(Math.max(0, next - storm.now()))
  }
  await sleep(Math.max(0, ms - storm.now()))
}

async function soak (base) {
  const settings = { ...(values.quick ? QUICK : FULL) }
  if (values.minutes ?? values.hours) settings.ms = Number(values.minutes ?? 60 * Number(values.hours)) * MINUTE
  if (values.rate) settings.rate = Number(values.rate)
  if (values.every) settings.every = Number(values.every) * 1000
  if (![settings.ms, settings.rate, settings.every].every(number => number > 0)) throw new Error('expected --minutes, --hours, --rate and --every to be positive numbers')
  const smallDisk = process.env.SOAK_BASE !== undefined
  const place = join(base, 'disk')
  fs.mkdirSync(place, { recursive: true })
  console.log(`soak: ${settings.ms / 1000} s, ${settings.rate} lines/s, a fault every ${settings.every / 1000} s, seed ${values.seed}${smallDisk ? '' : '; no small disk can be made here, so none will be full'}`)

  const storm = new Storm({ base, place, smallDisk, ...settings })
  const sweep = new Sweep({ place, notes: { http: storm.paths.received, exporter: storm.paths.exported } })
  process.on('exit', () => storm.close())
  await storm.open()
  await weather(storm, sweep, settings, seeded(Number(values.seed)))
  await storm.end()
  const waiting = await sweep.all()
  const result = judge({ storm, sweep, waiting, settings: { ...settings, seed: values.seed, quick: values.quick, smallDisk } })
  report(result, fileURLToPath(new URL('../../soak-report/', import.meta.url)))
  return result.verdicts.every(({ kept }) => kept !== false)
}

if (process.env.SOAK_BASE === undefined) {
  const base = fs.mkdtempSync(join(os.tmpdir(), 'pino-blackbox-soak-'))
  const why = forbidden('-rm')
  process.exitCode = why ? await soak(base) ? 0 : 1 : onSmallDisk(base)
  if (process.exitCode === 0) fs.rmSync(base, { recursive: true, force: true })
  else console.log(`what was received is left in ${base}`)
} else {
  process.exit(await soak(process.env.SOAK_BASE) ? 0 : 1)
}
