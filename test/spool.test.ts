// The journal that later outputs stand on: a spool of segments survives its writer, is adopted by exactly one successor, keeps
// its ids, and stays within its bound.
import t from 'tap'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { cleanEnv, fixture } from './fixtures/harness.js'

interface Message { acked?: number, opened?: Record<string, number>, closed?: Record<string, number> }

function spooler (options: Record<string, unknown>): { process: ChildProcess, acked: number, opened?: Record<string, number>, closed?: Record<string, number>, exited: Promise<unknown> } {
  const child = fork(fixture('spooler.js'), [JSON.stringify(options)], { env: cleanEnv(), execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const result: ReturnType<typeof spooler> = { process: child, acked: 0, exited: once(child, 'exit') }
  child.on('message', (message: Message) => Object.assign(result, message))
  return result
}

interface Numbered { writer: string, seq: number }

const linesOf = (text: string): Numbered[] => text.split('\n').slice(0, -1).map(line => JSON.parse(line) as Numbered)

/** Every line in the segments of a spool, adopted or not, with a check of what the names say. */
function spooled (home: string): Numbered[] {
  if (!fs.existsSync(home)) return []
  return fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl')).flatMap(name => {
    const lines = linesOf(fs.readFileSync(join(home, name), 'utf8'))
    if (lines.length !== Number(name.split('.').at(-2))) throw new Error(`${name} holds ${lines.length} lines`)
    return lines
  })
}

function missing (lines: Numbered[], writer: string, acked: number): number {
  const seen = new Set(lines.filter(line => line.writer === writer).map(({ seq }) => seq))
  return Array.from({ length: acked }, (_, seq) => seq).filter(seq => !seen.has(seq)).length
}

t.test('SIGKILL and restart: every acknowledged line is delivered once, segments keep their ids', async t => {
  const home = join(t.testdir({ delivered: {} }), 'spool')
  const delivered = join(t.testdirName, 'delivered')
  const acked: number[] = []
  for (let round = 0; round < 6; round++) {
    const run = spooler({ home, writer: `w${round}`, count: 1e9, deliver: round % 2 ? delivered : undefined })
    while (run.acked < 500) await once(run.process, 'message')
    run.process.kill('SIGKILL')
    await run.exited
    acked.push(run.acked)
  }
  const last = spooler({ home, writer: 'last', count: 1000, deliver: delivered })
  await last.exited
  t.ok(last.opened!.recoveredRecords! > 0, `${last.opened!.recoveredRecords} lines recovered`)
  const { acceptedRecords, recoveredRecords, deliveredRecords, pendingRecords, droppedRecords } = last.closed!
  t.equal(acceptedRecords! + recoveredRecords!, deliveredRecords! + pendingRecords! + droppedRecords!, 'nothing is unaccounted for')
  const left = spooled(home)
  const lines = [...left, ...fs.readdirSync(delivered).flatMap(name => {
    const found = linesOf(fs.readFileSync(join(delivered, name), 'utf8'))
    // Killed between delivery and removal, a segment is delivered again, under the same id and with the same lines.
    const unique = new Map(found.map(line => [line.seq, line]))
    t.ok(found.length % unique.size === 0, `${name} was delivered whole, ${found.length / unique.size} times`)
    return [...unique.values()]
  })]
  for (const [round, count] of [...acked.entries()]) t.equal(missing(lines, `w${round}`, count), 0, `round ${round}: ${count} acknowledged`)
  t.equal(missing(lines, 'last', 1000), 0)
  t.equal(new Set(lines.map(({ writer, seq }) => `${writer} ${seq}`)).size, lines.length, 'no line is in two segments')
})

t.test('two successors at once: each orphan is adopted by exactly one, a living writer by none', async t => {
  const home = join(t.testdir(), 'spool')
  const orphans = await Promise.all(['a', 'b', 'c'].map(async writer => {
    const run = spooler({ home, writer, count: 1e9 })
    while (run.acked < 300) await once(run.process, 'message')
    run.process.kill('SIGKILL')
    await run.exited
    return { writer, acked: run.acked }
  }))
  const living = spooler({ home, writer: 'living', count: 200, linger: 1 })
  while (living.acked < 200) await once(living.process, 'message')
  const heirs = ['x', 'y'].map(writer => spooler({ home, writer, count: 50 }))
  await Promise.all(heirs.map(({ exited }) => exited))
  living.process.send('go')
  await living.exited
  const lines = spooled(home)
  for (const { writer, acked } of orphans) t.equal(missing(lines, writer, acked), 0)
  for (const [writer, count] of [['living', 200], ['x', 50], ['y', 50]] as const) t.equal(missing(lines, writer, count), 0)
  t.equal(new Set(lines.map(({ writer, seq }) => `${writer} ${seq}`)).size, lines.length, 'no line is there twice')
  t.equal(living.opened!.recoveredRecords! + heirs.reduce((sum, heir) => sum + heir.opened!.recoveredRecords!, 0) >= 900, true)
})

t.test('a bound on disk: the oldest segments go first, counted exactly', async t => {
  const home = join(t.testdir(), 'spool')
  const run = spooler({ home, writer: 'w', count: 5000, bound: { maxBytes: 40_000, whenFull: 'drop-oldest', blockTimeout: 0 } })
  await run.exited
  const lines = spooled(home)
  t.equal(run.closed!.acceptedRecords, 5000)
  t.equal(run.closed!.pendingRecords, lines.length)
  t.equal(run.closed!.droppedRecords, 5000 - lines.length)
  t.same(lines.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: lines.length }, (_, at) => 5000 - lines.length + at), 'the newest are kept')
  const bytes = fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl')).reduce((sum, name) => sum + fs.statSync(join(home, name)).size, 0)
  t.ok(bytes <= 40_000, `${bytes} bytes on disk`)
})

t.test('a full journal that drops the newest keeps what it has', async t => {
  const home = join(t.testdir(), 'spool')
  const run = spooler({ home, writer: 'w', count: 5000, bound: { maxBytes: 40_000, whenFull: 'drop-newest', blockTimeout: 0 } })
  await run.exited
  const lines = spooled(home)
  t.equal(run.closed!.droppedRecords, 5000 - lines.length)
  t.equal(missing(lines, 'w', lines.length - 37), 0, 'the oldest are kept')
})
