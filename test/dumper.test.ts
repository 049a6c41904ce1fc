// A1 to A17: what an application gets from dumpStruct(), dumpStreamEvents() and dumpBytes(), and what is in the files.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import pino from 'pino'
import { createDumper, dumper, DumpError, type Dumper, type DumperOptions, type DumpResult } from 'pino-blackbox'
import { beside, dumping, dumps, events, json, told } from './fixtures/dump-files.js'

/** Of a document: on a busy machine the usual 50 ms may be over before it has begun. */
const time = '10s'

function made (t: Test, options: DumperOptions = {}): Dumper {
  return createDumper({ enabled: true, dumpPath: join(t.testdir(), 'dumps'), limits: { time }, ...options })
}

/** Path of a dump that was written. */
function written (result: DumpResult): string {
  if (!result.ok || result.path === undefined) throw new Error(`no dump: ${JSON.stringify(result)}`)
  return result.path
}

function refused (t: Test, result: DumpResult, code: string): void {
  t.ok(!result.ok && result.error instanceof DumpError, `${code} is a DumpError`)
  t.match(result, { ok: false, error: { code, name: 'DumpError' } })
}

const sample = { text: 'ä\n"', number: -1.5, yes: true, nothing: null, list: [1, [2, { three: 3 }]], nested: { deep: { deeper: {} } }, date: new Date(0) }

t.test('a struct becomes a JSON file that reads back as what it was', async t => {
  const dumper = made(t)
  const result = await dumper.dumpStruct(sample, 'state')
  t.match(result, { ok: true, truncated: false })
  const path = written(result)
  t.strictSame(json(path), JSON.parse(JSON.stringify(sample)))
  t.match(basename(path), /^state_\d{8}_\d{6}\.json$/)
  t.equal(dirname(path), dumper.dumpPath)
  t.ok(isAbsolute(path))
  t.strictSame(dumps(dumper.dumpPath), [basename(path)])
  for (const value of [null, 'text', 5, [], {}, [[]]]) t.strictSame(json(written(await dumper.dumpStruct(value))), value, JSON.stringify(value))
})

t.test('it is read during the call: what changes afterwards is not in the file', async t => {
  const dumper = made(t)
  const state = { step: 'failed', list: [1] }
  const bytes = Buffer.from('before')
  const list = [{ event: 1 }, { event: 2 }]
  const results = [dumper.dumpStruct(state), dumper.dumpBytes(bytes), dumper.dumpStreamEvents(list)]
  state.step = 'cleaned up'
  state.list.pop()
  bytes.fill('x')
  list[0]!.event = 9
  list.pop()
  const [struct, binary, lines] = (await Promise.all(results)).map(written)
  t.strictSame(json(struct!), { step: 'failed', list: [1] })
  t.equal(fs.readFileSync(binary!, 'utf8'), 'before')
  t.strictSame(events(lines!), [{ event: 1 }, { event: 2 }])
})

t.test('secrets are not written, by default', async t => {
  const dumper = made(t)
  const path = written(await dumper.dumpStruct({ user: 'ada', password: 'the-canary', deep: [{ apiKey: 'the-canary' }] }))
  t.notMatch(fs.readFileSync(path, 'utf8'), 'the-canary')
  t.match(json(path), { user: 'ada', password: '[redacted]' })
  const lines = written(await dumper.dumpStreamEvents([{ token: 'the-canary' }]))
  t.notMatch(fs.readFileSync(lines, 'utf8'), 'the-canary')
})

t.test('events become one line each: from an array, an iterable, an async iterable and a stream', async t => {
  const list = [{ at: 1, text: 'two\nlines' }, 'text', 5, null, [1, 2], { at: 6 }]
  const sources: Record<string, Iterable<unknown> | AsyncIterable<unknown>> = {
    array: list,
    set: new Set(list),
    generator: (function * () { yield * list })(),
    'async generator': (async function * () { yield * list })(),
    'slow generator': (async function * () {
      for (const event of list) {
        await turn()
        yield event
      }
    })(),
    stream: Readable.from(list.filter(event => event !== null))
  }
  for (const [title, source] of Object.entries(sources)) {
    const result = await made(t).dumpStreamEvents(source, 'sse')
    t.match(result, { ok: true, truncated: false }, title)
    t.match(basename(written(result)), /^sse_\d{8}_\d{6}\.jsonl$/)
    t.strictSame(events(written(result)), title === 'stream' ? list.filter(event => event !== null) : list, title)
  }
  t.strictSame(events(written(await made(t).dumpStreamEvents([]))), [], 'none at all')
})

