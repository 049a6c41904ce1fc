// Events on the main thread: made of the figures, so they sum up to them; few, whatever the load; harmless, whatever listeners do.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import pino from 'pino'
import { console, flush, http, jsonl, parquet, shutdown, tee, watch, type OutputMetrics, type Watch, type WatchEvents } from 'pino-blackbox'
import { program, stayAwake, until } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })
type Options = Parameters<typeof pino.transport>[0]

function logger (t: Test, options: Options) {
  const transport = pino.transport(options)
  t.teardown(() => shutdown(transport).catch(() => {}))
  return { transport, log: pino({ level: 'trace' }, transport) }
}

const NAMES = ['buffered', 'dropped', 'batchWritten', 'batchFailed', 'flushCompleted'] as const
type Heard = { [K in typeof NAMES[number]]: Array<WatchEvents[K]> }

function listen (watched: Watch): Heard {
  const heard: Heard = { buffered: [], dropped: [], batchWritten: [], batchFailed: [], flushCompleted: [] }
  for (const name of NAMES) watched.on(name, event => { heard[name].push(event as never) })
  return heard
}

const sum = <E, K extends keyof E> (events: E[], key: K): number => events.reduce((sum, event) => sum + Number(event[key]), 0)

/** What the events of one output sum up to, beside its counters. */
function compare (t: Test, heard: Heard, metrics: OutputMetrics): void {
  const of = <K extends keyof Heard> (name: K): Heard[K] => (heard[name] as Array<{ output: string }>).filter(({ output }) => output === metrics.name) as Heard[K]
  const failed = (kept: string) => of('batchFailed').filter(event => event.kept === kept)
  t.strictSame({
    acceptedRecords: sum(of('buffered'), 'records'),
    acceptedBytes: sum(of('buffered'), 'bytes'),
    deliveredRecords: sum(of('batchWritten'), 'records'),
    deliveredBytes: sum(of('batchWritten'), 'bytes'),
    batches: sum(of('batchWritten'), 'batches'),
    batchAttempts: sum(of('batchWritten'), 'attempts'),
    droppedRecords: sum(of('dropped'), 'records'),
    droppedBytes: sum(of('dropped'), 'bytes'),
    exportFailures: sum(failed('journal'), 'attempts'),
    retriedRecords: sum(failed('journal'), 'records'),
    deadRecords: sum(failed('dead letters'), 'records'),
    deadBytes: sum(failed('dead letters'), 'bytes'),
    flushes: sum(of('flushCompleted'), 'flushes'),
    flushedRecords: sum(of('flushCompleted'), 'records')
  }, Object.fromEntries(['acceptedRecords', 'acceptedBytes', 'deliveredRecords', 'deliveredBytes', 'batches', 'batchAttempts', 'droppedRecords', 'droppedBytes',
    'exportFailures', 'retriedRecords', 'deadRecords', 'deadBytes', 'flushes', 'flushedRecords'].map(name => [name, metrics[name as keyof OutputMetrics]])) as never, metrics.name)
}

const LINES = 20_000
const trash = { target: 'pino/file', options: { destination: '/dev/null' } }
const shapes: Array<[title: string, outputs: (directory: string) => Options, count: number]> = [
  ['one target', to => jsonl({ file: join(to, 'a') }), 1],
  ['targets', to => ({ targets: [{ ...jsonl({ file: join(to, 'a') }), level: 'trace' }, trash, { ...jsonl({ file: join(to, 'b') }), level: 'trace' }] }), 2],
  ['a tee', to => tee([jsonl({ file: join(to, 'a') }), jsonl({ file: join(to, 'b'), fsync: 5 }), parquet({ dir: join(to, 'c') })]), 3],
  ['a pipeline', to => ({ pipeline: [jsonl({ file: join(to, 'a') })] }), 1]
]
for (const [title, outputs, count] of shapes) {
  t.test(`${title}: events are few, and sum up to the counters as soon as a flush is over`, async t => {
    const { log } = logger(t, outputs(t.testdir()))
    // Lines that nobody listened to are in the first events.
    log.info('early')
    const watched = watch(log)
    t.teardown(() => watched.close())
    const heard = listen(watched)
    const begun = performance.now()
    for (let seq = 1; seq < LINES; seq++) {
      log.info({ seq }, 'a line')
      if (seq % 20 === 0) await turn()
    }
    await watched.ready
    await flush(log)
    const metrics = watched.metrics()
    t.equal(metrics.length, count)
    for (const output of metrics) {
      t.equal(output.acceptedRecords, LINES)
      compare(t, heard, output)
    }
    const most = count * ((performance.now() - begun) / 100 + 10)
    for (const name of NAMES) t.ok(heard[name].length <= most, `${heard[name].length} of ${name}, ${Math.round(most)} at most`)
    t.ok(heard.flushCompleted.length >= count && heard.flushCompleted.every(({ duration }) => duration >= 0))
    t.ok(heard.batchWritten.every(({ duration, attempts, batches }) => duration > 0 && attempts === batches))
  })
}

