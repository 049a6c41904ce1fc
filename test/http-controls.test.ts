// The checks, checked: the scripted receiver does what its script says, as an ordinary client sees it, and the oracle finds what is wrong
// with what a receiver got. Without this, a check that checks nothing would pass everywhere.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Agent, request, type Dispatcher } from 'undici'
import { Authority } from './fixtures/certificates.js'
import { preloaded, program } from './fixtures/harness.js'
import { judge, receiver, type Fault, type Request } from './fixtures/receiver.js'

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `${JSON.stringify({ level: 30, writer: 'w', seq: from + at })}\n`).join('')

/** The answer, or the code or name of the error. */
async function post (url: string, text: string, dispatcher?: Dispatcher, signal?: AbortSignal): Promise<unknown> {
  const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip', 'idempotency-key': 'a-key', 'x-batch-seq': '7' }
  try {
    const { statusCode: status, headers: answered, body } = await request(url, { method: 'POST', headers, body: gzipSync(text), ...dispatcher && { dispatcher }, ...signal && { signal } })
    return { status, after: answered['retry-after'], text: await body.text() }
  } catch (error) {
    const { code, name } = error as { code?: unknown, name: string }
    return typeof code === 'string' ? code : name
  }
}

t.test('answers by script, by what is in the body, by chance; and the tally of what came', async t => {
  const place = await receiver(t, {
    texts: true,
    script: {
      '/a': [{ status: 503, headers: { 'retry-after': { date: 5000 } } }, { body: 'ok' }, { status: 400, echo: true, when: { contains: '"seq":7}' } }, { status: 413, when: { over: 500 } }],
      '/chance': [{ status: 503, when: { share: 0.7 } }]
    }
  })
  const url = `${place.url}/a`
  t.match(await post(url, lines(0, 3)), { status: 503, after: / GMT$/ })
  t.match(await post(url, lines(0, 3)), { status: 200, text: 'ok' })
  t.match(await post(url, lines(5, 9)), { status: 400, text: /a-key.*seq/ })
  t.match(await post(url, lines(10, 30)), { status: 413 })
  t.match(await post(url, lines(3, 5) + 'no JSON\n' + lines(9, 10)), { status: 200 })
  const requests = await place.requests('/a')
  t.match(requests.map(({ status, runs, lines, invalid }) => [status, runs, lines, invalid]), [
    [503, [['w', 0, 2]], 3, 0], [200, [['w', 0, 2]], 3, 0], [400, [['w', 5, 8]], 4, 0], [413, [['w', 10, 29]], 20, 0], [200, [['w', 3, 4], ['w', 9, 9]], 4, 1]
  ])
  t.match(requests[0], { key: 'a-key', sequence: 7, method: 'POST', text: lines(0, 3), sha256: requests[1]!.sha256!, stored: false })
  t.match(await post(`${place.url}/chance`, ''), { status: /^(200|503)$/ })
  for (let at = 1; at < 200; at++) await post(`${place.url}/chance`, '')
  const failed = (await place.requests('/chance')).filter(({ status }) => status === 503).length
  t.ok(failed > 110 && failed < 170, `${failed} of 200`)
})

t.test('faults of sockets', async t => {
  const place = await receiver(t)
  const faults: Record<Fault, [code: unknown, stored: boolean, lines: number]> = {
    reset: ['ECONNRESET', false, 0],
    'reset mid-request': ['ECONNRESET', false, 0],
    'reset after the full body': ['ECONNRESET', true, 2],
    hang: ['TimeoutError', false, 2],
    drip: ['TimeoutError', true, 2],
    'bad chunking': ['HTTPParserError', true, 2],
    'cut off': ['UND_ERR_SOCKET', true, 2],
    'no HTTP': ['HTTPParserError', false, 2],
    'endless body': ['UND_ERR_RES_EXCEEDED_MAX_SIZE', true, 2]
  }
  for (const [fault, [code, stored, count]] of Object.entries(faults)) {
    const path = `/${fault.replaceAll(' ', '-')}`
    await place.script({ [path]: [{ fault: fault as Fault }] })
    const agent = new Agent({ maxResponseSize: 1024 * 1024 })
    t.equal(await post(place.url + path, lines(0, 2), agent, AbortSignal.timeout(500)), code, fault)
    await agent.destroy()
    t.match(await place.requests(path), [{ fault, status: null, stored, lines: count }], fault)
  }
})

