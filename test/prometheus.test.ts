// prom-client: what a scrape of a Fastify application reads, beside the figures of watch().
import t, { type Test } from 'tap'
import { join } from 'node:path'
import Fastify from 'fastify'
import { Registry, register } from 'prom-client'
import { http, jsonl, flush, tee, watch, shutdown, type OutputMetrics, type Watch } from 'pino-blackbox'
import { registerMetrics } from 'pino-blackbox/prometheus'
import { stayAwake, until } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

stayAwake(t)
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })

interface Sample { name: string, labels: Record<string, string>, value: number }

/** The text format: https://prometheus.io/docs/instrumenting/exposition_formats */
function parse (text: string): { types: Map<string, string>, help: Set<string>, samples: Sample[] } {
  const types = new Map<string, string>()
  const help = new Set<string>()
  const samples: Sample[] = []
  for (const line of text.split('\n').filter(line => line !== '')) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line)
    if (comment) {
      if (comment[1] === 'TYPE') types.set(comment[2]!, comment[3]!)
      else help.add(comment[2]!)
      continue
    }
    const [, name, labels, value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === undefined) throw new Error(`no sample: ${line}`)
    samples.push({ name, labels: Object.fromEntries([...(labels ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!])), value: Number(value) })
  }
  return { types, help, samples }
}

/** A shop with the routes that the README shows. */
async function shop (t: Test, registry: Registry) {
  const directory = t.testdir()
  const target = await receiver(t, { script: [{ status: 400, when: { contains: 'poison' } }, { status: 200 }] })
  const app = Fastify({
    logger: {
      level: 'trace',
      transport: tee([
        jsonl({ file: join(directory, 'app'), name: 'file "1"' }),
        http({ url: target.url, name: 'net', journal: { dir: join(directory, 'journal'), maxSize: '1m' }, retry: { minDelay: 1, maxDelay: 2 } }, { level: 'warn' })
      ])
    },
    disableRequestLogging: true
  })
  const watched = watch(app.log, { health: { failures: 2, window: '2s' } })
  registerMetrics(watched, { registry })
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()))
  app.get('/health', async (_request, reply) => {
    const health = watched.health()
    return reply.code(health.status === 'degraded' ? 503 : 200).send(health)
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    await app.close()
    await shutdown(app.log).catch(() => {})
  })
  await watched.ready
  return { app, url, watched, target }
}

t.test('a scrape has every figure, with its labels, in base units, and adds up', async t => {
  const registry = new Registry()
  const { app, url, watched } = await shop(t, registry)
  for (let seq = 0; seq < 100; seq++) app.log.warn({ writer: 'w', seq }, seq === 50 ? 'poison' : 'a line')
  for (let seq = 100; seq < 200; seq++) app.log.info({ writer: 'w', seq }, 'a line')
  await flush(app.log, { until: 'delivered' })
  await until(() => watched.metrics().every(({ pendingRecords }) => pendingRecords === 0))
  const response = await fetch(`${url}/metrics`)
  t.equal(response.headers.get('content-type'), registry.contentType)
  const { types, help, samples } = parse(await response.text())
  const value = (name: string, output: string, more: Record<string, string> = {}): number | undefined =>
    samples.find(sample => sample.name === `pino_blackbox_${name}` && sample.labels.output === output && Object.entries(more).every(([key, text]) => sample.labels[key] === text))?.value
  for (const { name, kind, ...metrics } of watched.metrics()) {
    const output = name.replaceAll('"', '\\"')
    t.ok(samples.filter(({ labels }) => labels.output === output).every(({ labels }) => labels.kind === kind), `${name} is of kind ${kind}`)
    const figures: Array<[string, number]> = [
      ['accepted_records_total', metrics.acceptedRecords], ['accepted_bytes_total', metrics.acceptedBytes], ['recovered_records_total', metrics.recoveredRecords],
      ['recovered_bytes_total', metrics.recoveredBytes], ['delivered_records_total', metrics.deliveredRecords], ['delivered_bytes_total', metrics.deliveredBytes],
      ['dead_letter_records_total', metrics.deadRecords], ['dead_letter_bytes_total', metrics.deadBytes], ['batches_total', metrics.batches],
      ['batch_attempts_total', metrics.batchAttempts], ['batch_duration_seconds_total', metrics.batchDuration / 1000], ['retries_total', metrics.retries],
      ['retried_records_total', metrics.retriedRecords], ['retried_bytes_total', metrics.retriedBytes], ['failures_total', metrics.failures],
      ['export_failures_total', metrics.exportFailures], ['flushes_total', metrics.flushes], ['flushed_records_total', metrics.flushedRecords],
      ['flush_duration_seconds_total', metrics.flushDuration / 1000], ['torn_bytes_total', metrics.tornBytes], ['sealed_segments_total', metrics.segmentsSealed],
      ['published_files_total', metrics.filesPublished], ['spilled_values_total', metrics.spilledValues], ['corrupt_records_total', metrics.corruptRecords],
      ['skipped_hooks_total', metrics.skippedHooks], ['pending_records', metrics.pendingRecords], ['pending_bytes', metrics.pendingBytes],
      ['pending_segments', metrics.pendingSegments], ['capacity_records', metrics.capacityRecords], ['capacity_bytes', metrics.capacityBytes],
      ['oldest_pending_timestamp_seconds', metrics.oldestPending / 1000], ['last_delivery_timestamp_seconds', metrics.lastDelivery / 1000], ['health', 0]
    ]
    for (const [figure, expected] of figures) t.equal(value(figure, output), expected, `${name}: ${figure}`)
    for (const [reason, records] of Object.entries(metrics.dropped)) t.equal(value('dropped_records_total', output, { reason }), records, reason)
    for (const [reason, bytes] of Object.entries(metrics.droppedBytesBy)) t.equal(value('dropped_bytes_total', output, { reason }), bytes, reason)
    const known = new Set([...figures.map(([figure]) => `pino_blackbox_${figure}`), 'pino_blackbox_dropped_records_total', 'pino_blackbox_dropped_bytes_total'])
    t.strictSame(samples.filter(sample => !known.has(sample.name)), [], 'and no other')
    const told = figures.filter(([figure]) => figure.startsWith('dead_letter')).map(([, records]) => records)
    t.equal(told[0]! > 0, name === 'net')
  }
  for (const [name, type] of types) {
    t.equal(type, name.endsWith('_total') ? 'counter' : 'gauge', name)
    t.ok(help.has(name), `${name} says what it is`)
  }
})

