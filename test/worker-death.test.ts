// A worker that dies is replaced. Whoever logs goes on, what was safe is there once, what was not is counted.
import t from 'tap'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import pino from 'pino'
import { flush, jsonl, type OutputMetrics } from 'pino-blackbox'
import { audit, fixture, readLines, stayAwake, until } from './fixtures/harness.js'
import { range, seqs } from './fixtures/jsonl.js'
import { difference, mortal } from './fixtures/mortal-logger.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })

/** Another target of the same worker. */
const deadly = (options?: object): object => ({ target: fixture('deadly.js'), level: 'trace', options })
t.test('terminated again and again under load: loggers, children, Fastify and pino.multistream go on, and every figure adds up', async t => {
  const directory = t.testdir()
  const { transport, log, watched, died, replaced, seen } = await mortal(t, jsonl({ file: join(directory, 'app'), size: '200k' }))
  const request = pino({ level: 'trace' }, pino.multistream([{ stream: transport, level: 'trace' }]))
  const fastify = Fastify({ loggerInstance: log.child({ app: true }) })
  fastify.get('/', async ({ log }) => { write(log) })
  t.teardown(() => fastify.close())
  const second = pino({ level: 'trace' }, transport)
  const loggers = [log, log.child({ child: 1 }).child({ grandchild: 2 }), second, request]
  let seq = 0
  const write = (to: { info (object: object, message: string): void }): void => to.info({ writer: 'w', seq: seq++ }, 'a line that says something')
  const wrong: OutputMetrics[] = []
  let before = watched.metrics()[0]!
  const look = (): void => {
    const metrics = watched.metrics()[0]!
    const shrunk = (['acceptedRecords', 'recoveredRecords', 'deliveredRecords', 'droppedRecords'] as const).some(field => metrics[field] < before[field])
    if (difference(metrics) !== 0 || shrunk || metrics.pendingRecords < 0) wrong.push(before, metrics)
    before = metrics
  }
  const DEATHS = 4
  const acknowledged: Array<[from: number, to: number]> = []
  for (let death = 0; death < DEATHS; death++) {
    const from = seq
    for (let burst = 0; burst < 40; burst++) {
      for (let line = 0; line < 100; line++) write(loggers[line % loggers.length]!)
      await turn()
      look()
    }
    await fastify.inject('/')
    await flush(log)
    acknowledged.push([from, seq])
    for (let burst = 0; burst < 400 && replaced.length <= death; burst++) {
      for (let line = 0; line < 20; line++) write(loggers[line % loggers.length]!)
      if (burst === 5) transport.worker.terminate()
      await turn()
      look()
    }
    await until(() => { look(); return replaced.length > death })
  }
  await fastify.inject('/')
  await flush(log)
  await until(() => watched.metrics()[0]!.pendingRecords === 0)
  look()
  t.strictSame(wrong, [], 'accepted + recovered = delivered + pending + dropped, never less than before')
  t.equal(died.length, DEATHS)
  t.match(died[0], { error: { message: /exited with code 1/ }, at: Number })
  t.strictSame(seen, [], 'nothing is heard of it on the transport')
  const lines = await readLines(directory, 'app')
  const { missing, duplicates, unordered } = audit(lines, 'w', seq)
  t.strictSame(duplicates, [])
  t.equal(unordered, 0)
  t.strictSame(missing.filter(lost => acknowledged.some(([from, to]) => lost >= from && lost < to)), [], 'what was acknowledged is there')
  t.ok(missing.includes(seq - 1) === false, 'what came last as well')
  const { acceptedRecords, deliveredRecords, dropped, droppedRecords } = watched.metrics()[0]!
  // One that was counted and then read again by the next worker is counted twice.
  t.ok(acceptedRecords >= seq, `${acceptedRecords} accepted of ${seq}`)
  t.ok(deliveredRecords <= lines.length, `${deliveredRecords} delivered, ${lines.length} are there`)
  t.ok(missing.length <= droppedRecords, `${missing.length} lines are missing, ${droppedRecords} counted as lost`)
  t.equal(droppedRecords, dropped.crashed + dropped.full)
})

