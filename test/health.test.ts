// Health: what the thresholds say of the figures, what outputs come to in trouble, and that they recover by themselves.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { flush, http, jsonl, parquet, shutdown, watch, type HealthReason, type WatchOptions } from 'pino-blackbox'
import { parseWatch, watchSchema } from '../lib/config/watch.js'
import { parseOptions } from '../lib/config/options.js'
import { reasonsFor, worst, type Look } from '../lib/telemetry/health.js'
import { stayAwake, until } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })

const NOON = Date.UTC(2026, 10, 20, 12)
const MINUTE = 60_000
type Change = Partial<Omit<Look, 'metrics'>> & { metrics?: Partial<Look['metrics']> }

function look ({ metrics, ...rest }: Change): Look {
  return {
    kind: 'http',
    lately: { failures: 0, dropped: 0 },
    now: NOON,
    ...rest,
    metrics: { pendingRecords: 0, pendingBytes: 0, capacityRecords: 0, capacityBytes: 1000, oldestPending: 0, ...metrics }
  }
}

t.test('what the default thresholds say, at their edges', async t => {
  const { health } = parseWatch(undefined)
  const table: Array<[what: string, of: Change, causes: string[]]> = [
    ['nothing happens', {}, []],
    ['10 failures', { lately: { failures: 10, dropped: 0 } }, []],
    ['11 failures', { lately: { failures: 11, dropped: 0 } }, ['failures degraded']],
    ['a line is dropped', { lately: { failures: 0, dropped: 1 } }, ['dropping degraded']],
    ['79.9 % full', { metrics: { pendingBytes: 799 } }, []],
    ['80 % full', { metrics: { pendingBytes: 800 } }, ['capacity warning']],
    ['94.9 % full', { metrics: { pendingBytes: 949 } }, ['capacity warning']],
    ['95 % full', { metrics: { pendingBytes: 950 } }, ['capacity degraded']],
    ['lines may be fewer than bytes', { metrics: { pendingBytes: 1, pendingRecords: 9, capacityRecords: 10 } }, ['capacity warning']],
    ['no bound', { metrics: { pendingBytes: 1e12, capacityBytes: 0 } }, []],
    ['waits for 5 minutes', { metrics: { oldestPending: NOON - 5 * MINUTE } }, []],
    ['waits for longer', { metrics: { oldestPending: NOON - 5 * MINUTE - 1 } }, ['age warning']],
    ['a conversion that lags', { kind: 'parquet', metrics: { oldestPending: NOON - 5 * MINUTE - 1 } }, ['lag warning']],
    ['a clock that was set back', { metrics: { oldestPending: NOON + 60 * MINUTE } }, []],
    ['everything', { lately: { failures: 11, dropped: 1 }, metrics: { pendingBytes: 1000, oldestPending: 1 } }, ['failures degraded', 'dropping degraded', 'capacity degraded', 'age warning']]
  ]
  for (const [what, of, causes] of table) {
    t.strictSame(reasonsFor(look(of), health).map(({ cause, status }) => `${cause} ${status}`), causes, what)
  }
  t.equal(reasonsFor(look({ lately: { failures: 11, dropped: 0 } }), health)[0]!.message, '11 calls failed within 60 s, more than 10')
  t.strictSame([worst([]), worst(['healthy', 'warning']), worst(['degraded', 'healthy'])], ['healthy', 'warning', 'degraded'])
})

t.test('every threshold is an option', async t => {
  const trouble: Change = { lately: { failures: 3, dropped: 0 }, metrics: { pendingBytes: 500, oldestPending: NOON - 10_000 } }
  const of = (health: WatchOptions['health'], kind = 'http'): string[] =>
    reasonsFor(look({ ...trouble, kind }), parseWatch({ health }).health).map(({ cause, status }) => `${cause} ${status}`)
  t.strictSame(of({}), [])
  t.strictSame(of({ failures: 2 }), ['failures degraded'])
  t.strictSame(of({ warnAt: 0.5 }), ['capacity warning'])
  t.strictSame(of({ warnAt: 0.1, degradedAt: 0.5 }), ['capacity degraded'])
  t.strictSame(of({ age: '9s' }), ['age warning'])
  t.strictSame(of({ lag: '9s' }), [])
  t.strictSame(of({ lag: 9000 }, 'parquet'), ['lag warning'])
  t.strictSame(of({ age: '9s' }, 'parquet'), [])
  t.match(parseOptions('watch', watchSchema, {}, { PINO_BLACKBOX_WATCH_HEALTH_WINDOW: '30s' }), { health: { window: 30_000, failures: 10 } })
})

