// Hooks: what they hear, what they are given, and that nothing that they do harms or delays a line.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import pino from 'pino'
import { console, flush, http, jsonl, parquet, shutdown, tee, watch, type OutputMetrics } from 'pino-blackbox'
import { program, readLines, stayAwake, until, type Program } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })

/** A module that writes each call of these hooks down, as JSON; `more` comes before. */
function recorder (t: Test, names = 'onRecordBuffered onRecordDropped onBatchWritten onBatchFailed onFlushCompleted', more = ''): { directory: string, hooks: string, calls: (name?: string) => any[][] } {
  const directory = t.testdir({
    'hooks.mjs': `import fs from 'node:fs'
const note = (...call) => fs.appendFileSync(new URL('./calls', import.meta.url), JSON.stringify(call) + '\\n')
${more}
${names.split(' ').map(name => `export const ${name} = (...args) => { ${more && 'before(...args); '}note('${name}', ...args) }`).join('\n')}`
  })
  return {
    directory,
    hooks: join(directory, 'hooks.mjs'),
    calls (name) {
      const text = fs.existsSync(join(directory, 'calls')) ? fs.readFileSync(join(directory, 'calls'), 'utf8') : ''
      const all = text.split('\n').slice(0, -1).map(line => JSON.parse(line) as any[])
      return name === undefined ? all : all.filter(call => call[0] === name).map(call => call.slice(1))
    }
  }
}

function logger (t: Test, options: Parameters<typeof pino.transport>[0]) {
  const transport = pino.transport(options)
  t.teardown(() => shutdown(transport).catch(() => {}))
  return { transport, log: pino({ level: 'trace' }, transport) }
}

const sum = (calls: any[][], at: number, key: string): number => calls.reduce((sum, call) => sum + call[at][key], 0)

t.test('each hook hears of each line, batch and flush, of each output', async t => {
  const { directory, hooks, calls } = recorder(t)
  const { url } = await receiver(t)
  const { log, transport } = logger(t, tee([
    jsonl({ file: join(directory, 'logs/app'), name: 'file', hooks }),
    http({ url, name: 'net', journal: { dir: join(directory, 'journal') }, hooks: pathToFileURL(hooks).href }),
    parquet({ dir: join(directory, 'data'), name: 'set', hooks }),
    console({ stream: 'stderr', name: 'screen', hooks }, { level: 'fatal' })
  ]))
  const watched = watch(log)
  await watched.ready
  const LINES = 1000
  for (let seq = 0; seq < LINES; seq++) log.info({ writer: 'w', seq, text: 'é€😀' }, 'a line')
  transport.write('no JSON\n[1]\n')
  await flush(log, { until: 'delivered' })
  await shutdown(log)
  const metrics = watched.metrics()
  for (const { name, kind, acceptedRecords, deliveredRecords, deliveredBytes, deadRecords, skippedHooks, batches, flushes } of metrics) {
    const mine = (hook: string, at: number) => calls(hook).filter(call => call[at].output === name && call[at].kind === kind)
    const records = mine('onRecordBuffered', 1)
    t.equal(records.length, acceptedRecords, name)
    if (kind !== 'console') {
      t.strictSame(records.slice(0, LINES).map(([record]) => record.seq), Array.from({ length: LINES }, (_, seq) => seq), `${name}: in order`)
      t.match(records[0], [{ level: 30, text: 'é€😀', msg: 'a line' }, { output: name, kind }])
      t.strictSame(records.slice(LINES).map(([record]) => record), ['no JSON', '[1]'])
    }
    t.equal(sum(mine('onBatchWritten', 0), 0, 'records'), deliveredRecords, name)
    t.equal(sum(mine('onBatchWritten', 0), 0, 'bytes'), deliveredBytes, name)
    t.equal(mine('onBatchWritten', 0).length, batches)
    t.equal(sum(mine('onBatchFailed', 0).filter(([{ kept }]) => kept === 'dead letters'), 0, 'records'), deadRecords, name)
    t.equal(mine('onFlushCompleted', 0).length, flushes)
    t.equal(skippedHooks, 0)
  }
  t.match(calls('onBatchFailed'), [[{ output: 'net', kind: 'http', kept: 'dead letters', records: 2, attempts: 1, error: /malformed/ }]])
})

