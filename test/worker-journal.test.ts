// What the journals of a dead worker hold goes on in the next one, with its settings; and the bounds and options of the replacement.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { flush, http, jsonl, parquet, shutdown, tee, watch } from 'pino-blackbox'
import { fixture, readLines, stayAwake, until } from './fixtures/harness.js'
import { range, seqs } from './fixtures/jsonl.js'
import { difference, mortal } from './fixtures/mortal-logger.js'
import { runs } from './fixtures/outage.js'
import { duck } from './fixtures/parquet.js'
import { judge, receiver } from './fixtures/receiver.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })

t.test('http, its receiver down: the journal is adopted, again and again, counted once, and sent in order', async t => {
  const place = await receiver(t, { listening: false })
  const dir = join(t.testdir(), 'spool')
  const { log, watched, kill } = await mortal(t, http({ url: place.url, journal: { dir }, retry: { maxDelay: 100, minDelay: 100 } }))
  const ROUNDS = 4
  const LINES = 500
  for (let round = 0; round < ROUNDS; round++) {
    for (let line = 0; line < LINES; line++) log.info({ writer: 'w', seq: round * LINES + line })
    await flush(log)
    await kill()
    t.match(watched.metrics(), [{ acceptedRecords: (round + 1) * LINES, deliveredRecords: 0, pendingRecords: (round + 1) * LINES, droppedRecords: 0, recoveredRecords: 0 }])
    t.equal(difference(watched.metrics()[0]!), 0)
  }
  const bytes = watched.metrics()[0]!.acceptedBytes
  const down = Date.now()
  await place.listen(true)
  await flush(log, { until: 'delivered', timeout: '30s' })
  const { accepted, ...rest } = judge(await place.requests())
  t.equal(runs(accepted.get('w')), `0-${ROUNDS * LINES - 1}`, 'each once, in their order')
  t.strictSame(rest, { altered: [], doubled: [], repeats: 0, unordered: [] })
  t.match(watched.metrics(), [{ acceptedRecords: ROUNDS * LINES, deliveredRecords: ROUNDS * LINES, deliveredBytes: bytes, pendingRecords: 0, pendingBytes: 0, droppedRecords: 0, recoveredRecords: 0 }])
  t.ok(watched.metrics()[0]!.lastDelivery >= down)
})

t.test('http, killed while it sends: what was acknowledged arrives; a batch that was under way may come again, under its key', async t => {
  const place = await receiver(t)
  const { transport, log, watched, replaced } = await mortal(t, http({ url: place.url, journal: { dir: join(t.testdir(), 'spool') }, batch: { flushRecords: 50 } }))
  const acknowledged: number[] = []
  let seq = 0
  for (let round = 0; round < 4; round++) {
    for (let burst = 0; burst < 20; burst++) {
      for (let line = 0; line < 50; line++) log.info({ writer: 'w', seq: seq++ })
      await turn()
    }
    await flush(log)
    acknowledged.push(...range(1000, seq - 1000))
    await transport.worker.terminate()
    await until(() => replaced.length > round)
  }
  await flush(log, { until: 'delivered', timeout: '30s' })
  const { accepted, altered, doubled } = judge(await place.requests())
  const arrived = new Set(accepted.get('w'))
  t.strictSame(acknowledged.filter(seq => !arrived.has(seq)), [])
  t.strictSame({ altered, doubled }, { altered: [], doubled: [] }, 'none under two keys')
  t.equal(difference(watched.metrics()[0]!), 0)
  t.match(watched.metrics(), [{ acceptedRecords: seq, pendingRecords: 0 }])
})

t.test('a receiver that was configured at run time stays', async t => {
  const [first, second] = await Promise.all([receiver(t), receiver(t, { script: [{ when: { header: { authorization: 'Bearer new' } }, status: 200 }, { status: 401 }] })])
  const { log, watched, kill } = await mortal(t, tee([
    jsonl({ file: join(t.testdir(), 'app') }), http({ url: first.url, journal: { dir: join(t.testdirName, 'spool') }, auth: { bearer: 'old' } })
  ]))
  await watched.configure({ url: second.url, auth: { bearer: 'older' } })
  await watched.configure({ url: second.url, auth: { bearer: 'new' } })
  await kill()
  await kill()
  log.info({ writer: 'w', seq: 0 })
  await flush(log, { until: 'delivered' })
  t.strictSame((await first.requests()).length, 0)
  t.match((await second.requests()).map(({ stored, headers }) => ({ stored, authorization: headers.authorization })), [{ stored: true, authorization: 'Bearer new' }])
})

