// D2: Fastify's `logger` option with every shape of a transport; what was answered is in the log after app.close().
import t from 'tap'
import { join } from 'node:path'
import { console, http, jsonl, tee } from 'pino-blackbox'
import { audit, fixture, program, readLines, type Line } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

const REQUESTS = 200
const AT_ONCE = 20

/** For all of them, each at a path of its own. */
const place = await receiver(t, { texts: true })
let users = 0

type To = (name: string) => ReturnType<typeof jsonl>
type Send = (path: string) => ReturnType<typeof http>
/** Files, and paths at a receiver, and whether each also gets lines of level debug. */
const shapes: Array<[title: string, transport: (to: To, send: Send) => object, outputs: Record<string, boolean>]> = [
  ['jsonl by name', to => ({ ...to('a'), target: 'pino-blackbox/jsonl' }), { a: true }],
  ['jsonl by builder', to => to('a'), { a: true }],
  ['targets with and without levels', to => ({ targets: [to('a'), { ...to('b'), level: 'debug' }, { target: 'pino/file', options: { destination: '/dev/null' } }] }), { a: false, b: true }],
  ['a tee', to => tee([{ ...to('a'), level: 'info' }, to('b'), console()]), { a: false, b: true }],
  ['a tee by name', to => ({ target: 'pino-blackbox/tee', options: { outputs: [{ ...to('a'), target: 'pino-blackbox/jsonl' }, { target: 'pino-blackbox/console', level: 'error' }] } }), { a: true }],
  ['a pipeline', to => ({ pipeline: [{ target: fixture('stamp.js') }, to('a')] }), { a: true }],
  ['http by builder', (_, send) => send('/a'), { '/a': true }],
  ['http by name, in targets with and without levels', (to, send) => ({ targets: [{ ...send('/a'), target: 'pino-blackbox/http' }, { ...send('/b'), level: 'debug' }, to('c')] }), { '/a': false, '/b': true, c: false }],
  ['a tee with http', (to, send) => tee([{ ...send('/a'), level: 'info' }, to('b'), send('/c')]), { '/a': false, b: true, '/c': true }],
  ['a pipeline into http', (_, send) => ({ pipeline: [{ target: fixture('stamp.js') }, send('/a')] }), { '/a': true }]
]

/** What gives a shape its outputs, and the lines of each. */
function outputsIn (directory: string): [to: To, send: Send, linesOf: (name: string) => Promise<Line[]>] {
  const own = `/${++users}`
  return [
    name => jsonl({ file: join(directory, name), size: '50k' }),
    path => http({ url: place.url + own + path, journal: { dir: join(directory, 'spool') } }),
    async name => name.startsWith('/')
      ? (await place.requests(own + name)).flatMap(({ text }) => text!.split('\n').slice(0, -1).map(line => JSON.parse(line) as Line))
      : await readLines(directory, name)
  ]
}

/** Requests by number, some at a time, until all are answered or the service refuses. Gives the numbers answered. */
async function load (port: number, requests: number): Promise<number[]> {
  const answered: number[] = []
  let next = 0
  const client = async (): Promise<void> => {
    while (next < requests) {
      const seq = next++
      const response = await fetch(`http://127.0.0.1:${port}/${seq}`).catch(() => undefined)
      if (response?.status === 200 && await response.text().catch(() => '') === 'logged') answered.push(seq)
      else return
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return answered
}

for (const [title, transport, outputs] of shapes) {
  t.test(`${title}: after app.close() every answered request is in the log, once`, async t => {
    const [to, send, linesOf] = outputsIn(t.testdir())
    const service = program('service.js', { transport: transport(to, send) })
    const { port } = await service.said('port')
    const answered = await load(port as number, REQUESTS)
    t.equal(answered.length, REQUESTS)
    service.process.send('close')
    t.match(await service.exited, { code: 0 }, service.stderr)
    t.equal(service.stderr, '')
    for (const [name, debug] of Object.entries(outputs)) {
      const lines = await linesOf(name)
      t.match(audit(lines, 'w', REQUESTS), { missing: [], duplicates: [] }, `every request in ${name}`)
      t.equal(lines.filter(({ msg }) => msg === 'request completed').length, REQUESTS, `and what Fastify says itself in ${name}`)
      t.equal(lines.filter(({ msg }) => msg === 'not for everybody').length, debug ? REQUESTS : 0, `and lines of level debug, or not, in ${name}`)
    }
  })
}

for (const [title, transport, outputs] of shapes.filter(([title]) => /builder|tee|pipeline/.test(title))) {
  t.test(`${title}: SIGTERM under load, with app.close() before the end: what was answered is in the log`, async t => {
    const [to, send, linesOf] = outputsIn(t.testdir())
    const service = program('service.js', { signals: true, transport: transport(to, send) })
    const { port } = await service.said('port')
    const loading = load(port as number, 100_000)
    await load(port as number, 50)
    service.process.kill('SIGTERM')
    t.match(await service.exited, { signal: 'SIGTERM' }, service.stderr)
    const answered = await loading
    const seqs = new Set((await linesOf(Object.keys(outputs)[0]!)).map(({ seq }) => seq))
    t.ok(answered.length > 50, `${answered.length} answered`)
    t.strictSame(answered.filter(seq => !seqs.has(seq)), [])
  })
}