t.test('an event that cannot be read is replaced by a marker line, all others are kept', async t => {
  const bad = { toJSON () { throw new Error('no "way"\n') } }
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const result = await made(t).dumpStreamEvents([{ at: 1 }, bad, '[Throws: only a text]', proxy, { at: 2, get part () { throw new Error('of it') } }])
  t.match(result, { ok: true, truncated: true })
  const [first, second, text, revoked, last] = events(written(result))
  t.strictSame([first, second, text], [{ at: 1 }, { _blackbox: { badEvent: 'no "way"\n' } }, '[Throws: only a text]'])
  t.match(revoked, { _blackbox: { badEvent: /revoked/ } })
  t.match(last, { at: 2, part: '[Throws: of it]' }, 'of an event that can be read in part, that part is kept')
})

t.test('a source that fails: what came before is kept, and the last line says why there is no more', async t => {
  const dumper = made(t, { rate: false })
  const failing: Array<[unknown, RegExp]> = [
    [(function * () { yield 1; throw new Error('broke off') })(), /^broke off$/],
    [(async function * () { yield 1; throw new Error('broke off') })(), /^broke off$/],
    [(async function * () { yield 1; throw undefined })(), /^undefined$/], // eslint-disable-line no-throw-literal
    [(async function * () { yield 1; throw { toString () { throw new Error('of course') } } })(), /cannot be read/], // eslint-disable-line no-throw-literal
    [{ [Symbol.iterator]: () => ({ next: () => { throw new Error('at once') } }) }, /^at once$/],
    [{ [Symbol.asyncIterator]: () => ({ next: async () => null }) }, /null/],
    [{ [Symbol.asyncIterator]: () => ({ next: () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('no promise')) }) }) }, /^no promise$/],
    [{ get [Symbol.iterator] () { throw new Error('no access') } }, /^no access$/],
    [5, /iterated/], [undefined, /iterated/]
  ]
  for (const [source, why] of failing) {
    const result = await dumper.dumpStreamEvents(source as Iterable<unknown>)
    t.match(result, { ok: true, truncated: true })
    const lines = events(written(result))
    t.match(lines.at(-1), { _blackbox: { failed: why } })
    t.ok(lines.length === 1 || lines[0] === 1)
  }
})

t.test('an endless source ends at maxSize, and is told to stop', async t => {
  const dumper = made(t, { maxSize: '3m' })
  let left = false
  const text = 'x'.repeat(100)
  const endless = (function * () {
    try {
      for (let at = 0; ; at++) yield { at, text }
    } finally {
      left = true
    }
  })()
  const result = await dumper.dumpStreamEvents(endless)
  t.match(result, { ok: true, truncated: true })
  t.ok(left, 'the source was left')
  const { size } = fs.statSync(written(result))
  t.ok(size <= 3 * 1024 ** 2 && size > 2.9 * 1024 ** 2, `${size} bytes`)
  const lines = events(written(result))
  const { _blackbox: { truncated } } = lines.pop()
  t.equal(truncated.events, lines.length)
  t.strictSame(lines.map(({ at }) => at), [...lines.keys()])
})

t.test('a source that takes its time, or never waits, does not keep others from theirs', async t => {
  const work = (ms: number): void => { for (const end = performance.now() + ms; performance.now() < end;); }
  let turns = 0
  let meanwhile = 0
  const busy = function * (): Generator<number> {
    for (let at = 0; at < 30; at++) {
      work(3)
      yield at
    }
    meanwhile = turns
  }
  for (const source of [busy(), (async function * () { yield * busy() })()]) {
    turns = 0
    let done = false
    const others = (): void => {
      turns++
      if (!done) setImmediate(others)
    }
    setImmediate(others)
    const result = await made(t).dumpStreamEvents(source)
    done = true
    t.equal(events(written(result)).length, 30)
    t.ok(meanwhile >= 5, `${meanwhile} turns of others`)
  }
})

