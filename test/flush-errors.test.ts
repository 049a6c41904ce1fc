// B28, design 7: a flush() that cannot keep its promise says so, in time; one that can comes back under any load.
import t, { type Test } from 'tap'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { BlackboxError, flush, FlushError, jsonl, LoggerError, shutdown, watch } from 'pino-blackbox'
import { preloaded, readLines, until, stayAwake } from './fixtures/harness.js'

const LONG = 60_000
const trash = { target: 'pino/file', options: { destination: '/dev/null' } }
stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })

type Transport = ReturnType<typeof pino.transport>

function logger (t: Test, options: Parameters<typeof pino.transport>[0]): { log: Logger, transport: Transport, errors: Error[] } {
  const transport = pino.transport(options)
  const errors: Error[] = []
  transport.on('error', (error: Error) => errors.push(error))
  t.teardown(() => new Promise<void>(resolve => {
    if ((transport as { destroyed?: boolean }).destroyed) return resolve()
    transport.once('close', resolve)
    transport.end()
  }))
  return { log: pino({ level: 'trace' }, transport), transport, errors }
}

/** A jsonl output that cannot write until `free()`: where it keeps its claims, there is a file. */
function blocked (t: Test): { directory: string, target: ReturnType<typeof jsonl>, free: () => void } {
  const directory = t.testdir({ '.app.log.blackbox': 'in the way' })
  return { directory, target: jsonl({ file: join(directory, 'app'), closeTimeout: 300 }), free: () => fs.rmSync(join(directory, '.app.log.blackbox')) }
}

async function rejection (promise: Promise<unknown>): Promise<BlackboxError> {
  return await promise.then(value => { throw new Error(`resolved with ${value}`) }, error => error)
}

t.test('a logger without a transport: a LoggerError', async t => {
  const destination = pino.destination('/dev/null')
  for (const logger of [pino(destination), pino({}, pino.multistream([{ stream: destination }])), destination, {}, undefined, null, 'log', () => {}] as object[]) {
    for (const call of [() => flush(logger), () => shutdown(logger), async () => watch(logger)]) {
      const error = await rejection(call())
      t.ok(error instanceof LoggerError)
      t.match(error, { name: 'LoggerError', code: 'BLACKBOX_NO_TRANSPORT', message: 'BLACKBOX_NO_TRANSPORT: this logger writes to no pino transport' })
    }
  }
})

t.test('only transports of other packages: a FlushError, long before time is up', async t => {
  for (const options of [trash, { targets: [trash, trash] }, { pipeline: [trash] }]) {
    const { log, errors } = logger(t, options)
    log.info('one line')
    const started = Date.now()
    const error = await rejection(flush(log, { timeout: LONG }))
    t.ok(error instanceof FlushError)
    t.match(error, { name: 'FlushError', code: 'BLACKBOX_NO_OUTPUT', message: 'BLACKBOX_NO_OUTPUT: no transport of this logger has an output of pino-blackbox' })
    t.ok(Date.now() - started < LONG / 3, 'long before')
    t.strictSame(errors, [], 'and the transport lives')
  }
})

t.test('one of several transports has an output: that is enough', async t => {
  const directory = t.testdir()
  const mine = logger(t, jsonl({ file: join(directory, 'app') })).transport
  const log = pino({}, pino.multistream([{ stream: logger(t, trash).transport }, { stream: mine }]))
  log.info({ seq: 0 })
  await flush(log, { timeout: LONG })
  t.match(await readLines(directory, 'app'), [{ seq: 0 }])
})

t.test('a disk that takes nothing: time is up; once it does, the lines are there, once', async t => {
  const { directory, target, free } = blocked(t)
  const { log, transport, errors } = logger(t, target)
  for (let seq = 0; seq < 100; seq++) log.info({ seq })
  const listeners = (): number => transport.eventNames().map(name => transport.listenerCount(name)).reduce((sum, count) => sum + count, 0)
  await once(transport, 'ready')
  await rejection(flush(log, { timeout: 50 }))
  const before = listeners()
  for (let i = 0; i < 3; i++) {
    const error = await rejection(flush(log, { timeout: '50ms' }))
    t.ok(error instanceof FlushError)
    t.match(error, { code: 'BLACKBOX_FLUSH_TIMEOUT', message: 'BLACKBOX_FLUSH_TIMEOUT: not durable within 50 ms' })
  }
  t.match(await rejection(flush(log, { timeout: 50, until: 'delivered' })), { message: 'BLACKBOX_FLUSH_TIMEOUT: not delivered within 50 ms' })
  t.equal(listeners(), before, 'flushes given up leave no listeners behind')
  free()
  await flush(log, { timeout: LONG })
  t.strictSame((await readLines(directory, 'app')).map(({ seq }) => seq), [...Array(100).keys()])
  t.strictSame(errors, [])
})

