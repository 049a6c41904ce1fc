// npm run demo: what it promises to a person and in report.json, checked against the files that it leaves.
import t from 'tap'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { audit, cleanEnv, logFiles, readLines, until, type Line } from './fixtures/harness.js'
import { duck } from './fixtures/parquet.js'

const DEMO = fileURLToPath(new URL('../examples/demo.js', import.meta.url))
const SHORT = ['--seconds', '2']

/** The demo, logging into `output`. */
function demo (output: string, args: string[]): { child: ChildProcess, ended: Promise<{ code: number | null, stdout: string, stderr: string }> } {
  const child = spawn(process.execPath, [DEMO, '--output', output, ...args], { env: { ...cleanEnv(), NO_COLOR: '1' }, stdio: 'pipe' })
  let stdout = ''
  let stderr = ''
  child.stdout!.on('data', piece => { stdout += piece })
  child.stderr!.on('data', piece => { stderr += piece })
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr })) }
}

const rowsOf = (output: string, base: string): string => `read_parquet('${join(output, 'logs', base)}/*.parquet')`

function readReport (output: string) {
  return JSON.parse(fs.readFileSync(join(output, 'report.json'), 'utf8'))
}

t.test('a shop under load is killed and started again: the report says what the files say', async t => {
  const output = join(t.testdir(), 'out')
  const { code, stdout, stderr } = await demo(output, SHORT).ended
  t.equal(code, 0, stderr)
  const report = readReport(output)
  t.equal(report.kept, true)
  t.match(report.processes, [{ endedBy: 'SIGKILL', missing: 0, duplicates: 0, dropped: 0 }, { endedBy: 'SIGTERM', missing: 0, lost: 0, dropped: 0 }])

  const lines = (await readLines(join(output, 'logs'), 'shop')).map((line): Line => ({ ...line, writer: String(line.run), seq: line.seq! - 1 }))
  for (const { run, acknowledged, found, logged, lost } of report.processes) {
    t.ok(acknowledged > 0, `process ${run} had lines acknowledged`)
    t.match(audit(lines, String(run), acknowledged), { missing: [], duplicates: [], unordered: 0 }, `process ${run}: each acknowledged line once`)
    t.equal(lines.filter(({ writer }) => writer === String(run)).length, found, 'as many as the report says were found')
    t.equal(logged - found, lost)
  }
  t.same(report.files.map(({ name }: { name: string }) => name), logFiles(join(output, 'logs'), 'shop'), 'every file is in the report')
  t.equal(report.files.reduce((sum: number, file: { lines: number }) => sum + file.lines, 0), lines.length)
  await t.test('the dataset has each of these lines as one row', async t => {
    const rows = await duck(`select run::varchar as run, seq, msg, trace_id from ${rowsOf(output, 'shop')}`)
    for (const { run, rows: reported, acknowledged, linesWithoutRow, rowsWithoutLine, rowsTwice, rowsDifferent } of report.processes) {
      t.strictSame({ linesWithoutRow, rowsWithoutLine, rowsTwice, rowsDifferent }, { linesWithoutRow: 0, rowsWithoutLine: 0, rowsTwice: 0, rowsDifferent: 0 })
      const seqs = rows.filter(row => row.run === String(run)).map(({ seq }) => Number(seq))
      t.equal(seqs.length, reported)
      t.equal(new Set(seqs).size, reported, 'none twice')
      t.equal(seqs.filter(seq => seq <= acknowledged).length, acknowledged, 'all that were acknowledged')
    }
    t.equal(report.processes[1].rows, report.processes[1].logged, 'after SIGTERM all of them')
    t.equal(rows.filter(({ msg, trace_id: trace }) => msg === 'incoming request' && !/^[0-9a-f]{32}$/.test(String(trace))).length, 0, 'requests have a trace')
    t.same(report.parquet.files.map(({ name }: { name: string }) => name), fs.readdirSync(join(output, 'logs', 'shop')).sort())
    t.ok(report.parquet.ratio > 5, `${report.parquet.ratio} : 1`)
  })
  await t.test('three questions were answered as the lines answer them', async t => {
    t.same(report.answers.map(({ question }: { question: string }) => question), ['Requests by route', 'Errors by type', 'The slowest traces'])
    const [routes, errors, traces] = report.answers.map(({ rows }: { rows: object[] }) => rows)
    const completed = (route: string): number[] => lines.filter(line => line.route === route && line.responseTime !== undefined).map(line => line.responseTime as number)
    t.ok(routes.length >= 5)
    for (const { route, requests, median_ms: median, p95_ms: p95 } of routes) {
      t.equal(requests, completed(route).length, route)
      t.ok(median <= p95 && p95 <= Math.max(...completed(route)), `${route}: ${median} ${p95}`)
    }
    t.equal(errors.reduce((sum: number, { lines }: { lines: number }) => sum + lines, 0), lines.filter(({ err }) => err).length)
    const spent = (trace: string): number => lines.reduce((sum, line) => sum + (line.trace_id === trace ? line.responseTime as number ?? 0 : 0), 0)
    for (const { trace_id: trace, in_all_ms: ms } of traces) t.ok(Math.abs(spent(trace) - ms) < 1e-6, trace)
    t.match(stdout, /GET \/products\/:sku +[\d,]+ +0 /, 'the person sees them too')
  })
  t.ok(report.load.answered > 0)
  t.ok(lines.some(({ err }) => typeof (err as { stack?: string })?.stack === 'string'), 'errors are logged with their stack')
  t.ok(lines.some(({ order, reqId }) => order !== undefined && reqId !== undefined), 'lines of an order carry the request id')
  t.match(stdout, /Every promise was kept/)
  t.match(stdout, new RegExp(`found in the files +${report.processes[0].found.toLocaleString('en')} `), 'the person reads the same figures')
  t.same(fs.readdirSync(output).sort(), ['logs', 'report.json'], 'nothing else is left behind')
  t.same(fs.readdirSync(join(output, 'logs')).sort(), ['shop', ...logFiles(join(output, 'logs'), 'shop')].sort(), 'here neither')
})

