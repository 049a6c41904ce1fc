// An output that sends its segments elsewhere: spool -> batches (in halves where they are refused) -> delivery, wired.
import { Batches, type BatchesOptions } from './delivery/batches.js'
import { openSpool, type SpoolSettings } from './delivery/spool.js'
import { createOutput, type Output } from './output.js'
import type { DeliveryRetry } from './delivery/loop.js'
import type { Monitor } from './telemetry/monitor.js'

export interface SenderSettings extends SpoolSettings {
  retry: Omit<DeliveryRetry, 'lanes' | 'yielding'>
  /** Batches under way at the same time. */
  concurrency: number
  closeTimeout: number
}

/** How it sends, besides. */
export interface SenderParts extends Omit<BatchesOptions, 'dead'> {
  kind: string
  monitor: Monitor
  /** Ends what `send` has begun. */
  stop: () => Promise<void>
  /** Takes other settings while it runs. Throws an OptionError. */
  configure?: (settings: unknown) => void
}

export function createSender (o: SenderSettings, { kind, monitor, stop, configure, ...sending }: SenderParts): Output {
  const { journal, after, dead } = openSpool(kind, o, monitor)
  const batches = new Batches({ ...sending, dead })
  return createOutput({
    kind,
    monitor,
    journal,
    deliver: segment => batches.deliver(segment),
    prepare: segment => batches.prepare(segment),
    progress: segment => batches.progress(segment),
    retry: { ...o.retry, lanes: o.concurrency, yielding: true },
    after,
    delivered: () => journal.drain(),
    closeTimeout: o.closeTimeout,
    stop,
    ...configure && { configure }
  })
}
