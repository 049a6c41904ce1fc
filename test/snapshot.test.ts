// What a dump shows of a value, whatever it is: as JSON has it where JSON has a word for it, readable where not, and never more than the limits.
import t from 'tap'
import fc from 'fast-check'
import { EventEmitter, once } from 'node:events'
import { request, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import Fastify from 'fastify'
import { render, renderLine, type Limits } from '../lib/dumper/document.js'
import { Secrets } from '../lib/dumper/secrets.js'
import { copy } from '../lib/dumper/snapshot.js'

const LIMITS: Limits = { depth: 16, breadth: 1000, string: 16_384, bytes: 1 << 20, time: 10_000 }
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const secrets = new Secrets({ deny: undefined, headers: undefined, redact: undefined })

const shownAs = (value: unknown, limits: Partial<Limits> = {}) => render(value, { limits: { ...LIMITS, ...limits }, secrets, pretty: true })
/** What stands in the document. */
const told = (value: unknown, limits: Partial<Limits> = {}): any => JSON.parse(shownAs(value, limits).text)
const inJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
/** Random keys are the names of secrets now and then: `cVC`. */
const SECRETS = /pass|pwd|auth|sid|pin|otp|cvv|cvc|ssn|jwt|csrf|xsrf|token|secret|cookie|session|pw|sig|sec.*code|otp/i
const nested = (depth: number, inner: unknown = 'deep'): unknown => Array.from({ length: depth }).reduce(inner => ({ a: inner }), inner)

t.test(`JSON within the limits comes back as it was, seed ${SEED}`, async () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 8 }), fc.boolean(), (value, pretty) => {
    fc.pre(!SECRETS.test(JSON.stringify(value).replace(/[\W_]/g, '')))
    const { text, truncated } = render(value, { limits: LIMITS, secrets, pretty })
    return !truncated && isDeepStrictEqual(JSON.parse(text), inJson(value)) && text === JSON.stringify(JSON.parse(text), null, pretty ? 2 : 0)
  }), { seed: SEED, numRuns: 300 })
})

t.test(`of anything whatever comes valid JSON, in one line where it has to be, within the bytes, seed ${SEED}`, async () => {
  const anything = fc.anything({
    maxDepth: 5, withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withNullPrototype: true, withObjectString: true, withSet: true, withSparseArray: true, withTypedArray: true, stringUnit: 'binary'
  })
  const limits = fc.record({ depth: fc.integer({ min: 1, max: 6 }), breadth: fc.integer({ min: 1, max: 20 }), string: fc.integer({ min: 16, max: 100 }), bytes: fc.integer({ min: 1, max: 2000 }), time: fc.integer({ min: 1, max: 50 }) })
  fc.assert(fc.property(anything, limits, fc.boolean(), (value, limits, pretty) => {
    const { text } = render(value, { limits, secrets, pretty })
    const line = renderLine(value, { limits, secrets }).text
    JSON.parse(text)
    JSON.parse(line)
    return Buffer.byteLength(text) <= limits.bytes && Buffer.byteLength(line) <= limits.bytes && !line.includes('\n')
  }), { seed: SEED, numRuns: 250 })
})

