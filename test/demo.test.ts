// npm run demo: what it promises to a person and in report.json, checked against the files that it leaves.
import t from 'tap'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { audit, cleanEnv, logFiles, program, readLines, until, type Line, type Program } from './fixtures/harness.js'
import { duck } from './fixtures/parquet.js'

const DEMO = fileURLToPath(new URL('../examples/demo.js', import.meta.url))
const RECEIVER = fileURLToPath(new URL('../examples/receiver.js', import.meta.url))
const SHORT = ['--seconds', '2']
/** What the load pays with. */
const CARD = '4111111111111111'

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

/** What the receiver has, batch by batch in the order of their arrival. */
function batchesIn (directory: string): Array<{ name: string, key: string, text: string }> {
  return fs.readdirSync(directory).sort().map(name => ({
    name, key: decodeURIComponent(name.slice('000000000_'.length, -'.jsonl'.length)), text: fs.readFileSync(join(directory, name), 'utf8')
  }))
}

/** Every byte that the dumper has written, under final names and others. */
function dumpsIn (directory: string): Array<{ name: string, text: string }> {
  return fs.readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    .map(({ name, parentPath }) => ({ name: relative(directory, join(parentPath, name)), text: fs.readFileSync(join(parentPath, name), 'utf8') }))
}

/** Every line carries the run of the shop, and its number in it. */
const byRun = (line: Line): Line => ({ ...line, writer: String(line.run), seq: line.seq! - 1 })