t.test('idle when it dies: nothing is lost', async t => {
  const directory = t.testdir()
  const { log, watched, kill, replaced } = await mortal(t, jsonl({ file: join(directory, 'app') }))
  for (let seq = 0; seq < 100; seq++) log.info({ seq })
  await flush(log)
  await kill()
  t.match(replaced, [{ attempts: 1, rescuedRecords: 0, lostRecords: 0, at: Number }])
  for (let seq = 100; seq < 200; seq++) log.info({ seq })
  await flush(log)
  t.strictSame(await seqs(directory), range(200))
  t.match(watched.metrics(), [{ acceptedRecords: 200, deliveredRecords: 200, pendingRecords: 0, droppedRecords: 0, recoveredRecords: 0 }])
})

t.test('lines that the dead worker had not read, those that come meanwhile, and a flush: in their order, behind one another', async t => {
  const directory = t.testdir()
  const { transport, log, watched, next, replaced } = await mortal(t, jsonl({ file: join(directory, 'app') }))
  log.info({ seq: 0 })
  await flush(log)
  const LINES = 60_000
  transport.worker.terminate()
  // More than the shared memory holds: the rest waits on the main thread.
  for (let seq = 1; seq < LINES; seq++) log.info({ seq }, 'x'.repeat(60))
  await until(() => !transport.ready)
  log.info({ seq: LINES })
  await flush(log, { timeout: '20s' })
  await next()
  const found = await seqs(directory)
  const { crashed, full } = watched.metrics()[0]!.dropped
  t.equal(full, 1, 'beyond the bound: the dead one left more than it')
  t.equal(replaced[0]!.lostRecords, 1)
  t.equal(found.length, LINES - crashed)
  t.strictSame(found, [...range(found.length - crashed > 0 ? 1 : 0), ...range(LINES - 1, 1)].slice(0, found.length))
})

/** Ways of ending a worker; those that come in the middle of reading a line end the next one too that reads it, until it is given up. */
const WAYS: Array<[how: string, repeated: boolean, message: RegExp]> = [
  ['exit', true, /exited with code 3/],
  ['exit cleanly', true, /exited with code 0/],
  ['memory', true, /memory limit/],
  ['throw', false, /thrown by somebody else/],
  ['reject', false, /rejected by somebody else/],
  ['emit', false, /emitted by somebody else/]
]
for (const [how, repeated, message] of WAYS) {
  t.test(`another target of the same worker ends it (${how}): no line is lost but the one that did it`, async t => {
    const directory = t.testdir()
    const { log, watched, died, replaced, seen } = await mortal(t, {
      targets: [{ ...jsonl({ file: join(directory, 'app') }), level: 'trace' }, deadly()],
      // Those that take over have the same limits.
      ...how === 'memory' && { worker: { resourceLimits: { maxOldGenerationSizeMb: 40, maxYoungGenerationSizeMb: 4 } } }
    })
    for (let seq = 0; seq < 1000; seq++) log.info({ seq })
    await flush(log)
    log.info({ die: how })
    if (repeated) for (let seq = 1000; seq < 1500; seq++) log.info({ seq })
    await until(() => replaced.length === (repeated ? 2 : 1))
    for (let seq = repeated ? 1500 : 1000; seq < 2000; seq++) log.info({ seq })
    await flush(log)
    t.strictSame(died.map(({ error }) => message.test(error.message)), died.map(() => true), String(died[0]?.error))
    t.strictSame(seen, [])
    t.equal(difference(watched.metrics()[0]!), 0)
    t.strictSame((await readLines(directory, 'app')).flatMap(({ seq }) => seq ?? []), range(2000))
    if (repeated) t.ok(watched.metrics()[0]!.dropped.crashed >= 1, 'the line is counted')
  })
}
