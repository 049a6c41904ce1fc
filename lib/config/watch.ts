// The options of watch(): what becomes of a dead worker, and from when on an output is not healthy.
import { contradiction, parseOptions } from './options.js'
import { count, duration, flag, group, number, optional, size, type Filled, type Input } from './option.js'
import { LONGEST_WINDOW } from '../telemetry/incidents.js'

const AGE = 'warning: the oldest line of a sealed segment that is not delivered'

export const watchSchema = group({
  replace: optional(flag('Starts another worker when that of the logger has died, and gives it the lines that came meanwhile.'), true),
  keep: optional(size('What those lines may take in memory until it is up; newer ones are dropped, and counted.'), '8m'),
  health: optional(group({
    window: optional(duration('How far back failures and drops count.', LONGEST_WINDOW + 1, ', up to 10 minutes'), '1m'),
    failures: optional(count('degraded: more failed calls than this within `window`: writes, opens, deliveries.', 0), 10),
    warnAt: optional(number('warning: this share of what the journal may hold waits.', 0, 1), 0.8),
    degradedAt: optional(number('degraded: this share of what the journal may hold waits. So are lines that were dropped within `window`.', 0, 1), 0.95),
    age: optional(duration(`${AGE} is older than this; of \`jsonl\`, no line was written for so long while some wait.`), '5m'),
    lag: optional(duration(`${AGE} is older than this, of \`parquet\`: its conversion lags behind.`), '5m')
  }), {})
})

export type WatchOptions = Input<typeof watchSchema>
export type HealthThresholds = Filled<typeof watchSchema>['health']

/** Checks and fills. Throws an OptionError. */
export function parseWatch (input: unknown) {
  return parseOptions('watch', watchSchema, input, process.env, filled => {
    const { warnAt, degradedAt } = filled.health
    if (warnAt > degradedAt) throw contradiction('watch', 'health.warnAt', `\`health.warnAt\` (${warnAt}) is more than \`health.degradedAt\` (${degradedAt})`)
    return filled
  })
}