t.test('acknowledged lines that somebody deletes are missed, and the demo ends with code 1', async t => {
  const output = join(t.testdir(), 'out')
  const logs = join(output, 'logs')
  const { ended } = demo(output, SHORT)
  const written = (): string | undefined => fs.readdirSync(logs).find(name => name === 'shop.1.jsonl' && fs.statSync(join(logs, name)).size > 20_000)
  await until(() => fs.existsSync(logs) && written())
  fs.rmSync(join(logs, 'shop.1.jsonl'))
  const { code, stdout } = await ended
  t.equal(code, 1)
  const report = readReport(output)
  t.equal(report.kept, false)
  t.ok(report.processes[0].missing > 0)
  t.match(stdout, /✘ acknowledged lines are in the files/)
  t.ok(report.processes[0].rowsWithoutLine > 0, 'the dataset still has them')
  t.match(stdout, /✘ each line is one row of Parquet/)
})

const odd = (count: number): { source: Buffer, kept: Buffer } => {
  const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ level: n % 50 === 0 ? 50 : 30, time: n, msg: `line ${n} 茶碗` }))
  const source = lines.map((line, n) => line + (n % 10 === 0 ? '\r\n' : '\n')).join('') + 'Server starting ...\n\nnot { json\n{"level":30,"msg":"without its end"}'
  return { source: Buffer.from(source), kept: Buffer.from(`${lines.join('\n')}\nServer starting ...\nnot { json\n{"level":30,"msg":"without its end"}\n`) }
}

t.test('a log that somebody has goes through the same outputs, line by line the same', async t => {
  const { source, kept } = odd(2000)
  const directory = t.testdir({ 'app.ndjson': source })
  const output = join(directory, 'out')
  const { code, stdout, stderr } = await demo(output, [join(directory, 'app.ndjson')]).ended
  t.equal(code, 0, stderr)
  const report = readReport(output)
  t.match(report, { kept: true, sent: { lines: 2003, crlf: 200, blank: 1, notUtf8: 0, bytes: source.length }, found: { lines: 2003, notJson: 2 } })
  t.equal(report.sent.sha256, report.found.sha256)
  t.equal(report.onConsole, 40 + 2, 'errors, and lines whose level cannot be read, came out on stdout too')
  t.same(fs.readFileSync(join(output, 'logs', 'app.1.jsonl')), kept)
  t.match(stdout, /lines in +2,003[^]*lines out +2,003[^]*rows of Parquet +2,003/)
  t.match(report.parquet, { rows: 2003, corrupt: 2, sha256: report.found.messages })
  t.same((await duck(`select _corrupt from ${rowsOf(output, 'app')} where _corrupt is not null`)).map(row => row._corrupt), ['Server starting ...', 'not { json'])
})

t.test('the same from stdin', async t => {
  const { source, kept } = odd(500)
  const output = join(t.testdir(), 'out')
  const { child, ended } = demo(output, ['-'])
  child.stdin!.end(source)
  const { code, stderr } = await ended
  t.equal(code, 0, stderr)
  t.match(readReport(output), { kept: true, source: 'stdin', sent: { lines: 503 }, found: { lines: 503 } })
  t.same(fs.readFileSync(join(output, 'logs', 'stdin.1.jsonl')), kept)
})

t.test('bytes that are no UTF-8 are told, not hidden', async t => {
  const directory = t.testdir({ 'old.log': Buffer.from('{"level":30,"msg":"caf\xe9"}\n{"level":30,"msg":"ok"}\n', 'latin1') })
  const output = join(directory, 'out')
  const { code, stderr } = await demo(output, [join(directory, 'old.log')]).ended
  t.equal(code, 0, stderr)
  t.match(readReport(output), { sent: { lines: 2, notUtf8: 1 } })
  t.equal(fs.readFileSync(join(output, 'logs', 'old.1.jsonl'), 'utf8').split('\n')[0], '{"level":30,"msg":"caf\ufffd"}')
})

t.test('what cannot be tried ends with code 2, and other people\'s files stay', async t => {
  const directory = t.testdir({ 'keep.txt': 'mine', logs: { 'keep.log': 'mine too' } })
  const cases: Array<[string, string[], RegExp]> = [
    [join(directory, 'out'), [join(directory, 'nothing.ndjson')], /there is no file/],
    [join(directory, 'out'), ['--seconds', 'x'], /--seconds must be/],
    [join(directory, 'out'), ['--fast'], /--fast/],
    [directory, SHORT, /is not empty/]
  ]
  for (const [output, args, message] of cases) {
    const { code, stderr } = await demo(output, args).ended
    t.equal(code, 2)
    t.match(stderr, message)
  }
  t.equal(fs.readFileSync(join(directory, 'keep.txt'), 'utf8'), 'mine')
  t.same(fs.readdirSync(join(directory, 'logs')), ['keep.log'])
})
