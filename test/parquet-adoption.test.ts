// What writers of a dataset leave when they die, and who finds it: one that cannot be put in order holds up nobody, a place that
// is not the usual one any more is looked into, and putting in order keeps no new line waiting.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { parquet, shutdown, tee } from 'pino-blackbox'
import pino from 'pino'
import { until } from './fixtures/harness.js'
import { files, foreign, open, query, run } from './fixtures/dataset.js'

const T = Date.UTC(2026, 0, 2)
const line = (n: number): object => ({ level: 30, time: T + n, n })
const id = (digit: string): string => digit.repeat(16)

/** A directory of a writer that is dead, with one segment of these lines. */
function dead (home: string, digit: string, ...numbers: number[]): string {
  const directory = join(home, id(digit))
  fs.mkdirSync(directory, { recursive: true })
  fs.writeFileSync(join(directory, `${String(T).padStart(15, '0')}-${id(digit)}-000000001.${numbers.length}.jsonl`), numbers.map(n => `${JSON.stringify(line(n))}\n`).join(''))
  return directory
}

const numbers = async (dir: string): Promise<number[]> => (await query(dir, "(attrs->>'$.n')::int as n", 'order by n')).map(({ n }) => n as number)
const place = (t: Test): { dir: string, home: string } => {
  const base = t.testdir()
  return { dir: join(base, 'logs'), home: join(base, '.logs.blackbox') }
}

t.test('a checkpoint of another version stays for who can read it, and holds up nobody else', async t => {
  const { dir, home } = place(t)
  const strange = dead(home, 'a', 1)
  fs.writeFileSync(join(strange, 'checkpoint.json'), '{"version":2}')
  // In one that died after it had adopted the strange one, as far as it got.
  const nested = dead(home, 'b', 2)
  fs.renameSync(strange, join(nested, id('a')))
  for (let n = 3; n < 6; n++) await run({ dir }, line(n))
  t.strictSame(await numbers(dir), [2, 3, 4, 5])
  t.ok(fs.existsSync(join(home, id('a'), 'checkpoint.json')), 'where it was, and no deeper')
  fs.rmSync(join(home, id('a'), 'checkpoint.json'))
  await run({ dir })
  t.strictSame(await numbers(dir), [1, 2, 3, 4, 5])
  t.notOk(fs.existsSync(home))
})

t.test('a journal in the dataset, from when there was no place beside it, is found', async t => {
  const { dir } = place(t)
  dead(join(dir, '_blackbox'), 'c', 1, 2)
  await run({ dir }, line(3))
  t.strictSame(await numbers(dir), [1, 2, 3])
  t.strictSame(foreign(dir), [])
  t.notOk(fs.existsSync(join(dir, '_blackbox')))
})

t.test('a journal given by directory belongs to one dataset, whatever the outputs are called', async t => {
  const base = t.testdir()
  const journal = { dir: join(base, 'journals') }
  const log = await open({ dir: join(base, 'one'), name: 'audit', journal })
  log.write(line(1))
  await log.flush()
  const [home] = fs.readdirSync(journal.dir)
  await log.end()
  dead(join(journal.dir, home!), 'd', 2)
  await run({ dir: join(base, 'two'), name: 'audit', journal }, line(3))
  t.strictSame(await numbers(join(base, 'two')), [3])
  await run({ dir: join(base, 'one'), name: 'renamed', journal })
  t.strictSame(await numbers(join(base, 'one')), [1, 2])
})

t.test('two ways to a directory are one dataset', async t => {
  const base = t.testdir({ real: {} })
  fs.symlinkSync(join(base, 'real'), join(base, 'link'))
  dead(join(base, '.real.blackbox'), 'e', 1)
  await run({ dir: join(base, 'link') }, line(2))
  t.strictSame(await numbers(join(base, 'real')), [1, 2])
  t.strictSame(fs.readdirSync(base).sort(), ['link', 'real'])
})

t.test('a journal directory that somebody removes is told, and everything after it is published', async t => {
  const { dir, home } = place(t)
  const log = await open({ dir, rowGroupRows: 1 })
  log.write(line(1))
  await until(() => log.metrics().deliveredRecords === 1)
  fs.rmSync(home, { recursive: true })
  log.write(line(2))
  await until(() => fs.existsSync(home))
  await t.rejects(log.flush('delivered'), /somebody has removed/)
  log.write(line(3))
  await log.flush('delivered')
  t.strictSame((await numbers(dir)).slice(-1), [3])
  await log.end()
  t.strictSame(foreign(dir), [])
})

t.test('a column that one of several configurations has keeps its type for all of them', async t => {
  const { dir } = place(t)
  const old = await open({ dir })
  await run({ dir, columns: { x: 'int32' } }, { ...line(1), x: 1 })
  old.write(line(2))
  await old.end()
  fs.writeFileSync(join(dir, 'logs_20990101_000000_001-000-000000000000.parquet'), 'PAR1')
  await run({ dir, columns: { x: 'string' } }, { ...line(3), x: 'three' })
  fs.rmSync(join(dir, 'logs_20990101_000000_001-000-000000000000.parquet'))
  t.match(await query(dir, 'typeof(x) as type, x', 'where x is not null'), [{ type: 'INTEGER', x: 1 }])
  t.strictSame(await numbers(dir), [1, 2, 3])
})

t.test('two outputs of one tee may have one directory: each line is there for each of them', async t => {
  const { dir } = place(t)
  const stream = pino.transport(tee([parquet({ dir }), parquet({ dir, codec: 'gzip' }, { level: 'error' })]))
  stream.write(`${JSON.stringify(line(1))}\n${JSON.stringify({ ...line(2), level: 50 })}\n`)
  await shutdown(stream)
  t.strictSame(await numbers(dir), [1, 2, 2])
  t.equal(files(dir).length, 2)
  t.strictSame(fs.readdirSync(dirname(dir)), ['logs'])
})
