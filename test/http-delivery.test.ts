// Batches on their way: what a request is made of, in which order batches come, and how one that is not taken whole is split.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { Batches } from '../lib/delivery/batches.js'
import { checkOf, formatOf } from '../lib/http/body.js'
import { Client } from '../lib/http/client.js'
import { Credentials } from '../lib/http/credentials.js'
import { Exporter } from '../lib/http/exporter.js'
import { until } from './fixtures/harness.js'
import { judge, receiver, type Request, type Step } from './fixtures/receiver.js'
import { left, sender, type Outlet } from './fixtures/sender.js'

const KEY = /^\d{15}-[0-9a-f]{16}-\d{9}$/
const NAME = 'out'
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })
t.jobs = 4

const cwd = t.testdir()
const senders = await sender(t, { cwd })
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)
const open = (url: string, dir: string, options: object = {}, at = senders): Promise<Outlet> =>
  at.open({ url, name: NAME, journal: { dir }, batch: { flushRecords: 4, flushAge: false }, retry: { minDelay: 10, maxDelay: 100 }, ...options })
/** What a request is of its batch: '' all, or '/<from>-<to>'. */
const parts = (requests: Request[]): string[] => requests.map(({ key, status }) => `${key!.replace(/^[^/]*/, '')} ${status}`)

/** Ends the output; with all delivered nothing of it is left but dead letters. */
async function end (t: Test, outlet: Outlet, dir: string): Promise<void> {
  await outlet.end()
  const { writers, segments } = left(dir, NAME)
  t.strictSame({ writers, segments }, { writers: [], segments: [] }, 'nothing is left')
}

t.test('the golden request', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { texts: true })
  const outlet = await open(`${place.url}/ingest?source=tests#part`, dir)
  await outlet.log(4)
  await outlet.flush()
  const [request, ...more] = await place.requests()
  t.strictSame(more, [])
  const { method, path, headers, key, sequence, lines, invalid, runs, text } = request!
  t.strictSame({ method, path, lines, invalid, runs }, { method: 'POST', path: '/ingest?source=tests', lines: 4, invalid: 0, runs: [['w', 0, 3]] })
  t.match(text, /^({.*}\n){4}$/, 'one JSON object a line, each ended')
  const { host, 'content-length': length, 'idempotency-key': id, 'x-batch-seq': seq, ...others } = headers
  t.strictSame(others, { connection: 'keep-alive', 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip', 'user-agent': 'pino-blackbox' })
  t.strictSame([host, length, id, seq], [`127.0.0.1:${place.port}`, String(request!.bytes), key, String(Number(key!.slice(-9)))])
  t.match(key, KEY)
  await outlet.log(4)
  await outlet.flush()
  const next = (await place.requests())[1]!
  t.ok(next.sequence! > sequence!, 'the number rises')
  t.equal(next.key!.slice(0, -9).split('-')[1], key!.split('-')[1], 'the writer stays')
  await end(t, outlet, dir)
})

