// recordStream(): what goes in comes out, at the reader's pace; what came last is in a file when the source fails.
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createDumper, recordStream, type RecordStreamOptions } from 'pino-blackbox'
import { dumps, events } from './fixtures/dump-files.js'
import { leave } from './fixtures/watched-app.js'
import { until } from './fixtures/harness.js'

const EARLIER = (earlier: number): object => ({ _blackbox: { earlier } })
const FAILED = (failed: string): object => ({ _blackbox: { failed } })

/** Records into a directory of its own. `kept()` waits for so many files, closes the dumper and gives the lines of each file. */
function recorded (t: Test, options: RecordStreamOptions = {}) {
  const dir = join(t.testdir(), 'dumps')
  const dumper = createDumper({ enabled: true, dumpPath: dir, rate: false, maxBackups: 1000, limits: { time: '10s' } })
  const written = (): string[] => fs.existsSync(dir) ? dumps(dir) : []
  return {
    record: (source: Parameters<typeof recordStream>[0], more: RecordStreamOptions = {}) => recordStream(source, { dumper, ...options, ...more }),
    async kept (files = 1): Promise<unknown[][]> {
      await until(() => written().length >= files)
      await dumper.close()
      return written().map(name => events(join(dir, name)))
    }
  }
}

/** All that can be read, and why that ended. */
async function read (stream: Readable): Promise<{ chunks: unknown[], error: Error | undefined }> {
  const chunks: unknown[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk)
    return { chunks, error: undefined }
  } catch (error) {
    return { chunks, error: error as Error }
  }
}

/** These chunks, and then an error if there is one. Whoever reads has each before the next one comes. */
async function * coming (chunks: Iterable<unknown>, error?: Error): AsyncGenerator<unknown> {
  for (const chunk of chunks) {
    yield chunk
    await turn()
  }
  await turn()
  if (error) throw error
}

const sse = 'id: 1\nevent: token\ndata: {"text":"Hé"}\n\n: still there\n\ndata: one\ndata: two\n\nretry: 5\ndata: [DONE]\n\n'
const sseEvents = [{ id: '1', event: 'token', data: { text: 'Hé' } }, { comment: 'still there' }, { data: 'one\ntwo' }, { retry: '5', data: '[DONE]' }]
const ndjson = '{"n":1}\n{"n":2,"text":"茶"}\n\nno json\n{"n":3}'
const ndjsonEvents = [{ n: 1 }, { n: 2, text: '茶' }, 'no json', { n: 3 }]

