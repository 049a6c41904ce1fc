// Design 9: the figures of every output, readable from the main thread at any time, and at every snapshot they add up.
import t, { type Test } from 'tap'
import { join } from 'node:path'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import pino from 'pino'
import { console, flush, jsonl, shutdown, tee, watch, type OutputMetrics } from 'pino-blackbox'
import { program, until, type Program, stayAwake } from './fixtures/harness.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })
type Options = Parameters<typeof pino.transport>[0]

function logger (t: Test, options: Options) {
  const transport = pino.transport(options)
  t.teardown(() => new Promise<void>(resolve => {
    if ((transport as { destroyed?: boolean }).destroyed) return resolve()
    transport.once('close', resolve)
    transport.end()
  }))
  return { transport, log: pino({ level: 'trace' }, transport) }
}

/** What a set of figures is short of, 0 when they add up. */
const difference = (of: OutputMetrics): number =>
  Math.abs(of.acceptedRecords + of.recoveredRecords - of.deliveredRecords - of.pendingRecords - of.deadRecords - of.droppedRecords) +
  Math.abs(of.acceptedBytes + of.recoveredBytes - of.deliveredBytes - of.pendingBytes - of.deadBytes - of.droppedBytes)

const negative = (metrics: OutputMetrics): string[] =>
  Object.entries({ ...metrics, ...metrics.dropped, ...metrics.droppedBytesBy }).filter(([, value]) => typeof value === 'number' && !(value >= 0)).map(([name]) => name)

const trash = { target: 'pino/file', options: { destination: '/dev/null' } }
const shapes: Array<[title: string, outputs: (to: (name: string) => ReturnType<typeof jsonl>) => Options, kinds: string[]]> = [
  ['one target', to => to('a'), ['jsonl']],
  ['one target by name', to => ({ ...to('a'), target: 'pino-blackbox/jsonl' }), ['jsonl']],
  ['targets', to => ({ targets: [{ ...to('a'), level: 'trace' }, trash, { ...to('b'), level: 'trace' }] }), ['jsonl', 'jsonl']],
  ['a tee', to => tee([to('a'), to('b'), jsonl({ ...to('c').options, fsync: 5 })]), ['jsonl', 'jsonl', 'jsonl']],
  ['a pipeline', to => ({ pipeline: [to('a')] }), ['jsonl']]
]

for (const [title, outputs, kinds] of shapes) {
  t.test(`${title}: every output is there when \`ready\` resolves, and its figures add up under load`, async t => {
    const directory = t.testdir()
    const { log } = logger(t, outputs(name => jsonl({ file: join(directory, name), size: '200k', name: `my ${name}` })))
    const watched = watch(log)
    t.strictSame(watched.metrics(), [], 'nothing is known before')
    await watched.ready
    t.strictSame(watched.metrics().map(({ kind }) => kind), kinds)
    t.strictSame(watched.metrics().map(({ name }) => name).sort(), kinds.map((_, at) => `my ${'abc'[at]}`))

    let snapshots = 0
    const wrong: unknown[] = []
    const look = (): void => {
      for (const metrics of watched.metrics()) {
        snapshots++
        if (difference(metrics) !== 0 || negative(metrics).length > 0) wrong.push({ difference: difference(metrics), negative: negative(metrics), metrics })
      }
    }
    const LINES = 20_000
    for (let seq = 0; seq < LINES; seq++) {
      log.info({ seq }, 'a line')
      if (seq % 50 === 0) {
        await turn()
        for (let i = 0; i < 20; i++) look()
      }
    }
    const flushed = flush(log)
    while (await Promise.race([flushed.then(() => false), turn(true)])) look()
    t.strictSame(wrong, [], `${snapshots} snapshots`)
    const since = Date.now() - 60_000
    for (const metrics of watched.metrics()) {
      t.match(metrics, { acceptedRecords: LINES, deliveredRecords: LINES, recoveredRecords: 0, pendingRecords: 0, pendingBytes: 0, deadRecords: 0, droppedRecords: 0, failures: 0, retries: 0 })
      t.equal(metrics.acceptedBytes, metrics.deliveredBytes)
      t.ok(metrics.lastDelivery > since && metrics.lastDelivery <= Date.now(), 'the last delivery has a time')
      t.ok(metrics.segmentsSealed > 3, `${metrics.segmentsSealed} segments`)
      t.match(metrics, { pendingSegments: 0, oldestPending: 0, capacityBytes: 64 * 1024 * 1024, capacityRecords: 0, flushes: 1, flushedRecords: LINES })
      t.ok(metrics.batches > 0 && metrics.batchAttempts === metrics.batches && metrics.batchDuration > 0 && metrics.flushDuration > 0)
    }
  })
}

t.test('two transports, a second watch and the stream itself show the same', async t => {
  const directory = t.testdir()
  const { transport: one } = logger(t, jsonl({ file: join(directory, 'a') }))
  const { transport: two } = logger(t, console({ stream: 'stderr', name: 'unused' }))
  const log = pino({}, pino.multistream([{ stream: one }, { level: 'fatal', stream: two }]))
  const both = watch(log)
  const own = watch(one)
  await Promise.all([both.ready, own.ready])
  const again = watch(log)
  await again.ready
  log.info('a line')
  await flush(log)
  t.strictSame(both.metrics().map(({ kind, name, acceptedRecords }) => ({ kind, name, acceptedRecords })),
    [{ kind: 'jsonl', name: `jsonl ${join(directory, 'a')}`, acceptedRecords: 1 }, { kind: 'console', name: 'unused', acceptedRecords: 0 }])
  t.strictSame(again.metrics(), both.metrics())
  t.strictSame(own.metrics(), both.metrics().slice(0, 1))
})