t.test('methods, further headers, formats, compressions', async t => {
  const dir = t.testdir({
    'module.mjs': 'export default async (records, { key }) => ({ body: JSON.stringify({ key, streams: records.map(({ seq }) => seq) }) })',
    'plain.mjs': "export default records => ({ body: Buffer.from(records.map(({ seq }) => seq).join()), headers: { 'content-type': 'text/plain', 'x-lines': String(records.length) } })"
  })
  const place = await receiver(t, { texts: true })
  const cases: Record<string, [options: object, expected: object]> = {
    put: [{ method: 'PUT', headers: { 'X-Scope-OrgID': 'tenant' } }, { method: 'PUT', headers: { 'x-scope-orgid': 'tenant', 'content-encoding': 'gzip' } }],
    patch: [{ method: 'PATCH', headers: { 'User-Agent': 'me', 'Content-Type': 'application/json-lines' } }, { method: 'PATCH', headers: { 'user-agent': 'me', 'content-type': 'application/json-lines' } }],
    gzip: [{ compressLevel: 9 }, { runs: [['w', 0, 3]] }],
    zstd: [{ compress: 'zstd' }, { headers: { 'content-encoding': 'zstd' }, lines: 4, runs: [['w', 0, 3]] }],
    'zstd-19': [{ compress: 'zstd', compressLevel: 19 }, { runs: [['w', 0, 3]] }],
    none: [{ compress: false }, { headers: { 'content-encoding': undefined }, text: /^({.*}\n){4}$/, runs: [['w', 0, 3]] }],
    json: [{ format: 'json' }, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, text: /^\[({.*},){3}{.*}\]$/, runs: [['w', 0, 3]] }],
    module: [{ format: join(dir, 'module.mjs') }, { headers: { 'content-type': 'application/json' }, text: /^{"key":"\d{15}-[0-9a-f]{16}-\d{9}","streams":\[0,1,2,3\]}$/ }],
    plain: [{ format: join(dir, 'plain.mjs'), compress: 'zstd' }, { headers: { 'content-type': 'text/plain', 'x-lines': '4', 'content-encoding': 'zstd' }, text: '0,1,2,3' }]
  }
  for (const [name, [options, expected]] of Object.entries(cases)) {
    const outlet = await open(`${place.url}/${name}`, join(dir, name), options)
    await outlet.log(4)
    await outlet.flush()
    const requests = await place.requests(`/${name}`)
    t.equal(requests.length, 1, name)
    t.match(requests[0], { status: 200, error: undefined, ...expected }, name)
    await end(t, outlet, join(dir, name))
  }
})

t.test('a module that fails for one record: that one is a dead letter, its neighbours are delivered', async t => {
  const dir = t.testdir({ 'module.mjs': "export default records => { if (records.some(({ seq }) => seq === 2)) throw new TypeError('no twos'); return { body: JSON.stringify(records) } }" })
  const place = await receiver(t)
  const outlet = await open(place.url, dir, { format: join(dir, 'module.mjs') })
  await outlet.log(4)
  await outlet.flush()
  const requests = await place.requests()
  t.strictSame(parts(requests), ['/0-2 200', '/3-4 200'])
  t.match(left(dir, NAME).dead, [{ key: /\/2-3$/, status: null, reason: /no twos/, record: /"seq":2,/ }])
  t.match(await outlet.metrics(), { deliveredRecords: 3, deadRecords: 1 })
  await end(t, outlet, dir)
})

t.test('413 is halved, 400 is bisected: the same keys and bytes when another process begins anew', async t => {
  const dir = t.testdir()
  const refusals = [{ status: 413, when: { over: 700 } }, { status: 400, body: 'I do not like sevens', when: { contains: '"seq":7,' } }]
  const place = await receiver(t, { script: [...refusals, { status: 200 }, { fault: 'hang' }] })
  const first = await sender(t)
  const batch = { flushRecords: 8, flushAge: false }
  const killed = await open(place.url, dir, { batch }, first)
  await killed.log(8, { pad: 50 })
  await until(async () => (await place.requests()).some(({ fault }) => fault === 'hang'))
  await first.kill()
  const before = await place.requests()
  t.strictSame(parts(before), [' 413', '/0-4 200', '/4-8 400', '/4-6 null'])

  await place.script([...refusals, { status: 200 }])
  const outlet = await open(place.url, dir, { batch })
  await outlet.reaches(({ recoveredRecords, pendingRecords }) => recoveredRecords === 8 && pendingRecords === 0)
  const after = (await place.requests()).slice(before.length)
  t.strictSame(parts(after), [' 413', '/0-4 200', '/4-8 400', '/4-6 200', '/6-8 400', '/6-7 200', '/7-8 400'])
  t.strictSame(after.slice(0, 4).map(({ key, sha256 }) => [key, sha256]), before.map(({ key, sha256 }) => [key, sha256]))
  const { accepted, altered, doubled, repeats } = judge([...before, ...after])
  t.strictSame([accepted.get('w'), altered, doubled, repeats], [range(0, 7), [], [], 4])
  t.match(await outlet.metrics(), { deliveredRecords: 7, deadRecords: 1, droppedRecords: 0 })
  const { dead } = left(dir, NAME)
  t.match(dead, [{ time: /^\d{4}-.*Z$/, key: `${before[0]!.key}/7-8`, status: 400, reason: /I do not like sevens/, record: /^{.*"seq":7,.*}$/ }])
  t.equal(dead.length, 1)
  await end(t, outlet, dir)
})

