// B30, C24: an exporter of the user's own has the journal, the retries, the dead letters and the figures of every other output.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { defineExporter, exporter, flush, jsonl, OptionError, RefusedError, shutdown, tee, watch, type ExporterOptions, type Target } from 'pino-blackbox'
import { fixture, produce, until } from './fixtures/harness.js'
import { range } from './fixtures/jsonl.js'

interface Call {
  key?: string
  size?: number
  text?: string
  lines?: string[]
  records?: Array<Record<string, unknown>>
  malformed?: string[]
  bytes?: number
  step?: string
  /** Calls that were under way, this one included. */
  under?: number
  aborted?: string
  why?: string
  delivered?: string
  closed?: boolean
}

const told = fixture('exporters/told.js')

interface Place { dir: string, file: string, calls: () => Call[], options: (more?: Partial<ExporterOptions>, told?: object) => ExporterOptions }

function place (t: Test): Place {
  const dir = t.testdir()
  const file = join(dir, 'calls.jsonl')
  return {
    dir,
    file,
    calls: () => fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line) as Call) : [],
    options: (more = {}, own = {}) => ({ module: told, options: { file, ...own }, journal: { dir: join(dir, 'spool') }, retry: { minDelay: 1, maxDelay: 5 }, ...more })
  }
}

function open (transport: Target) {
  const stream = pino.transport(transport)
  const errors: unknown[] = []
  stream.on('error', error => errors.push(error))
  const log = pino({ base: null, timestamp: false }, stream)
  return { log, stream, errors, watching: watch(log) }
}

/** Numbers of the lines that were delivered, in the order in which they were. */
const delivered = (calls: readonly Call[]): number[] =>
  calls.filter(call => 'delivered' in call).flatMap(({ text }) => text!.split('\n').slice(0, -1).map(line => JSON.parse(line).seq as number))
const letters = (dir: string, name = 'told'): Array<{ key: string, reason: string, record: string }> => {
  const dead = join(dir, 'spool', `exporter-${name}`, 'dead')
  return fs.existsSync(dead) ? fs.readdirSync(dead).sort().flatMap(file => fs.readFileSync(join(dead, file), 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line))) : []
}

t.test('a batch is text, lines and records, those that are none apart', async t => {
  const { calls, options } = place(t)
  const { log, stream, watching } = open(exporter(options({ batch: { flushRecords: 4, flushAge: false } })))
  log.info({ seq: 1 }, 'é')
  stream.write('no JSON\n')
  stream.write('[1]\n')
  log.warn({ seq: 2 })
  await flush(log, { until: 'delivered' })
  const [{ key, step, under, ...batch }] = calls() as [Call]
  const text = '{"level":30,"seq":1,"msg":"é"}\nno JSON\n[1]\n{"level":40,"seq":2}\n'
  t.strictSame(batch, {
    size: 4,
    text,
    lines: text.split('\n').slice(0, -1),
    records: [{ level: 30, seq: 1, msg: 'é' }, { level: 40, seq: 2 }],
    malformed: ['no JSON', '[1]'],
    bytes: Buffer.byteLength(text)
  })
  t.match(key, /^\d{15}-[0-9a-f]{16}-\d{9}$/)
  t.match(watching.metrics(), [{ kind: 'exporter', name: 'told', acceptedRecords: 4, deliveredRecords: 4, deadRecords: 0, droppedRecords: 0 }])
  await shutdown(log)
  t.strictSame(calls().at(-1), { closed: true })
})

t.test('whatever fails is tried again under the same key, in order; nothing reaches the application', async t => {
  const { calls, options } = place(t)
  const { log, errors, watching } = open(exporter(options({ batch: { flushRecords: 10 } }, { steps: ['reject', 'throw', 'reject'] })))
  for (const seq of range(100)) log.info({ seq })
  await flush(log, { until: 'delivered' })
  const asked = calls().filter(({ key }) => key !== undefined)
  t.equal(new Set(asked.slice(0, 4).map(({ key }) => key)).size, 1)
  t.equal(new Set(asked.slice(0, 4).map(({ text }) => text)).size, 1)
  t.strictSame(delivered(calls()), range(100))
  t.match(watching.metrics(), [{ deliveredRecords: 100, retries: 3, failures: 3 }])
  await shutdown(log)
  t.strictSame(errors, [])
})

t.test('a delivery that gives no promise is done when it returns', async t => {
  const { calls, options } = place(t)
  const { log, watching } = open(exporter(options({}, { steps: ['nothing'] })))
  log.info({ seq: 0 })
  await flush(log, { until: 'delivered' })
  t.equal(calls().length, 1)
  t.match(watching.metrics(), [{ deliveredRecords: 1, failures: 0 }])
  await shutdown(log)
})