t.test('closed while it waits: a FlushError', async t => {
  const { target } = blocked(t)
  const { log, transport } = logger(t, target)
  log.info('never written')
  await once(transport, 'ready')
  const flushed = rejection(flush(log, { timeout: LONG }))
  await until(async () => (await rejection(flush(log, { timeout: 20 }))).code === 'BLACKBOX_FLUSH_TIMEOUT')
  transport.end()
  const error = await flushed
  t.ok(error instanceof FlushError)
  t.match(error.code, /^BLACKBOX_(CLOSED|FLUSH_FAILED)$/)
})

t.test('after the end: a FlushError', async t => {
  const { log } = logger(t, jsonl({ file: join(t.testdir(), 'app') }))
  log.info('a line')
  await shutdown(log)
  const error = await rejection(flush(log, { timeout: LONG }))
  t.ok(error instanceof FlushError)
  t.match(error, { code: 'BLACKBOX_CLOSED' })
})

t.test('a transport that never came to life: a FlushError', async t => {
  const { log, errors } = logger(t, { target: 'pino-blackbox/jsonl', options: { file: '' } })
  const error = await rejection(flush(log, { timeout: LONG }))
  t.ok(error instanceof FlushError)
  t.match(error, { code: 'BLACKBOX_CLOSED' })
  await until(() => errors.length > 0)
  t.match(errors, [{ message: /^BLACKBOX_OPTION: / }])
})

t.test('bad options of flush are told', async t => {
  const { log } = logger(t, jsonl({ file: join(t.testdir(), 'app') }))
  for (const [timeout, text] of [[0, '0 (number)'], [-1, '-1 (number)'], [NaN, 'NaN (number)'], [Infinity, 'Infinity (number)'], ['soon', '"soon" (string)'], [null, 'null'], [{}, '{} (object)']]) {
    const error = await rejection(flush(log, { timeout: timeout as number }))
    t.match(error, { message: `Expected \`timeout\` to be a positive duration, got ${text}` })
  }
  const error = await rejection(flush(log, { until: 'written' as 'durable' }))
  t.match(error, { message: 'Expected `until` to be \'durable\' or \'delivered\', got "written" (string)' })
})

t.test('a timeout longer than any timer is no timeout at once', async t => {
  const { target, free } = blocked(t)
  const { log } = logger(t, target)
  log.info('a line')
  const flushed = flush(log, { timeout: '30d' })
  flushed.catch(() => {})
  await rejection(flush(log, { timeout: 300 }))
  free()
  await t.resolves(flushed)
})

t.test('many flushes at once all resolve, and nothing is warned of', async t => {
  const directory = t.testdir()
  const { log, errors } = logger(t, jsonl({ file: join(directory, 'app') }))
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const flushes = Array.from({ length: 50 }, (_, seq) => {
    log.info({ seq })
    return flush(log, { timeout: LONG })
  })
  await Promise.all(flushes)
  t.equal((await readLines(directory, 'app')).length, 50)
  await flush(log)
  t.strictSame([warnings, errors], [[], []])
})

for (const [title, shape] of [
  ['one target', (target: object) => target],
  ['targets', (target: object) => ({ targets: [target, trash] })],
  ['a pipeline', (target: object) => ({ pipeline: [target] })]
] as Array<[string, (target: object) => Parameters<typeof pino.transport>[0]]>) {
  t.test(`flush comes back while lines keep coming, and has those from before it: ${title}`, async t => {
    const directory = t.testdir()
    const { log } = logger(t, shape(jsonl({ file: join(directory, 'app') })))
    let seq = 0
    let busy = true
    // In every turn of the event loop, as a busy server does; with some work beside it, so that the worker keeps up.
    const write = (): void => {
      log.info({ seq: seq++ })
      for (const end = performance.now() + 0.3; performance.now() < end;);
      if (busy) setImmediate(write)
    }
    write()
    try {
      for (let round = 0; round < 3; round++) {
        const mark = seq
        await flush(log, { timeout: 10_000 })
        t.ok(found(directory) >= mark, `${mark} lines`)
      }
    } finally {
      busy = false
    }
  })
}

/** Whole lines in the files, which are being written meanwhile. */
function found (directory: string): number {
  return fs.readFileSync(join(directory, 'app.1.log'), 'utf8').split('\n').length - 1
}

for (const [title, before] of Object.entries({ 'has answered before': true, 'has never answered': false })) {
  t.test(`a worker that ${title} and stands still for some seconds has outputs all the same`, async t => {
    const directory = t.testdir()
    const stall = join(directory, 'stall')
    const { log } = logger(t, { ...jsonl({ file: join(directory, 'app') }), worker: { ...preloaded('stalling.js'), env: { ...process.env, STALL: stall } } })
    if (before) await flush(log, { timeout: LONG })
    fs.writeFileSync(stall, '')
    log.info('before it answers')
    const flushed = flush(log, { timeout: LONG })
    // Who has never answered may be nobody of ours.
    if (before) await flushed
    else await flushed.catch(() => {})
    log.info('afterwards')
    await until(() => flush(log, { timeout: LONG }).then(() => true, () => false))
    t.equal((await readLines(directory, 'app')).length, 2)
  })
}