t.test('close() ends a source that never does, with what came so far', async t => {
  const dumper = made(t)
  let left = false
  const hung = {
    [Symbol.asyncIterator] () {
      let at = 0
      return {
        next: (): Promise<IteratorResult<unknown>> => ++at === 1 ? Promise.resolve({ done: false, value: 'only one' }) : new Promise(() => {}),
        return: async () => { left = true; throw new Error('nobody hears this') }
      }
    }
  }
  const result = dumper.dumpStreamEvents(hung)
  await turn()
  await dumper.close()
  t.strictSame(events(written(await result)), ['only one', { _blackbox: { failed: 'the dumper was closed' } }])
  t.ok(left)
})

t.test('bytes are written as they are, whatever holds them', async t => {
  const dumper = made(t, { rate: false })
  const all = Uint8Array.from({ length: 256 }, (_, at) => at)
  const holders: Array<[unknown, Uint8Array]> = [
    [all, all], [all.buffer, all], [Buffer.from(all), all], [all.subarray(5, 9), all.subarray(5, 9)], [new DataView(all.buffer, 1, 3), all.subarray(1, 4)],
    ['ä text', Buffer.from('ä text')], ['', Buffer.of()], [new SharedArrayBuffer(3), Buffer.alloc(3)]
  ]
  for (const [bytes, expected] of holders) {
    const result = await dumper.dumpBytes(bytes as Uint8Array, 'raw')
    t.match(result, { ok: true, truncated: false })
    t.match(basename(written(result)), /^raw_\d{8}_\d{6}(_\d{3}-[0-9a-f]{8})?\.bin$/)
    t.ok(fs.readFileSync(written(result)).equals(expected))
  }
  for (const wrong of [5, null, undefined, {}, [1]]) refused(t, await dumper.dumpBytes(wrong as unknown as string), 'BLACKBOX_DUMP')
})

t.test('too many bytes are cut, and the last ones say so; text is cut between two characters', async t => {
  const dumper = made(t, { maxSize: '1k', rate: false })
  for (const bytes of [Buffer.alloc(5000, 'x'), 'ä'.repeat(5000), `x${'ä'.repeat(5000)}`, '\u{1f600}'.repeat(1000)]) {
    const result = await dumper.dumpBytes(bytes)
    t.match(result, { ok: true, truncated: true })
    const text = fs.readFileSync(written(result), 'utf8')
    const [, kept] = new RegExp(`\n\\[truncated: (\\d+) of ${Buffer.byteLength(bytes)} bytes\\]$`).exec(text)!
    t.notMatch(text, '\ufffd')
    t.ok(Buffer.byteLength(text) <= 1024 && Buffer.byteLength(text) > 1010, `${Buffer.byteLength(text)} bytes`)
    t.equal(Number(kept), Buffer.byteLength(text.slice(0, text.lastIndexOf('\n['))))
  }
})

t.test('a struct that is too large is cut, and says so: in a key of an object, around anything else', async t => {
  const limits = { bytes: 20_000, time }
  const dumper = made(t, { limits, rate: false })
  const large = Array.from({ length: 900 }, (_, at) => ({ at, text: 'x'.repeat(100) }))
  for (const [data, within] of [[{ large }, (value: any) => value.large], [large, (value: any) => value.value], ['x'.repeat(50_000), (value: any) => value.value]] as const) {
    for (const pretty of [true, false]) {
      const result = await createDumper({ enabled: true, dumpPath: dumper.dumpPath, rate: false, pretty, limits }).dumpStruct(data)
      t.match(result, { ok: true, truncated: true })
      t.ok(fs.statSync(written(result)).size <= 20_000)
      const value = json(written(result))
      t.match(value._blackbox, { truncated: { bytes: 20_000, depth: 16, breadth: 1000, string: 16_384, time: 10_000 } })
      t.ok(within(value).length > 5)
      t.equal(Object.keys(value)[0], '_blackbox')
    }
  }
  const own = written(await dumper.dumpStruct({ _blackbox: 'of its own', large }))
  t.match(json(own), { _blackbox: { truncated: {} }, value: { _blackbox: 'of its own' } }, 'a key of the same name stays')
})