t.test('trouble in the middle of a bisection: what was decided is not asked again', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 400, when: { contains: '"seq":3,' } }, { status: 200 }, { status: 503 }, { fault: 'reset after the full body' }, { status: 200 }] })
  const outlet = await open(place.url, dir, { batch: { flushRecords: 8, flushAge: false } })
  await outlet.log(8)
  await outlet.flush()
  t.strictSame(parts(await place.requests()), [' 400', '/0-4 400', '/0-2 200', '/2-4 400', '/2-3 503', '/2-3 null', '/2-3 200', '/3-4 400', '/4-8 200'])
  t.match(await outlet.metrics(), { deliveredRecords: 7, deadRecords: 1, retries: 2, failures: 2 })
  await end(t, outlet, dir)
})

t.test('a journal in memory: what is refused is counted', async t => {
  const place = await receiver(t, { script: [{ status: 422, when: { contains: '"seq":3,' } }] })
  const outlet = await senders.open({ url: place.url, journal: 'memory', batch: { flushRecords: 4 } })
  await outlet.log(4)
  await outlet.flush()
  t.strictSame(judge(await place.requests()).accepted.get('w'), [0, 1, 2])
  t.match(await outlet.metrics(), { deliveredRecords: 3, deadRecords: 0, droppedRecords: 1, dropped: { refused: 1 }, pendingRecords: 0 })
  await outlet.end()
})

t.test('a wrong URL makes no storm of requests: whole parts become dead letters', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 404, body: 'no such page' }] })
  const outlet = await open(place.url, dir, { batch: { flushRecords: 1000, flushAge: false } })
  await outlet.log(1000)
  await outlet.flush()
  const requests = await place.requests()
  t.ok(requests.length < 50, `${requests.length} requests`)
  t.match(await outlet.metrics(), { deliveredRecords: 0, deadRecords: 1000, pendingRecords: 0 })
  const { dead } = left(dir, NAME)
  t.strictSame(dead.map(({ record }) => JSON.parse(record).seq), range(0, 1000))
  t.ok(dead.every(({ status, reason }) => status === 404 && reason.includes('no such page')))
  await end(t, outlet, dir)
})

t.test('nothing is refused whole once something was accepted: 40 poisonous lines among good ones', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 422, when: { contains: 'poison' } }] })
  const outlet = await open(place.url, dir, { batch: { flushRecords: 80, flushAge: false } })
  await outlet.write(...range(0, 80).map(seq => JSON.stringify({ level: 30, writer: 'w', seq, msg: seq % 2 ? 'poison' : 'fine' })))
  await outlet.flush()
  t.strictSame(judge(await place.requests()).accepted.get('w'), range(0, 80).filter(seq => seq % 2 === 0))
  t.strictSame(left(dir, NAME).dead.map(({ record }) => JSON.parse(record).seq), range(0, 80).filter(seq => seq % 2 === 1))
  await end(t, outlet, dir)
})