t.test('a receiver that fails: each failed attempt, with its error and where the lines are', async t => {
  const { directory, hooks, calls } = recorder(t)
  const { url } = await receiver(t, { script: [{ status: 503 }, { status: 503 }, { status: 200 }] })
  const { log } = logger(t, http({ url, journal: { dir: join(directory, 'journal') }, retry: { minDelay: 1 }, hooks }))
  log.info({ writer: 'w', seq: 0 }, 'a line')
  await flush(log, { until: 'delivered' })
  await until(() => calls('onBatchWritten').length === 1)
  t.match(calls('onBatchFailed'), [[{ kept: 'journal', records: 1, error: /503/ }], [{ kept: 'journal', records: 1 }]])
  t.match(calls('onBatchWritten'), [[{ attempts: 3, records: 1, duration: Number }]])
})

t.test('dropped lines: as records where they are at hand, as numbers where they are on the disk', async t => {
  const target = await receiver(t, { script: [{ status: 503 }] })
  for (const where of ['memory', 'disk'] as const) {
    const { directory, hooks, calls } = recorder(t, 'onRecordDropped')
    const journal = where === 'memory' ? { dir: false as const, maxBufferRecords: 100 } : { dir: join(directory, 'journal'), maxSize: '20k' }
    const { log } = logger(t, http({ url: target.url, journal, retry: { minDelay: 1, maxDelay: 5 }, batch: { maxRecords: 10 }, hooks, closeTimeout: 1000 }))
    const watched = watch(log)
    await watched.ready
    for (let seq = 0; seq < 1000; seq++) {
      log.info({ writer: 'w', seq }, 'a line')
      // Those on the disk are in segments.
      if (seq % 50 === 0) await (where === 'disk' ? flush(log) : new Promise(resolve => setImmediate(resolve)))
    }
    await until(() => watched.metrics()[0]!.acceptedRecords === 1000)
    await shutdown(log, { timeout: '1s' }).catch(() => {})
    const [metrics] = watched.metrics() as [OutputMetrics]
    t.ok(metrics.dropped.evicted > 0, `${where}: ${metrics.dropped.evicted} evicted`)
    t.equal(sum(calls('onRecordDropped'), 2, 'records'), metrics.droppedRecords, where)
    t.equal(sum(calls('onRecordDropped'), 2, 'bytes'), metrics.droppedBytes, where)
    const whole = calls('onRecordDropped').filter(([record]) => record)
    if (where === 'memory') t.match(whole[0], [{ seq: Number, msg: 'a line' }, 'evicted', { output: /^http/, kind: 'http', records: 1, bytes: Number }])
    else t.ok(calls('onRecordDropped').some(([record, reason, { records }]) => record === null && reason === 'evicted' && records > 1))
  }
})

interface Hooked { ask (what: object): Promise<OutputMetrics[]>, end (): Promise<OutputMetrics[]>, child: Program }

async function hooked (argument: object): Promise<Hooked> {
  const child = program('hooked.js', argument)
  await child.said('ready')
  let asked = 0
  return {
    child,
    async ask (what) {
      const go = ++asked
      child.process.send({ ...what, go })
      return (await child.said(`done-${go}`))[`done-${go}`] as OutputMetrics[]
    },
    async end () {
      child.process.send({ end: true })
      const { ended } = await child.said('ended')
      await child.exited
      return ended as OutputMetrics[]
    }
  }
}

const LINES = 500
/** What a hook does to the line with this number; what stderr says of it. */
const faults: Array<[title: string, does: string, told: RegExp, fast?: number]> = [
  ['throws', "throw new Error('no good')", /hooks.*onRecordBuffered failed: no good|onRecordBuffered failed/],
  ['rejects', "return Promise.reject(new Error('no good'))", /onRecordBuffered failed: no good/],
  ['throws what is no error', 'throw undefined', /onRecordBuffered failed: undefined/],
  ['ends the process', 'process.exit(1)', /the thread of the hooks was ended: it ended itself/],
  ['throws later', "setImmediate(() => { throw new Error('later') }); return new Promise(() => {})", /the thread of the hooks was ended: later/],
  ['fills the memory', 'const all = []; while (true) all.push(new Array(1e6).fill({}))', /the thread of the hooks was ended: .*memory/, 1],
  ['never ends', 'while (true) {}', /the thread of the hooks was ended: a call took more than 30 s/],
  ['never settles', 'return new Promise(() => {})', /the thread of the hooks was ended: a call took more than 30 s/]
]
for (const [title, does, told, fast = 30] of faults) {
  t.test(`a hook that ${title} loses no line, delays none, and is told; the other calls are made`, async t => {
    const directory = t.testdir({
      'hooks.mjs': `import fs from 'node:fs'
export function onRecordBuffered (record) {
  fs.appendFileSync(new URL('./calls', import.meta.url), record.seq + '\\n')
  if (record.seq === 100) { ${does} }
}`
    })
    const file = join(directory, 'logs', 'app')
    const log = await hooked({ transport: jsonl({ file, hooks: join(directory, 'hooks.mjs'), closeTimeout: 9000 }), fast })
    const [before] = await log.ask({ log: LINES }) as [OutputMetrics]
    t.match(before, { deliveredRecords: LINES, droppedRecords: 0 })
    t.equal((await readLines(join(directory, 'logs'), 'app')).length, LINES)
    const calls = (): string[] => fs.readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n')
    await until(() => calls().length === LINES)
    t.strictSame(calls(), Array.from({ length: LINES }, (_, seq) => String(seq)), 'every other call, in order')
    await until(() => told.test(log.child.stderr)).catch(() => t.match(log.child.stderr, told))
    t.match(await log.end(), [{ deliveredRecords: LINES, skippedHooks: /thread/.test(told.source) ? 1 : 0 }])
  })
}

