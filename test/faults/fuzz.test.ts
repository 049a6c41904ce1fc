// Everything that we parse, given what nobody has meant: nothing hangs, nothing throws but what is documented, nothing takes more memory
// than it may.
//
//   CASES=100000 SEED=7 npx tap run test/faults/fuzz.test.ts; FIRST=4711 CASES=1 SEED=7 for one case again
import t from 'tap'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { stayAwake } from '../fixtures/harness.js'

stayAwake(t)
const CASES = Number(process.env.CASES ?? 2000)
const SEED = Number(process.env.SEED ?? 20261121)
const FIRST = Number(process.env.FIRST ?? 0)
/** ms that one case may take. */
const LONGEST = 30_000
/** Of the heap, and of what is outside of it, beyond what there was at the start. */
const MEBIBYTE = 1024 * 1024
const HEAP = 192
const GROWTH = 400

/** Seed and number of a case that was too much once; each is tried first. */
const REGRESSIONS: Array<{ why: string, seed: number, first: number }> = [
  { why: 'a page header with billions of values', seed: 2, first: 465 }
]

interface Told { fault?: string, number?: number, counts?: Record<string, number> }

async function fuzz (seed: number, first: number, cases: number): Promise<{ fault: string | undefined, counts: Record<string, number>, grown: number }> {
  const directory = fs.mkdtempSync(join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'bb-fuzz-'))
  const board = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('../fixtures/fuzz-worker.ts', import.meta.url), {
    workerData: { directory, seed, first, cases, board },
    resourceLimits: { maxOldGenerationSizeMb: HEAP },
    execArgv: ['--import', new URL('../fixtures/typescript.js', import.meta.url).href]
  })
  let fault: string | undefined
  let counts: Record<string, number> = {}
  const before = process.memoryUsage.rss()
  let grown = 0
  let [last, since] = [-1, Date.now()]
  const watch = setInterval(() => {
    grown = Math.max(grown, (process.memoryUsage.rss() - before) / MEBIBYTE)
    const at = Atomics.load(board, 0)
    if (at !== last) [last, since] = [at, Date.now()]
    else if (Date.now() - since > LONGEST) {
      fault ??= `case ${at} takes more than ${LONGEST} ms`
      worker.terminate()
    }
  }, 20)
  worker.on('message', (told: Told) => {
    if (told.fault) fault ??= `case ${told.number}: ${told.fault}`
    counts = told.counts ?? counts
  })
  worker.on('error', error => { fault ??= `case ${Atomics.load(board, 0)}: ${error.stack}` })
  await new Promise(resolve => { worker.once('exit', resolve) })
  clearInterval(watch)
  fs.rmSync(directory, { recursive: true, force: true })
  return { fault, counts, grown }
}

for (const { why, seed, first } of REGRESSIONS) {
  t.test(`as it once was: ${why}`, async t => { t.equal((await fuzz(seed, first, 1)).fault, undefined) })
}

t.test(`${CASES} cases (SEED=${SEED})`, { timeout: 3_600_000 }, async t => {
  const { fault, counts, grown } = await fuzz(SEED, FIRST, CASES)
  t.equal(fault, undefined, `SEED=${SEED} ${JSON.stringify(counts)}`)
  t.ok(grown < GROWTH, `${Math.round(grown)} MiB more`)
})