t.test('JSON is indented by two spaces, unless that is not wanted', async t => {
  const data = { a: [1, { b: 2 }], c: 'd' }
  t.equal(fs.readFileSync(written(await made(t).dumpStruct(data)), 'utf8'), `${JSON.stringify(data, null, 2)}\n`)
  t.equal(fs.readFileSync(written(await made(t, { pretty: false }).dumpStruct(data)), 'utf8'), `${JSON.stringify(data)}\n`)
})

t.test('directories are made, with mode 0750, and files have 0640', async t => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const base = t.testdir()
  const dumper = createDumper({ enabled: true, dumpPath: join(base, 'a', 'b', 'dumps') })
  const paths = (await Promise.all([dumper.dumpStruct({}), dumper.dumpStreamEvents([1]), dumper.dumpBytes('x')])).map(written)
  const mode = (path: string): string => (fs.statSync(path).mode & 0o777).toString(8)
  for (const path of ['a', 'a/b', 'a/b/dumps', 'a/b/dumps/.blackbox']) t.equal(mode(join(base, path)), '750', path)
  for (const path of paths) t.equal(mode(path), '640', path)
  process.umask(0o077)
  t.equal(mode(written(await dumper.dumpStruct({}))), '600', 'a stricter umask is kept to')
})

t.test('a directory that was removed is made again', async t => {
  const dumper = made(t)
  for (let times = 0; times < 3; times++) {
    t.ok(fs.existsSync(written(await dumper.dumpStruct({ times }))))
    fs.rmSync(times === 1 ? join(dumper.dumpPath, '.blackbox') : dumper.dumpPath, { recursive: true })
  }
})

t.test('a disabled dumper touches nothing: no file, no directory, no getter', async t => {
  const base = t.testdir()
  let touched = 0
  const trap = new Proxy({}, { get: () => touched++, ownKeys: () => { touched++; return [] }, has: () => { touched++; return true }, getPrototypeOf: () => { touched++; return null } })
  for (const dumper of [createDumper({ dumpPath: join(base, 'dumps') }), createDumper({ enabled: false, dumpPath: join(base, 'dumps') })]) {
    t.equal(dumper.enabled, false)
    t.equal(dumper.dumpPath, join(base, 'dumps'))
    t.strictSame(await dumper.dumpStruct(trap, trap as string), { ok: true, path: undefined })
    t.strictSame(await dumper.dumpStreamEvents(trap as Iterable<unknown>), { ok: true, path: undefined })
    t.strictSame(await dumper.dumpBytes(trap as Buffer), { ok: true, path: undefined })
    await dumper.close()
    t.strictSame(await dumper.dumpStruct({}), { ok: true, path: undefined })
  }
  t.equal(touched, 0)
  t.strictSame(fs.readdirSync(base), [])
})

t.test('nothing throws and nothing rejects, whatever is given', async t => {
  const dumper = made(t, { rate: false })
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const circle: unknown[] = []
  circle.push(circle)
  const hostile = [proxy, circle, 1n, Symbol('s'), () => {}, new Map([[{}, new Set([1])]]), Object.create(null), new Error('e'), process, globalThis, new Array(1e6), { get a () { throw proxy } }]
  for (const data of hostile) {
    const result = await dumper.dumpStruct(data, 'hostile')
    json(written(result))
  }
  for (const name of [proxy, { toString () { throw new Error('no') } }] as unknown as string[]) {
    for (const result of await Promise.all([dumper.dumpStruct({}, name), dumper.dumpStreamEvents([], name), dumper.dumpBytes('', name)])) refused(t, result, 'BLACKBOX_DUMP')
  }
  t.match(basename(written(await dumper.dumpStruct({}, 5 as unknown as string))), /^5_/)
})

