// What `pino-blackbox view` tells in a terminal, and what it says when there is nothing to be told.
import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { changed, CLI, command, dumpFile, dumpOf, view } from './fixtures/viewer.js'
import { cleanEnv } from './fixtures/harness.js'
import { elapsed, instantOf } from '../lib/view/time.js'
import { harmless, span, width, wrap } from '../lib/view/text.js'
import { timelineOf } from '../lib/view/timeline.js'

const TIME = Date.UTC(2026, 10, 20, 21, 43, 56, 123)
const titles = (stdout: string): string[] => [...stdout.matchAll(/^── (\S+) ─/gm)].map(match => match[1]!)
const longest = (stdout: string): number => Math.max(...stdout.split('\n').map(line => line.length))
const section = (stdout: string, title: string): string => stdout.split(`── ${title} `)[1]!.split('\n\n')[0]!
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

t.test('a failed request: what failed, why, what happened before, and then the circumstances', async t => {
  const { code, stdout, stderr } = await view([dumpFile('request.json')])
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /^✖ 500 POST \/orders\/8812\/items\?notify=true&token=\[redacted\]\n {2}TypeError: Cannot read properties of undefined \(reading 'amount'\)\n/)
  const head = stdout.split('\n── ')[0]!
  for (const fact of ['failed by an error', 'when 2026-11-20T21:43:56.123Z', 'failed after 1.611 s', 'took 1.618 s', 'route /orders/:id/items', 'request req-1k', 'process orders-7d9f-x2x8z · 4711']) {
    t.ok(head.includes(fact), fact)
  }
  t.strictSame(titles(stdout), ['error', 'timeline', 'params', 'query', 'body', 'extra', 'request', 'reply', 'process'])
  t.match(section(stdout, 'error'), /code=ERR_PRICE\n {2}at priceOf \(.*price\.js:14:23\)[^]*caused by\n {4}CatalogError: no price for sku T-1000 in EUR\n {4}code=NO_PRICE sku=T-1000 currency=EUR\n {4}at lookup /)
  t.match(section(stdout, 'body'), /note\n +gift wrap, please\n +no invoice in the box\n/, 'line ends of a text are line ends')
  t.match(section(stdout, 'request'), /headers\n +host {12}orders\.internal:8080\n +user-agent {6}Mozilla/, 'headers are a table')
  t.match(section(stdout, 'process'), /uptime {5}1 d 2 h\n[^]*rss {8}182\.4 MB\n[^]*eventLoop {2}13 % busy/)
  t.match(stdout, /\n! 2 older lines of the request did not fit into the dump\n! 12 dumps before this one were left out by the rate limit, 3 of them like this\n {2}one\n$/)
  t.equal(longest(stdout), 80, 'a line is as long as the terminal is wide')
})

t.test('a dump that was asked for is no failure; a status that nobody has got is not shown', async t => {
  const { error, ...request } = dumpOf('request.json')
  const directory = t.testdir({
    'manual.json': JSON.stringify({ ...request, failure: { kind: 'manual', statusCode: 200, message: 'asked for' }, reply: { statusCode: 200, headersSent: false } }),
    'abort.json': JSON.stringify({ ...request, failure: { kind: 'abort', statusCode: 200, message: 'the client went away' }, reply: { statusCode: 200, headersSent: false } }),
    'stream.json': JSON.stringify({ ...request, failure: { kind: 'stream', statusCode: 200, message: 'broke off' }, reply: { statusCode: 200, headersSent: true } })
  })
  const { stdout } = await view(['manual.json', 'abort.json', 'stream.json'], { cwd: directory })
  t.match(stdout, /manual\.json\n\nPOST \/orders\S+\n\n {2}dumped by the application {3}when/)
  t.match(stdout, /abort\.json\n\n✖ POST \/orders\S+\n {2}the client went away\n\n {2}failed by a client that went away {3}/)
  t.match(stdout, /stream\.json\n\n✖ 200 POST \/orders\S+\n {2}broke off\n\n {2}failed by a reply that broke off {3}/)
})