t.test('a shop under load is killed and started again: the report says what the files say', async t => {
  const output = join(t.testdir(), 'out')
  const { code, stdout, stderr } = await demo(output, SHORT).ended
  t.equal(code, 0, stderr)
  const report = readReport(output)
  t.equal(report.kept, true)
  t.match(report.processes, [{ endedBy: 'SIGKILL', missing: 0, duplicates: 0, dropped: 0 }, { endedBy: 'SIGTERM', missing: 0, lost: 0, dropped: 0 }])

  const lines = (await readLines(join(output, 'logs'), 'shop')).map(byRun)
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
  await t.test('the receiver has each of these lines once, though it was away while the shop was killed', async t => {
    const batches = batchesIn(join(output, 'received'))
    t.equal(new Set(batches.map(({ key }) => key)).size, batches.length, 'no batch twice')
    t.equal(report.http.batches, batches.length)
    const received = batches.map(({ text }) => text.split('\n').slice(0, -1).map(line => byRun(JSON.parse(line))))
    for (const { run, acknowledged, received: reported } of report.processes) {
      t.match(audit(received.flat(), String(run), acknowledged), { missing: [], duplicates: [], unordered: 0 }, `process ${run}: each acknowledged line once, in order`)
      t.equal(received.flat().filter(({ writer }) => writer === String(run)).length, reported)
    }
    t.equal(report.processes[1].received, report.processes[1].logged, 'after SIGTERM all of them')
    const written = new Map(lines.map(line => [`${line.writer} ${line.seq}`, JSON.stringify(line)]))
    const common = received.flat().filter(({ writer, seq }) => written.has(`${writer} ${seq}`))
    t.ok(common.every(line => written.get(`${line.writer} ${line.seq}`) === JSON.stringify(line)), 'they say what the files say')
    const died = batches.findIndex(({ key }) => key === report.http.unanswered)
    t.match(report.http, { unansweredCameAgain: true, repeatsDifferent: 0, foreignLines: 0 }, 'the batch that was not answered was recognised')
    t.ok(report.http.repeats.includes(report.http.unanswered) && report.http.repeats.every((key: string) => batches.some(batch => batch.key === key)))
    const late = received.slice(died + 1).flat()
    const inherited = late.filter(({ writer }) => writer === '1').length
    t.ok(died >= 0 && inherited > 0, `the next process sent ${inherited} lines of the killed one`)
    t.ok(report.http.outage.waited >= inherited && report.http.outage.waited <= late.length && report.http.outage.ms > 0)
    t.match(stdout, new RegExp(`repeats recognised by key +${report.http.repeats.length} .*\\n.* ${report.http.outage.waited.toLocaleString('en')} lines waited`))
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
  await t.test('requests that failed are dumped, with lines that were never written and without the customers\' cards', async t => {
    const { dumps } = report
    const all = dumpsIn(join(output, 'dumps'))
    const files = all.filter(({ name }) => !name.startsWith('.blackbox'))
    t.same(dumps.files.map(({ name }: { name: string }) => name), files.map(({ name }) => name).sort(), 'each is in the report')
    t.equal(dumps.written, files.length)
    const failed = lines.filter(({ msg, res }) => msg === 'request completed' && (res as { statusCode: number }).statusCode >= 500)
    const there = new Set<unknown>(files.map(({ name }) => join(output, 'dumps', name)))
    for (const { run, requestsFailed, failuresAnswered, dumped } of report.processes) {
      const own = failed.filter(line => line.run === run)
      t.equal(own.length, requestsFailed)
      t.ok(failuresAnswered <= own.length + report.processes[run - 1].lost, 'the log has each that a customer saw')
      t.equal(own.filter(({ dump }) => there.has(dump)).length, dumped, `process ${run} names its dumps in the log`)
    }
    t.equal(failed.filter(({ dump }) => dump === undefined).length, dumps.suppressed + report.processes[0].dumpsMissed)
    const written = new Map(lines.map(line => [`${line.run} ${line.seq}`, line.msg]))
    for (const { name, text } of files) {
      const { request, error, log }: { request: Line, error: Line, log: Line[] } = JSON.parse(text)
      t.match([`${request.method} ${request.route}`, error.type, log[0]!.msg, log.find(({ level }) => level === 10)?.msg], request.method === 'GET'
        ? ['GET /invoices/:order', 'TypeError', 'incoming request', 'invoice looked for']
        : ['POST /checkout/:customer', 'PaymentTimeout', 'incoming request', 'acquirer asked'], name)
      t.ok(log.every(({ reqId }) => reqId === request.id), 'all its lines are of that request')
      const known = log.filter(line => line.level as number > 10 && written.has(`${line.run} ${(line.seq as number) - 1}`))
      t.ok(known.length > 0 && known.every(line => written.get(`${line.run} ${(line.seq as number) - 1}`) === line.msg), 'the others say what the files say')
    }
    t.ok(files.some(({ text }) => /"brand": ?"visa"/.test(text)), 'bodies are in them')
    t.notOk(all.some(({ text }) => text.includes(CARD)))
    t.notOk(lines.some(({ level }) => level === 10), 'no output has a line below the level')
    t.match(stdout, new RegExp(`dumps written +${files.length} `))
    t.match(stdout, /dist\/lib\/cli\.js view .*\.json\n[^]*acquirer asked/, 'the person sees one')
  })
  t.ok(report.load.answered > 0)
  t.ok(lines.some(({ err }) => typeof (err as { stack?: string })?.stack === 'string'), 'errors are logged with their stack')
  t.ok(lines.some(({ order, reqId }) => order !== undefined && reqId !== undefined), 'lines of an order carry the request id')
  t.match(stdout, /Every promise was kept/)
  t.match(stdout, new RegExp(`found in the files +${report.processes[0].found.toLocaleString('en')} `), 'the person reads the same figures')
  t.same(fs.readdirSync(output).sort(), ['dumps', 'journal', 'logs', 'received', 'report.json'], 'nothing else is left behind')
  t.same(fs.readdirSync(join(output, 'journal'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()), [], 'nothing waits')
  t.same(fs.readdirSync(join(output, 'logs')).sort(), ['shop', ...logFiles(join(output, 'logs'), 'shop')].sort(), 'here neither')
})

t.test('acknowledged lines that somebody deletes are missed, a dump that somebody cuts off is found, and the demo ends with code 1', async t => {
  const output = join(t.testdir(), 'out')
  const logs = join(output, 'logs')
  const received = join(output, 'received')
  const { ended } = demo(output, SHORT)
  const written = (): string | undefined => fs.readdirSync(logs).find(name => name === 'shop.1.jsonl' && fs.statSync(join(logs, name)).size > 20_000)
  await until(() => fs.existsSync(logs) && written())
  fs.rmSync(join(logs, 'shop.1.jsonl'))
  // The second comes when the first has been answered.
  await until(() => fs.readdirSync(received).some(name => name.startsWith('000000002_')))
  fs.rmSync(join(received, batchesIn(received)[0]!.name))
  const dumps = join(output, 'dumps')
  const dump = (): string | undefined => fs.readdirSync(dumps).find(name => name.endsWith('.json'))
  await until(() => fs.existsSync(dumps) && dump())
  fs.writeFileSync(join(dumps, dump()!), `{ "request": { "body": "${CARD}`)
  const { code, stdout } = await ended
  t.equal(code, 1)
  const report = readReport(output)
  t.equal(report.kept, false)
  t.ok(report.processes[0].missing > 0)
  t.match(stdout, /✘ acknowledged lines are in the files/)
  t.ok(report.processes[0].rowsWithoutLine > 0, 'the dataset still has them')
  t.match(stdout, /✘ each line is one row of Parquet/)
  t.ok(report.processes[0].notReceived > 0)
  t.match(stdout, /✘ acknowledged lines were received/)
  t.match(stdout, /✘ dumps are whole[^]*✘ no card number in any dump/)
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
  t.match(stdout, /lines in +2,003[^]*lines out +2,003[^]*rows of Parquet +2,003[^]*received over HTTP +2,001[^]*dead letters +2/)
  t.match(report.http, { received: 2001, dead: 2, astray: 0, foreign: 0, refused: 0 })
  t.equal(batchesIn(join(output, 'received')).map(({ text }) => text).join(''), kept.toString().replace('Server starting ...\nnot { json\n', ''))
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
  t.match(readReport(output), { kept: true, source: 'stdin', sent: { lines: 503 }, found: { lines: 503 }, http: { received: 501, dead: 2 } })
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

t.test('the receiver takes a batch once, also when it was killed before it could answer', async t => {
  const directory = join(t.testdir(), 'received')
  const start = async (port: unknown = 0): Promise<{ receiver: Program, port: unknown, post: (key: string, lines: string, body?: Buffer) => Promise<number> }> => {
    const receiver = program(RECEIVER, { port, directory })
    t.teardown(() => receiver.process.kill())
    const { port: own } = await receiver.said('ready')
    const post = async (key: string, lines: string, body: Buffer = gzipSync(lines)): Promise<number> => {
      const headers = { 'content-encoding': 'gzip', ...(key !== '' && { 'idempotency-key': key }) }
      return (await fetch(`http://127.0.0.1:${own}/`, { method: 'POST', body, headers })).status
    }
    return { receiver, port: own, post }
  }
  const { receiver, port, post } = await start()
  t.equal(await post('a', '{"n":1}\n{"n":2}\n'), 200)
  t.equal(await post('a', '{"n":1}\n{"n":2}\n'), 200, 'again')
  receiver.process.send('hold')
  const unanswered = t.rejects(post('b/0-1', '{"n":3}\n'))
  await until(() => receiver.messages.some(({ answered }) => answered === false))
  receiver.process.kill('SIGKILL')
  await unanswered
  t.match(receiver.messages.slice(1), [{ key: 'a', lines: 2, repeat: false }, { key: 'a', repeat: true }, { key: 'b/0-1', lines: 1, repeat: false }])

  const next = await start(port)
  t.equal(await next.post('b/0-1', '{"n":3}\n'), 200, 'known from before')
  t.equal(await next.post('a', '{"n":1}\n'), 422, 'a key stands for the same lines always')
  t.equal(await next.post('c', '{"n":4}\n'), 200)
  t.equal(await next.post('d', '', gzipSync('{"n":5}\n').subarray(0, 15)), 400, 'cut off')
  t.equal(await next.post('', '{"n":6}\n'), 400, 'without a key')
  t.match(next.receiver.messages.slice(1), [{ key: 'b/0-1', repeat: true, status: 200 }, { key: 'a', repeat: true, status: 422 }, { key: 'c', repeat: false }])
  t.same(batchesIn(directory).map(({ name, text, key }) => [Number(name.slice(0, 9)), key, text]), [[1, 'a', '{"n":1}\n{"n":2}\n'], [2, 'b/0-1', '{"n":3}\n'], [3, 'c', '{"n":4}\n']])
})
