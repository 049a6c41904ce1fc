// A kept line is, byte for byte, the line that the same logger would have written at its lowest level; and what is written is what is
// written without a recorder. pino itself is the oracle, over its options and over what people log.
import t from 'tap'
import fs from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { join } from 'node:path'
import pino, { type Logger, type LoggerOptions, type SerializedRequest } from 'pino'
import { parseRecorder, type RecorderOptions } from '../lib/config/recorder.js'
import { Recorder } from '../lib/dumper/recorder.js'
import { transportsOf } from '../lib/logger.js'

const recorderOf = (options: RecorderOptions = {}): Recorder => new Recorder(parseRecorder({ records: 10_000, bytes: '64m', totalBytes: '64m', ...options })!)

interface Lines { lines: string[], write (line: string): void }
const sink = (): Lines => {
  const lines: string[] = []
  return { lines, write: line => { lines.push(line) } }
}

/** A logger that takes what people give it, which is more than its types allow. */
type Log = any
type Call = (log: Log) => unknown

/** All clocks stand still while `work` is done. */
function at<T> (time: number, work: () => T): T {
  const { now } = Date
  Date.now = () => time
  try {
    return work()
  } finally {
    Date.now = now
  }
}

/** A request's logger, as an adapter makes it. */
function recorded (recorder: Recorder, log: Log) {
  const { logger, ring } = recorder.start((recorder.under(log) as Log).child({ reqId: 'r1' }))
  return { log: logger as Log, ring: ring! }
}

/** What a call throws is an answer too. */
const answer = (call: Call, log: Log): string | undefined => {
  try {
    call(log)
    return undefined
  } catch (thrown) {
    return String(thrown)
  }
}

/** Every call of a logger with a ring, of one without, and of one that writes everything. Gives back what differs once all is done. */
function differences (make: typeof pino, options: LoggerOptions, lowest: string, calls: Call[]): object[] {
  const [own, plain, all] = [sink(), sink(), sink()]
  const [root, twin, oracle] = [make(options, own), make(options, plain), make({ ...options, level: lowest }, all)]
  const recorder = recorderOf()
  const steps = calls.map((call, index) => at(1_790_000_000_000 + index * 1001, () => {
    const { log, ring } = recorded(recorder, root)
    const before = all.lines.length
    const thrown = answer(call, oracle.child({ reqId: 'r1' }))
    const same = answer(call, twin.child({ reqId: 'r1' })) === answer(call, log)
    return { call, ring, thrown, same, wanted: all.lines.slice(before).map(line => line.replace(/\r?\n$/, '')) }
  }))
  const found: object[] = steps
    .map(({ ring, ...step }) => ({ ...step, call: String(step.call), got: ring.lines() }))
    .filter(({ same, thrown, wanted, got }) => !same || (thrown === undefined && wanted.join('\n') !== got.join('\n')))
  return own.lines.join('') === plain.lines.join('') ? found : [...found, { written: own.lines, wanted: plain.lines }]
}

const outer = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'E_OUTER', details: { tries: 3, at: new Date(86_400_000) } })
class OddError extends TypeError { override name = 'Odd' }
const odd = new OddError('odd')
const many = new AggregateError([new Error('one'), odd], 'many')
class Order { id = 7; lines = [{ sku: 'a', price: 1.5 }]; get total () { return 1.5 } }
class Money { amount = 5; toJSON () { return '5 EUR' } toString () { return 'five' } valueOf () { return 5 } }
const request = { id: 'q', method: 'GET', url: '/orders?page=2', headers: { host: 'shop', 'user-agent': 'x' }, socket: { remoteAddress: '10.0.0.1', remotePort: 5 } }
const response = { statusCode: 201, headersSent: true, setHeader () {}, getHeaders: () => ({ 'content-type': 'text/plain' }) }
const weird = JSON.parse('{"__proto__": {"polluted": true}, "2": "two", "constructor": 1, "": "empty", "a\\"b": "quote"}')

