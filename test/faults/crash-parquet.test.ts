// P2 for datasets, D5: what flush() acknowledged survives SIGKILL of the process, and the death of the converting thread alone, and
// is in the dataset exactly once; what readers see is whole at any moment. With all outputs: crash.test.ts.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { files, foreign, open, query } from '../fixtures/dataset.js'
import { preloaded, program, until, type Program } from '../fixtures/harness.js'
import { READERS } from '../fixtures/parquet.js'
import type { ParquetOptions } from 'pino-blackbox'

const KILLS = Number(process.env.KILLS ?? 4)

const transport = (dir: string, preload?: string): { target: string, options: ParquetOptions } => ({
  target: 'pino-blackbox/parquet',
  options: {
    dir,
    partition: 'hour',
    size: '20k',
    columns: { writer: 'string', seq: 'int32' },
    // Small segments, so that kills hit every step.
    journal: { maxSize: '150k', whenFull: 'block', blockTimeout: '1m' },
    closeTimeout: '9s'
  },
  ...(preload && { worker: preloaded(preload) })
})

interface Run { writer: string, acked: number }

interface Logging extends Program {
  writer: string
  acked (): number
  reached (seq: number): Promise<void>
}

function logging (t: Test, dir: string, options: { writer: string, preload?: string } & Record<string, unknown>, env: NodeJS.ProcessEnv = {}): Logging {
  const child = program('hours.js', { transport: transport(dir, options.preload), ...options }, { env })
  t.teardown(() => child.process.kill('SIGKILL'))
  const acked = (): number => Number(child.messages.findLast(message => 'acked' in message)?.acked ?? 0)
  return Object.assign(child, {
    writer: options.writer,
    acked,
    async reached (seq: number) {
      await until(() => {
        if (child.process.exitCode !== null) throw new Error(`it ended before it had acknowledged ${seq}: ${child.stderr}`)
        return acked() >= seq
      })
    }
  })
}

async function kill (child: Logging): Promise<Run> {
  await new Promise(resolve => setTimeout(resolve, Math.random() * 60))
  child.process.kill('SIGKILL')
  await child.exited
  return { writer: child.writer, acked: child.acked() }
}

/** Looks at a dataset as it is just now: every file that was not there before is opened. Returns how many are there. */
function observer (t: Test, dir: string): () => Promise<number> {
  const known = new Set<string>()
  return async () => {
    const found = files(dir)
    const paths = found.filter(name => !known.has(name)).map(name => join(dir, name))
    for (const reader of ['duckdb', 'hyparquet']) await t.resolves(READERS[reader]!(paths), `${paths.length} new files open in ${reader}`)
    t.same(foreign(dir), [], 'nothing else is there')
    for (const name of found) known.add(name)
    return found.length
  }
}

/** What is wrong with these runs' lines: acknowledged and not there, or there twice. */
async function wrong (dir: string, runs: readonly Run[]): Promise<string[]> {
  const counted = await query(dir, `writer, count(*) as lines, count(distinct seq) as numbers, ${runs.map(({ acked }, at) => `count(distinct seq) filter (seq < ${acked}) as acked_${at}`).join()}`, 'group by writer')
  return runs.flatMap(({ writer, acked }, at) => {
    const { lines = 0, numbers = 0, [`acked_${at}`]: there = 0 } = counted.find(row => row.writer === writer) ?? {}
    return [
      ...(Number(there) === acked ? [] : [`${writer}: ${acked} acknowledged, ${there} there`]),
      ...(lines === numbers ? [] : [`${writer}: ${lines} rows with ${numbers} numbers`])
    ]
  })
}

/** Files of the journal, other than directories, that are still there. */
const left = (dir: string): string[] => {
  const home = join(dir, '..', '.logs.blackbox')
  return fs.existsSync(home) ? fs.readdirSync(home, { recursive: true, encoding: 'utf8' }) : []
}