t.test('one that takes too long is told so by its signal, and tried again, whether it listens or not', async t => {
  const { calls, options } = place(t)
  const { log } = open(exporter(options({ timeout: 50 }, { steps: ['hang', 'deaf'] })))
  log.info({ seq: 0 })
  await flush(log, { until: 'delivered' })
  t.strictSame(calls().filter(({ aborted }) => aborted).map(({ why }) => why), ['not done within 50 ms', 'not done within 50 ms'])
  t.strictSame(delivered(calls()), [0])
  await shutdown(log)
})

t.test('what is refused is found by halving, and becomes a dead letter; its neighbours are delivered', async t => {
  const { dir, calls, options } = place(t)
  const { log, watching } = open(exporter(options({ batch: { flushRecords: 16, flushAge: false } }, { poison: 'arsenic' })))
  for (const seq of range(16)) log.info({ seq }, seq === 5 || seq === 11 ? 'arsenic' : 'water')
  await flush(log, { until: 'delivered' })
  t.strictSame(delivered(calls()), range(16).filter(seq => seq !== 5 && seq !== 11))
  t.match(letters(dir), [{ reason: 'BLACKBOX_REFUSED: poison', record: /"seq":5,/ }, { reason: 'BLACKBOX_REFUSED: poison', record: /"seq":11,/ }])
  t.match(letters(dir).map(({ key }) => key.split('/')[1]), ['5-6', '11-12'])
  t.match(watching.metrics(), [{ deliveredRecords: 14, deadRecords: 2, pendingRecords: 0 }])
  await shutdown(log)
})

t.test('lines that a refusal names are dead letters at once; the others are delivered', async t => {
  const { dir, calls, options } = place(t)
  const { log, watching } = open(exporter(options({ batch: { flushRecords: 16, flushAge: false } }, { poison: 'arsenic', exact: true })))
  for (const seq of range(16)) log.info({ seq }, seq === 5 || seq === 11 ? 'arsenic' : 'water')
  await flush(log, { until: 'delivered' })
  t.equal(calls().filter(({ key }) => key !== undefined).length, 1, 'one call')
  t.strictSame(delivered(calls()), range(16).filter(seq => seq !== 5 && seq !== 11))
  t.strictSame(letters(dir).map(({ record }) => JSON.parse(record).seq), [5, 11])
  t.match(watching.metrics(), [{ deliveredRecords: 14, deadRecords: 2, pendingRecords: 0 }])
  await shutdown(log)
})

t.test('at most `concurrency` at the same time', async t => {
  const { calls, options } = place(t)
  const { log } = open(exporter(options({ concurrency: 3, timeout: 100, batch: { flushRecords: 10, maxRecords: 10 } }, { steps: ['hang', 'hang', 'hang'] })))
  for (const seq of range(100)) log.info({ seq })
  await flush(log, { until: 'delivered' })
  t.equal(Math.max(...calls().map(({ under = 0 }) => under)), 3)
  t.strictSame(delivered(calls()).sort((a, b) => a - b), range(100))
  await shutdown(log)
})

t.test('closing aborts what hangs, calls `close` once whatever it does, and leaves the rest to the next', async t => {
  const { calls, options } = place(t)
  for (const close of ['hang', 'reject']) {
    const { log, errors } = open(exporter(options({ closeTimeout: 500 }, { steps: ['deaf'], close })))
    log.info({ seq: 0 })
    await shutdown(log)
    t.strictSame(errors, [])
  }
  t.equal(calls().filter(({ closed }) => closed).length, 2)
  const { log } = open(exporter(options()))
  await flush(log, { until: 'delivered' })
  await until(() => delivered(calls()).length >= 2)
  t.strictSame(delivered(calls()), [0, 0])
  await shutdown(log)
})

t.test('SIGKILL: what was acknowledged is delivered by the next, under the keys it had', { timeout: 60_000 }, async t => {
  const { calls, options } = place(t)
  const batch = { flushRecords: 50, flushAge: 20 }
  for (let run = 0; run < 3; run++) {
    const producer = produce({ transport: exporter(options({ batch }, { steps: ['reject', 'reject'] })), writer: `run-${run}`, ackEvery: 300, burst: 20 })
    await producer.reached(600)
    producer.process.kill('SIGKILL')
    await producer.exited
    const { log } = open(exporter(options({ batch })))
    await flush(log, { until: 'delivered' })
    await until(() => of(calls(), `run-${run}`).length >= producer.acked)
    await shutdown(log)
    const seqs = of(calls(), `run-${run}`)
    t.strictSame([...new Set(seqs)], range(new Set(seqs).size), `${producer.acked} acknowledged`)
  }
  const texts = new Map<string, string>()
  for (const { key, text } of calls().filter(({ key }) => key !== undefined)) {
    if (texts.has(key!)) t.equal(text, texts.get(key!), 'the same bytes under the same key')
    texts.set(key!, text!)
  }
})

