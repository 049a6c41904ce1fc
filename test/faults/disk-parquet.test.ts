// The parquet output on disks that are mounted elsewhere or read-only, and in a hurry.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import type { ParquetOptions } from 'pino-blackbox'
import { until } from '../fixtures/harness.js'
import { controlled, forbidden, inside, namespaced, smallDisk, type Controlled } from '../fixtures/faults.js'
import { files, foreign, open, query } from '../fixtures/dataset.js'

const skip = forbidden('-rm', '--map-root-user')
const target = (dir: string, options: Partial<ParquetOptions> = {}): object => ({ target: 'pino-blackbox/parquet', options: { dir, ...options } })
const said = ({ stderr }: Controlled, what: RegExp): number => stderr.split('\n').filter(line => what.test(line)).length

/** Sequence numbers of the lines in a dataset, as they were found. */
async function seqs (dir: string): Promise<number[]> {
  return (await query(dir, "(attrs->>'$.seq')::int as seq", 'order by seq')).map(({ seq }) => seq as number)
}

t.test('a mounted volume as the directory: the journal moves into it, told once, and leaves no trace', { skip }, async t => {
  const base = t.testdir({ volume: {} })
  const volume = join(base, 'volume')
  const app = controlled({ transport: target(volume) }, smallDisk(volume, 0))
  await app.said('ready')
  const root = inside(app, volume)
  t.strictSame(fs.readdirSync(root).sort(), ['_blackbox', 'ballast'])
  await app.log(100)
  await app.stop('end')
  t.strictSame(foreign(root), ['ballast'])
  t.strictSame(await seqs(root), [...Array(100).keys()])
  t.notOk(fs.existsSync(join(root, '_blackbox')))
  t.equal(said(app, /the journal is in .*_blackbox, because .* is on another file system/), 1)
})

t.test('a read-only volume is refused at once, with the reason', { skip }, async t => {
  const base = t.testdir({ volume: {} })
  const volume = join(base, 'volume')
  const app = controlled({ transport: target(join(volume, 'logs')) }, namespaced(['-rm'], 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"', volume))
  t.match((await app.said('error')).error, /BLACKBOX_OPTION: parquet: Expected `dir` to be in a writable directory, got ".*EROFS/)
  app.process.kill()
  await app.exited
})

t.test('what there was no time for at the end is in the files of the next start, once', async t => {
  const dir = join(t.testdir(), 'logs')
  const lines = Array.from({ length: 120_000 }, (_, seq) => `{"level":30,"time":${Date.UTC(2026, 0, 1) + seq},"seq":${seq},"msg":"${'x'.repeat(100)}"}`)
  const log = await open({ dir, closeTimeout: 1 })
  for (let at = 0; at < lines.length; at += 10_000) log.write(...lines.slice(at, at + 10_000))
  await log.flush()
  await until(() => log.metrics().deliveredRecords > 0)
  await log.end()
  const { pendingRecords, deliveredRecords, droppedRecords } = log.metrics()
  t.ok(pendingRecords > 0, `${pendingRecords} lines wait`)
  t.equal(droppedRecords, 0)
  t.equal((await seqs(dir)).length, deliveredRecords, 'what was converted is published')
  const next = await open({ dir })
  await until(() => next.metrics().recoveredRecords > 0 && next.metrics().pendingRecords === 0)
  await next.end()
  t.match(next.metrics(), { recoveredRecords: pendingRecords, deliveredRecords: pendingRecords, pendingRecords: 0 })
  t.strictSame(await seqs(dir), [...lines.keys()])
  t.strictSame(foreign(dir), [])
  t.strictSame(fs.readdirSync(join(dir, '..')), ['logs'])
  t.ok(files(dir).length >= 2)
})

t.test('a staged file that somebody removes is told, with the rows that went with it; what comes after it is there', async t => {
  const dir = join(t.testdir(), 'logs')
  const home = join(dir, '../.logs.blackbox')
  const staged = (): string[] => fs.readdirSync(home, { recursive: true }).map(String).filter(name => name.endsWith('.staged'))
  const app = controlled({ transport: target(dir, { rowGroupRows: 100, frequency: false }) })
  await app.said('ready')
  await app.log(300)
  await until(() => app.metrics()[0]!.deliveredRecords >= 100)
  for (const name of staged()) fs.rmSync(join(home, name))
  await app.log(300)
  await until(() => app.metrics()[0]!.deliveredRecords >= 400)
  await app.stop('end')
  t.equal(said(app, /somebody has removed .*\.staged, with \d+ rows/), 1)
  t.strictSame((await seqs(dir)).slice(-200), Array.from({ length: 200 }, (_, at) => 400 + at))
  t.strictSame(foreign(dir), [])
})