t.test('parquet: every acknowledged row is in the dataset once', async t => {
  const dir = join(t.testdir(), 'data')
  const { log, kill, watched } = await mortal(t, parquet({ dir }))
  for (let round = 0; round < 3; round++) {
    for (let line = 0; line < 1000; line++) log.info({ seq: round * 1000 + line })
    await flush(log)
    await kill()
  }
  await flush(log, { until: 'delivered', timeout: '30s' })
  t.strictSame(await duck(`select count(*)::int as lines, count(distinct attrs->>'$.seq')::int as seqs from '${dir}/**/*.parquet'`), [{ lines: 3000, seqs: 3000 }])
  t.equal(difference(watched.metrics()[0]!), 0)
  t.match(watched.metrics(), [{ acceptedRecords: 3000, droppedRecords: 0, pendingRecords: 0 }])
})

t.test('lines beyond `keep` are dropped, counted, and told', async t => {
  const directory = t.testdir()
  const { transport, log, watched, next, replaced } = await mortal(t, jsonl({ file: join(directory, 'app') }), { keep: '1k' })
  await transport.worker.terminate()
  const pad = 'x'.repeat(150)
  for (let seq = 0; seq < 20; seq++) log.info({ seq }, pad)
  await next()
  await flush(log)
  const found = await seqs(directory)
  t.ok(found.length >= 3 && found.length <= 6, `${found.length} lines`)
  t.strictSame(found, range(found.length), 'the oldest')
  t.match(replaced, [{ rescuedRecords: found.length, lostRecords: 20 - found.length }])
  t.match(watched.metrics(), [{ acceptedRecords: 20, deliveredRecords: found.length, droppedRecords: 20 - found.length, dropped: { full: 20 - found.length }, pendingRecords: 0 }])
})

t.test('a line of which the worker had read the beginning is counted as lost; the next one is whole', async t => {
  const directory = t.testdir()
  const { transport, log, watched, next } = await mortal(t, jsonl({ file: join(directory, 'app') }))
  log.info({ seq: 0 })
  await flush(log)
  // The first half is on its way, read and forgotten with the worker; its rest comes when that is dead.
  const line = JSON.stringify({ seq: 1, text: '{"a": "brace", "ü": "two bytes"}' }) + '\n'
  transport.write(line.slice(0, 20))
  await new Promise<void>(resolve => transport.flush(() => resolve()))
  transport.worker.terminate()
  transport.write(line.slice(20))
  for (let seq = 2; seq < 10; seq++) log.info({ seq })
  await next()
  await flush(log)
  t.strictSame(await seqs(directory), [0, ...range(8, 2)])
  t.match(watched.metrics(), [{ acceptedRecords: 10, deliveredRecords: 9, dropped: { crashed: 1 } }])
})

t.test("pino's levels hold for the next worker too, also with `sync`", async t => {
  const directory = t.testdir()
  const { log, kill } = await mortal(t, { ...tee([jsonl({ file: join(directory, 'app') }, { level: 33 })]), sync: true }, {}, { customLevels: { hint: 31, notice: 35 }, formatters: { level: level => ({ level }) } })
  const own = log as unknown as { hint (object: object): void, notice (object: object): void }
  for (const seq of [0, 1]) {
    own.hint({ low: true })
    own.notice({ seq })
    await flush(log)
    await kill()
  }
  own.hint({ low: true })
  own.notice({ seq: 2 })
  await flush(log)
  t.strictSame((await readLines(directory, 'app')).map(({ level, seq }) => ({ level, seq })), range(3).map(seq => ({ level: 'notice', seq })))
})