t.test('a thread that ends between two tasks costs no call, nor does a task that comes before there is another', async t => {
  const directory = t.testdir({
    'hooks.mjs': `import fs from 'node:fs'
export function onRecordBuffered (record) {
  fs.appendFileSync(new URL('./calls', import.meta.url), record.seq + '\\n')
  if (record.seq === 99) setTimeout(() => { throw new Error('later') }, 50)
}`
  })
  const log = await hooked({ transport: jsonl({ file: join(directory, 'logs/app'), hooks: join(directory, 'hooks.mjs') }) })
  await log.ask({ log: 100 })
  await until(() => /the thread of the hooks was ended: later/.test(log.child.stderr))
  await log.ask({ log: 100 })
  await until(() => fs.readFileSync(join(directory, 'calls'), 'utf8').split('\n').length > 200)
  t.strictSame(fs.readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n'), Array.from({ length: 200 }, (_, seq) => String(seq)))
  t.match(await log.end(), [{ deliveredRecords: 200, skippedHooks: 0 }])
})

t.test('a hook that always fails is told once a minute', async t => {
  const directory = t.testdir({ 'hooks.mjs': "export function onRecordBuffered () { throw new Error('always') }" })
  const log = await hooked({ transport: jsonl({ file: join(directory, 'app'), hooks: join(directory, 'hooks.mjs') }) })
  for (let round = 0; round < 5; round++) await log.ask({ log: 100 })
  t.match(await log.end(), [{ deliveredRecords: 500, skippedHooks: 0 }])
  t.equal(log.child.stderr.match(/onRecordBuffered failed/g)?.length, 1, log.child.stderr)
})

t.test('hooks that are too slow: what waits is bounded, the rest is left out and counted, at the end too', async t => {
  const { directory, hooks, calls } = recorder(t, 'onRecordBuffered', 'const before = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)')
  const { log } = logger(t, jsonl({ file: join(directory, 'logs/app'), hooks, closeTimeout: 1000 }))
  const watched = watch(log)
  await watched.ready
  const COUNT = 15_000
  for (let seq = 0; seq < COUNT; seq++) log.info({ seq }, 'x'.repeat(1000))
  await flush(log)
  const mine = (): OutputMetrics => watched.metrics()[0]!
  t.match(mine(), { deliveredRecords: COUNT, droppedRecords: 0 }, 'no line waits for them')
  t.ok(mine().skippedHooks > 0 && mine().skippedHooks < COUNT, `${mine().skippedHooks} left out`)
  await shutdown(log)
  const made = calls('onRecordBuffered').length
  // One may have been under way, and has been written down, but has not ended.
  t.ok([0, 1].includes(made + mine().skippedHooks - COUNT), `${made} made, ${mine().skippedHooks} left out`)
})

t.test('hooks that are stopped at the end of the time: a call that is made until then is not counted as left out', async t => {
  const directory = t.testdir({
    'hooks.mjs': `import fs from 'node:fs'
const calls = fs.openSync(new URL('./calls', import.meta.url), 'a')
export function onRecordBuffered () {
  fs.writeSync(calls, '.')
  for (const until = performance.now() + 0.04; performance.now() < until;);
}`
  })
  const { log } = logger(t, jsonl({ file: join(directory, 'logs/app'), hooks: join(directory, 'hooks.mjs'), closeTimeout: 500 }))
  const watched = watch(log)
  await watched.ready
  const COUNT = 60_000
  for (let seq = 0; seq < COUNT; seq++) log.info({ seq }, 'a line')
  await shutdown(log)
  const { skippedHooks } = watched.metrics()[0]!
  const made = fs.statSync(join(directory, 'calls')).size
  t.ok(skippedHooks > 0, `${skippedHooks} left out`)
  t.ok([0, 1].includes(made + skippedHooks - COUNT), `${made} made`)
})

t.test('what waits when the output closes is still given to the hooks', async t => {
  const { directory, hooks, calls } = recorder(t, 'onRecordBuffered onBatchWritten')
  const { log } = logger(t, jsonl({ file: join(directory, 'logs/app'), hooks }))
  for (let seq = 0; seq < 5000; seq++) log.info({ seq }, 'a line')
  await shutdown(log)
  t.equal(calls('onRecordBuffered').length, 5000)
  t.equal(sum(calls('onBatchWritten'), 0, 'records'), 5000)
})

t.test('a CommonJS module, by a path that is relative to where it is given', async t => {
  const directory = t.testdir({ 'hooks.cjs': "const fs = require('node:fs')\nmodule.exports = { onFlushCompleted: flush => fs.appendFileSync(__dirname + '/calls', JSON.stringify(flush)) }" })
  const before = process.cwd()
  process.chdir(directory)
  const target = console({ stream: 'stderr', hooks: './hooks.cjs' })
  process.chdir(before)
  const { log } = logger(t, target)
  await flush(log)
  await until(() => fs.existsSync(join(directory, 'calls')))
  t.match(JSON.parse(fs.readFileSync(join(directory, 'calls'), 'utf8')), { output: 'console stderr', kind: 'console', records: 0, duration: Number })
})

t.test('a module that cannot be used is an error at the start', async t => {
  const directory = t.testdir({
    'none.mjs': 'export const nothing = 1',
    'typo.mjs': 'export function onRecordBufered () {}',
    'other.mjs': 'export function onRecordBuffered () {}\nexport function onSomethingElseEntirely () {}',
    'value.mjs': 'export const onRecordBuffered = 5',
    'throws.mjs': "throw new Error('not today')",
    'exits.mjs': 'process.exit(3)',
    'syntax.mjs': 'export {'
  })
  const file = join(directory, 'logs', 'app')
  const table: Array<[module: string, message: RegExp]> = [
    ['none.mjs', /^BLACKBOX_OPTION: jsonl: Expected `hooks` to be a module that exports onRecordBuffered or .* or onFlushCompleted, got ".* which exports none$/],
    ['typo.mjs', /^BLACKBOX_OPTION: jsonl: `hooks`: .* exports onRecordBufered; did you mean `onRecordBuffered`\?$/],
    ['other.mjs', /exports onSomethingElseEntirely; known are `onRecordBuffered`, `onRecordDropped`,/],
    ['value.mjs', /exports onRecordBuffered; which is to be a function$/],
    ['throws.mjs', /^BLACKBOX_OPTION: jsonl: Expected `hooks` to be a module that can be loaded, got ".*: not today$/],
    ['exits.mjs', /to be a module that can be loaded, got ".*: its thread ended with code 3$/],
    ['syntax.mjs', /to be a module that can be loaded, got ".*: Unexpected/]
  ]
  for (const [module, message] of table) {
    const transport = pino.transport(jsonl({ file, hooks: join(directory, module) }))
    const closed = new Promise(resolve => transport.once('close', resolve))
    const [error] = await once(transport, 'error') as [Error]
    t.match(error.message, message, module)
    await closed
  }
  for (const [build, kind] of [
    [(hooks: string) => jsonl({ file, hooks }), 'jsonl'], [(hooks: string) => console({ hooks }), 'console'],
    [(hooks: string) => http({ url: 'http://127.0.0.1:9/', hooks }), 'http'], [(hooks: string) => parquet({ dir: directory, hooks }), 'parquet']
  ] as const) {
    const message = `BLACKBOX_OPTION: ${kind}: Expected \`hooks\` to be the path of a module, got "./nowhere.mjs" (string): ENOENT`
    t.match(t.throws(() => build('./nowhere.mjs')), { code: 'BLACKBOX_OPTION', option: 'hooks', message: message as never }, kind)
    t.match(t.throws(() => build('.')), { option: 'hooks', message: /is no file/ }, kind)
    t.match(t.throws(() => build(5 as never)), { option: 'hooks', message: /to be a non-empty string, got 5/ }, kind)
  }
})