const everyday: Call[] = [
  log => log.debug('session found'),
  log => log.debug({ sku: 'abc-123', quantity: 2 }, 'stock asked for'),
  log => log.debug('took %d ms for %s', 12.5, 'the query'),
  log => log.debug({ user: { id: 1, name: 'Ann', roles: ['a', 'b'] }, cart: { items: 2, total: 1.5, at: new Date(0) } }, 'nested'),
  log => log.trace({ a: 'quote " and \\ and \n and \u2028 and 😀 and \ud800', b: true, c: null, d: -0, e: 1e21 }),
  log => log.info({ sku: 'abc-123' }, 'written'),
  log => log.warn(outer),
  log => log.error({ err: outer, sku: 'x' }, 'written too'),
  log => log.fatal('the end')
]
const errors: Call[] = [
  log => log.debug(outer),
  log => log.debug(outer, 'with a message'),
  log => log.debug(outer, 'with %s', 'more'),
  log => log.debug({ err: outer }),
  log => log.debug({ err: outer, a: 1 }, 'and fields'),
  log => log.debug({ err: odd, msg: 'a message of its own' }),
  log => log.debug({ error: odd.message, err: null }),
  log => log.debug({ err: 'no error at all' }),
  log => log.debug({ err: { message: 'like one', stack: 'none' } }),
  log => log.debug(many),
  log => log.child({ err: odd }).debug('bound')
]
const texts: Call[] = [
  log => log.debug('%s %d %i %f %j %o %O %%', 'a', 1.5, 2.7, 3.3, { x: 1 }, { y: [2] }, ['z'], 'extra'),
  log => log.debug('%s %s %s', new Date(5), new Money(), { toString: () => 'told' }),
  log => log.debug('%d %i %d', new Date(5), new Money(), '7'),
  log => log.debug('%j %o %j %s', function named () {}, () => {}, [undefined, 1], () => 1),
  log => log.debug('100%% of %s, %%%j', new Date(5), { a: 1 }),
  log => log.debug('%x %s 100%', { a: 1 }, { b: 2 }),
  log => log.debug('%s %s', undefined, null),
  log => log.debug('%s and %j', odd, odd.message),
  log => log.debug('%s', Symbol('s')),
  log => log.debug('%j', new Order()),
  log => log.debug({ a: 1 }, 'who: %s, what: %j', 'me', { b: [1, { c: 2 }] }),
  log => log.debug({ a: 1 }, { b: 2 }),
  log => log.debug({ a: 1 }, { b: 2 }, { c: 3 }),
  log => log.debug({ a: 1 }, [1, 2], 'three'),
  log => log.debug({ a: 1 }, new Money()),
  log => log.debug('a', 'b', { c: 1 }),
  log => log.debug(),
  log => log.debug(undefined, 'first is missing'),
  log => log.debug(null),
  log => log.debug(null, 'nothing'),
  log => log.debug({ a: 1 }, null),
  log => log.debug({ a: 1 }, undefined, 'late'),
  log => log.debug({ a: 1 }, 5),
  log => log.debug(42),
  log => log.debug(true, 'and text'),
  log => log.debug(10n),
  log => log.debug(() => 1),
  log => log.debug(Symbol('s'))
]
const objects: Call[] = [
  log => log.debug({ undef: undefined, call () {}, symbol: Symbol('s'), nan: NaN, infinite: -Infinity, big: 10n, zero: 0, empty: '' }),
  log => log.debug({ deep: { undef: undefined, call () {}, list: [undefined, NaN, null, [[]]], none: {} } }),
  log => log.debug({ date: new Date(7), bad: new Date(NaN), url: new URL('http://a/b?c'), money: new Money(), order: new Order(), bare: Object.assign(Object.create(null), { a: 1 }) }),
  log => log.debug({ deep: [{ date: new Date(7), money: new Money(), order: new Order() }] }),
  log => log.debug(new Order(), 'an instance'),
  log => log.debug(new Money(), 'with toJSON'),
  log => log.debug([1, { a: 2 }], 'a list'),
  log => log.debug(weird),
  log => log.debug({ weird }),
  log => log.debug({ msg: 'among the fields' }),
  log => log.debug({ msg: 'among the fields' }, 'and beside them'),
  log => log.debug({ [Symbol('s')]: 1, get computed () { return { a: 1 } } }),
  log => log.debug({ toJSON: () => ({ never: 'asked' }), a: 1 }),
  log => log.debug({ level: 'a', time: 'b', pid: 'c', hostname: 'd' }),
  log => log.debug(request, 'a request'),
  log => log.debug(response, 'a response'),
  log => log.debug({ req: request, res: { statusCode: 404 } }, 'as fields'),
  log => log.debug({ user: { password: 'p', email: 'e' }, card: '4711', list: [{ p: 1 }, { p: 2 }], err: odd }, 'secrets: %j', { user: { password: 'q' } })
]
const children: Call[] = [
  log => log.child({ part: 'db' }).debug({ rows: 2 }, 'a grandchild'),
  log => log.child({ part: 'db' }, { msgPrefix: '[%s] ' }).debug('is %s and %s', 'A', 'B', { c: 1 }),
  log => log.child({ part: 'db' }, { msgPrefix: '[db] ' }).debug({ a: 1 }, new Money()),
  log => log.child({ part: 'db' }, { serializers: { a: (value: number) => ({ was: value }) } }).debug({ a: 1 }),
  log => log.child({ part: 'db' }, { redact: ['a', 'deep.b'] }).debug({ a: 1, deep: { b: 2, c: 3 } }),
  log => log.child({ part: 'db' }, { formatters: { log: (fields: object) => ({ ...fields, more: 1 }) } }).debug('formatted'),
  log => {
    const child = log.child({ part: 'db' })
    child.debug('before')
    child.setBindings({ later: true })
    child.debug('after')
  }
]
const calls = [...everyday, ...errors, ...texts, ...objects, ...children]

