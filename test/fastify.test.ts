// D2: Fastify's `logger` option with every shape of a transport; what was answered is in the log after app.close().
import t from 'tap'
import { join } from 'node:path'
import { console, jsonl, tee } from 'pino-blackbox'
import { audit, fixture, program, readLines } from './fixtures/harness.js'

const REQUESTS = 200
const AT_ONCE = 20

type File = ReturnType<typeof jsonl>
/** Files, and whether each also gets lines of level debug. */
const shapes: Array<[title: string, transport: (to: (name: string) => File) => object, files: Record<string, boolean>]> = [
  ['jsonl by name', to => ({ ...to('a'), target: 'pino-blackbox/jsonl' }), { a: true }],
  ['jsonl by builder', to => to('a'), { a: true }],
  ['targets with and without levels', to => ({ targets: [to('a'), { ...to('b'), level: 'debug' }, { target: 'pino/file', options: { destination: '/dev/null' } }] }), { a: false, b: true }],
  ['a tee', to => tee([{ ...to('a'), level: 'info' }, to('b'), console()]), { a: false, b: true }],
  ['a tee by name', to => ({ target: 'pino-blackbox/tee', options: { outputs: [{ ...to('a'), target: 'pino-blackbox/jsonl' }, { target: 'pino-blackbox/console', level: 'error' }] } }), { a: true }],
  ['a pipeline', to => ({ pipeline: [{ target: fixture('stamp.js') }, to('a')] }), { a: true }]
]

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

for (const [title, transport, files] of shapes) {
  t.test(`${title}: after app.close() every answered request is in the log, once`, async t => {
    const directory = t.testdir()
    const service = program('service.js', { transport: transport(name => jsonl({ file: join(directory, name), size: '50k' })) })
    const { port } = await service.said('port')
    const answered = await load(port as number, REQUESTS)
    t.equal(answered.length, REQUESTS)
    service.process.send('close')
    t.match(await service.exited, { code: 0 }, service.stderr)
    t.equal(service.stderr, '')
    for (const [name, debug] of Object.entries(files)) {
      const lines = await readLines(directory, name)
      t.match(audit(lines, 'w', REQUESTS), { missing: [], duplicates: [] }, `every request in ${name}`)
      t.equal(lines.filter(({ msg }) => msg === 'request completed').length, REQUESTS, `and what Fastify says itself in ${name}`)
      t.equal(lines.filter(({ msg }) => msg === 'not for everybody').length, debug ? REQUESTS : 0, `and lines of level debug, or not, in ${name}`)
    }
  })
}

for (const [title, transport] of shapes.filter(([title]) => /builder|tee|pipeline/.test(title))) {
  t.test(`${title}: SIGTERM under load, with app.close() before the end: what was answered is in the log`, async t => {
    const directory = t.testdir()
    const service = program('service.js', { signals: true, transport: transport(name => jsonl({ file: join(directory, name) })) })
    const { port } = await service.said('port')
    const loading = load(port as number, 100_000)
    await load(port as number, 50)
    service.process.kill('SIGTERM')
    t.match(await service.exited, { signal: 'SIGTERM' }, service.stderr)
    const answered = await loading
    const seqs = new Set((await readLines(directory, 'a')).map(({ seq }) => seq))
    t.ok(answered.length > 50, `${answered.length} answered`)
    t.strictSame(answered.filter(seq => !seqs.has(seq)), [])
  })
}