t.test('the name says when, in UTC, and has a suffix only where another dump has it already', async t => {
  const dumper = made(t, { rate: false, maxBackups: 1000 })
  const before = Date.now()
  const paths = (await Promise.all(Array.from({ length: 20 }, () => dumper.dumpStruct({}, 'same')))).map(written)
  const after = Date.now()
  t.equal(new Set(paths).size, 20)
  for (const path of paths) {
    const [, year, month, day, hour, minute, second] = /^same_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)(?:_\d{3}-[0-9a-f]{8})?\.json$/.exec(basename(path))!.map(Number)
    const then = Date.UTC(year!, month! - 1, day, hour, minute, second)
    t.ok(then > before - 1000 && then <= after, path)
  }
  const seconds = new Set(paths.map(path => basename(path).slice(0, 20)))
  t.equal(paths.filter(path => /^same_\d{8}_\d{6}\.json$/.test(basename(path))).length, seconds.size, 'one without a suffix in each second')
  const [other, lines] = await Promise.all([dumper.dumpStruct({}, 'other'), dumper.dumpStreamEvents([], 'same')])
  t.match([basename(written(other)), basename(written(lines))], [/^other_\d{8}_\d{6}\.json$/, /^same_\d{8}_\d{6}\.jsonl$/])
})

t.test('more dumps than `rate` allows are refused, and the next one tells how many', async t => {
  const complaints: string[] = []
  const logger = { warn: (_: object, message: string) => { complaints.push(message) } }
  const dumper = made(t, { rate: { perKey: 2, total: 3 }, logger })
  for (let times = 0; times < 2; times++) t.ok((await dumper.dumpStruct({ times }, 'a')).ok)
  for (let times = 0; times < 5; times++) refused(t, await dumper.dumpStruct({ times }, 'a'), 'BLACKBOX_DUMP_RATE')
  const third = written(await dumper.dumpStruct({ b: 1 }, 'b'))
  t.strictSame(json(third), { _blackbox: { suppressed: { total: 5, key: 0 } }, b: 1 })
  refused(t, await dumper.dumpBytes('', 'c'), 'BLACKBOX_DUMP_RATE')
  refused(t, await dumper.dumpStreamEvents([], 'd'), 'BLACKBOX_DUMP_RATE')
  t.equal(dumps(dumper.dumpPath).length, 3)
  t.strictSame(complaints, ['pino-blackbox dumper: more dumps than `rate` allows; some are left out'], 'told once')
})

t.test('what was left out is told also where a document would fill all the room', async t => {
  const dumper = made(t, { rate: { perKey: 2, total: 3 }, pretty: false, limits: { bytes: 20_000, time }, logger: { warn: () => {} } })
  for (let times = 0; times < 5; times++) await dumper.dumpStruct({}, 'a')
  const path = written(await dumper.dumpStruct({ a: 'x'.repeat(9980), b: 'x'.repeat(9980) }, 'b'))
  t.match(json(path), { _blackbox: { suppressed: { total: 3, key: 0 } } })
  t.ok(fs.statSync(path).size <= 20_000)
})

t.test('the limits of the rate are 10 of a name and 60 in all; `false` is none', async t => {
  const allowed = async (dumper: Dumper, name: (at: number) => string): Promise<number> =>
    (await Promise.all(Array.from({ length: 100 }, (_, at) => dumper.dumpBytes('', name(at))))).filter(({ ok }) => ok).length
  const logger = { warn: () => {} }
  t.equal(await allowed(made(t, { logger }), () => 'same'), 10)
  t.equal(await allowed(made(t, { logger }), at => `name ${at}`), 60)
  t.equal(await allowed(made(t, { logger, rate: false }), () => 'same'), 100)
})

t.test('close() waits for what is under way, later dumps are refused, and it may be called again', async t => {
  const dumper = made(t, { rate: false, maxBackups: 100 })
  const results = Array.from({ length: 50 }, (_, at) => dumper.dumpStruct({ at }))
  await Promise.all([dumper.close(), dumper.close()])
  t.equal(dumps(dumper.dumpPath).length, 50, 'all are there as soon as it has resolved')
  t.ok((await Promise.all(results)).every(({ ok }) => ok))
  for (const result of [await dumper.dumpStruct({}), await dumper.dumpStreamEvents([]), await dumper.dumpBytes('')]) refused(t, result, 'BLACKBOX_DUMP_CLOSED')
  await dumper.close()
  t.equal(dumps(dumper.dumpPath).length, 50)
})

