// `convert`: lines to a dataset and back, every record once, damaged ones told.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import zlib from 'node:zlib'
import { jsonl, shutdown } from 'pino-blackbox'
import pino from 'pino'
import { query } from './fixtures/dataset.js'
import { readFile, until } from './fixtures/harness.js'
import { command } from './fixtures/viewer.js'
import { asked, pathsOf } from './fixtures/wrecked.js'

const records = (from: number, to: number): object[] => Array.from({ length: to - from }, (_, at) => (
  { level: 30, time: Date.UTC(2026, 0, 1) + (from + at) * 60_000, pid: 1, hostname: 'h', seq: from + at, req: { method: 'GET', 'a.b': [from + at, null, '\u{1f600}'] }, msg: `line ${from + at}` }
))
const text = (records: readonly object[]): string => records.map(record => `${JSON.stringify(record)}\n`).join('')
const parsed = (text: string): object[] => text.trimEnd().split('\n').map(line => JSON.parse(line))

t.test('there and back: files, compressed ones and the standard input; each record as it was', async t => {
  const directory = t.testdir({ 'app.2.jsonl': text(records(2000, 4000)), 'other.ndjson': text(records(4000, 4100)) })
  fs.writeFileSync(join(directory, 'app.1.jsonl.gz'), zlib.gzipSync(text(records(0, 2000))))
  const dir = join(directory, 'data')
  const options = ['--to', 'parquet', '--dir', dir, '--columns', 'req.method=string', '--columns', 'seq={"name":"number","type":"int32"}', '--partition', 'day', '--size', '60k']
  const run = await command(['convert', join(directory, 'app'), join(directory, 'other.ndjson'), '-', ...options, '--json'], { input: text(records(4100, 4103)).trimEnd() })
  t.match({ ...run, answer: JSON.parse(run.stdout) }, { code: 0, stderr: '', answer: { files: 4, records: 4103, written: 4103, failures: [] } })
  const [found] = await query(dir, 'count(*) as lines, count(distinct number) as numbers, min(req_method) as method')
  t.match({ lines: Number(found!.lines), numbers: Number(found!.numbers), method: found!.method }, { lines: 4103, numbers: 4103, method: 'GET' })
  t.notOk(fs.existsSync(join(directory, '.data.blackbox')), 'no journal is left')
  t.equal(pathsOf(dir, /parquet$/).length, 3, 'a day each')

  const file = join(directory, 'back.jsonl')
  t.match(await command(['convert', dir, '--to', 'jsonl', '--file', file]), { code: 0, stdout: /4103 records written to .*back\.jsonl/ })
  const bySeq = (a: object, b: object): number => (a as { seq: number }).seq - (b as { seq: number }).seq
  const back = parsed(fs.readFileSync(file, 'utf8')).sort(bySeq)
  t.equal(back.length, 4103)
  // All at once a difference would take minutes to be told.
  const expected = records(0, 4103)
  t.same(back.filter((record, at) => !isDeepStrictEqual(record, expected[at])).slice(0, 3), [])
  const { stdout, code } = await command(['convert', pathsOf(dir, /parquet$/)[0]!, '--to', 'jsonl'])
  t.equal(code, 0)
  t.ok(parsed(stdout).length > 0)
  t.match(await command(['convert', dir, '--to', 'jsonl', '--file', file]), { code: 1, stderr: /EEXIST/ })
})

t.test('zstd, as the jsonl output makes it', async t => {
  const directory = t.testdir({})
  const logger = pino(pino.transport(jsonl({ file: join(directory, 'app'), extension: 'jsonl', size: '20k', compress: 'zstd' })))
  for (let seq = 0; seq < 1000; seq++) logger.info({ seq }, 'a line')
  await shutdown(logger, { timeout: '20s' })
  // What was closed with the end is compressed by the next who starts.
  const again = pino(pino.transport(jsonl({ file: join(directory, 'app'), extension: 'jsonl', size: '20k', compress: 'zstd' })))
  again.info({ seq: 1000 }, 'a line')
  await until(() => pathsOf(directory, /\.zst$/).length > 0)
  await shutdown(again, { timeout: '20s' })
  const { stdout, code } = await command(['convert', directory, '--to', 'jsonl'])
  t.equal(code, 0)
  t.same(parsed(stdout).map(record => (record as { seq: number }).seq).sort((a, b) => a - b), Array.from({ length: 1001 }, (_, seq) => seq))
  const [packed] = pathsOf(directory, /\.zst$/)
  t.match((await asked('verify', packed!)), { code: 0, answer: { damages: [], records: parsed(await readFile(packed!)).length } })
  fs.truncateSync(packed!, 50)
  t.match(await asked('verify', packed!), { code: 1, answer: { damages: [{ found: /breaks off|zstd|frame|unexpected end/i }] } })
})

t.test('damaged input: what can be read is there, what cannot is told', async t => {
  const directory = t.testdir({ 'half.jsonl': `${text(records(0, 3))}no JSON\n{"half` })
  const dir = join(directory, 'data')
  t.match(await asked('convert', join(directory, 'half.jsonl'), '--to', 'parquet', '--dir', dir), { code: 0, answer: { records: 5, written: 5 } })
  const [found] = await query(dir, 'count(*) as lines, count(_corrupt) as corrupt')
  t.match({ lines: Number(found!.lines), corrupt: Number(found!.corrupt) }, { lines: 5, corrupt: 2 })
  const back = (await command(['convert', dir, '--to', 'jsonl'])).stdout.trimEnd().split('\n')
  t.same(back.slice(3), ['no JSON', '{"half'])
  t.same(back.slice(0, 3).map(line => JSON.parse(line)), records(0, 3))

  const [path] = pathsOf(dir, /parquet$/)
  const bytes = fs.readFileSync(path!)
  fs.writeFileSync(path!, Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(16), bytes.subarray(56)]))
  const { code, stderr, stdout } = await command(['convert', path!, '--to', 'jsonl'])
  t.equal(code, 1)
  t.match(stderr, /rows 0 to 4 are without what was in \w+: it cannot be read/)
  t.equal(stdout.trimEnd().split('\n').length, 5)

  const packed = join(directory, 'cut.jsonl.gz')
  fs.writeFileSync(packed, zlib.gzipSync(text(records(0, 1000))).subarray(0, 3000))
  const cut = await command(['convert', packed, '--to', 'jsonl'])
  t.match(cut, { code: 1, stderr: /cut\.jsonl\.gz: unexpected end of file; what comes after that is not there/ })
  t.ok(cut.stdout.length > 1000)
})

t.test('mistakes', async t => {
  const directory = t.testdir({ 'a.jsonl': '{}\n', 'b.parquet': 'PAR1' })
  const file = join(directory, 'a.jsonl')
  t.match(await command(['convert', file]), { code: 2, stderr: /required option '--to/ })
  t.match(await command(['convert', file, '--to', 'csv']), { code: 2, stderr: /Allowed choices are parquet, jsonl/ })
  t.match(await command(['convert', file, '--to', 'parquet', '--file', 'x']), { code: 2, stderr: /--to parquet has a --dir/ })
  t.match(await command(['convert', file, '--to', 'parquet']), { code: 2, stderr: /dir/ })
  t.match(await command(['convert', file, '--to', 'parquet', '--dir', join(directory, 'd'), '--codec', 'zip']), { code: 2, stderr: /--codec/ })
  t.match(await command(['convert', join(directory, 'b.parquet'), '--to', 'jsonl']), { code: 1, stderr: /too few for a footer/ })
})