function of (calls: readonly Call[], writer: string): number[] {
  return calls.filter(call => 'delivered' in call).flatMap(({ text }) => text!.split('\n').slice(0, -1)
    .map(line => JSON.parse(line) as { writer?: string, seq: number }).filter(line => line.writer === writer).map(({ seq }) => seq))
}

t.test('four processes on one journal, two of them killed: every acknowledged line, each batch by one', { timeout: 60_000 }, async t => {
  const { calls, options } = place(t)
  const transport = exporter(options({ batch: { flushRecords: 50, flushAge: 20 } }))
  const producers = range(4).map(n => produce({ transport, writer: `p-${n}`, ackEvery: 200, burst: 20, count: n < 2 ? 1e9 : 2000 }))
  await Promise.all(producers.map(async producer => { await producer.reached(1000) }))
  for (const { process } of producers.slice(0, 2)) process.kill('SIGKILL')
  await Promise.all(producers.map(({ exited }) => exited))
  const { log } = open(exporter(options()))
  const missing = (): string[] => producers.flatMap(({ acked }, n) => of(calls(), `p-${n}`).length >= acked ? [] : [`p-${n}`])
  await until(() => missing().length === 0)
  await flush(log, { until: 'delivered' })
  await shutdown(log)
  for (const [n, { acked }] of producers.entries()) {
    const seqs = [...new Set(of(calls(), `p-${n}`))]
    t.ok(seqs.length >= acked, `${acked} acknowledged`)
    t.strictSame(seqs, range(seqs.length))
  }
})

t.test('in a tee, by name, with a level; beside a file', async t => {
  const { dir, calls, options } = place(t)
  const { log } = open(tee([jsonl({ file: join(dir, 'logs/app') }), { target: 'pino-blackbox/exporter', level: 'warn', options: options({ name: 'second', journal: 'memory' }) }]))
  for (const seq of range(10)) log[seq % 2 === 0 ? 'info' : 'warn']({ seq })
  await flush(log, { until: 'delivered' })
  t.strictSame(delivered(calls()), [1, 3, 5, 7, 9])
  t.match(watch(log).metrics().map(({ name }) => name), [/^jsonl /, 'second'])
  t.notOk(fs.existsSync(join(dir, 'spool')))
  await shutdown(log)
})

t.test('what is wrong with a module is said at the beginning', async t => {
  const { dir } = place(t)
  const write = (name: string, text: string): string => {
    fs.writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  for (const [options, problem] of [
    [{}, 'Expected `module` to be a non-empty string, got undefined'],
    [{ module: './nowhere.mjs' }, /^Expected `module` to be the path of a module, got "\.\/nowhere\.mjs" \(string\): ENOENT/],
    [{ module: dir }, /is no file$/],
    [{ module: told, timeout: 0 }, 'Expected `timeout` to be a positive duration such as 500, \'500ms\', \'15m\' or \'7d\', up to 24 days, got 0 (number)'],
    [{ module: told, concurrency: 65 }, 'Expected `concurrency` to be a positive integer up to 64, got 65 (number)'],
    [{ module: told, retry: { minDelay: '1m' } }, 'Contradictory options: `retry.minDelay` (60000 ms) is longer than `retry.maxDelay` (30000 ms)'],
    [{ module: told, modul: 1 }, 'Unknown option `modul`; did you mean `module`?']
  ] as const) {
    const error = t.throws(() => exporter(options as never)) as unknown as OptionError
    t.match(error, { code: 'BLACKBOX_OPTION', problem })
  }
  for (const [text, problem] of [
    ['export default 5', /Expected `exporter` to be an object with `name` and `deliver`, got 5 \(number\)/],
    ['export default { name: "x" }', /Expected `deliver` to be a function, got undefined/],
    ['export default { deliver () {} }', /Expected `name` to be a non-empty string, got undefined/],
    ['export default { name: "x", deliver () {}, close: 1 }', /Expected `close` to be a function, got 1/],
    ['export default () => { throw new Error("no table") }', /no table/],
    ['export const x = 1', /got undefined/],
    ['import "./missing.mjs"', /missing\.mjs/]
  ] as const) {
    const transport = pino.transport(exporter({ module: write(`${text.length}.mjs`, text), journal: 'memory' }))
    const error = await new Promise<Error>(resolve => transport.once('error', resolve))
    t.match(error.message, /^BLACKBOX_OPTION: exporter: Expected `module` to give an exporter, got /)
    t.match(error.message, problem)
  }
  t.throws(() => defineExporter(null as never), { code: 'BLACKBOX_OPTION' })
  t.match(new RefusedError('why', { lines: [1] }), { code: 'BLACKBOX_REFUSED', message: 'BLACKBOX_REFUSED: why', lines: [1] })
})