const { isoTime, unixTime } = pino.stdTimeFunctions
const optionSets: Record<string, LoggerOptions> = {
  'no options': {},
  msgPrefix: { msgPrefix: '[shop] ' },
  nestedKey: { nestedKey: 'data' },
  'messageKey and errorKey': { messageKey: 'message', errorKey: 'failure' },
  'errorKey error': { errorKey: 'error' },
  isoTime: { timestamp: isoTime },
  unixTime: { timestamp: unixTime },
  'no time': { timestamp: false },
  'a clock of its own': { timestamp: () => `,"at":"${Date.now()}"` },
  'no base, a name': { base: null, name: 'shop' },
  crlf: { crlf: true },
  redact: { redact: ['user.password', 'card', 'list[*].p', 'err.stack'] },
  'redact with a censor': { redact: { paths: ['user.*', 'err.message', 'deep', 'a'], censor: (value, path) => `${typeof value} at ${path.join('/')}` } },
  'redact that removes': { redact: { paths: ['card', 'user.email', 'list[0].p'], remove: true } },
  serializers: { serializers: { ...pino.stdSerializers, a: value => ({ was: value }), msg: text => ({ told: text }), card: () => undefined, user: user => user.email, list: () => new Money() } },
  'a serializer of errors': { serializers: { err: error => ({ told: error?.message }) } },
  'formatters of levels and bindings': { formatters: { level: (label, number) => ({ severity: label.toUpperCase(), number }), bindings: all => ({ ...all, more: 1 }) } },
  'a formatter that adds': { formatters: { log: fields => ({ ...fields, added: Date.now() }) } },
  'a formatter that renames': { formatters: { log: ({ err, ...fields }) => err ? { ...fields, exception: { message: (err as Error).message } } : fields } },
  'a formatter that selects': { formatters: { log: ({ a, sku, user }) => ({ a, sku, user }) }, serializers: { a: value => [value] } },
  customLevels: { customLevels: { verbose: 5, notice: 35 } },
  'limits for what is deep': { depthLimit: 2, edgeLimit: 2 },
  streamWrite: { hooks: { streamWrite: line => line.replaceAll('abc-123', '***').replaceAll('Ann', '***') } },
  'logMethod that passes on': { hooks: { logMethod (args, method) { return method.apply(this, args) } } }
}

