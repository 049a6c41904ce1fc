// The flight recorder's rings: what is kept, in which order, how much of it, and when levels change.
import t from 'tap'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import pino, { type LoggerOptions } from 'pino'
import { parseRecorder, type RecorderOptions } from '../lib/config/recorder.js'
import { Recorder } from '../lib/dumper/recorder.js'
import type { Ring } from '../lib/dumper/ring.js'
import { cleanEnv, fixture } from './fixtures/harness.js'

// A logger that takes labels and fields of all kinds.
type Log = any

const recorderOf = (options: RecorderOptions = {}): Recorder => new Recorder(parseRecorder(options)!)
const logger = (options: LoggerOptions = {}) => {
  const written: string[] = []
  return { written, log: pino(options, { write: line => { written.push(line.trimEnd()) } }) as Log }
}
/** A request's logger, as an adapter makes it. */
function request (recorder: Recorder, log: Log, bindings: object = { reqId: 'r' }, options?: object) {
  const { logger, ring } = recorder.start((recorder.under(log) as Log).child(bindings, options))
  return { log: logger as Log, ring: ring! }
}
const messages = (ring: Ring): unknown[] => ring.lines().map(line => JSON.parse(line).msg)
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => String(from + at))

t.test('lines below the level are kept among those that are written, in order, and only those are written', async t => {
  const { log, written } = logger()
  const { log: child, ring } = request(recorderOf(), log)
  const grandchild = child.child({ part: 'db' })
  child.debug({ a: 1 }, 'first')
  child.info('second')
  grandchild.trace('third')
  grandchild.warn('fourth')
  child.child({ deeper: true }).debug('fifth')
  t.strictSame(messages(ring), ['first', 'second', 'third', 'fourth', 'fifth'])
  t.strictSame(written, [ring.lines()[1], ring.lines()[3]])
  t.match(ring.lines().map(line => JSON.parse(line)), [{ level: 20, a: 1, reqId: 'r' }, { level: 30 }, { level: 10, part: 'db', reqId: 'r' }, { part: 'db' }, { deeper: true, reqId: 'r' }])
  t.equal(ring.leftOut, 0)
})

t.test('each request has lines of its own, and a logger without a ring is not recorded', async t => {
  const { log, written } = logger()
  const recorder = recorderOf()
  const [a, b] = [request(recorder, log, { reqId: 'a' }), request(recorder, log, { reqId: 'b' })]
  const none = (recorder.under(log) as Log).child({})
  for (const each of [a.log, none, b.log, log]) each.debug('m')
  t.match([a.ring.lines(), b.ring.lines()], [[/"reqId":"a"/], [/"reqId":"b"/]])
  t.strictSame(written, [])
  t.equal(recorder.under(log), recorder.under(log), 'one layer for one logger')
  t.equal(recorder.under(recorder.under(log)), recorder.under(log))
})

t.test('a call is kept as it was when it was made', async t => {
  const { log } = logger()
  const { log: child, ring } = request(recorderOf(), log)
  const order = { id: 1, lines: [{ sku: 'a' }], at: new Date(0), tags: new Set(['x']) }
  const error = Object.assign(new Error('before'), { code: 'A' })
  child.debug(order, 'as it was')
  child.debug('%j', order)
  child.debug(error)
  order.id = 2
  order.lines[0]!.sku = 'b'
  order.lines.push({ sku: 'c' })
  order.at.setTime(1)
  order.tags.add('y')
  Object.assign(error, { message: 'after', code: 'B' })
  child.setBindings({ later: true })
  const [first, second, third] = ring.lines().map(line => JSON.parse(line))
  t.strictSame([first.id, first.lines, first.at, first.tags, first.later], [1, [{ sku: 'a' }], '1970-01-01T00:00:00.000Z', { '[Set]': ['x'] }, undefined])
  t.match(second.msg, '{"id":1,"lines":[{"sku":"a"}],"at":"1970-01-01T00:00:00.000Z"')
  t.match(third, { msg: 'before', err: { message: 'before', code: 'A' } })
  t.strictSame(ring.lines(), ring.lines(), 'and can be read again')
})