t.test('own trouble is told to `logger` at warn, once a minute per cause', async t => {
  const base = t.testdir({ file: 'in the way' })
  const warned: Array<[object, string]> = []
  const logger = { warn: (details: object, message: string) => { warned.push([details, message]) } }
  const dumper = createDumper({ enabled: true, dumpPath: join(base, 'file'), logger })
  for (let times = 0; times < 5; times++) {
    const result = await dumper.dumpStruct({ times })
    refused(t, result, 'BLACKBOX_DUMP')
    t.match(!result.ok && result.error.cause, { code: 'ENOTDIR' })
  }
  t.equal(warned.length, 1)
  t.match(warned, [[{ dumpPath: join(base, 'file') }, /^pino-blackbox dumper: cannot write a dump to .*ENOTDIR/]])
})

t.test('a pino logger gets it as a line of level 40', async t => {
  const base = t.testdir({ file: 'in the way' })
  const lines: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => { lines.push(line) } })
  await createDumper({ enabled: true, dumpPath: join(base, 'file'), logger }).dumpBytes('')
  t.match(lines.map(line => JSON.parse(line)), [{ level: 40, dumpPath: join(base, 'file'), msg: /^pino-blackbox dumper: cannot write a dump/ }])
})

t.test('the dumper that the package exports works before anybody has configured it, and is disabled', async t => {
  const before = fs.existsSync('dumps')
  t.equal(dumper.enabled, false)
  t.strictSame(await dumper.dumpStruct({}), { ok: true, path: undefined })
  t.strictSame(await dumper.dumpStreamEvents([]), { ok: true, path: undefined })
  t.strictSame(await dumper.dumpBytes(''), { ok: true, path: undefined })
  t.equal(dumper.dumpPath, resolve('dumps'))
  t.equal(fs.existsSync('dumps'), before, 'no directory was made')
  const dumpPath = join(t.testdir(), 'configured')
  dumper.configure({ enabled: true, dumpPath })
  t.equal(dumper.enabled, true)
  t.strictSame(json(written(await dumper.dumpStruct({ a: 1 }))), { a: 1 })
  t.throws(() => dumper.configure({ maxBackups: 0 }), { code: 'BLACKBOX_OPTION', option: 'maxBackups' })
  t.equal(dumper.dumpPath, dumpPath, 'what was, stays')
  await dumper.close()
  refused(t, await dumper.dumpStruct({}), 'BLACKBOX_DUMP_CLOSED')
  dumper.configure({ enabled: true, dumpPath })
  t.ok((await dumper.dumpStruct({})).ok, 'configured again it is open again')
  dumper.configure()
  t.equal(dumper.enabled, false)
})

t.test('the environment alone enables it', async t => {
  const dumpPath = join(t.testdir(), 'dumps')
  const child = dumping({ name: 'by environment' }, { env: { PINO_BLACKBOX_DUMPER_ENABLED: 'true', PINO_BLACKBOX_DUMPER_DUMP_PATH: dumpPath } })
  await child.exited
  t.match(told(child), [new RegExp(`^${dumpPath}/by_environment_\\d{8}_\\d{6}\\.json$`)])
  t.strictSame(beside(dumpPath), dumps(dumpPath), 'beside each dump stands its marker, and nothing else')
})

t.test('a bad variable is told when that dumper is first used, and it stays disabled', async t => {
  const child = dumping({}, { env: { PINO_BLACKBOX_DUMPER_ENABLED: 'true', PINO_BLACKBOX_DUMPER_MAX_AGE: 'soon' } })
  t.match(await child.exited, { code: 0 })
  t.strictSame(told(child), [null])
  t.match(child.stderr, /^pino-blackbox dumper: disabled: .*PINO_BLACKBOX_DUMPER_MAX_AGE.*"soon"/)
})

t.test('without anything to wait for, a dump does not keep a process', async t => {
  const child = dumping({ options: { enabled: true, dumpPath: join(t.testdir(), 'dumps') }, kinds: ['struct', 'events', 'bytes'] })
  await child.said('results')
  t.match(await child.exited, { code: 0, signal: null }, child.stderr)
})