for (const [title, options] of Object.entries(optionSets)) {
  t.test(`with ${title}, every kept line is the one that pino would have written, and nothing else is written than without a recorder`, async t => {
    for (const level of ['info', 'silent', 'trace']) t.strictSame(differences(pino, { ...options, level }, 'trace', calls), [], `at ${level}`)
  })
}

t.test('requests and responses of node:http come out as pino and its serializers have them', async t => {
  const incoming = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/orders?page=2', headers: { host: 'shop', 'x-many': ['a', 'b'] } })
  const outgoing = new ServerResponse(incoming)
  outgoing.setHeader('content-type', 'text/plain')
  const http: Call[] = [log => log.debug(incoming), log => log.debug(outgoing, 'out'), log => log.debug({ req: incoming, res: outgoing })]
  t.strictSame(differences(pino, {}, 'trace', http.slice(0, 2)), [])
  for (const { req, res } of [pino.stdSerializers, { req: ({ url, raw }: SerializedRequest) => ({ url, of: raw?.constructor.name }), res: () => 'res' }]) {
    t.strictSame(differences(pino, { serializers: { req, res } }, 'trace', http), [])
  }
})

t.test('hooks that change what is logged change what is kept', async t => {
  const swap: LoggerOptions = {
    hooks: {
      logMethod (args, method) {
        const [first, second, ...more] = args as unknown[]
        if (typeof first === 'string' && typeof second === 'object') return method.apply(this, [second, first, ...more] as Parameters<typeof method>)
        if (first instanceof Error) return method.apply(this, [{ err: first, wrapped: true }, second] as Parameters<typeof method>)
        return first === 'drop' ? undefined : method.apply(this, args)
      }
    },
    serializers: { user: user => ({ id: user.id }) }
  }
  const swapped: Call[] = [
    ...everyday,
    ...errors,
    log => log.debug('message first', { a: 1, user: { id: 1, name: 'Ann' }, err: outer }),
    log => log.debug('message first', outer),
    log => log.debug('drop'),
    log => log.debug({ user: { id: 1, name: 'Ann' } }, 'fields first')
  ]
  t.strictSame(differences(pino, swap, 'trace', swapped), [])
  t.strictSame(differences(pino, { ...swap, formatters: { log: fields => ({ ...fields, more: 1 }) } }, 'trace', swapped), [], 'and with a formatter')
  let hooked = 0
  const counted = recorded(recorderOf(), pino({ hooks: { logMethod (args, method) { hooked++; return method.apply(this, args) } } }, sink()))
  counted.log.debug(request, 'kept')
  t.equal(hooked, 0, 'they are called for what is written')
  t.match(counted.ring.lines(), [/"req":/])
  t.equal(hooked, 1, 'and when kept lines are read')
  const twice: LoggerOptions = { hooks: { logMethod (args, method) { method.apply(this, args); method.apply(this, ['again']) } } }
  const { log, ring } = recorded(recorderOf(), pino({ ...twice, level: 'silent' }, sink()))
  log.child({}).debug('once')
  t.strictSame(ring.lines().map(line => JSON.parse(line).msg), ['once', 'again'])
})