t.test('order is kept over an outage, which leaves few large batches', async t => {
  const dir = t.testdir()
  const place = await receiver(t)
  const outlet = await open(place.url, dir, { batch: { flushRecords: 10, flushAge: 20 } })
  await outlet.log(20)
  await outlet.flush()
  await place.listen(false)
  for (let round = 0; round < 20; round++) {
    const { failures } = await outlet.metrics()
    await outlet.log(50)
    if (round < 5) await outlet.reaches(metrics => metrics.failures > failures)
  }
  const down = (await place.requests()).length
  await place.listen(true)
  await outlet.log(100)
  await outlet.flush()
  const requests = await place.requests()
  const { accepted, altered, doubled, unordered } = judge(requests)
  t.strictSame([accepted.get('w'), altered, doubled, unordered], [range(0, 1120), [], [], []])
  t.ok(requests.length - down <= 10, `${requests.length - down} requests for 1100 lines`)
  await end(t, outlet, dir)
})

t.test('a line of 10 MB is a batch of its own, its neighbours are delivered', async t => {
  const dir = t.testdir()
  const place = await receiver(t)
  const outlet = await open(place.url, dir)
  await outlet.log(2)
  await outlet.log(1, { pad: 10 * 1024 * 1024 })
  await outlet.log(5)
  await outlet.flush()
  const requests = await place.requests()
  t.strictSame(judge(requests).accepted.get('w'), range(0, 8))
  t.ok(requests.some(({ runs }) => runs.length === 1 && runs[0]![1] === 2 && runs[0]![2] === 2), JSON.stringify(requests.map(({ runs }) => runs)))
  t.match(await outlet.metrics(), { deliveredRecords: 8, droppedRecords: 0 })
  await end(t, outlet, dir)
})

const BAD = ['no JSON', '[1,2]', '"text"', '{"seq":1', '12', 'null', ']}{']
const ODD = ['{not JSON}', '{"lone":"\\ud800"}', '{"a":1}{"b":2}', '{"nul":"\u0000"}']
for (const [format, bad] of [['ndjson', BAD], ['json', [...BAD, '{not JSON}', '{"a":1}{"b":2}', '{"nul":"\u0000"}']]] as const) {
  t.test(`${format}: lines that are no JSON objects are dead letters, the others are delivered`, async t => {
    const dir = t.testdir()
    const place = await receiver(t, { texts: true })
    const all = [...BAD, ...ODD]
    const outlet = await open(place.url, dir, { format, batch: { flushRecords: 2 * all.length + 1, flushAge: false } })
    const good = (seq: number): string => JSON.stringify({ level: 30, writer: 'w', seq })
    await outlet.write(good(0), ...all.flatMap((line, at) => [line, good(at + 1)]))
    await outlet.flush()
    const requests = await place.requests()
    t.strictSame(parts(requests), [' 200'], 'in one request')
    t.strictSame(requests[0]!.runs, [['w', 0, all.length]])
    const { dead } = left(dir, NAME)
    t.strictSame(dead.map(({ record }) => record), bad)
    t.strictSame(dead.map(({ key }) => key.replace(/^[^/]*/, '')), bad.map(line => 2 * all.indexOf(line) + 1).map(at => `/${at}-${at + 1}`))
    t.ok(dead.every(({ status, reason }) => status === null && reason.startsWith('malformed')), JSON.stringify(dead[0]))
    t.match(await outlet.metrics(), { deadRecords: bad.length, deliveredRecords: 2 * all.length + 1 - bad.length })
    await end(t, outlet, dir)
  })
}

t.test('concurrency 3: batches side by side, told apart by a rising x-batch-seq', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ delay: 50 }] })
  const outlet = await open(place.url, dir, { concurrency: 3, batch: { flushRecords: 5, maxRecords: 5, flushAge: false } })
  await outlet.log(100)
  await outlet.flush()
  const requests = await place.requests()
  t.strictSame([...judge(requests).accepted.get('w')!].sort((a, b) => a - b), range(0, 100))
  const { most } = await place.sockets('/')
  t.equal(most, 3, 'connections at a time')
  const inOrder = [...requests].sort((a, b) => a.sequence! - b.sequence!)
  t.strictSame(inOrder.flatMap(({ runs }) => runs.flatMap(([, first, last]) => range(first, last + 1))), range(0, 100), 'the numbers give the order back')
  t.equal(new Set(requests.map(({ sequence }) => sequence)).size, requests.length)
  await end(t, outlet, dir)
})

