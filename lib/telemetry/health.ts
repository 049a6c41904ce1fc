// Whether an output does well, from its figures alone: a pure decision, made when somebody asks. What counts is what was within the
// window and what waits now, so it comes right by itself.
import type { Incident } from './incidents.js'
import type { Metrics } from './counters.js'
import type { HealthThresholds } from '../config/watch.js'

export const STATUSES = ['healthy', 'warning', 'degraded'] as const
export type HealthStatus = typeof STATUSES[number]

export interface HealthReason {
  cause: 'failures' | 'dropping' | 'capacity' | 'age' | 'lag'
  status: 'warning' | 'degraded'
  /** In words. */
  message: string
}

export interface OutputHealth {
  name: string
  kind: string
  /** That of the worst reason. */
  status: HealthStatus
  /** None while it is healthy. */
  reasons: HealthReason[]
}

export interface Health {
  /** That of the worst output. */
  status: HealthStatus
  outputs: OutputHealth[]
}

/** What is known of one output at `now`, Unix time in ms. */
export interface Look {
  kind: string
  metrics: Pick<Metrics, 'pendingRecords' | 'pendingBytes' | 'capacityRecords' | 'capacityBytes' | 'oldestPending'>
  /** Within the window. */
  lately: Incident
  now: number
}

/** Why an output is not healthy, the worst first. */
export function reasonsFor ({ kind, metrics, lately, now }: Look, { window, failures, warnAt, degradedAt, age, lag }: HealthThresholds): HealthReason[] {
  const reasons: HealthReason[] = []
  const add = (cause: HealthReason['cause'], status: HealthReason['status'], message: string): void => { reasons.push({ cause, status, message }) }
  const seconds = `${Math.round(window as number / 1000)} s`
  if (lately.failures > failures) add('failures', 'degraded', `${lately.failures} calls failed within ${seconds}, more than ${failures}`)
  if (lately.dropped > 0) add('dropping', 'degraded', `${lately.dropped} lines were dropped within ${seconds}`)
  const share = fullness(metrics)
  const full = `the journal is ${Math.floor(share * 100)} % full`
  if (share >= degradedAt && share > 0) add('capacity', 'degraded', full)
  else if (share >= warnAt && share > 0) add('capacity', 'warning', full)
  const waits = metrics.oldestPending === 0 ? 0 : now - metrics.oldestPending
  const [cause, limit] = kind === 'parquet' ? ['lag', lag] as const : ['age', age] as const
  if (waits > (limit as number)) add(cause, 'warning', `the oldest line has waited for ${Math.round(waits / 1000)} s`)
  return reasons
}

/** The worst of them. */
export function worst (statuses: readonly HealthStatus[]): HealthStatus {
  return STATUSES[Math.max(0, ...statuses.map(status => STATUSES.indexOf(status)))]!
}

/** Share of what may wait, 0 where anything may. */
function fullness ({ pendingRecords, pendingBytes, capacityRecords, capacityBytes }: Look['metrics']): number {
  return Math.max(capacityRecords > 0 ? pendingRecords / capacityRecords : 0, capacityBytes > 0 ? pendingBytes / capacityBytes : 0)
}
