// The journal that later outputs stand on: a spool of segments stays within its bound. What of it survives its writer: faults/crash.test.ts,
// faults/crash-http.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { program } from './fixtures/harness.js'

/** Appends 5,000 lines of `w`; its figures after it has closed. */
async function spooler (home: string, whenFull: string): Promise<Record<string, number>> {
  const child = program('spooler.js', { home, writer: 'w', count: 5000, bound: { maxBytes: 40_000, whenFull, blockTimeout: 0 } })
  return (await child.said('closed')).closed as Record<string, number>
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

t.test('a bound on disk: the oldest segments go first, counted exactly', async t => {
  const home = join(t.testdir(), 'spool')
  const closed = await spooler(home, 'drop-oldest')
  const lines = spooled(home)
  t.equal(closed.acceptedRecords, 5000)
  t.equal(closed.pendingRecords, lines.length)
  t.equal(closed.droppedRecords, 5000 - lines.length)
  t.same(lines.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: lines.length }, (_, at) => 5000 - lines.length + at), 'the newest are kept')
  const bytes = fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.jsonl')).reduce((sum, name) => sum + fs.statSync(join(home, name)).size, 0)
  t.ok(bytes <= 40_000, `${bytes} bytes on disk`)
})

t.test('a full journal that drops the newest keeps what it has', async t => {
  const home = join(t.testdir(), 'spool')
  const closed = await spooler(home, 'drop-newest')
  const lines = spooled(home)
  t.equal(closed.droppedRecords, 5000 - lines.length)
  t.equal(missing(lines, 'w', lines.length - 37), 0, 'the oldest are kept')
})