t.test('levels of any kind: own ones only, descending ones, or compared by a function', async t => {
  const use = (...labels: string[]): Call[] => labels.flatMap(label => [log => log[label]!('text %s', 1), log => log[label]!({ a: { b: 1 } }, label)])
  const own: LoggerOptions = { customLevels: { low: 1, mid: 5, high: 9 }, useOnlyCustomLevels: true, level: 'high' }
  t.strictSame(differences(pino, own, 'low', use('low', 'mid', 'high')), [])
  const descending: LoggerOptions = { levelComparison: 'DESC', level: 'warn' }
  t.strictSame(differences(pino, descending, 'fatal', use('trace', 'debug', 'info', 'warn', 'error', 'fatal')), [])
  const strange: LoggerOptions = { levelComparison: (current, expected) => current > expected || current === 10, level: 'info' }
  t.strictSame(differences(pino, strange, 'trace', use('debug', 'info', 'warn')), [], 'a strict one')
  const { log, ring } = recorded(recorderOf(), pino({ levelComparison: () => false, level: 'info' }, sink()))
  log.fatal('never enabled')
  t.match(ring.lines(), [/"level":60,.*"msg":"never enabled"/])
})

t.test('the logger of another copy of pino is as good, side by side with ours', async t => {
  const directory = t.testdir()
  const modules = join(fs.realpathSync('node_modules'))
  fs.cpSync(join(modules, 'pino'), join(directory, 'node_modules', 'pino'), { recursive: true, filter: source => !/\/(test|docs|benchmarks|examples)$/.test(source) })
  for (const { name } of fs.readdirSync(modules, { withFileTypes: true })) {
    if (name !== 'pino' && !name.startsWith('.')) fs.symlinkSync(join(modules, name), join(directory, 'node_modules', name))
  }
  const other = createRequire(join(directory, 'app.js'))('pino') as typeof pino
  t.not(other.symbols.asJsonSym, pino.symbols.asJsonSym)
  t.strictSame(differences(other, {}, 'trace', calls), [])
  const recorder = recorderOf()
  const rings = [pino, other].map(make => {
    const { log, ring } = recorded(recorder, make({}, sink()))
    log.debug({ a: 1 }, 'kept')
    log.info('written')
    return ring
  })
  for (const ring of rings) t.match(ring.lines(), [/"a":1,"msg":"kept"/, /"msg":"written"/])
})

t.test('mixins are called for the lines that are written and for no others', async t => {
  let calls = 0
  const own = sink()
  const { log, ring } = recorded(recorderOf(), pino({ mixin: (_fields, level) => ({ count: ++calls, level }) }, own))
  log.debug({ a: 1 }, 'kept')
  log.info({ a: 1 }, 'written')
  log.debug('kept')
  ring.lines()
  t.equal(calls, 1)
  t.match(ring.lines().map(line => JSON.parse(line)), [{ a: 1, msg: 'kept', count: undefined }, { a: 1, count: 1, level: 30 }, { msg: 'kept', count: undefined }])
  t.strictSame(own.lines, [`${ring.lines()[1]}\n`])
})

t.test('onChild hears of every child once, and hooks.streamWrite of every line once', async t => {
  const heard: string[] = []
  const own = sink()
  const onChild = (child: Logger): void => { heard.push(`child ${child.bindings().part ?? child.bindings().reqId}`) }
  const { log, ring } = recorded(recorderOf(), pino({ onChild, hooks: { streamWrite: line => { heard.push('line'); return line.replace('secret', '***') } } }, own))
  log.child({ part: 'db' }, {}).info('a secret')
  log.debug('a secret')
  t.strictSame(heard, ['child r1', 'child db', 'line'])
  log[pino.symbols.asJsonSym]({}, 'not written', 30, '')
  t.strictSame([...ring.lines(), ...ring.lines()].map(line => JSON.parse(line).msg), ['a ***', 'a ***', 'a ***', 'a ***'])
  t.match(own.lines, [/a \*\*\*/])
})

