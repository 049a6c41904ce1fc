// The figures of a watch as Prometheus metrics; the only importer of prom-client, which is the application's. They are read when somebody
// scrapes, and at no other time.
import { Counter, Gauge, register } from 'prom-client'
import { BlackboxError } from '../errors.js'
import { parsePrometheus, type PrometheusOptions } from '../config/prometheus.js'
import { DROP_REASONS, type Metrics } from './counters.js'
import { STATUSES } from './health.js'
import type { OutputMetrics, Watch } from '../watch.js'

export type { PrometheusOptions }

type Figure = Exclude<keyof Metrics, 'dropped' | 'droppedBytesBy' | 'droppedRecords' | 'droppedBytes'>

/** Name, figure, what it is, and by what the figure is divided to be in base units. */
type Row = readonly [name: string, figure: Figure, help: string, per?: number]

const MS = 1000
const TOTALS: readonly Row[] = [
  ['accepted_records_total', 'acceptedRecords', 'Lines that came in.'],
  ['accepted_bytes_total', 'acceptedBytes', 'Bytes of lines that came in.'],
  ['recovered_records_total', 'recoveredRecords', "Lines taken over from an earlier process's journal."],
  ['recovered_bytes_total', 'recoveredBytes', "Bytes of lines taken over from an earlier process's journal."],
  ['delivered_records_total', 'deliveredRecords', 'Lines that were delivered.'],
  ['delivered_bytes_total', 'deliveredBytes', 'Bytes of lines that were delivered.'],
  ['dead_letter_records_total', 'deadRecords', 'Lines refused for good by their receiver, and kept.'],
  ['dead_letter_bytes_total', 'deadBytes', 'Bytes of lines refused for good by their receiver, and kept.'],
  ['batches_total', 'batches', 'Batches that were delivered: requests, row groups, writes.'],
  ['batch_attempts_total', 'batchAttempts', 'Attempts that the delivered batches took.'],
  ['batch_duration_seconds_total', 'batchDuration', 'Time from the first attempt at each delivered batch to its end.', MS],
  ['retries_total', 'retries', 'Attempts that were repeated.'],
  ['retried_records_total', 'retriedRecords', 'Lines of batches that stayed for another attempt, counted for each.'],
  ['retried_bytes_total', 'retriedBytes', 'Bytes of batches that stayed for another attempt, counted for each.'],
  ['failures_total', 'failures', 'Failed calls: writes, opens, deliveries.'],
  ['export_failures_total', 'exportFailures', 'Failed attempts to deliver a batch that stayed for another one.'],
  ['flushes_total', 'flushes', 'Flushes that came to a good end.'],
  ['flushed_records_total', 'flushedRecords', 'Lines that were accepted before one of these began.'],
  ['flush_duration_seconds_total', 'flushDuration', 'Time that flushes took.', MS],
  ['torn_bytes_total', 'tornBytes', 'Bytes cut from files whose writer died in the middle of a line.'],
  ['sealed_segments_total', 'segmentsSealed', 'Segments of the journal that were sealed.'],
  ['published_files_total', 'filesPublished', 'Parquet files given to the dataset.'],
  ['spilled_values_total', 'spilledValues', 'Values that did not fit their Parquet column exactly.'],
  ['corrupt_records_total', 'corruptRecords', 'Lines that were no JSON object.'],
  ['skipped_hooks_total', 'skippedHooks', 'Calls of hooks that were left out.']
]
const STATES: readonly Row[] = [
  ['pending_records', 'pendingRecords', 'Lines that wait.'],
  ['pending_bytes', 'pendingBytes', 'Bytes of lines that wait.'],
  ['pending_segments', 'pendingSegments', 'Sealed segments that wait.'],
  ['capacity_records', 'capacityRecords', 'Lines that may wait; 0 for any number.'],
  ['capacity_bytes', 'capacityBytes', 'Bytes of lines that may wait; 0 for any number.'],
  ['oldest_pending_timestamp_seconds', 'oldestPending', 'Unix time since when the oldest sealed segment waits; 0 when none does.', MS],
  ['last_delivery_timestamp_seconds', 'lastDelivery', 'Unix time of the last delivery; 0 before the first.', MS]
]
const LABELS = ['output', 'kind'] as const

/**
 * Registers the figures of all outputs of `watch`, with the labels `output` and `kind`, and `reason` for dropped lines. Throws an
 * OptionError, and a BlackboxError when the registry has metrics of these names already.
 */
export function registerMetrics (watch: Watch, options?: PrometheusOptions): void {
  const { registry = register, prefix } = parsePrometheus(options)
  if (registry.getSingleMetric(prefix + TOTALS[0]![0])) {
    throw new BlackboxError('BLACKBOX_METRICS', `this registry has metrics that begin with ${prefix} already: give another \`prefix\`, or another \`registry\``)
  }
  const registers = [registry]
  // All metrics of a scrape are collected in one turn, and are to be of one moment.
  let moment: OutputMetrics[] | undefined
  const outputs = (): OutputMetrics[] => {
    if (!moment) queueMicrotask(() => { moment = undefined })
    return (moment ??= watch.metrics())
  }
  for (const [name, figure, help, per = 1] of TOTALS) {
    const metric: Counter<typeof LABELS[number]> = new Counter({
      name: prefix + name,
      help,
      registers,
      labelNames: LABELS,
      collect () {
        metric.reset()
        for (const { name: output, kind, [figure]: value } of outputs()) metric.inc({ output, kind }, value / per)
      }
    })
  }
  for (const [name, of] of [['dropped_records_total', 'dropped'], ['dropped_bytes_total', 'droppedBytesBy']] as const) {
    const metric: Counter<typeof LABELS[number] | 'reason'> = new Counter({
      name: prefix + name,
      help: `${of === 'dropped' ? 'Lines' : 'Bytes of lines'} that were dropped.`,
      registers,
      labelNames: [...LABELS, 'reason'],
      collect () {
        metric.reset()
        for (const { name: output, kind, [of]: by } of outputs()) for (const reason of DROP_REASONS) metric.inc({ output, kind, reason }, by[reason])
      }
    })
  }
  const gauge = (name: string, help: string, values: () => Array<{ name: string, kind: string, value: number }>): void => {
    const metric: Gauge<typeof LABELS[number]> = new Gauge({
      name: prefix + name,
      help,
      registers,
      labelNames: LABELS,
      collect () {
        metric.reset()
        for (const { name: output, kind, value } of values()) metric.set({ output, kind }, value)
      }
    })
  }
  for (const [name, figure, help, per = 1] of STATES) gauge(name, help, () => outputs().map(({ name, kind, [figure]: value }) => ({ name, kind, value: value / per })))
  gauge('health', '0 healthy, 1 warning, 2 degraded.', () => watch.health().outputs.map(({ name, kind, status }) => ({ name, kind, value: STATUSES.indexOf(status) })))
}
