// B29: an output's close() under load, as often as it takes to meet rare interleavings: RUNS=10000 in the soak. Every line that
// it did not count as dropped is in the files, once and in order, and closing comes to an end.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Block } from '../lib/journal/block.js'
import { output } from '../transports/jsonl.js'
import { accountedFor } from './fixtures/faults.js'
import { readLines } from './fixtures/harness.js'
import { seeded, stayAwake } from './fixtures/harness.js'
import { range } from './fixtures/jsonl.js'

const RUNS = Number(process.env.RUNS ?? 150)
const AT_ONCE = 8
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const next = seeded(SEED)
const random = (below: number): number => Math.floor(next() * below)
const pick = <T>(...values: T[]): T => values[random(values.length)]!
stayAwake(t)
// Each tells on stderr what it dropped, as it should; here that would be some thousand lines.
const { writeSync } = fs
fs.writeSync = ((fd: number, ...rest: [string]) => fd === 2 ? 0 : writeSync(fd, ...rest)) as typeof writeSync
t.teardown(() => { fs.writeSync = writeSync })

async function run (directory: string): Promise<string | undefined> {
  const log = await output({ file: join(directory, 'app'), size: pick('1k', '64k', undefined), fsync: pick<'never' | 'always' | number>('never', 'never', 3, 'always'), minLength: pick(0, 0, 500) })
  let seq = 0
  const append = (lines: number): void => {
    log.append(new Block(range(lines, seq).map(seq => `{"level":30,"seq":${seq}}\n`).join(''), lines))
    seq += lines
  }
  const waits: Array<Promise<unknown>> = []
  for (let step = random(12); step > 0; step--) {
    append(1 + random(40))
    if (random(3) === 0) await turn()
    if (random(6) === 0) waits.push(log.flush('durable', false))
  }
  const before = seq
  waits.push(log.close(), log.close())
  append(1 + random(5))
  await Promise.all(waits)
  await log.close()
  const metrics = { kind: '', name: '', ...log.counters.read() }
  const found = fs.existsSync(directory) ? (await readLines(directory, 'app')).map(({ seq }) => seq) : []
  fs.rmSync(directory, { recursive: true, force: true })
  if (found.length !== before || found.some((seq, at) => seq !== at)) return `${found.length} of ${before} lines`
  if (!accountedFor(metrics) || metrics.dropped.closed !== seq - before || metrics.pendingRecords !== 0) return JSON.stringify(metrics)
  return undefined
}

t.test(`${RUNS} closes under load (SEED=${SEED})`, { timeout: 60_000 + RUNS * 500 }, async t => {
  const base = t.testdir()
  const wrong: string[] = []
  let next = 0
  await Promise.all(range(AT_ONCE).map(async () => {
    while (next < RUNS) {
      const at = next++
      const failure = await run(join(base, String(at)))
      if (failure !== undefined) wrong.push(`run ${at}: ${failure}`)
    }
  }))
  t.strictSame(wrong, [])
})