t.test('not listening, listening again, connections that end', async t => {
  const place = await receiver(t, { listening: false, script: [{ status: 200 }, { fault: 'reset', when: { reused: true } }] })
  const agent = new Agent({ connections: 1 })
  t.equal(await post(place.url, '', agent), 'ECONNREFUSED')
  await place.listen(true)
  t.match(await post(place.url, '', agent), { status: 200 })
  t.equal(await post(place.url, '', agent), 'ECONNRESET', 'on the same connection')
  t.match(await post(place.url, '', agent), { status: 200 })
  await place.closeIdle()
  t.match(await place.connections(), { open: 0 })
  await place.listen(false)
  t.equal(await post(place.url, '', agent), 'ECONNREFUSED')
  t.match(await place.sockets('/'), { total: 2, open: 0, most: 1 })
  await agent.close()
})

t.test('TLS: only with its CA, and with a certificate where one is asked for', async t => {
  const authority = new Authority()
  const { cert, key } = authority.issue('client', 'a passphrase')
  const place = await receiver(t, { tls: { ...authority.issue('receiver'), ca: authority.cert, requestCert: true, rejectUnauthorized: true } })
  const as = (connect: object): Agent => new Agent({ connect: { ca: authority.cert, ...connect } })
  t.equal(await post(place.url, '', as({ ca: [] })), 'SELF_SIGNED_CERT_IN_CHAIN')
  t.type(await post(place.url, '', as({})), 'string')
  t.match(await post(place.url, '', as({ cert, key, passphrase: 'a passphrase' })), { status: 200 })
  t.equal((await place.requests()).length, 1)
})

t.test('the oracle', async t => {
  const kept = (key: string, sequence: number, runs: Request['runs'], more: Partial<Request> = {}): Request =>
    ({ at: 0, method: 'POST', path: '/', headers: {}, key, sequence, reused: false, bytes: 1, sha256: key, lines: 1, runs, status: 200, stored: true, ...more })
  const clean = [kept('1-a-1', 1, [['w', 0, 2]]), kept('1-a-2', 2, [['w', 3, 5]])]
  const verdict = (...more: Request[]): unknown => {
    const { accepted, ...rest } = judge([...clean, ...more])
    return { seqs: accepted.get('w')!.length, ...rest }
  }
  const good = { seqs: 6, altered: [], doubled: [], repeats: 0, unordered: [] }
  t.strictSame(verdict(), good)
  t.strictSame(verdict(clean[0]!), { ...good, repeats: 1 }, 'a repeat is no harm')
  t.strictSame(verdict(kept('1-a-2', 2, [['w', 3, 5]], { sha256: 'other bytes' })), { ...good, altered: ['1-a-2'] })
  t.match(verdict(kept('1-a-3', 3, [['w', 5, 6]])), { seqs: 8, doubled: ['w 5'] })
  t.strictSame(verdict(kept('1-a-0', 0, [['w', 6, 6]])), { ...good, seqs: 7, unordered: ['1-a-0'] })
  t.strictSame(verdict(kept('1-a-3', 3, [['w', 6, 6]], { stored: false, status: 503 })), good, 'not kept')
})

t.test('a thread whose time runs faster', async t => {
  const dir = t.testdir({
    'minute.mjs': `
      import { setTimeout as sleep } from 'node:timers/promises'
      const before = [Date.now(), performance.now()]
      await sleep(60_000)
      await new Promise(resolve => setTimeout(resolve, 1000))
      await new Promise(resolve => setTimeout(resolve, 10))
      process.send({ passed: [Date.now() - before[0], performance.now() - before[1]], date: new Date().getTime() - Date.now() })
      process.disconnect()`
  })
  const log = join(dir, 'log')
  const child = program(join(dir, 'minute.mjs'), {}, { env: { FAST_TIMERS_LOG: log }, ...preloaded('fast-timers.js') })
  const { passed, date } = await child.said('passed') as { passed: number[], date: number }
  t.ok(passed.every(ms => ms >= 61_000), `${passed.join(' and ')} ms`)
  t.ok(Math.abs(date) < 5000)
  t.equal(fs.readFileSync(log, 'utf8'), '60000\n1000\n')
  t.ok((await child.exited).took < 10_000)
})
