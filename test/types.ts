// D6: what TypeScript must accept and refuse. Only compiled (tsc -p tsconfig.test.json), never run.
import Fastify from 'fastify'
import pino from 'pino'
import { Registry } from 'prom-client'
import {
  BlackboxError, console, createDumper, DEFAULTS, DeliveryError, flush, FlushError, fromConfig, jsonl, LoggerError, OptionError, shutdown, tee, watch,
  type BatchFailedEvent, type BatchWrittenEvent, type BufferedEvent, type Config, type ConsoleOptions, type DroppedEvent, type DropReason, type FlushCompletedEvent,
  type FlushOptions, type Health, type JsonlOptions, type OutputHealth, type WatchEvents, type LoggerLike, type Metrics, type OutputMetrics, type WatchOptions, type WorkerEvents,
  type ShutdownOptions, type SignalOptions, type Target, type TargetSettings, type TeeOptions, type Watch
} from 'pino-blackbox'
import { registerMetrics, type PrometheusOptions } from 'pino-blackbox/prometheus'
import consoleTarget from 'pino-blackbox/console'
import jsonlTarget from 'pino-blackbox/jsonl'
import teeTarget from 'pino-blackbox/tee'
import blackbox from 'pino-blackbox/fastify'

/** Compiles only when A and B are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

// --- builders ---

const file = jsonl({ file: './logs/app' })
same<typeof file, Target<JsonlOptions>>(true)
jsonl({
  file: './logs/app',
  size: '100m',
  frequency: 'daily',
  utc: false,
  dateFormat: 'yyyy-MM-dd',
  extension: '.jsonl',
  symlink: true,
  limit: { count: 10, age: '7d', totalSize: '1g', removeOtherLogFiles: false },
  compress: 'zstd',
  mkdir: false,
  mode: 0o640,
  fsync: 'always',
  minLength: 4096,
  maxLength: '64m',
  maxWrite: 16_384,
  periodicFlush: '1s',
  sync: true,
  append: true,
  name: 'app',
  closeTimeout: 5000
}, { level: 'info' })
jsonl({ file: 'a', size: 10, frequency: 'hourly', compress: false, fsync: true }, { level: 35 })
jsonl({ file: 'a', frequency: 60_000, fsync: 100 })
jsonl({ file: 'a', frequency: '15m', fsync: '100ms' }, {})

// @ts-expect-error file is required
jsonl({})
// @ts-expect-error so are the options
jsonl()
// @ts-expect-error file is a string
jsonl({ file: 5 })
// @ts-expect-error an unknown option
jsonl({ file: 'a', sizee: '1m' })
// @ts-expect-error an unknown option of a group
jsonl({ file: 'a', limit: { cout: 1 } })
// @ts-expect-error a count is a number
jsonl({ file: 'a', limit: { count: '10' } })
// @ts-expect-error a limit is an object
jsonl({ file: 'a', limit: 10 })
// @ts-expect-error a size is a number or a string
jsonl({ file: 'a', size: true })
// @ts-expect-error no such compression
jsonl({ file: 'a', compress: 'brotli' })
// @ts-expect-error true is no compression
jsonl({ file: 'a', compress: true })
// @ts-expect-error flags are booleans
jsonl({ file: 'a', utc: 'yes' })
// @ts-expect-error files are never overwritten
jsonl({ file: 'a', append: false })
// @ts-expect-error a mode is a number
jsonl({ file: 'a', mode: '640' })
// @ts-expect-error the level stands beside the options
jsonl({ file: 'a', level: 'info' })
// @ts-expect-error an unknown setting
jsonl({ file: 'a' }, { lvl: 'info' })
// @ts-expect-error a level is a label or a number
jsonl({ file: 'a' }, { level: true })

console()
console({})
console({ stream: 'stderr', maxLength: '1m', name: 'c', closeTimeout: '1s' }, { level: 'warn' })
same<ReturnType<typeof console>, Target<ConsoleOptions>>(true)
// @ts-expect-error no such stream
console({ stream: 'stdin' })
// @ts-expect-error an option of another output
console({ file: 'a' })
// @ts-expect-error options are an object
console('stdout')

tee([file])
tee([jsonl({ file: 'a' }, { level: 'warn' }), console({}, { level: 35 })], { level: 'debug' })
tee([{ target: 'pino-blackbox/jsonl', level: 'info', options: { file: 'a' } }, { target: 'pino-blackbox/console' }])
same<ReturnType<typeof tee>, Target<TeeOptions>>(true)
// @ts-expect-error outputs are a list
tee(file)
// @ts-expect-error an output has a target
tee([{ options: {} }])
// @ts-expect-error an unknown key
tee([{ target: 'pino-blackbox/console', lvl: 'info' }])
// @ts-expect-error a label that pino does not have
tee([{ target: 'pino-blackbox/console', level: 'loud' }])
// @ts-expect-error not a list of strings
tee(['pino-blackbox/console'])
// @ts-expect-error the outputs are required
tee()

// --- what builders give fits where pino and Fastify take transports ---

pino({ transport: file })
pino({ transport: tee([file, console()]) })
pino({ transport: { targets: [file, jsonl({ file: 'b' }, { level: 'debug' }), { target: 'pino/file', options: {} }] } })
pino({ transport: { pipeline: [{ target: './stamp.js' }, file] } })
pino.transport(file)
pino.transport({ targets: [file, jsonl({ file: 'b' })] })
Fastify({ logger: { transport: file } })
Fastify({ logger: { level: 'debug', transport: { targets: [file] } } })
const target: string = file.target
const options: JsonlOptions = file.options
const level: string | number | undefined = file.level
// @ts-expect-error the url of a target is a string
const wrong: number = file.target

// --- targets by name are typed as well ---

jsonlTarget({ file: 'a' })
consoleTarget()
consoleTarget({ stream: 'stderr' })
teeTarget({ outputs: [{ target: 'pino-blackbox/console' }] })
// @ts-expect-error file is required
jsonlTarget({})
// @ts-expect-error an unknown option
consoleTarget({ steam: 'stdout' })
// @ts-expect-error outputs are required
teeTarget({})

// --- the face ---

const log = pino({ transport: file })
const transport = pino.transport(file)
for (const logger of [log, log.child({}), transport, pino.multistream([{ stream: transport }]), Fastify().log] satisfies LoggerLike[]) {
  same<ReturnType<typeof flush>, Promise<void>>(true)
  flush(logger)
  flush(logger, { until: 'delivered', timeout: '5s' })
  flush(logger, { until: 'durable', timeout: 5000 } satisfies FlushOptions)
  shutdown(logger, { timeout: 1000 } satisfies ShutdownOptions)
}
// @ts-expect-error no logger
flush()
// @ts-expect-error a name is no logger
flush('log')
// @ts-expect-error no logger
flush(undefined)
// @ts-expect-error no such promise
flush(log, { until: 'written' })
// @ts-expect-error an unknown option
flush(log, { timout: 5 })
// @ts-expect-error a timeout is a number or a string
flush(log, { timeout: true })

same<ReturnType<typeof shutdown>, Promise<void>>(true)
// @ts-expect-error no logger
shutdown()
// @ts-expect-error an unknown option
shutdown(log, { force: true })

const remove = shutdown.onSignals(log)
same<typeof remove, () => void>(true)
remove()
shutdown.onSignals(log, { signals: ['SIGTERM', 'SIGUSR2'], timeout: '5s', until: 'durable', before: async signal => { same<typeof signal, NodeJS.Signals>(true) } })
shutdown.onSignals(log, { before: () => 5 } satisfies SignalOptions)
// @ts-expect-error no such signal
shutdown.onSignals(log, { signals: ['SIGNOPE'] })
// @ts-expect-error signals are a list
shutdown.onSignals(log, { signals: 'SIGTERM' })
// @ts-expect-error before is a function
shutdown.onSignals(log, { before: true })
// @ts-expect-error an unknown option
shutdown.onSignals(log, { after: () => {} })

const watched: Watch = watch(log)
same<typeof watched.ready, Promise<void>>(true)
const [metrics] = watched.metrics()
same<typeof metrics, OutputMetrics | undefined>(true)
const plain: Metrics = metrics!
const kind: string = metrics!.kind
const full: number = metrics!.dropped.full
const reasons: Record<DropReason, number> = plain.dropped
// @ts-expect-error an unknown figure
const lines = metrics!.acceptedLines
// @ts-expect-error an unknown reason
const lost = metrics!.dropped.lost
// @ts-expect-error read only
watched.ready = Promise.resolve()
// @ts-expect-error no logger
watch()
const attended: Watch = watch(log, { health: { window: '1m', failures: 10, warnAt: 0.8, degradedAt: 0.95, age: '5m', lag: 300_000 } })
  .on('buffered', event => { same<typeof event, BufferedEvent>(true) })
  .on('dropped', event => { same<typeof event, DroppedEvent>(true) })
  .on('batchWritten', event => { same<typeof event, BatchWrittenEvent>(true) })
  .once('batchFailed', event => { same<typeof event, BatchFailedEvent>(true) })
  .off('flushCompleted', event => { same<typeof event, FlushCompletedEvent>(true) })
same<keyof WatchEvents & ('buffered' | 'dropped' | 'batchWritten' | 'batchFailed' | 'flushCompleted'), 'buffered' | 'dropped' | 'batchWritten' | 'batchFailed' | 'flushCompleted'>(true)
attended.on('dropped', ({ output, reason, records, bytes }) => {
  same<typeof reason, DropReason>(true)
  same<[typeof output, typeof records, typeof bytes], [string, number, number]>(true)
})
attended.on('batchFailed', ({ kept, error, attempts }) => {
  same<typeof kept, 'journal' | 'dead letters' | 'dropped'>(true)
  same<[typeof error, typeof attempts], [string, number]>(true)
})
const health: Health = attended.health()
same<Health['status'], 'healthy' | 'warning' | 'degraded'>(true)
const [firstHealth] = health.outputs
const since: OutputHealth | undefined = firstHealth
const causes: string[] = since!.reasons.map(({ cause }) => cause)
// @ts-expect-error a healthy output has no reason, so no reason is healthy
const well: boolean = since!.reasons[0]!.status === 'healthy'
attended.close()
// @ts-expect-error no such event
attended.on('delivered', () => {})
// @ts-expect-error a drop has no error
attended.on('dropped', ({ error }) => error)
// @ts-expect-error what was buffered has no attempts
attended.on('buffered', ({ attempts }) => attempts)
// @ts-expect-error a written batch has gone nowhere else
attended.on('batchWritten', ({ kept }) => kept)
// @ts-expect-error a failed batch took no time
attended.on('batchFailed', ({ duration }) => duration)
// @ts-expect-error a flush has no bytes
attended.on('flushCompleted', ({ bytes }) => bytes)
// @ts-expect-error a listener is a function
attended.on('dropped', true)
// @ts-expect-error an unknown threshold
watch(log, { health: { windows: '1m' } })
// @ts-expect-error a share is a number
watch(log, { health: { warnAt: '80%' } })
watch(log, { replace: false, keep: '1m' } satisfies WatchOptions).close()
// @ts-expect-error an unknown option
watch(log, { replaces: false })
// @ts-expect-error a size is a number or a string
watch(log, { keep: true })
const onDied = ({ error, at }: WorkerEvents['workerDied']): void => {
  same<typeof error, Error>(true)
  same<typeof at, number>(true)
}
watched.on('workerDied', onDied).off('workerDied', onDied)
watched.on('workerReplaced', detail => { same<typeof detail, Record<'at' | 'attempts' | 'rescuedRecords' | 'lostRecords', number>>(true) })
// @ts-expect-error no such event
watched.on('workerBorn', () => {})
// @ts-expect-error not of this event
watched.on('workerDied', ({ attempts }) => attempts)

registerMetrics(watched)
registerMetrics(watched, { registry: new Registry(), prefix: 'logs_' })
const exported: PrometheusOptions = {}
// @ts-expect-error no watch
registerMetrics(log)
// @ts-expect-error a prefix is a string
registerMetrics(watched, { prefix: 5 })

const settings: TargetSettings = { level: 'info' }
// @ts-expect-error the defaults cannot be replaced
DEFAULTS.jsonl = {}
// @ts-expect-error there is no such output
const paper = DEFAULTS.paper

// --- errors ---

for (const error of [new FlushError('A', 'a'), new LoggerError('A', 'a'), new DeliveryError('A', 'a'), new OptionError('jsonl', 'file', 'a')]) {
  const base: BlackboxError & Error = error
  const code: string = base.code
  // @ts-expect-error read only
  error.code = code
}
const option: string = new OptionError('jsonl', 'file', 'a').option
// @ts-expect-error only option errors have an option
const none = new FlushError('A', 'a').option

export { target, options, level, wrong, kind, full, reasons, settings, option, none, lines, lost, paper, causes, well, exported }

// --- configuration file ---

const config = fromConfig('blackbox.yml')
same<typeof config, Config>(true)
pino({ level: config.level, transport: config.transport })
pino({ transport: { targets: [{ ...config.transport, level: config.level }] } })
Fastify({ logger: { level: config.level, transport: config.transport } }).register(blackbox, { dumper: config.dumper, recorder: config.recorder })
createDumper({ ...config.dumper, maxBackups: 3 })
fromConfig(new URL('file:///etc/blackbox.yml'))

// @ts-expect-error a path is needed
fromConfig()