t.test('bad thresholds are refused at once', async t => {
  const { log } = logger(t, jsonl({ file: join(t.testdir(), 'a') }))
  const table: Array<[options: object, option: string, message: string]> = [
    [{ health: { window: '11m' } }, 'health.window', "Expected `health.window` to be a positive duration such as 500, '500ms', '15m' or '7d', up to 10 minutes, got \"11m\" (string)"],
    [{ health: { failures: -1 } }, 'health.failures', 'Expected `health.failures` to be zero or a positive integer, got -1 (number)'],
    [{ health: { warnAt: 1.1 } }, 'health.warnAt', 'Expected `health.warnAt` to be a number from 0 to 1, got 1.1 (number)'],
    [{ health: { degradedAt: '95%' } }, 'health.degradedAt', 'Expected `health.degradedAt` to be a number from 0 to 1, got "95%" (string)'],
    [{ health: { warnAt: 0.9, degradedAt: 0.5 } }, 'health.warnAt', 'Contradictory options: `health.warnAt` (0.9) is more than `health.degradedAt` (0.5)'],
    [{ health: { age: 0 } }, 'health.age', "Expected `health.age` to be a positive duration such as 500, '500ms', '15m' or '7d', got 0 (number)"],
    [{ health: { lag: null } }, 'health.lag', "Expected `health.lag` to be a positive duration such as 500, '500ms', '15m' or '7d', got null"],
    [{ health: true }, 'health', 'Expected `health` to be an object, got true (boolean)'],
    [{ helth: {} }, 'helth', 'Unknown option `helth`; did you mean `health`?'],
    [{ health: { ages: 1 } }, 'health.ages', 'Unknown option `health.ages`; did you mean `age`?']
  ]
  for (const [options, option, problem] of table) t.match(t.throws(() => watch(log, options as never)), { code: 'BLACKBOX_OPTION', option, problem }, option)
  watch(log)
})

function logger (t: Test, options: Parameters<typeof pino.transport>[0]) {
  const transport = pino.transport(options)
  t.teardown(() => shutdown(transport).catch(() => {}))
  return { transport, log: pino({ level: 'trace' }, transport) }
}

const causes = (reasons: HealthReason[] = []): string => reasons.map(({ cause, status }) => `${cause} ${status}`).sort().join(', ')

t.test('a receiver that fails: degraded, and healthy again when the window has passed', async t => {
  const target = await receiver(t, { script: [{ status: 503 }] })
  const { log } = logger(t, http({ url: target.url, name: 'ship', journal: { dir: t.testdir() }, retry: { minDelay: 1, maxDelay: 5 }, batch: { flushRecords: 1 } }))
  const watched = watch(log, { health: { window: '2s', failures: 3, age: '100ms' } })
  t.strictSame(watched.health(), { status: 'healthy', outputs: [] }, 'before anything is known')
  log.info({ writer: 'w', seq: 0 }, 'a line')
  await watched.ready
  await until(() => causes(watched.health().outputs[0]?.reasons) === 'age warning, failures degraded')
  t.match(watched.health(), { status: 'degraded', outputs: [{ name: 'ship', kind: 'http', status: 'degraded', reasons: [{ cause: 'failures' }, { cause: 'age' }] }] })
  await target.script([{ status: 200 }])
  await flush(log, { until: 'delivered' })
  await until(() => watched.health().status === 'healthy')
  t.strictSame(watched.health().outputs, [{ name: 'ship', kind: 'http', status: 'healthy', reasons: [] }])
})

t.test('a journal that fills up: a warning before, degraded when lines are dropped, and it recovers', async t => {
  const target = await receiver(t, { script: [{ status: 503 }] })
  const { log } = logger(t, http({ url: target.url, journal: { dir: t.testdir(), maxSize: '20k', whenFull: 'drop-newest' }, retry: { minDelay: 20, maxDelay: 20 } }))
  const watched = watch(log, { health: { window: '2s', failures: 10_000 } })
  await watched.ready
  const seen: string[] = []
  for (let seq = 0; !seen.includes('capacity degraded, dropping degraded'); seq++) {
    log.info({ writer: 'w', seq }, 'a line')
    await flush(log)
    const now = causes(watched.health().outputs[0]?.reasons)
    if (now !== seen.at(-1)) seen.push(now)
  }
  t.strictSame(seen.slice(0, 3), ['', 'capacity warning', 'capacity degraded'])
  await target.script([{ status: 200 }])
  await flush(log, { until: 'delivered' })
  await until(() => watched.health().status === 'healthy')
})

t.test('a conversion that cannot go on lags behind', async t => {
  const directory = t.testdir()
  const dir = join(directory, 'data')
  const { log } = logger(t, parquet({ dir, rowGroupRows: 10, journal: { dir: join(directory, 'journal') }, closeTimeout: 500 }))
  const watched = watch(log, { health: { lag: '200ms', failures: 10_000 } })
  await watched.ready
  log.info('a line')
  await flush(log)
  const active = fs.readdirSync(join(directory, 'journal'), { recursive: true, withFileTypes: true }).find(({ name }) => name.endsWith('.open'))
  // Where the checkpoint belongs there is a directory.
  const obstacle = join(active!.parentPath, 'checkpoint.json')
  fs.mkdirSync(obstacle)
  for (let seq = 0; seq < 29; seq++) log.info({ seq }, 'a line')
  await flush(log)
  await until(() => causes(watched.health().outputs[0]?.reasons) === 'lag warning' && watched.metrics()[0]!.exportFailures > 1)
  t.equal(watched.metrics()[0]!.pendingRecords, 30)
  t.ok(watched.metrics()[0]!.pendingSegments >= 2)
  fs.rmdirSync(obstacle)
  await flush(log, { until: 'delivered', timeout: '20s' })
  await until(() => watched.health().status === 'healthy')
})