t.test('levels that are changed while the request runs, on its own logger or below, are honoured', async t => {
  const { log, written } = logger()
  const recorder = recorderOf()
  const { log: child, ring } = request(recorder, log)
  const step = (name: string): void => {
    child.debug(`debug ${name}`)
    child.info(`info ${name}`)
  }
  child.level = 'warn'
  step('own level warn')
  child.level = 'debug'
  step('own level debug')
  child.child({}, { level: 'silent' }).fatal('a silent grandchild')
  const other = request(recorder, log)
  log.level = 'debug'
  other.log.debug('the root was changed')
  log.level = 'warn'
  other.log.debug('again')
  const third = request(recorder, log)
  for (const each of [third, other]) each.log.info('below the level by now')
  log.level = 'info'
  third.log.info('written again')
  request(recorder, log).log.info('by a new request too')
  t.strictSame(messages(ring), ['debug own level warn', 'info own level warn', 'debug own level debug', 'info own level debug', 'a silent grandchild'])
  t.strictSame(messages(other.ring), ['the root was changed', 'again', 'below the level by now'])
  t.strictSame(messages(third.ring), ['below the level by now', 'written again'])
  t.strictSame(written.map(line => JSON.parse(line).msg), ['debug own level debug', 'info own level debug', 'the root was changed', 'written again', 'by a new request too'])
})

t.test('a level of the child\'s options, and levels of its own, are recorded below', async t => {
  const { log, written } = logger({ level: 'debug' })
  const { log: child, ring } = request(recorderOf(), log, {}, { level: 'error', customLevels: { audit: 35, loud: 55 } })
  for (const label of ['trace', 'warn', 'audit', 'loud', 'silent']) child[label](label)
  child.child({}).audit('inherited')
  t.strictSame(messages(ring), ['trace', 'warn', 'audit', 'loud', 'inherited'])
  t.match(written, [/"level":55/])
})

t.test('isLevelEnabled is true of every level that is kept', async t => {
  const asked = (log: Log): string[] => ['trace', 'debug', 'info', 'fatal', 'nonsense'].filter(level => log.isLevelEnabled(level))
  const { log } = logger()
  const recorder = recorderOf()
  t.strictSame(asked(request(recorder, log).log), ['trace', 'debug', 'info', 'fatal'])
  t.strictSame(asked(request(recorderOf({ level: 'debug' }), log).log), ['debug', 'info', 'fatal'])
  t.strictSame(asked(recorder.under(log)), ['info', 'fatal'], 'not without a ring')
  t.strictSame(asked(log), ['info', 'fatal'])
})

t.test('the option `level` says what is kept: that level and those above', async t => {
  const all = ['trace', 'debug', 'info', 'warn']
  const kept = (level: string, options: LoggerOptions = {}, labels = all): unknown[] => {
    const { log, ring } = request(recorderOf({ level }), logger(options).log)
    for (const label of labels) log[label](label)
    return messages(ring)
  }
  t.strictSame(kept('trace'), all)
  t.strictSame(kept('debug'), ['debug', 'info', 'warn'])
  t.strictSame(kept('warn'), ['warn'], 'also of those that are written')
  t.strictSame(kept('silent'), [])
  for (const unknown of ['nobody knows', 'toString']) t.strictSame(kept(unknown), all)
  t.strictSame(kept('trace', { customLevels: { verbose: 5 } }, ['verbose', ...all]), ['verbose', ...all], 'trace: everything')
  t.strictSame(kept('mid', { customLevels: { low: 1, mid: 2, high: 3 }, useOnlyCustomLevels: true, level: 'high' }, ['low', 'mid', 'high']), ['mid', 'high'])
  t.strictSame(kept('info', { levelComparison: 'DESC', level: 'trace' }), ['trace', 'debug', 'info'], 'above is below where levels descend')
})

t.test('any pino logger may be started: a root, a child that was made before, one that is recorded already', async t => {
  const { log, written } = logger()
  const recorder = recorderOf()
  const before = log.child({ reqId: 'before' }, { level: 'warn', msgPrefix: '> ' })
  for (const source of [log, before, before.child({ more: 1 }), recorder.under(log)]) {
    const { logger: started, ring } = recorder.start(source)
    t.not(started, source)
    ;(started as Log).debug('m')
    ;(started as Log).child({}).fatal('m')
    ;(source as Log).fatal('not of this request')
    t.strictSame(ring!.lines().map(line => JSON.parse(line).level), [20, 60])
    t.match(JSON.parse(ring!.lines()[0]!), source.bindings())
    t.strictSame(recorder.start(started), { logger: started, ring }, 'once')
  }
  t.equal(written.length, 8)
})