t.test('where JSON has a word, that is it', async t => {
  class Point {
    x = 1
    readonly #hidden = 2
    get sum (): number { return this.x + this.#hidden }
  }
  const values = {
    toJSON: { toJSON: (key: string) => ({ key }) },
    list: Object.assign([1], { toJSON: () => ['told'] }),
    point: new Point(),
    date: new Date(0),
    invalid: new Date(NaN),
    url: new URL('http://a.example/b'),
    numbers: [NaN, Infinity, -0, 1e21],
    left: undefined,
    out: () => {},
    symbol: Symbol('left out'),
    [Symbol('key')]: 1,
    list2: [undefined],
    boxed: [Object(1), Object('a'), Object(true)],
    nothing: Object.create(null, { a: { value: 1, enumerable: true }, hidden: { value: 2 } }),
    none: { toJSON: () => undefined },
    '': '',
    constructor: 1,
    hasOwnProperty: 2
  }
  t.strictSame(told(values), inJson(values))
  const tricky = JSON.parse('{"__proto__":{"polluted":true},"a":[{"__proto__":1}]}')
  t.ok(isDeepStrictEqual(told(tricky), tricky), 'keys that mean something to assignments')
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
  t.equal(told('lone \ud800 half'), 'lone \ud800 half')
  for (const root of [null, undefined, 1, 'a', true, []]) t.strictSame(told(root), root ?? null)
})

t.test('where JSON has none, something readable', async t => {
  const shared = { a: 1 }
  t.strictSame(told({
    big: 123n,
    vast: 2n ** 5000n,
    map: new Map<unknown, unknown>([['a', 1], [{ b: 2 }, new Set([3])]]),
    list: [Symbol('s'), function named () {}, () => {}, undefined, /a+/g, Object(1n)],
    weak: [new WeakMap(), Promise.reject(new Error('nobody is to handle this')).catch(() => {}), (function * () { yield 1 })()],
    buffer: Buffer.from('hello'),
    long: new Uint16Array(50).fill(0x4142),
    view: new DataView(new ArrayBuffer(2)),
    raw: new ArrayBuffer(0),
    twice: [shared, shared]
  }), {
    big: '123n',
    vast: '[BigInt of more than 1024 bits]',
    map: { '[Map]': [['a', 1], [{ b: 2 }, { '[Set]': [3] }]] },
    list: ['Symbol(s)', '[Function named]', '[Function]', null, '/a+/g', '1n'],
    weak: ['[WeakMap]', '[Promise]', '[Generator]'],
    buffer: '[Buffer 5 bytes: 68 65 6c 6c 6f]',
    long: `[Uint16Array 100 bytes: ${'42 41 '.repeat(4)}...]`,
    view: '[DataView 2 bytes: 00 00]',
    raw: '[ArrayBuffer 0 bytes]',
    twice: [shared, shared]
  })
  for (const root of [() => {}, Symbol('s'), 1n]) t.type(told(root), 'string')
})

t.test('an error tells why: its type, code, stack, own fields, causes and errors', async t => {
  class TimeoutError extends Error { retries = 3 }
  const cause = Object.assign(new TypeError('the cause'), { code: 'E_CAUSE' })
  const error = new TimeoutError('too late', { cause })
  const shown = told({ error })
  t.match(shown.error, { type: 'TimeoutError', message: 'too late', retries: 3, cause: { type: 'TypeError', message: 'the cause', code: 'E_CAUSE' } })
  t.equal(shown.error.stack[0], 'Error: too late')
  t.match(shown.error.stack[1], /^at .*snapshot\.test/)
  t.notOk('name' in shown.error || 'errors' in shown.error)
  t.match(told(new AggregateError([cause, 'text'], 'several')), { type: 'AggregateError', message: 'several', errors: [{ code: 'E_CAUSE' }, 'text'] })
  t.match(told(new DOMException('stopped', 'AbortError')), { type: 'AbortError', message: 'stopped' })
  t.match(told(runInContext('new RangeError("elsewhere")', createContext())), { type: 'RangeError', message: 'elsewhere' }, 'of another realm')
  const { stack, ...named } = told(Object.assign(new Error('named'), { name: 'Special', message: 'changed' }))
  t.strictSame(named, { type: 'Special', message: 'changed' })

  const one: Error & { self?: unknown } = new Error('one')
  const two = new Error('two', { cause: one })
  one.cause = two
  one.self = one
  t.match(told({ one }), { one: { cause: { message: 'two', cause: '[Circular ~.one]' }, self: '[Circular ~.one]' } })
  const chain = Array.from({ length: 1000 }).reduce<Error>(cause => new Error('link', { cause }), new Error('last'))
  t.match(told(chain).cause.cause.cause, { type: 'Error', message: 'link' })
  const hostile = Object.defineProperties(Object.assign(new Error('x'), { code: 1 }), {
    stack: { get: () => { throw new Error('no stack') } }, message: { get: () => { throw new Error('no message') } }, constructor: { get: () => { throw new Error('no class') } }
  })
  t.strictSame(told({ hostile }), { hostile: { type: 'Error', message: '[Throws: no message]', code: 1, stack: ['[Throws: no stack]'] } })
})

t.test('what throws says so in its place, and the rest is there', async t => {
  const throwing = { get bad () { throw new Error('no') }, a: 1, get worse () { throw { get message () { throw new Error('again') } } }, get worst () { throw null } } // eslint-disable-line no-throw-literal
  t.strictSame(told(throwing), { bad: '[Throws: no]', a: 1, worse: '[Throws: ]', worst: '[Throws: null]' })
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  }
  const no = () => { throw new Error('trapped') }
  t.match(told({ a: revoked(), b: [revoked()], c: new Map([[1, revoked()]]) }), { a: /^\[Throws: .*revoked/, b: [/^\[Throws: .*revoked/], c: { '[Map]': [[1, /^\[Throws: .*revoked/]] } })
  for (const trap of ['ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'get'] as const) {
    t.match(JSON.stringify(told({ a: new Proxy({ b: 1 }, { [trap]: no }) })), /\[Throws: trapped\]/, trap)
  }
  t.strictSame(told({ a: { toJSON: no }, b: { toJSON: () => { throw undefined } } }), { a: '[Throws: trapped]', b: '[Throws: undefined]' }) // eslint-disable-line no-throw-literal
  t.strictSame(told({ a: { get toJSON () { return no() } } }), { a: '[Throws: trapped]' })
  t.strictSame(told([Object.defineProperty(() => {}, 'name', { get: no }), Object.assign(() => {}, {})]), ['[Function [Throws: trapped]]', '[Function]'])
  t.strictSame(told({ a: Object.defineProperty(new Map(), 'size', { get: no }) }), { a: '[Throws: trapped]' })
  t.strictSame(told(Object.assign([1, 2], { get toJSON () { return undefined } })), [1, 2])
  class Tagged {
    a = 1
    get [Symbol.toStringTag] (): string { throw new Error('no tag') }
  }
  t.strictSame(told({ a: new Tagged() }), { a: '[Throws: no tag]' })
})

t.test('circles are told where they lead, also those that toJSON and proxies make', async t => {
  const a: Record<string, unknown> = { b: { c: [] } }
  ;((a.b as { c: unknown[] }).c).push(a.b, a)
  a.map = new Map([['a', a]])
  t.strictSame(told(a), { b: { c: ['[Circular ~.b]', '[Circular ~]'] }, map: { '[Map]': [['a', '[Circular ~]']] } })
  const itself = { a: 1, toJSON () { return this } }
  t.strictSame(told(itself), { a: 1 })
  const wraps = { toJSON () { return { inner: this } } }
  t.strictSame(told(wraps), { inner: '[Circular ~]' })
  const made: object = { toJSON: () => ({ again: { ...made } }) }
  t.match(JSON.stringify(told(made)), /\[Object\]/)
  const endless = (): object => new Proxy({}, {
    get: (_, key) => key === 'toJSON' ? undefined : endless(),
    ownKeys: () => ['a', 'b', 'c'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true })
  })
  t.ok(shownAs(endless(), { bytes: 10_000 }).truncated)
  let given = 0
  const form = { get [Symbol.toStringTag] () { return 'FormData' }, * entries () { while (++given < 100_000) yield ['a', 1] } }
  t.match(told(Object.setPrototypeOf({}, form), { breadth: 3 }), { '[FormData]': [['a', 1], ['a', 1], ['a', 1], '[+ 1 more]'] })
  t.ok(given < 10, `${given} entries are asked for`)
})

t.test('beyond a limit it says how much there is', async t => {
  t.strictSame(told({ a: { b: { c: 1 }, d: [1, 2], e: new Map(), f: 1 } }, { depth: 2 }), { a: { b: '[Object]', d: '[Array 2]', e: '[Object]', f: 1 } })
  t.strictSame(told({ list: [1, 2, 3, 4], map: new Map([[1, 1], [2, 2], [3, 3]]), set: new Set([1, 2, 3]), a: 1 }, { breadth: 2 }),
    { list: [1, 2, '[+ 2 more]'], map: { '[Map]': [[1, 1], [2, 2], '[+ 1 more]'] }, '[+]': '2 more' })
  t.equal(told('x'.repeat(120), { string: 20 }), `${'x'.repeat(20)}[+ 100 characters]`)
  t.equal(told(`${'x'.repeat(19)}😀${'x'.repeat(10)}`, { string: 20 }), `${'x'.repeat(19)}[+ 12 characters]`, 'no half of a character')
  const sparse: unknown[] = []
  sparse[4_000_000_000] = 1
  t.strictSame(told(sparse, { breadth: 2 }), [null, null, '[+ 3999999999 more]'])
  const deep = told({ deep: nested(100_000) })
  t.match(JSON.stringify(deep), /\[Object\]/)
  for (const [value, limits] of [[nested(3), { depth: 3 }], [[1, 2], { breadth: 2 }], ['x'.repeat(20), { string: 20 }]] as const) {
    t.equal(shownAs(value, limits).truncated, false, 'up to the limit nothing is left out')
    t.equal(shownAs([value], { ...limits, depth: 3, ...'breadth' in limits && { breadth: 1 }, ...'string' in limits && { string: 19 } }).truncated, true)
  }
})

t.test('where not all fits, each has its share: the big one does not take the room of the others', async t => {
  const value = { big: Array.from({ length: 900 }, (_, i) => ({ i, text: 'x'.repeat(1000) })), error: new Error('what it is about'), list: [1, 2, 3], last: 'there' }
  const { text, truncated } = shownAs(value, { bytes: 20_000 })
  const { big, error, list, last } = JSON.parse(text)
  t.ok(truncated)
  t.ok(Buffer.byteLength(text) <= 20_000 && Buffer.byteLength(text) > 10_000, `${Buffer.byteLength(text)} bytes`)
  t.match({ error, list, last }, { error: { message: 'what it is about', stack: [/./, /./] }, list: [1, 2, 3], last: 'there' })
  t.ok(big.length > 1)
  t.match(big.at(-1), /^\[\+ \d+ more\]$/)
  for (const hard of ['\u0000', '"', '€', '\ud800', '😀', 'x']) {
    const { text } = shownAs(Array.from({ length: 100 }, () => hard.repeat(5000)), { bytes: 10_000 })
    t.ok(Buffer.byteLength(text) <= 10_000 && Buffer.byteLength(text) > 4000, `${JSON.stringify(hard)}: ${Buffer.byteLength(text)} bytes`)
  }
})

t.test('the clock stops work, however much there is, and what was read by then is there', async t => {
  let calls = 0
  let time = 0
  const slow = Array.from({ length: 1000 }, () => Object.defineProperty({}, 'a', { enumerable: true, get: () => ++calls }))
  const { text, truncated } = render({ slow, last: 1 }, { limits: { ...LIMITS, time: 50 }, secrets, pretty: false, now: () => time++ })
  t.ok(truncated)
  t.ok(calls > 0 && calls < 1500, `${calls} of 1000 getters`)
  t.match(text, /"\[\+ \d+ more\]"/)
  let asked = 0
  const late = render({ get a () { time += 1000; return ++asked }, b: 'x'.repeat(5000), c: slow }, { limits: { ...LIMITS, time: 50 }, secrets, pretty: false, now: () => time++ })
  t.ok(late.truncated)
  t.equal(asked, 1, 'what took too long is not asked again')
})

t.test('big things of every kind are within the bytes', async t => {
  const values = {
    buffer: Buffer.alloc(100_000_000),
    array: new Array(1_000_000).fill({ a: 1 }),
    map: new Map(Array.from({ length: 100_000 }, (_, i) => [i, i])),
    rope: 'x'.repeat(100_000_000),
    wide: Array.from({ length: 300 }, () => Array.from({ length: 300 }, (_, i) => ({ i }))),
    twice: Array.from({ length: 40 }).reduce(inner => ({ a: inner, b: inner }), {}),
    errors: new AggregateError(Array.from({ length: 5000 }, () => new Error('one'))),
    keys: { ['k'.repeat(100_000)]: 1, ['k'.repeat(99_999) + 'l']: 2 }
  }
  for (const [name, value] of Object.entries(values)) {
    const { text } = shownAs(value, { bytes: 50_000, time: 50 })
    t.doesNotThrow(() => JSON.parse(text), name)
    t.ok(Buffer.byteLength(text) <= 50_000, `${name}: ${Buffer.byteLength(text)} bytes`)
  }
})

t.test('of streams, requests and replies what matters, and nothing is consumed', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  let seen: any
  app.post('/orders/:id', async (request, reply) => {
    seen = told({ request, reply, raw: request.raw, res: reply.raw, socket: request.socket })
    return request.body
  })
  const { body } = await app.inject({ method: 'POST', url: '/orders/7?full=1', headers: { 'user-agent': 'tests' }, payload: { private: 'body' } })
  t.equal(body, '{"private":"body"}')
  t.match(seen, {
    request: { id: /^req/, method: 'POST', url: '/orders/7?full=1', headers: { 'user-agent': 'tests', 'content-type': 'application/json' } },
    reply: { statusCode: 200 },
    raw: { method: 'POST', headers: { 'user-agent': 'tests' } },
    res: { statusCode: 200, headersSent: false }
  })
  t.notMatch(JSON.stringify(seen), /private/, 'no body')

  const readable = Readable.from(['a', 'b'])
  const response = new Response('consumed', { status: 201, headers: { 'content-type': 'text/plain', 'x-own': 'hidden' } })
  await response.text()
  t.strictSame(told({ readable, through: new PassThrough(), emitter: Object.assign(new EventEmitter(), { _events: 0, _maxListeners: 0 }), response, web: response.body, request: new Request('http://a.example/', { method: 'PUT', body: 'unread' }), blob: new Blob(['x']), signal: AbortSignal.abort() }), {
    readable: '[Readable]',
    through: '[PassThrough]',
    emitter: { _events: 0, _eventsCount: 0, _maxListeners: 0 },
    response: { status: 201, url: '', headers: { '[Headers]': { 'content-type': 'text/plain', 'x-own': '[redacted]' } } },
    web: '[ReadableStream]',
    request: { method: 'PUT', url: 'http://a.example/', headers: { '[Headers]': { 'content-type': 'text/plain;charset=UTF-8' } } },
    blob: '[Blob]',
    signal: '[AbortSignal]'
  })
  t.strictSame(await readable.toArray(), ['a', 'b'])
})

t.test('an aborted request is shown as it was', async t => {
  const server = createServer()
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = request({ port: (server.address() as AddressInfo).port, method: 'POST', path: '/slow', headers: { 'content-length': 10 } })
  client.on('error', () => {})
  client.write('half')
  const [incoming, reply] = await once(server, 'request') as [IncomingMessage, ServerResponse]
  client.destroy()
  incoming.on('error', () => {})
  await once(reply, 'close')
  t.match(told({ incoming, reply, client }), { incoming: { method: 'POST', url: '/slow', headers: { 'content-length': '10' } }, reply: { statusCode: 200 }, client: '[ClientRequest]' })
})

t.test('rows are one line each, also where all else is indented; the oldest are left out, and counted', async t => {
  const lines = Array.from({ length: 50 }, (_, i) => `{"level":20,"seq":${i},"deep":{"list":[1,2]},"msg":"${'x'.repeat(100)}"}`)
  const rows = { key: 'log', lines }
  const { text, truncated } = render({ a: { b: 1 } }, { limits: LIMITS, secrets, pretty: true, rows })
  t.equal(truncated, false)
  t.strictSame(JSON.parse(text), { a: { b: 1 }, log: lines.map(line => JSON.parse(line)) })
  const printed = text.split('\n')
  for (const line of lines) t.ok(printed.some(shown => shown.trim().replace(/,$/, '') === line))
  t.match(text, /^\{\n {2}"a": \{\n/)

  const odd = '{"id":12345678901234567890,"a":1,"a":2,"b" :1.0}'
  t.ok(render({}, { limits: LIMITS, secrets, pretty: true, rows: { key: 'log', lines: [`${odd}\n`] } }).text.includes(`    ${odd}\n  ]`), 'as it was written')

  const short = JSON.parse(render({ a: 1, logLeftOut: 3 }, { limits: { ...LIMITS, bytes: 4000 }, secrets, pretty: true, rows }).text)
  t.ok(short.log.length > 5 && short.log.length < 20)
  t.equal(short.logLeftOut, 3 + 50 - short.log.length)
  t.equal(short.log.at(-1).seq, 49)
  t.strictSame(JSON.parse(render({}, { limits: LIMITS, secrets, pretty: false, rows: { key: 'log', lines: [] } }).text), { log: [] })
  t.strictSame(JSON.parse(render([1], { limits: LIMITS, secrets, pretty: false, rows: { key: 'log', lines: ['no JSON'] } }).text), { value: [1], log: ['no JSON'] })
  const long = render({ a: 1 }, { limits: { ...LIMITS, bytes: 2000 }, secrets, pretty: false, rows: { key: 'log', lines: ['{"seq":1}', JSON.stringify({ msg: 'x'.repeat(10_000) })] } })
  t.match(JSON.parse(long.text), { logLeftOut: 1, log: [/^\{"msg":"x+\[\+ \d+ characters\]$/] })
  t.ok(long.truncated && long.text.length <= 2000)
})

t.test('`copy` is the same, with a number of values for a limit, and all secrets', async t => {
  const limits = { depth: 4, breadth: 5, string: 16, nodes: 20 }
  const flat = { a: 1, b: 'x', c: null, d: true, password: 'stays' }
  const copied = copy(flat, limits)
  t.strictSame(copied, flat)
  t.not(copied, flat)
  const nested = { a: { b: [1, { c: 'x' }] }, e: new Error('e'), f () {} }
  const own = copy(nested, limits) as any
  nested.a.b.push(2)
  t.match(own, { a: { b: [1, { c: 'x' }] }, e: { type: 'Error', message: 'e' } })
  t.equal(own.a.b.length, 2)
  t.notOk('f' in own)
  t.strictSame(copy({ a: 'x'.repeat(20), b: 1n, ['__proto__']: 1 }, limits), JSON.parse(`{"a":"${'x'.repeat(16)}[+ 4 characters]","b":"1n","__proto__":1}`))
  t.strictSame(copy({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, limits), { a: 1, b: 2, c: 3, d: 4, e: 5, '[+]': '1 more' })
  const wide = Array.from({ length: 5 }, () => Array.from({ length: 5 }, () => [1]))
  t.ok(JSON.stringify(copy(wide, limits)).match(/\d/g)!.length < 20)
  t.strictSame(copy({ get a () { throw new Error('no') } }, limits), { a: '[Throws: no]' })
  for (const value of [undefined, null, 1, 'x', () => {}, new Proxy({}, { getPrototypeOf: () => { throw new Error('no') } })]) t.doesNotThrow(() => copy(value, limits))
})