t.test(`${KILLS} SIGKILLs during heavy writes: acknowledged lines are there once, in whole files`, async t => {
  const dir = join(t.testdir(), 'logs')
  const look = observer(t, dir)
  const runs: Run[] = []
  for (let at = 0; at < KILLS; at++) {
    const child = logging(t, dir, { writer: `run-${at}` })
    const before = files(dir).length
    // Also in the middle of publishing what the one before has left.
    await (at % 3 === 0 ? until(() => files(dir).length > before) : child.reached(400))
    runs.push(await kill(child))
    await look()
  }
  const last = logging(t, dir, { writer: 'last', count: 1000 })
  t.match(await last.exited, { code: 0 }, last.stderr)
  // What there was no time for at that end is still in the journal, and for the next who starts.
  const heir = await open(transport(dir).options)
  await until(() => {
    try {
      return !left(dir).some(name => /\.(open|jsonl)$/.test(name))
    } catch {
      // Directories are on the move while they are adopted.
      return false
    }
  }, 60_000)
  await heir.end()
  t.same(await wrong(dir, [...runs, { writer: 'last', acked: 1000 }]), [], `acknowledged: ${runs.map(({ acked }) => acked).join(' + ')}`)
  t.ok(await look() > 2)
  t.same(left(dir), [], 'the journal is gone after a clean end')
})

t.test('the converting thread dies again and again under load: it heals, and loses nothing', async t => {
  const dir = join(t.testdir({ ended: '' }), 'logs')
  const ended = join(t.testdirName, 'ended')
  const most = Math.ceil(KILLS / 3)
  const look = observer(t, dir)
  const child = logging(t, dir, { writer: 'w', preload: 'mortal.js', until: 'delivered', insist: true }, { MORTAL: `${ended} ${most}` })
  const deaths = (): number => fs.readFileSync(ended, 'utf8').split('\n').length - 1
  for (const share of [0.25, 0.5, 0.75, 1]) {
    await until(() => deaths() >= most * share, 60_000)
    await child.reached(child.acked() + 200)
    await look()
  }
  const last = await kill(child)
  const next = logging(t, dir, { writer: 'next', count: 100 })
  t.match(await next.exited, { code: 0 }, next.stderr)
  t.same(await wrong(dir, [last, { writer: 'next', acked: 100 }]), [], `${last.acked} acknowledged, ${deaths()} deaths`)
  t.same(left(dir), [])
  await look()
})

t.test('four processes, two of them killed and started again: each acknowledged line once, orphans adopted by one', async t => {
  const dir = join(t.testdir(), 'logs')
  const look = observer(t, dir)
  const survivors = ['a', 'b'].map(writer => logging(t, dir, { writer, turns: true }))
  const runs: Run[] = []
  for (const round of [0, 1]) {
    const victims = ['c', 'd'].map(name => logging(t, dir, { writer: `${name}${round}` }))
    await Promise.all(victims.map(({ reached }) => reached(400)))
    runs.push(...await Promise.all(victims.map(kill)))
    await look()
    for (const { process } of survivors) process.send('go')
  }
  const heirs = ['e', 'f'].map(writer => logging(t, dir, { writer, count: 400 }))
  for (const { exited } of heirs) t.match(await exited, { code: 0 })
  runs.push(...heirs.map(({ writer }) => ({ writer, acked: 400 })))
  // What there was no time for at the end of one is for the next, on a slow machine.
  for (let late = 0; late < 5 && (await wrong(dir, runs)).length > 0; late++) {
    const writer = `late-${late}`
    t.match(await logging(t, dir, { writer, count: 10 }).exited, { code: 0 })
    runs.push({ writer, acked: 10 })
  }
  t.same(await wrong(dir, runs), [], `acknowledged, while others still live: ${runs.map(({ acked }) => acked).join(' + ')}`)
  runs.push(...await Promise.all(survivors.map(kill)))
  const last = logging(t, dir, { writer: 'last', count: 10 })
  t.match(await last.exited, { code: 0 })
  t.same(await wrong(dir, [...runs, { writer: 'last', acked: 10 }]), [])
  t.same(left(dir), [])
  await look()
})

t.test('delivered: in published files when flush() resolves, also when the process is killed then', async t => {
  const dir = join(t.testdir(), 'logs')
  const child = logging(t, dir, { writer: 'w', until: 'delivered', ackEvery: 30, hours: 3, turns: true })
  for (const acked of [30, 60, 90]) {
    await child.reached(acked)
    t.same(await wrong(dir, [{ writer: 'w', acked }]), [], `${acked} delivered`)
    child.process.send('go')
  }
  const run = await kill(child)
  t.same(await wrong(dir, [run]), [])
  const last = logging(t, dir, { writer: 'w2', count: 10 })
  t.match(await last.exited, { code: 0 })
  t.same(await wrong(dir, [run, { writer: 'w2', acked: 10 }]), [])
})