t.test('a child that somebody holds on to is changed itself, and nothing around it', async t => {
  const { log, written } = logger()
  const recorder = recorderOf()
  const plain = log.child({ reqId: 'plain' })
  for (const held of [log.child({ reqId: 'a' }), log.child({ reqId: 'b' }, { level: 'warn' }), log.child({ more: 1 }).child({ reqId: 'c' }), (recorder.under(log) as Log).child({ reqId: 'd' })]) {
    const ring = recorder.adopt(held)!
    for (const each of [held, held.child({ part: 'db' })]) {
      each.debug('m')
      each.error('m')
    }
    held.level = 'silent'
    held.error('m')
    plain.debug('not of this request')
    t.strictSame(ring.lines().map(line => JSON.parse(line).level), [20, 50, 20, 50, 50])
    t.match(ring.lines(), Array(5).fill(new RegExp(`"reqId":"${held.bindings().reqId}"`)))
    t.equal(recorder.adopt(held), ring, 'once')
    t.strictSame(recorder.start(held), { logger: held, ring })
  }
  t.equal(written.length, 8)
  for (const other of [log, {}, Object.create(null), console]) t.equal(recorder.adopt(other), undefined, 'nothing but a child')
  t.notOk(log.isLevelEnabled('debug'))
})

t.test('methods do nothing without their logger, as pino\'s that are disabled', async t => {
  const { log } = logger()
  const { log: child, ring } = request(recorderOf(), log)
  const { debug } = child
  t.doesNotThrow(() => debug('alone'))
  for (const self of [null, 5, {}, log]) t.doesNotThrow(() => debug.call(self, 'strange'))
  t.strictSame(ring.lines(), [])
})

t.test('methods that the application has put in the place of pino\'s are called', async t => {
  const { log } = logger()
  const heard: unknown[] = []
  log.debug = (...args: unknown[]) => { heard.push(...args) }
  const { log: child, ring } = request(recorderOf(), log)
  child.debug('heard')
  child.trace('kept')
  t.strictSame([heard, messages(ring)], [['heard'], ['kept']])
})

t.test('the newest lines are kept, as many as `records`', async t => {
  const { ring, log } = request(recorderOf({ records: 3 }), logger().log)
  for (const n of numbers(0, 200)) Number(n) % 3 ? log.debug(n) : log.info(n)
  t.strictSame([messages(ring), ring.leftOut], [numbers(197, 200), 197])
})

t.test('the newest lines are kept, as many as fit into `bytes`; what is longer than that is not', async t => {
  const { ring, log } = request(recorderOf({ bytes: '10k', records: 1000 }), logger().log)
  for (const n of numbers(0, 100)) log.debug({ n, text: 'x'.repeat(1000) }, n)
  const kept = messages(ring)
  t.strictSame(kept, numbers(100 - kept.length, 100))
  t.ok(kept.length > 2 && kept.length < 10, `${kept.length} lines`)
  t.equal(ring.leftOut, 100 - kept.length)
  log.info({ text: 'x'.repeat(20_000) }, 'too long')
  log.debug({ a: 'x'.repeat(4000), b: 'y'.repeat(4000) }, 'too long')
  t.strictSame([messages(ring), ring.leftOut], [kept, 102 - kept.length])
})

t.test('what a call is given is cut: long strings, wide and deep objects, many of them', async t => {
  const { ring, log } = request(recorderOf({ bytes: '64m' }), logger().log)
  const long = 'x'.repeat(16_383) + '😀'.repeat(100)
  const wide = Object.fromEntries(numbers(0, 1000).map(n => [`k${n}`, 1]))
  const deep = JSON.parse('{"a":'.repeat(300) + '1' + '}'.repeat(300))
  log.debug(long)
  log.debug({ long, deep: { long } })
  log.debug('%s %j', long, { long })
  log.debug(wide)
  log.debug({ wide, deep, list: numbers(0, 5000), big: 1n << 5000n })
  log.debug(Object.fromEntries(numbers(0, 100).map(n => [`k${n}`, { wide, long }])))
  const [first, second, third, fourth, fifth] = ring.lines().map(line => JSON.parse(line))
  const cut = `${'x'.repeat(16_383)}[+ 200 characters]`
  t.equal(first.msg, cut)
  t.strictSame([second.long, second.deep.long], [cut, cut])
  t.equal(third.msg, `${cut} ${JSON.stringify({ long: cut })}`)
  t.strictSame([fourth.k199, fourth.k200, fourth['[+]']], [1, undefined, '800 more'])
  t.match([fifth.wide['[+]'], fifth.big], [/more$/, '[BigInt of more than 1024 bits]'])
  t.ok(ring.lines().every(line => line.length < 1_000_000), 'all in all')
  for (const line of ring.lines()) t.notMatch(line, /\\ud83d(?!\\ude00)/, 'no half a character')
})