t.test('the timeline: times from the start, what all lines have in common once, gaps, nested fields by their path', async t => {
  const { stdout } = await view([dumpFile('request.json')], { env: { COLUMNS: '140' } })
  t.equal(section(stdout, 'timeline').split('\n').slice(1).join('\n'), `\
  all lines  pid=4711 hostname=orders-7d9f-x2x8z reqId=req-1k
      +0 ms  info   incoming request  req.method=POST req.url=/orders/8812/items?notify=true req.host=orders.internal:8080
                    req.remoteAddress=10.0.3.17 req.remotePort=51544
      +1 ms  debug  session found  user=42 plan=business flags=[beta, eu]
      +3 ms  trace  sql  text="select id, total, currency, status, created_at from orders where id = $1 and tenant = $2 for update"
                    values=["8812", acme] rows=1
      +9 ms  debug  order loaded  order.id=8812 order.total=129.5 order.currency=EUR order.customer.id=42 order.customer.country=DE
  ⋮ 1.303 s
   +1.312 s  warn   catalog is slow  took=1298.7 shard=eu-2 retry=true
   +1.313 s  trace  cache  hits=2 misses=[T-1000]
   ⋮ 293 ms
   +1.606 s  debug  priced  sku=A-17 amount=24.9
   +1.611 s  ✖      failed here
   +1.611 s  error  Cannot read properties of undefined (reading 'amount')
                    TypeError as above
   +1.618 s  info   request completed  res.statusCode=500 responseTime=1618.42`)
})

t.test('lines of any logger: ISO times, labels, levels of its own, other keys, integers of any length', async t => {
  const { stdout } = await view([dumpFile('gateway.json')])
  t.match(section(stdout, 'timeline'), /all lines {2}service=gateway requestId=9f\n +\+0 ms {2}INFO {6}GET \/v2\/reports\/monthly\n/)
  t.match(stdout, /\+480 ms {2}35 {8}still waiting {2}order=12345678901234567890\n/)
  t.match(section(stdout, 'error'), /error 1 of 2\n {4}Error: connect ECONNREFUSED[^]*error 2 of 2\n {4}TimeoutError: waited/, 'all errors of an AggregateError')
})