t.test('streams with metadata and several streams get what they get without a recorder, from the logger that logs', async t => {
  const seen = (recorder?: Recorder) => {
    const events: unknown[] = []
    const stream = (name: string) => ({
      [Symbol.for('pino.metadata')]: true,
      write (this: Record<string, unknown> & { lastLogger: Logger }, line: string) {
        events.push({ name, line, level: this.lastLevel, msg: this.lastMsg, obj: this.lastObj, time: this.lastTime, bindings: this.lastLogger.bindings() })
      }
    })
    const streams = pino.multistream([{ level: 'info', stream: stream('all') }, { level: 'error', stream: stream('errors') }])
    const log = pino({ level: 'info' }, streams)
    const child = recorder ? recorded(recorder, log).log : log.child({ reqId: 'r1' })
    at(1_790_000_000_000, () => {
      for (const each of [child, child.child({ part: 'db' })]) {
        each.debug({ a: 1 }, 'no one')
        each.info({ a: 1 }, 'one %s', 'x')
        each.error(odd)
      }
    })
    return events
  }
  t.equal(seen().length, 6)
  t.strictSame(seen(recorderOf()), seen())
})

t.test('flush() and its like still find the transports behind a recorded logger', async t => {
  const transport = pino.transport({ target: 'pino/file', options: { destination: '/dev/null' } })
  t.teardown(() => transport.end())
  const { log } = recorded(recorderOf(), pino(transport))
  t.strictSame(transportsOf(log.child({})), [transport])
})

/** Counts how often it is looked at. */
function counting (): { calls: string[], value: object } {
  const calls: string[] = []
  const value = {
    get getter () { calls.push('getter'); return 1 },
    json: { toJSON () { calls.push('toJSON'); return 'json' } },
    serialized: {},
    nested: { get inner () { calls.push('inner'); return 2 } }
  }
  return { calls, value }
}

t.test('getters, toJSON() and serializers are called once for a line, written or kept', async t => {
  const { calls, value } = counting()
  const options = { serializers: { serialized: () => { calls.push('serializer'); return 's' } } }
  const { log, ring } = recorded(recorderOf(), pino(options, sink()))
  const once = ['getter', 'inner', 'serializer', 'toJSON']
  log.info(value)
  t.strictSame(calls.splice(0).sort(), once, 'of a written line')
  log.debug(value)
  t.strictSame(calls.splice(0).sort(), once, 'of one that is kept')
  ring.lines()
  ring.lines()
  t.strictSame(calls, [], 'and not when the lines are read')
  t.equal(ring.lines()[0]!.replace(/^.*?,"pid"/, ''), ring.lines()[1]!.replace(/^.*?,"pid"/, ''))
})

t.test('what JSON has no word for is kept as text that can be read', async t => {
  const { log, ring } = recorded(recorderOf(), pino({}, sink()))
  const circular: Record<string, unknown> = { name: 'c' }
  circular.self = circular
  log.debug({ circular, map: new Map([['a', 1]]), buffer: Buffer.from('hello'), deep: { big: 10n, failure: odd } })
  t.match(JSON.parse(ring.lines()[0]!), {
    circular: { name: 'c', self: '[Circular ~]' },
    map: { '[Map]': [['a', 1]] },
    buffer: '[Buffer 5 bytes: 68 65 6c 6c 6f]',
    deep: { big: '10n', failure: { type: 'Odd', message: 'odd' } }
  })
})