t.test('all requests together keep no more than `totalBytes`: those that log give up their oldest, and those that have nothing get nothing', async t => {
  const recorder = recorderOf({ totalBytes: '20k', bytes: '15k' })
  const { log } = logger()
  const [a, b, c] = [request(recorder, log), request(recorder, log), request(recorder, log)]
  for (const n of numbers(0, 100)) a.log.debug(n)
  for (const n of numbers(0, 100)) b.log.debug(n)
  for (const { ring } of [a, b]) t.strictSame(messages(ring), numbers(100 - messages(ring).length, 100))
  const [most, rest] = [messages(a.ring).length, messages(b.ring).length]
  t.ok(rest > 5 && rest < most / 2, `${most} and ${rest} lines`)
  c.log.debug({ text: 'x'.repeat(2000) }, 'no room')
  t.strictSame([c.ring.lines(), c.ring.leftOut, messages(b.ring).length], [[], 1, rest])
  a.ring.end()
  a.ring.end()
  for (const n of numbers(0, 100)) c.log.debug(n)
  t.equal(messages(c.ring).length, most)
  t.equal(messages(a.ring).length, most, 'what has ended can still be read')
})

t.test('after its end a ring takes some lines more, and holds no others once there are sixteen', async t => {
  const recorder = recorderOf({ totalBytes: '10k', bytes: '10k' })
  const { log } = logger()
  const { log: child, ring } = request(recorder, log)
  for (const n of numbers(0, 20)) child.debug(n)
  ring.end()
  for (const n of numbers(20, 35)) child.debug(n)
  t.strictSame(messages(ring), numbers(0, 35))
  for (const n of numbers(35, 60)) child.info(n)
  t.strictSame([messages(ring), ring.leftOut], [numbers(44, 60), 44])
  const next = request(recorder, log)
  for (const n of numbers(0, 20)) next.log.debug(n)
  t.equal(messages(next.ring).length, 20, 'and they are nobody else\'s burden')
})

t.test('whatever requests do: every line is kept or counted, the newest are kept, and when all have ended there is room for all again', async () => {
  const line = fc.record({ request: fc.nat(4), size: fc.oneof(fc.nat(300), fc.nat(20_000)), level: fc.constantFrom('debug', 'info') })
  const step = fc.oneof({ weight: 20, arbitrary: line }, { weight: 1, arbitrary: fc.record({ end: fc.nat(4) }) })
  const { log } = logger()
  const settings = { records: 10, bytes: 8000, totalBytes: 12_000 }
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), steps => {
    const recorder = recorderOf(settings)
    const requests = Array.from({ length: 5 }, () => ({ ...request(recorder, log), logged: 0, ended: false }))
    for (const step of steps) {
      if ('end' in step) {
        requests[step.end]!.ended = true
        requests[step.end]!.ring.end()
        continue
      }
      const { log, ring } = requests[step.request]!
      log[step.level]({ n: requests[step.request]!.logged++ }, 'x'.repeat(step.size))
      const live = requests.filter(({ ended }) => !ended).flatMap(({ ring }) => ring.lines())
      if (ring.lines().length > settings.records + 6 || live.join('').length > settings.totalBytes) return false
    }
    for (const { ring, logged } of requests) {
      const kept = ring.lines().map(line => JSON.parse(line).n)
      if (kept.length + ring.leftOut !== logged || kept.some((n, at) => at > 0 && n <= kept[at - 1])) return false
      ring.end()
    }
    const last = request(recorder, log)
    for (let i = 0; i < 10; i++) last.log.debug('x'.repeat(200))
    return last.ring.leftOut === 0
  }), { numRuns: 200 })
})

const measured = async (what: string) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fixture('ring-memory.js'), what], { env: cleanEnv() })
  return JSON.parse(stdout)
}

t.test('memory: nothing of what was logged is held but copies, and of long strings only the part that is kept', async t => {
  t.strictSame(await measured('arguments'), { noted: 120, alive: 0, lines: 30 })
  const { grown, lines } = await measured('strings')
  t.equal(lines, 100)
  t.ok(grown < 16, `${grown} MB where 500 MB were logged`)
})

t.test('memory: all requests together hold about as much as was said, and give it back', async t => {
  const { full, kept, room } = await measured('total')
  t.ok(full > 4 && full < 10, `${kept} lines take ${full} MB where 8 MB are allowed`)
  t.equal(room, 1)
})

t.test('memory: what nobody has ended is given back too, and loggers of a request go with it', async t => {
  t.strictSame(await measured('forgotten'), { before: 0, after: 1 })
  t.strictSame(await measured('loggers'), { made: 120, alive: 0 })
})