t.test('a receiver that fails, refuses and takes: each batch is told, with the error, its attempts and where its lines are', async t => {
  const { url } = await receiver(t, {
    script: [
      { status: 400, body: 'no poison', when: { contains: 'poison' } }, { status: 503 }, { status: 503 }, { status: 200 }
    ]
  })
  const { log } = logger(t, http({ url, journal: { dir: t.testdir() }, batch: { flushRecords: 10 }, retry: { minDelay: 1, jitter: false } }))
  const watched = watch(log)
  t.teardown(() => watched.close())
  const heard = listen(watched)
  for (let seq = 0; seq < 10; seq++) log.info({ writer: 'w', seq }, 'a line')
  await flush(log, { until: 'delivered' })
  const before = watched.metrics()[0]!
  t.match(before, { deliveredRecords: 10, exportFailures: 2, retriedRecords: 20, batches: 1, batchAttempts: 3 })
  compare(t, heard, before)
  t.match(heard.batchFailed.filter(({ kept }) => kept === 'journal').at(-1), { error: /answered 503/ })
  for (let seq = 10; seq < 20; seq++) log.info({ writer: 'w', seq }, seq === 15 ? 'poison' : 'a line')
  await flush(log, { until: 'delivered' })
  const after = watched.metrics()[0]!
  t.match(after, { deliveredRecords: 19, deadRecords: 1, batches: 2, pendingRecords: 0, pendingSegments: 0, oldestPending: 0 })
  compare(t, heard, after)
  t.match(heard.batchFailed.at(-1), { kept: 'dead letters', records: 1, error: /answered 400.*no poison/ })
})

t.test('lines without room: dropped, by reason', async t => {
  const { url } = await receiver(t, { script: [{ status: 503 }] })
  const { log } = logger(t, http({ url, journal: { dir: false, maxBufferRecords: 100 }, closeTimeout: 100, retry: { minDelay: 1 } }))
  const watched = watch(log)
  const heard = listen(watched)
  for (let seq = 0; seq < 5000; seq++) log.info({ writer: 'w', seq }, 'a line')
  const mine = () => watched.metrics()[0]
  await until(() => mine()?.acceptedRecords === 5000 && mine()!.exportFailures > 0)
  await until(() => sum(heard.dropped, 'records') === mine()!.droppedRecords)
  t.strictSame([...new Set(heard.dropped.map(({ reason }) => reason))], ['evicted'])
  t.match(mine(), { capacityRecords: 100, capacityBytes: 8 * 1024 * 1024 })
  await shutdown(log).catch(() => {})
  await until(() => sum(heard.dropped, 'records') === 5000)
  t.equal(sum(heard.dropped, 'bytes'), mine()!.droppedBytes)
  compare(t, heard, mine()!)
  watched.close()
})

t.test('a disk that fails: the lines are kept in the journal, and told', async t => {
  const directory = t.testdir({ '.app.log.blackbox': 'in the way of its claims' })
  const { log } = logger(t, jsonl({ file: join(directory, 'app') }))
  const watched = watch(log)
  t.teardown(() => watched.close())
  const heard = listen(watched)
  log.info('a line')
  await until(() => heard.batchFailed.length > 0)
  t.match(heard.batchFailed[0], { kept: 'journal', error: /.../, output: `jsonl ${join(directory, 'app')}` })
  t.ok(watched.metrics()[0]!.oldestPending > Date.now() - 60_000, 'since when the line waits')
  fs.rmSync(join(directory, '.app.log.blackbox'))
  await flush(log)
  t.match(watched.metrics(), [{ oldestPending: 0, pendingRecords: 0 }])
  compare(t, heard, watched.metrics()[0]!)
})

t.test('listeners that throw or reject harm nobody, and are told once', async t => {
  const child = program('listening.js', { transport: jsonl({ file: join(t.testdir(), 'a') }) })
  t.match(await child.exited, { code: 0 }, child.stderr)
  t.match(child.messages, [{ heard: 3 }], 'the others still hear')
  t.equal(child.stderr.match(/a listener of 'buffered' failed: thrown/g)?.length, 1, child.stderr)
  t.equal(child.stderr.match(/a listener of 'batchWritten' failed: rejected/g)?.length, 1, child.stderr)
})

t.test('on, once, off and close', async t => {
  const { log } = logger(t, console({ stream: 'stderr' }))
  const { log: mine } = logger(t, jsonl({ file: join(t.testdir(), 'a') }))
  const watched = watch(mine)
  const heard: string[] = []
  const gone = (): void => { heard.push('gone') }
  t.equal(watched.on('buffered', () => { heard.push('on') }), watched)
  t.equal(watched.once('buffered', () => { heard.push('once') }), watched)
  t.equal(watched.on('buffered', gone).off('buffered', gone), watched)
  for (let round = 0; round < 2; round++) {
    mine.info('a line')
    await flush(mine)
  }
  t.strictSame(heard, ['on', 'once', 'on'])
  watched.close()
  watched.close()
  mine.info('a line')
  await flush(mine)
  t.equal(heard.length, 3)
  t.match(watched.metrics(), [{ acceptedRecords: 3 }], 'figures stay')
  t.throws(() => watch(log).on('Buffered' as never, () => {}), { code: 'BLACKBOX_OPTION', option: 'event', message: /one of buffered, dropped, .*, got "Buffered"/ })
  t.throws(() => watch(log).on('buffered', 5 as never), { code: 'BLACKBOX_OPTION', option: 'listener', message: /to be a function, got 5/ })
})

t.test('somebody who listens late hears of everything, once', async t => {
  const { log } = logger(t, jsonl({ file: join(t.testdir(), 'a') }))
  const watched = watch(log).on('dropped', () => {})
  t.teardown(() => watched.close())
  log.info('a line')
  await flush(log)
  await watched.ready
  const late: number[] = []
  watched.on('buffered', ({ records }) => { late.push(records) })
  await until(() => late.length > 0)
  log.info('a line')
  await flush(log)
  t.strictSame(late, [1, 1])
})

t.test('listening keeps no process alive', async t => {
  const child = program('listening.js', { transport: jsonl({ file: join(t.testdir(), 'a') }), how: 'leave' })
  t.match(await child.exited, { code: 0 }, child.stderr)
})