t.test('what cannot be read says so in its place, and nothing reaches the application', async t => {
  const fail = (): never => { throw new Error('boom') }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const broken: Array<[LoggerOptions, Call, RegExp]> = [
    [{}, log => log.debug({ get a () { return fail() }, b: 1 }, 'm'), /"a":"\[Throws: boom\]","b":1,"msg":"m"/],
    [{}, log => log.debug({ a: { get b () { return fail() }, c: 1 } }), /"a":{"b":"\[Throws: boom\]","c":1}/],
    [{}, log => log.debug({ a: { toJSON: fail } }), /"a":"\[Throws: boom\]"/],
    [{ serializers: { a: fail } }, log => log.debug({ a: 1, b: 1 }), /"a":"\[Throws: boom\]","b":1/],
    [{ serializers: { err: fail } }, log => log.debug(odd), /"err":"\[Throws: boom\]","msg":"odd"/],
    [{ serializers: { msg: fail } }, log => log.debug('m'), /"reqId":"r1","msg":"\[Throws: boom\]"/],
    [{ formatters: { log: fail } }, log => log.debug({ a: 1 }, 'm'), /"\[Throws\]":"boom","msg":"m"/],
    [{ hooks: { logMethod: fail } }, log => log.debug('m'), /"msg":"\[Throws: boom\]"/],
    [{ redact: { paths: ['a'], censor: fail } }, log => log.debug({ a: 1 }), /"msg":"\[Throws: boom\]"/],
    [{}, log => log.debug('%s', { toString: fail }), /"msg":"\[Throws: boom\]"/],
    [{}, log => log.debug('%d', Symbol('s')), /"msg":"\[Throws: Cannot convert a Symbol value to a number\]"/],
    [{}, log => log.debug(new Proxy({}, { ownKeys: fail }), 'm'), /"\[Throws\]":"boom","msg":"m"/],
    [{}, log => log.debug({ a: revoked.proxy }), /"a":"\[Throws: .*revoked/],
    [{}, log => log.debug(revoked.proxy, 'm'), /"\[Throws\]":".*revoked.*","msg":"m"/]
  ]
  for (const [options, call, expected] of broken) {
    const { log, ring } = recorded(recorderOf(), pino({ ...options, level: 'silent' }, sink()))
    t.doesNotThrow(() => call(log), String(call))
    t.match(ring.lines(), [expected])
  }
  const clocks = { works: true }
  const { log, ring } = recorded(recorderOf(), pino({ timestamp: () => clocks.works ? ',"time":1' : fail() }, sink()))
  clocks.works = false
  log.debug('no time')
  t.strictSame([ring.lines(), ring.leftOut], [[], 1], 'without a time there is no line')
})

t.test('what logs while it is being kept is not kept in turn', async t => {
  const { log, ring } = recorded(recorderOf(), pino({ serializers: { a: value => { log.debug({ a: value }, 'inner'); log.debug({ a: value }); return value } } }, sink()))
  log.debug({ a: 1 }, 'outer')
  t.match(ring.lines(), [/"a":1,"msg":"outer"/])
  t.equal(ring.leftOut, 2)
})

t.test('what is no pino logger is left alone', async t => {
  const nothing = { fatal () {}, error () {}, warn () {}, info () {}, debug () {}, trace () {}, child () { return nothing } }
  const others: object[] = [nothing, console, {}, [], Object.create(null), () => {}, { levels: { values: {} }, [Symbol('pino.asJson')]: () => '' }, new Proxy({}, { has () { throw new Error('boom') } })]
  const recorder = recorderOf()
  for (const other of others) {
    t.equal(recorder.under(other), other)
    const { logger, ring } = recorder.start(other)
    t.strictSame([logger === other, ring], [true, undefined])
  }
})

const keysOf = (logger: object): PropertyKey[] => Reflect.ownKeys(logger)

t.test('the logger below stays as it is', async t => {
  const log = pino({ hooks: { streamWrite: line => line } }, sink())
  const keys = keysOf(log)
  const { debug } = log
  const child = log.child({}, { level: 'warn' })
  const childKeys = keysOf(child)
  recorded(recorderOf(), log).log.level = 'debug'
  recorderOf().start(child)
  t.strictSame([keysOf(log), keysOf(child)], [keys, childKeys])
  t.equal(log.debug, debug)
  t.equal(log.level, 'info')
})

t.test('nobody hears that lines are read', async t => {
  const heard: unknown[] = []
  const log = pino({}, sink())
  log.on('level-change', level => { heard.push(level) })
  const { log: child, ring } = recorded(recorderOf(), log)
  child.debug('kept')
  child.debug(request, 'kept')
  t.equal(ring.lines().length, 2)
  t.strictSame(heard, [])
  child.level = 'warn'
  t.strictSame(heard, ['warn'])
})