t.test('lines that find no room are counted as dropped, and the figures still add up', async t => {
  const directory = t.testdir({ '.app.log.blackbox': 'in the way of its claims' })
  const { log, transport } = logger(t, jsonl({ file: join(directory, 'app'), maxLength: '200k', closeTimeout: 200 }))
  const watched = watch(log)
  await watched.ready
  const LINES = 10_000
  for (let seq = 0; seq < LINES; seq++) log.info({ seq }, 'a line')
  const mine = (): OutputMetrics => watched.metrics()[0]!
  await until(() => {
    if (difference(mine()) !== 0) t.fail('does not add up', mine())
    return mine().acceptedRecords === LINES && mine().failures > 1 && mine().dropped.full > 0
  })
  t.ok(mine().dropped.full > 0, `${mine().dropped.full} found no room`)
  t.equal(mine().deliveredRecords, 0)
  t.equal(mine().droppedRecords, mine().dropped.full)
  const closed = new Promise(resolve => transport.once('close', resolve))
  transport.end()
  await closed
  t.match(mine(), { acceptedRecords: LINES, pendingRecords: 0, pendingBytes: 0, droppedRecords: LINES, deliveredRecords: 0 })
  t.equal(mine().dropped.full + mine().dropped.closed, LINES)
  t.equal(difference(mine()), 0)
})

t.test('after shutdown the last figures stay', async t => {
  const { log } = logger(t, jsonl({ file: join(t.testdir(), 'a') }))
  const watched = watch(log)
  await watched.ready
  log.info('a line')
  await shutdown(log)
  t.match(watched.metrics(), [{ acceptedRecords: 1, deliveredRecords: 1, pendingRecords: 0 }])
})

t.test('waiting for `ready` keeps the process alive', async t => {
  const child = program('watched.js', { transport: jsonl({ file: join(t.testdir(), 'a') }), lines: 1, how: 'late' })
  t.match(await child.exited, { code: 0 }, child.stderr)
  t.match(last(child), [{ acceptedRecords: 1 }])
})

t.test('a logger without an output of this package: `ready` is settled, with nothing to show', async t => {
  const { log, transport } = logger(t, trash)
  const watched = watch(log)
  await once(transport, 'ready')
  const settled = watched.ready.then(() => true, () => true)
  t.equal(await Promise.race([settled, new Promise(resolve => setTimeout(resolve, 5000, false))]), true)
  t.strictSame(watched.metrics(), [])
})

t.test('a transport that dies before it is ready: `ready` is settled', async t => {
  const { log, transport } = logger(t, { target: 'pino-blackbox/jsonl', options: { file: '' } })
  transport.on('error', () => {})
  const settled = watch(log).ready.then(() => true, () => true)
  t.equal(await Promise.race([settled, new Promise(resolve => setTimeout(resolve, 5000, false))]), true)
})

/** What the program said last, among what the outputs told. */
const last = ({ stderr }: Program): OutputMetrics[] => JSON.parse(stderr.split('\n').find(line => line.startsWith('[{')) ?? '[]')

for (const how of ['drain', 'exit']) {
  t.test(`the last figures are readable in an 'exit' handler: ${how}`, async t => {
    const directory = t.testdir()
    const child = program('watched.js', { transport: tee([jsonl({ file: join(directory, 'a') }), console()]), how, lines: 5000 })
    t.match(await child.exited, { code: 0 }, child.stderr)
    const metrics = last(child)
    t.match(metrics, [
      { kind: 'jsonl', acceptedRecords: 5000, deliveredRecords: 5000, pendingRecords: 0, droppedRecords: 0 },
      { kind: 'console', acceptedRecords: 5000, deliveredRecords: 5000, pendingRecords: 0, droppedRecords: 0 }
    ])
  })
}

t.test('lines for a closed pipe are counted as gone, the other output has them all', async t => {
  const directory = t.testdir()
  const child = program('watched.js', { transport: tee([jsonl({ file: join(directory, 'a') }), console()]), how: 'gone', lines: 5000 })
  await child.said('reading')
  child.process.stdout!.destroy()
  await once(child.process.stdout!, 'close')
  child.process.send({ go: true })
  t.match(await child.exited, { code: 0 }, child.stderr)
  const metrics = last(child)
  t.match(metrics[0], { acceptedRecords: 5000, deliveredRecords: 5000, droppedRecords: 0 })
  t.match(metrics[1], { acceptedRecords: 5000, pendingRecords: 0, droppedRecords: 5000, deliveredRecords: 0 })
  t.equal(metrics[1]!.dropped.gone + metrics[1]!.dropped.closed, 5000)
  t.match(child.stderr, /pino-blackbox console stdout: /, 'and told')
})

t.test('configure: what cannot go to the worker, or nobody takes, is refused, and harms nothing', async t => {
  const { log } = logger(t, jsonl({ file: join(t.testdir(), 'app') }))
  const { configure } = watch(log)
  await t.rejects(configure({ auth: { bearer: () => 'a function' } } as never), { code: 'BLACKBOX_OPTION', option: 'auth.bearer' })
  await t.rejects(configure({ url: 'http://127.0.0.1:9/' }), { code: 'BLACKBOX_CONFIGURE', message: /no output can be configured/ })
  await t.rejects(configure({ url: 'http://127.0.0.1:9/' }, { name: 'nobody' }), { code: 'BLACKBOX_CONFIGURE', message: /"nobody"/ })
  log.info('still here')
  await flush(log)
})