t.test('while a batch waits for its answer the body of the next one is made, once, and no other', async t => {
  const dir = t.testdir({
    'module.mjs': `import fs from 'node:fs'
export default (records, { key }) => {
  fs.appendFileSync(new URL('./made', import.meta.url), key + '\\n')
  if (records.some(({ seq }) => seq === 7)) throw new Error('no sevens')
  return { body: JSON.stringify(records) }
}`
  })
  const made = (): string[] => fs.existsSync(join(dir, 'made')) ? fs.readFileSync(join(dir, 'made'), 'utf8').trim().split('\n') : []
  const place = await receiver(t, { script: [{ fault: 'hang' }] })
  const outlet = await open(place.url, dir, { format: join(dir, 'module.mjs'), batch: { flushRecords: 2, maxRecords: 2, flushAge: false } })
  const again = async (script: Step[]): Promise<void> => {
    await place.listen(false)
    await place.script(script)
    await place.listen(true)
  }
  await outlet.log(12)
  await until(() => made().length > 0)
  await again([{ status: 200 }, { fault: 'hang' }])
  await until(() => new Set(made()).size === 3)
  const [, second, third] = new Set(made())
  await until(async () => (await place.requests()).some(({ key }) => key === second))
  t.notOk((await place.requests()).some(({ key }) => key === third), 'nobody was sent the third')
  await again([{ status: 503 }, { status: 200 }])
  await outlet.flush()
  const requests = await place.requests()
  t.strictSame(requests.filter(({ status }) => status === 200).map(({ runs }) => runs[0]!.slice(1)), [[0, 1], [2, 3], [4, 5], [6, 6], [8, 9], [10, 11]])
  t.equal(made().filter(key => key === third).length, 1, 'what was made ahead was sent')
  t.match(left(dir, NAME).dead, [{ key: /\/1-2$/, status: null, reason: /no sevens/ }], 'what fails is told when it is its turn')
  await end(t, outlet, dir)
})

t.test('a body that could not be made ahead is made anew when it is sent again', async t => {
  const place = await receiver(t)
  let calls = 0
  const exporter = new Exporter({
    destination: { url: new URL(place.url), credentials: new Credentials() },
    method: 'POST',
    headers: {},
    format: await formatOf('ndjson'),
    compress: async bytes => {
      if (++calls === 1) throw new Error('no memory')
      return bytes
    },
    encoding: undefined,
    client: new Client({ timeout: 5000, connectTimeout: 5000, connections: 1, tls: { rejectUnauthorized: true } })
  })
  t.teardown(() => exporter.close())
  const bytes = Buffer.from('{"writer":"w","seq":0}\nno JSON\n')
  let reads = 0
  const segment = {
    id: '001700000000000-feedfacefeedface-000000001',
    records: 2,
    bytes: bytes.length,
    async read () {
      if (++reads === 1) throw new Error('no descriptor')
      return bytes
    }
  }
  const batches = new Batches({ send: part => exporter.send(part), prepare: part => exporter.prepare(part), check: checkOf('ndjson'), dead: undefined })
  batches.prepare(segment)
  await new Promise(resolve => setImmediate(resolve))
  batches.prepare(segment)
  await t.rejects(batches.deliver(segment), { message: 'no memory' }, 'what failed to be read ahead was read again')
  t.match(await batches.deliver(segment), { dropped: [{ why: 'gone', records: 0 }, { why: 'refused', records: 1 }] })
  t.equal((await place.requests()).length, 1)
})

// Not beside the others, but after them.
t.test('nothing went uncaught', { buffered: false }, async t => {
  t.strictSame(await senders.errors(), [])
  t.strictSame(fs.readdirSync(cwd), [], 'nothing on the disk but where a journal was wanted')
})