t.test('figures are of the moment of the scrape, all of one moment', async t => {
  const registry = new Registry()
  let looks = 0
  let moment: Partial<OutputMetrics> = {}
  const watched = {
    metrics () {
      looks++
      return [{ ...base, ...moment }]
    },
    health: () => ({ status: 'warning', outputs: [{ name: 'a', kind: 'http', status: 'warning', reasons: [] }] })
  } as unknown as Watch
  const base = { name: 'a', kind: 'http', dropped: {}, droppedBytesBy: {}, acceptedRecords: 1 } as unknown as OutputMetrics
  registerMetrics(watched, { registry, prefix: 'logs_' })
  t.equal(looks, 0, 'nobody asks before')
  t.match(await registry.metrics(), /^logs_accepted_records_total\{output="a",kind="http"\} 1$/m)
  t.equal(looks, 1)
  moment = { acceptedRecords: 5 }
  const text = await registry.metrics()
  t.match(text, /^logs_accepted_records_total\{output="a",kind="http"\} 5$/m)
  t.match(text, /^logs_health\{output="a",kind="http"\} 1$/m)
  t.equal(looks, 2)
})

t.test('the health route says when it is degraded, and when it is well again', async t => {
  const { app, url, target } = await shop(t, new Registry())
  t.equal((await fetch(`${url}/health`)).status, 200)
  await target.script([{ status: 503 }])
  app.log.warn({ writer: 'w', seq: 0 }, 'a line')
  await until(async () => (await fetch(`${url}/health`)).status === 503)
  await target.script([{ status: 200 }])
  await until(async () => (await fetch(`${url}/health`)).status === 200)
  t.match(await (await fetch(`${url}/health`)).json(), { status: 'healthy', outputs: [{ name: 'file "1"', status: 'healthy' }, { name: 'net', reasons: [] }] })
})

t.test('twice in one registry, and bad options, are errors that say what to do', async t => {
  const watched = { metrics: () => [], health: () => ({ outputs: [] }) } as unknown as Watch
  const registry = new Registry()
  registerMetrics(watched, { registry })
  t.match(t.throws(() => registerMetrics(watched, { registry })), { code: 'BLACKBOX_METRICS', message: /begin with pino_blackbox_ already: give another `prefix`, or another `registry`/ })
  registerMetrics(watched, { registry, prefix: 'other_' })
  t.teardown(() => register.clear())
  registerMetrics(watched)
  t.ok(register.getSingleMetric('pino_blackbox_accepted_records_total'), "prom-client's own registry")
  t.match(t.throws(() => registerMetrics(watched, { prefix: '1-' })), { code: 'BLACKBOX_OPTION', option: 'prefix', message: /got "1-" \(string\)/ })
  t.match(t.throws(() => registerMetrics(watched, { registry: {} as never })), { code: 'BLACKBOX_OPTION', option: 'registry', message: /an object with a method `registerMetric`/ })
  t.match(t.throws(() => registerMetrics(watched, { prefx: 'a' } as never)), { message: /did you mean `prefix`/ })
})