const formats: Array<[name: string, chunks: unknown[], kept: unknown[]]> = [
  ['server-sent events', [sse], sseEvents],
  ['server-sent events with CRLF', [sse.replaceAll('\n', '\r\n')], sseEvents],
  ['server-sent events with CR', [sse.replaceAll('\n', '\r')], sseEvents],
  ['an event without end', ['data: 1\n\ndata: 2'], [{ data: '1' }, { data: '2' }]],
  ['NDJSON', [ndjson], ndjsonEvents],
  ['NDJSON as bytes', [Buffer.from(ndjson)], ndjsonEvents],
  ['text of another kind', ['Once upon a time, ', 'there was a log.'], ['Once upon a time, ', 'there was a log.']],
  ['bytes of another kind', [Buffer.alloc(20, 1), Buffer.alloc(40, 2)], [/^\[Buffer 20 bytes: 01 01/, /^\[Buffer 40 bytes: 02 02/]],
  ['objects', [{ n: 1 }, { n: 2n, at: new Date(0) }, [3]], [{ n: 1 }, { n: '2n', at: '1970-01-01T00:00:00.000Z' }, [3]]],
  ['objects and text', [{ n: 1 }, '{"n":2}\n'], [{ n: 1 }, { n: 2 }]],
  ['too little to tell', ['ab'], ['ab']],
  ['nothing', [], []]
]

for (const [name, chunks, expected] of formats) {
  t.test(`${name}: given on as they are, and kept by event`, async t => {
    const { record, kept } = recorded(t)
    const result = await read(record(coming(chunks, new Error('the source failed'))))
    t.strictSame(result.chunks, chunks)
    t.equal(result.error?.message, 'the source failed')
    const [file] = await kept()
    t.match(file, [...expected, FAILED('the source failed')])
    t.equal(file?.length, expected.length + 1)
  })
}

for (const [name, text, expected] of [['server-sent events', sse, sseEvents], ['NDJSON', ndjson, ndjsonEvents]] as const) {
  for (const lineEnd of ['\n', '\r\n', '\r']) {
    t.test(`${name} with ${JSON.stringify(lineEnd)}, cut into any pieces: the same bytes, the same events`, async t => {
      const bytes = Buffer.from(text.replaceAll('\n', lineEnd))
      const { record, kept } = recorded(t, { events: 1000 })
      await fc.assert(fc.asyncProperty(fc.array(fc.nat({ max: bytes.length })), async cuts => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const { chunks } = await read(record(Readable.from(coming(at.slice(1).map((end, n) => bytes.subarray(at[n], end)), new Error('end')), { objectMode: false })))
        t.ok(Buffer.concat(chunks as Buffer[]).equals(bytes))
      }), { numRuns: 30 })
      const files = await kept(30)
      t.equal(files.length, 30)
      for (const file of files) t.strictSame(file, [...expected, FAILED('end')])
    })
  }
}

t.test('the last events are kept, within their number and their bytes', async t => {
  const many = Array.from({ length: 50 }, (_, n) => `data: {"n":${n}}\n\n`)
  const few = recorded(t, { events: 3 })
  await read(few.record(coming(many, new Error('end'))))
  t.strictSame(await few.kept(), [[EARLIER(47), ...[47, 48, 49].map(n => ({ data: { n } })), FAILED('end')]])

  const small = recorded(t, { bytes: 100 })
  await read(small.record(coming([...many, `data: ${'x'.repeat(500)}\n\n`, 'data: last\n\n'], new Error('end'))))
  t.strictSame(await small.kept(), [[EARLIER(51), { data: 'last' }, FAILED('end')]])

  const long = recorded(t, { bytes: 100 })
  await read(long.record(coming([...many, `data: ${'x'.repeat(500)}\n\n`], new Error('end'))))
  t.match(await long.kept(), [[EARLIER(50), { data: /^x{90,100}\[cut\]$/ }, FAILED('end')]])
})

t.test('a line that does not end holds no more memory than the events may', async t => {
  const { record, kept } = recorded(t, { bytes: '64k' })
  const piece = Buffer.alloc(65_536, 'x')
  let pieces = 0
  const stream = record(Readable.from((async function * () {
    yield 'data: '
    while (pieces++ < 1000) yield piece
    throw new Error('end')
  })(), { objectMode: false }))
  const before = process.memoryUsage().heapUsed
  let bytes = 0
  await t.rejects((async () => { for await (const chunk of stream) bytes += chunk.length })(), { message: 'end' })
  t.ok(bytes > 64_000_000 && process.memoryUsage().heapUsed - before < 48_000_000)
  t.match(await kept(), [[{ data: /^x{10000,66000}\[\+ \d+ characters\]$/ }, FAILED('end')]])
})

t.test('an object that its reader changes is kept as it came', async t => {
  const { record, kept } = recorded(t)
  const stream = record(coming([{ n: 1, list: [1] }], new Error('end')))
  stream.on('data', event => { event.n = 'changed'; event.list.length = 0 })
  await t.rejects(once(stream, 'end'), { message: 'end' })
  t.strictSame((await kept())[0], [{ n: 1, list: [1] }, FAILED('end')])
})

t.test('a source that comes to its end leaves no file, and neither does a reader that leaves', async t => {
  const { record, kept } = recorded(t)
  t.strictSame((await read(record(['a', 'b']))).chunks, ['a', 'b'])
  for await (const chunk of record(coming([1, 2, 3]))) if (chunk === 2) break
  for (let turns = 0; turns < 10; turns++) await turn()
  t.strictSame(await kept(0), [])
})

t.test('with `abort`, the events are dumped when the reader leaves, but not at the end', async t => {
  const { record, kept } = recorded(t, { when: ['abort'] })
  t.strictSame((await read(record(['a', 'b']))).chunks, ['a', 'b'])
  for await (const chunk of record(coming([{ n: 1 }, { n: 2 }, { n: 3 }]))) if (chunk.n === 2) break
  const [file, ...others] = await kept()
  t.strictSame(others, [])
  t.match(file, [{ n: 1 }, { n: 2 }])
})

/** Sources of numbers that can say whether they have been let go. */
const sources: Record<string, () => { source: Parameters<typeof recordStream>[0], free: () => boolean, given: () => number }> = {
  'a Readable' () {
    let n = 0
    const source = new Readable({ objectMode: true, read () { this.push({ n: n++ }) } })
    return { source, free: () => source.destroyed, given: () => n }
  },
  'an async generator' () {
    let [n, free] = [0, false]
    const source = (async function * () {
      try {
        for (;;) yield { n: n++ }
      } finally {
        free = true
      }
    })()
    return { source, free: () => free, given: () => n }
  },
  'a generator' () {
    let [n, free] = [0, false]
    const source = (function * () {
      try {
        for (;;) yield { n: n++ }
      } finally {
        free = true
      }
    })()
    return { source, free: () => free, given: () => n }
  },
  'a web stream' () {
    let [n, free] = [0, false]
    const source = new ReadableStream({ pull (controller) { controller.enqueue({ n: n++ }) }, cancel () { free = true } })
    return { source, free: () => free, given: () => n }
  }
}

for (const [name, make] of Object.entries(sources)) {
  t.test(`${name}: the reader sets the pace, and lets go of it by leaving`, async t => {
    const { record } = recorded(t)
    const { source, free, given } = make()
    const stream = record(source)
    const iterator = stream[Symbol.asyncIterator]()
    for (let n = 0; n < 5; n++) t.strictSame((await iterator.next()).value, { n })
    let before = -1
    await until(() => before === (before = given()))
    t.ok(before < 100, `${before} were asked for while nobody read`)
    stream.destroy()
    await until(free)
  })
}

t.test('sources that fail in their own ways: the error goes on, and the events are kept', async t => {
  const web = (): ReadableStream => {
    let n = 0
    return new ReadableStream({ async pull (controller) { n++ < 2 ? controller.enqueue({ n }) : controller.error(new Error('gone')) } }, { highWaterMark: 0 })
  }
  const node = (): Readable => {
    let n = 0
    return new Readable({ objectMode: true, highWaterMark: 1, read () { setImmediate(() => n++ < 2 ? this.push({ n }) : this.destroy(new Error('gone'))) } })
  }
  for (const source of [web(), node(), coming([{ n: 1 }, { n: 2 }], new Error('gone'))]) {
    const { record, kept } = recorded(t)
    const { chunks, error } = await read(record(source))
    t.match(chunks, [{ n: 1 }])
    t.equal(error?.message, 'gone')
    t.strictSame((await kept()).at(-1), [{ n: 1 }, { n: 2 }, FAILED('gone')])
  }
})

t.test('a source that is closed before its end, or was dead before it came, is one that fails', async t => {
  const { record, kept } = recorded(t)
  const closed = new PassThrough()
  const reading = read(record(closed))
  closed.write('data: 1\n\n')
  await turn()
  closed.destroy()
  t.match((await reading).error, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  const dead = new PassThrough().on('error', () => {})
  dead.destroy(new Error('dead'))
  t.match((await read(record(dead))).error, { message: 'dead' })
  t.equal((await kept(2)).length, 2)
})

t.test('a reader that is an HTTP client: it gets the bytes, and its leaving ends the source', async t => {
  const { record, kept } = recorded(t)
  const body = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `data: ${n}\n\n`).join(''))
  let source = Readable.from([])
  const server = http.createServer((req, res) => {
    source = req.url === '/whole'
      ? Readable.from((function * () { for (let at = 0; at < body.length; at += 1000) yield body.subarray(at, at + 1000) })(), { objectMode: false })
      : new Readable({ read () { setTimeout(() => this.push('data: more\n\n'), 1) } })
    record(source).pipe(res)
    res.on('close', () => { source.emit('left') })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.ok(Buffer.from(await (await fetch(`${url}/whole`)).arrayBuffer()).equals(body))
  await leave(`${url}/endless`)
  await once(source, 'left')
  server.closeAllConnections()
  server.close()
  t.strictSame(await kept(0), [])
})

t.test('text in another encoding and empty chunks come through as they are', async t => {
  const { record } = recorded(t)
  const source = new PassThrough().setEncoding('latin1')
  source.end(Buffer.from([0x68, 0xe9]))
  t.equal(Buffer.concat((await read(record(source))).chunks as Buffer[]).toString(), 'hé')
  t.strictSame((await read(record(coming(['', 'a', '', 0, false])))).chunks, ['', 'a', '', 0, false])
})

t.test('with a disabled dumper the stream is the source itself', async t => {
  const dumper = createDumper({ enabled: false })
  const source = Readable.from(['a'])
  t.equal(recordStream(source, { dumper }), source)
  t.strictSame((await read(recordStream(new ReadableStream({ start (controller) { controller.enqueue('a'); controller.close() } }), { dumper }))).chunks, ['a'])
  t.strictSame((await read(recordStream(['a', 'b']))).chunks, ['a', 'b'], 'as is the process\'s own, unless it is configured')
})

t.test('secrets in events are not in the file', async t => {
  const { record, kept } = recorded(t)
  await read(record(coming(['data: {"access_token":"canary-0123456789"}\n\n', 'data: Authorization: Bearer canary-0123456789\n\n'], new Error('password=canary-0123456789'))))
  t.notMatch(JSON.stringify(await kept()), /canary/)
})

t.test('bad options and bad sources throw at once', async t => {
  for (const [options, option] of [[{ events: 0 }, 'events'], [{ format: 'xml' }, 'format'], [{ bytes: -1 }, 'bytes'], [{ when: ['error'] }, 'when'], [{ naem: 'x' }, 'naem']] as const) {
    t.throws(() => recordStream([], options as object), { name: 'OptionError', message: new RegExp(option) })
  }
  for (const source of [undefined, null, 5, {}]) t.throws(() => recordStream(source as never), { name: 'OptionError', message: /a stream/ })
})