t.test('a dumped value is a tree, with what the dumper has to say about it', async t => {
  const { code, stdout } = await view([dumpFile('value.json')])
  t.equal(code, 0)
  t.match(section(stdout, 'value'), /messages\n {4}- \{ role: system, content: "You are terse\." \}\n {4}- role {5}user\n {6}content\n {8}Why is the sky blue\?\n/)
  t.match(section(stdout, 'value'), / {2}apiKey {7}\[redacted\]\n[^]* {2}tags {9}\[a, b, "3"\]\n/)
  t.match(stdout, /\n! 1 dump before this one was left out by the rate limit\n! not everything is in the dump: it was cut at its limits \(depth 16, /)
})

t.test('an error that was dumped as a value is shown as one, and a request within a note as a request', async t => {
  const directory = t.testdir({
    'error.json': JSON.stringify({ order: 17, err: { type: 'RangeError', message: 'too much', stack: ['RangeError: too much', '    at a (/srv/a.js:1:1)'] } }),
    'noted.json': JSON.stringify({ _blackbox: { truncated: { bytes: 9 } }, value: dumpOf('request.json') }, null, 2)
  })
  const { stdout } = await view(['error.json', 'noted.json'], { cwd: directory })
  const [error, noted] = stdout.split('\n\n\nnoted.json\n\n')
  t.match(error, /^error\.json\n\n✖ error\.json\n {2}RangeError: too much\n\n── error ─+\n {2}at a \(\/srv\/a\.js:1:1\)\n\n── value ─+\n {2}order {2}17$/)
  t.match(noted, /^✖ 500 POST [^]*\n! not everything is in the dump: it was cut at its limits \(bytes 9\)\n$/)
})

t.test('events are numbered where they have no time; what the dumper could not read is told', async t => {
  const { stdout } = await view([dumpFile('events.jsonl')])
  t.match(stdout, /^events\.jsonl\n\n {2}events 8 lines\n/)
  t.match(stdout, / #1 {8}message_start {2}message\.id=msg_1 message\.role=assistant\n/)
  t.match(stdout, / #4 {2}warn {2}pino-blackbox {2}badEvent="boom in a getter"\n +#5 {8}"just a text"\n/)
})

t.test('colours: own frames are brighter than others, levels differ; only for a terminal, or when asked for', async t => {
  const file = dumpFile('request.json')
  const environments = [{ FORCE_COLOR: '1' }, { CI: 'true' }, { FORCE_COLOR: '1', NO_COLOR: '1' }, { FORCE_COLOR: '0' }]
  const [colored, ...plain] = await Promise.all(environments.map(env => view([file], { env })))
  t.ok(colored!.stdout.includes('  at priceOf (file:///srv/app/dist/orders/price.js:14:23)\n'), 'own')
  t.match(colored!.stdout, '\x1b[2mprocess.processTicksAndRejections', 'of Node')
  t.match(colored!.stdout, '\x1b[2m(/srv/app/node_modules/', 'of a dependency')
  t.equal(stripVTControlCharacters(colored!.stdout), plain[0]!.stdout)
  for (const level of ['\x1b[32minfo', '\x1b[34mdebug', '\x1b[90mtrace', '\x1b[33mwarn', '\x1b[31merror']) t.ok(colored!.stdout.includes(level), JSON.stringify(level))
  for (const { stdout } of plain) t.notOk(stdout.includes('\x1b'))
})

t.test('--log gives the lines as they are', async t => {
  const events = fs.readFileSync(dumpFile('events.jsonl'), 'utf8')
  const [request, stream, value] = await Promise.all(['request.json', 'events.jsonl', 'value.json'].map(name => view(['--log', dumpFile(name)])))
  t.strictSame(request!.stdout.trimEnd().split('\n').map(line => JSON.parse(line)), dumpOf('request.json').log)
  t.equal(stream!.stdout, events)
  t.match(value, { code: 1, stdout: '', stderr: /^pino-blackbox: \S+value\.json holds no log lines\n$/ })
})

t.test('no text in a dump steers the terminal, wherever it stands', async t => {
  const directory = t.testdir()
  const attack = '\x1b[2J\x1b]0;title\x07\x9b31m\u202e\u2066\u200b\b\r\x7f\u2028'
  const names = ['request.json', 'value.json', 'events.jsonl', '\x1b[31mname.json']
  const attacked = (document: never): string => JSON.stringify(changed(document, text => `${text}${attack}`))
  fs.writeFileSync(join(directory, names[0]!), JSON.stringify({ ...JSON.parse(attacked(dumpOf('request.json') as never)), [`x${attack}`]: { [attack]: attack } }))
  fs.writeFileSync(join(directory, names[1]!), attacked(dumpOf('value.json') as never))
  fs.writeFileSync(join(directory, names[2]!), fs.readFileSync(dumpFile('events.jsonl'), 'utf8').trimEnd().split('\n').map(line => `${attacked(JSON.parse(line) as never)}\n`).join('') + `no JSON${attack}\n`)
  fs.writeFileSync(join(directory, names[3]!), '{}')
  const paths = [...names, '\x1b[31mnone'].map(name => join(directory, name))
  const [plain, colored] = await Promise.all([view(paths, { env: { COLUMNS: '300' } }), view(paths, { env: { FORCE_COLOR: '1' } })])
  t.notMatch(plain.stdout, CONTROL)
  t.notMatch(plain.stderr, CONTROL)
  t.match(plain.stdout, /incoming request\\x1b\[2J\\x1b\]0;title\\x07\\x9b31m\\u202e\\u2066\\u200b\\b\\r\\x7f\\u2028/, 'it is shown')
  // eslint-disable-next-line no-control-regex
  t.notMatch(colored.stdout.replace(/\x1b\[\d\d?m/g, ''), CONTROL, 'colours are ours')
  t.notMatch(colored.stdout, '\x1b[31mname', 'a file\'s name has none')
})

t.test('wide and composed characters stay whole, at any width', async t => {
  const { log } = dumpOf('wide.json')
  for (const columns of [40, 61]) {
    const { stdout } = await view([dumpFile('wide.json')], { env: { COLUMNS: String(columns) } })
    const whole = stdout.replace(/\n +/g, '')
    t.ok(whole.includes(log[0].msg), 'CJK')
    t.ok(whole.includes(log[1].emoji), 'emoji of several code points')
    t.ok(whole.replaceAll(' ', '').includes(log[2].msg.replaceAll(' ', '')), 'combining marks')
    t.notMatch(stdout, /^ *(?:\p{M}|\u200d|\p{Emoji_Modifier}|[\u{e0020}-\u{e007f}])|\u200d$/mu, 'no line begins or ends within a character')
    const columnsOf = (line: string): number => [...line.normalize('NFC')].reduce((sum, character) => sum + (/[\u3000-\ud7a3]/.test(character) ? 2 : 1), 0)
    t.ok(stdout.split('\n').filter(line => !/\p{Extended_Pictographic}/u.test(line)).every(line => columnsOf(line) <= columns), 'no line is longer')
  }
})

t.test('the columns of what a reader takes for one character', t => {
  const widths: Array<[string, number]> = [['e\u0301', 1], ['漢', 2], ['👩‍👩‍👧‍👦', 2], ['❤️', 2], ['ｱ', 1], ['Ａ', 2], ['\u0301', 0], ['\u00ad', 0], ['한', 2], ['plain', 5]]
  for (const [text, columns] of widths) t.equal(width(text), columns, JSON.stringify(text))
  t.end()
})

t.test('wrapping loses nothing and exceeds nothing, whatever the text', t => {
  const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constant('a b  c'), fc.constant('漢字 '.repeat(20))), { maxLength: 6 })
  fc.assert(fc.property(texts, fc.integer({ min: 4, max: 60 }), fc.nat(8), (parts, room, hang) => {
    const lines = wrap(parts.map(part => span(part)), room, 0, hang)
    const written = lines.map(line => line.map(({ text }) => text).join(''))
    const dense = (text: string): string => text.replaceAll(' ', '')
    return dense(written.join('')) === dense(harmless(parts.join(''))) && written.every(line => width(line) <= room && !CONTROL.test(line))
  }), { numRuns: 40 })
  t.end()
})

t.test('what is long is folded, and says by how much', async t => {
  const directory = t.testdir()
  const dump = dumpOf('request.json')
  dump.log[1].long = 'x'.repeat(12_345)
  dump.extra = { text: 'y'.repeat(54_321), lines: 'z\n'.repeat(150), list: Array.from({ length: 1234 }, (_, index) => ({ index })) }
  fs.writeFileSync(join(directory, 'dump.json'), JSON.stringify(dump))
  const { stdout } = await view([join(directory, 'dump.json')])
  t.match(stdout, /x … \[12,145 more\n? *characters\]/)
  t.match(stdout, /y … \[52,321 more\n? *characters\]/)
  t.match(stdout, /z … \[50 more lines\]/)
  t.match(stdout, /… 234 more entries\n/)
})

t.test('what is no dump is told in a sentence: exit code 1', async t => {
  const directory = t.testdir({
    'empty.json': '',
    'blank.json': ' \n',
    'cut.json': fs.readFileSync(dumpFile('request.json'), 'utf8').slice(0, 900),
    'README.md': '# Hello\n\nworld\n',
    'dump.bin': 'ab\0cd',
    'text.bin': 'abcd',
    folder: {}
  })
  const sentences: Record<string, RegExp> = {
    'empty.json': /empty\.json is empty/,
    'blank.json': /blank\.json is empty/,
    'cut.json': /cut\.json is no dump: .*JSON/,
    'README.md': /README\.md is no dump: .*JSON/,
    'dump.bin': /dump\.bin holds bytes, no text \(`xxd` shows them\)/,
    'text.bin': /text\.bin is no dump: it holds bytes \(`xxd` shows them\)/,
    folder: /folder is a directory: name a dump in it/,
    'nothing.json': /there is no file \S+nothing\.json/
  }
  const files = Object.keys(sentences)
  const { code, stdout, stderr } = await view([...files, dumpFile('value.json')].map(name => join(name.startsWith('/') ? '' : directory, name)))
  t.equal(code, 1)
  const told = stderr.trimEnd().split('\n')
  t.equal(told.length, files.length, 'one line each, no stacks')
  for (const [index, file] of files.entries()) t.match(told[index], new RegExp(`^pino-blackbox: ${'.*'}${sentences[file]!.source}`), file)
  t.match(stdout, /── value ─/, 'the one that is a dump is shown')
})

t.test('what nobody has expected is shown as far as it goes', async t => {
  const directory = t.testdir({
    'next.json': JSON.stringify({ ...dumpOf('request.json'), blackbox: 2, news: { a: 1 } }),
    'odd.json': JSON.stringify({ blackbox: 1, failure: {}, error: 'a text', request: 'none', reply: 7, timings: [], process: null, log: { no: 'array' }, suppressed: 'many' }),
    'deep.json': '['.repeat(50_000) + ']'.repeat(50_000),
    'keys.json': '{"constructor":1,"__proto__":{"a":1},"toString":null,"hasOwnProperty":[],"failure":{"toString":1}}',
    'app.log': `${JSON.stringify({ level: 30, time: TIME, constructor: 'c', msg: 'one' })}\nnot JSON\n${JSON.stringify({ level: 30, time: TIME + 5, msg: 'two' })}\n{"level":30,"ti`
  })
  const files = ['next', 'odd', 'deep', 'keys'].map(name => join(directory, `${name}.json`))
  const { code, stdout, stderr } = await view([...files, join(directory, 'app.log')])
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /! the dump has form 2, this viewer knows 1: another version of pino-blackbox may\n {2}show more of it\n/)
  t.match(stdout, /── news ─+\n {2}a {2}1\n/)
  t.match(stdout, /✖ odd\.json\n {2}a text\n/)
  t.match(stdout, /\n {2}__proto__ {7}\{ a: 1 \}\n/)
  t.match(stdout, /\+0 ms {2}info {2}one {2}constructor=c\n[^]*not JSON[^]*\+5 ms {2}info {2}two\n[^]*! 2 lines without JSON\n/)
})

t.test('a large log: its last lines, soon; --log gives all', async t => {
  const directory = t.testdir()
  const file = join(directory, 'app.log')
  const count = 12_000
  fs.writeFileSync(file, Array.from({ length: count }, (_, seq) => `${JSON.stringify({ level: 30, time: TIME + seq, pid: 1, seq, msg: 'a line' })}\n`).join(''))
  const [shown, log] = await Promise.all([view([file]), view([file, '--log'])])
  t.match(shown.stdout, /events 12,000 lines/)
  t.match(shown.stdout, /\+9\.999 s {2}info {2}a line {2}seq=11999\n\n! 2,000 earlier lines left out here; --log prints all\n$/)
  t.equal(log.stdout, fs.readFileSync(file, 'utf8'))
})

t.test('a reader that has read enough ends it quietly', async t => {
  const directory = t.testdir()
  const file = join(directory, 'app.log')
  fs.writeFileSync(file, `${JSON.stringify({ level: 30, time: TIME, msg: 'x'.repeat(100) })}\n`.repeat(20_000))
  const child = spawn(process.execPath, [CLI, 'view', '--log', file], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', chunk => { stderr += chunk })
  child.stdout.once('data', () => child.stdout.destroy())
  const [code] = await once(child, 'close')
  t.strictSame([code, stderr], [0, ''])
})

t.test('the standard input is a dump as well; of several files each has its name above it', async t => {
  const [piped, several] = await Promise.all([
    view(['-'], { input: fs.readFileSync(dumpFile('request.json'), 'utf8') }),
    view(['value.json', 'events.jsonl'], { cwd: dumpFile('.') })
  ])
  t.match(piped, { code: 0, stdout: /^✖ 500 POST/ })
  t.match(several.stdout, /^value\.json\n\n[^]*\n\n\nevents\.jsonl\n\n/)
})

t.test('wrong usage: exit code 2; help and version: 0', async t => {
  const wrong = [['view'], ['view', '--nope', 'a'], ['view', '-', '--html'], ['view', 'a', 'b', '--html', 'c'], ['view', 'a', '--html', '--log'], []]
  const right = [['--version'], ['view', '--help']]
  const runs = await Promise.all([...wrong, ...right].map(args => command(args)))
  for (const [index, { code, stdout, stderr }] of runs.entries()) {
    const usage = index < wrong.length
    t.strictSame([code, usage ? stdout : stderr], [usage ? 2 : 0, ''], JSON.stringify([...wrong, ...right][index]))
    t.match(usage ? stderr : stdout, usage ? /^(error: |Usage: )/ : /^(\d+\.\d+\.\d+\n$|Usage: pino-blackbox)/)
  }
})

t.test('times: what loggers write, and how long it took', t => {
  const times: Array<[unknown, number | undefined]> = [
    [TIME, TIME], [TIME / 1000, TIME], [TIME * 1000, TIME], [`${TIME}000000`, TIME], ['2026-11-20T21:43:56.123Z', TIME],
    ['2026-11-20T21:43:56.123456789Z', TIME + 0.456789], ['2026-11-20T22:43:56.123+01:00', TIME], ['soon', undefined], [-1, undefined], [null, undefined]
  ]
  for (const [written, ms] of times) t.equal(instantOf(written), ms, String(written))
  const spans: Array<[number, string]> = [
    [0, '0 ms'], [12.345, '12.3 ms'], [999.96, '1 s'], [1234.6, '1.235 s'], [12_345, '12.3 s'], [59_999.9, '1 min'], [61_000, '1 min 1 s'], [3_600_000, '1 h'], [93_784_200, '1 d 2 h']
  ]
  for (const [ms, text] of spans) t.equal(elapsed(ms), text)
  t.end()
})

t.test('a timeline decides what stands out', t => {
  const at = (...times: number[]) => times.map(time => ({ level: 30, time: TIME + time, pid: 1 }))
  const gaps = (...times: number[]): Array<number | undefined> => timelineOf(at(...times)).rows.map(({ gap }) => gap)
  t.strictSame(gaps(0, 99, 198), [undefined, undefined, undefined], 'short ones do not')
  t.strictSame(gaps(0, 100, 5000, 5100), [undefined, undefined, 4900, undefined], 'nor a small part of the whole')
  t.strictSame(gaps(10, 5, 300), [undefined, undefined, 295], 'clocks may go back')
  t.strictSame(timelineOf(at(500), { start: TIME }).rows[0], { at: 500, gap: 500, level: 'info', tone: 'info', message: '', entries: [], more: 0, fault: undefined, known: false }, 'the start counts')
  const req = { method: 'GET', url: '/a/long/enough/path' }
  t.strictSame(timelineOf([1, 2, 3].map(level => ({ level, time: TIME, req: { ...req, ...level === 3 && { id: 1 } } }))).rows.map(({ entries }) => entries.length), [2, 1, 3], 'an object that is the same again is not shown again')
  t.strictSame(timelineOf(at(0, 3), { start: TIME + 1 }).rows.map(({ at }) => at), [0, 3], 'nothing happens before the start')
  const mark = (failedAt: number): string[] => timelineOf([...at(0, 5), { level: 50, time: TIME + 5, err: { type: 'E', message: 'm' } }], { failedAt }).rows.map(({ level }) => level)
  t.strictSame(mark(5.2), ['info', 'info', '✖', 'error'], 'a request fails before the line that says so')
  t.strictSame(mark(9), ['info', 'info', 'error', '✖'])
  const one = { level: 35, time: TIME, pid: 1, user: 7, msg: 'm' }
  t.strictSame([timelineOf([one]).shared.map(({ key }) => key), timelineOf([one]).rows[0]!.entries.map(({ key }) => key)], [['pid'], ['user']], 'of a single line only bindings are common')
  t.match(timelineOf([one]).rows[0], { level: '35', tone: 'info' }, 'a level of its own is as serious as the one below it')
  t.end()
})