t.test('a flush under way when the worker dies is rejected, one that is asked for afterwards waits', async t => {
  const directory = t.testdir()
  const { transport, log, next } = await mortal(t, jsonl({ file: join(directory, 'app') }))
  const under = flush(log).then(() => 'resolved', error => error.code)
  transport.worker.terminate()
  t.equal(await under, 'BLACKBOX_CLOSED')
  log.info({ seq: 0 })
  await flush(log)
  t.strictSame(await seqs(directory), [0])
  await next()
})

t.test('a transport that the application has ended is not replaced', async t => {
  const { transport, log, died, seen } = await mortal(t, jsonl({ file: join(t.testdir(), 'app') }))
  log.info('last')
  await shutdown(log)
  await until(() => seen.includes('close'))
  t.strictSame([died, seen, transport.destroyed], [[], ['close'], true])
})

t.test('two watches: one that is closed leaves the other; after the last the transport is as it was', async t => {
  const { transport, log, watched, kill, died, seen } = await mortal(t, jsonl({ file: join(t.testdir(), 'app') }))
  const listeners = (): object => Object.fromEntries(transport.eventNames().map(name => [name, transport.listenerCount(name)]))
  const before = listeners()
  const second = watch(log, { replace: false })
  const heard: unknown[] = []
  const listener = (detail: unknown): void => { heard.push(detail) }
  t.equal(second.on('workerDied', listener).off('workerDied', listener).on('workerReplaced', listener), second)
  await kill()
  await until(() => heard.length === 1)
  t.equal(died.length, 1)
  second.close()
  second.close()
  await kill()
  t.equal(died.length, 2)
  t.equal(heard.length, 1)
  t.strictSame(listeners(), before)
  watched.close()
  t.strictSame(transport.listenerCount('error'), 1, 'the one of this test')
  const timers = process.getActiveResourcesInfo().length
  await transport.worker.terminate()
  await until(() => seen.length === 2)
  t.strictSame(seen, ['error', 'close'], 'now it is told as pino does')
  t.ok(process.getActiveResourcesInfo().length <= timers)
})

t.test('a worker without an output of this package is not replaced, and does not end the application', async t => {
  const { log, died, transport, seen } = await mortal(t, { targets: [{ target: fixture('deadly.js') }] })
  log.info({ die: 'throw' })
  await until(() => died.length === 1 && seen.length === 2)
  for (let line = 0; line < 10; line++) log.info('a line')
  await turn()
  await turn()
  t.strictSame(seen, ['error', 'close'], 'once, not for every line')
  t.ok(transport.destroyed)
})

t.test('nothing of a dead worker is left open but the files that it was writing', { skip: process.platform !== 'linux' && 'needs /proc' }, async t => {
  const directory = t.testdir()
  const { log, kill } = await mortal(t, tee([jsonl({ file: join(directory, 'app') }), http({ url: 'http://127.0.0.1:9', journal: { dir: join(directory, 'spool') } })]))
  const open = (): number => fs.readdirSync('/proc/self/fd').length
  log.info('a line')
  await flush(log)
  const before = open()
  const DEATHS = 6
  for (let death = 0; death < DEATHS; death++) {
    log.info('a line')
    await flush(log)
    await kill()
  }
  log.info('a line')
  await flush(log)
  // thread-stream has Node leave them; some are those of the worker that is alive.
  t.ok(open() - before <= 2 * DEATHS + 5, `${open() - before} descriptors more after ${DEATHS} deaths`)
})

t.test('bad options throw at once', async t => {
  const { log } = await mortal(t, jsonl({ file: join(t.testdir(), 'app') }))
  const cases: Array<[unknown, RegExp, string]> = [
    [{ replace: 'yes' }, /Expected `replace` to be true or false, got "yes"/, 'replace'],
    [{ keep: 0 }, /Expected `keep` to be a positive size/, 'keep'],
    [{ replaces: true }, /Unknown option `replaces`.*`replace`/, 'replaces']
  ]
  for (const [options, message, option] of cases) t.throws(() => watch(log, options as never), { code: 'BLACKBOX_OPTION', option, message })
})
