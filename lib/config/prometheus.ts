// The options of registerMetrics().
import { OptionError, show } from '../errors.js'
import { parseOptions } from './options.js'
import { group, having, optional, text } from './option.js'
import type { Registry, RegistryContentType } from 'prom-client'

export interface PrometheusOptions {
  /** Where the metrics go; prom-client's own by default. */
  registry?: Registry<RegistryContentType>
  /** What their names begin with: 'pino_blackbox_'. */
  prefix?: string
}

const prometheusSchema = group({
  registry: optional(having<Registry<RegistryContentType>>('registerMetric', 'Where the metrics go; prom-client\'s own by default.')),
  prefix: optional(text('What the names of the metrics begin with.'), 'pino_blackbox_')
})

/** Checks and fills. Throws an OptionError. */
export function parsePrometheus (input: unknown) {
  return parseOptions('prometheus', prometheusSchema, input, {}, filled => {
    const { prefix } = filled
    if (!/^[a-zA-Z_:][\w:]*$/.test(prefix)) throw new OptionError('prometheus', 'prefix', `Expected \`prefix\` to begin the name of a Prometheus metric, of letters, digits and _, got ${show(prefix)}`)
    return filled
  })
}
