// The options of the exporter output.
import { common, hooksOf } from './common.js'
import { batchOption, checkSpool, spoolJournal } from './journal.js'
import { moduleAt } from './module.js'
import { parseOptions } from './options.js'
import { anything, count, group, hidden, optional, text, timer, type Filled, type Input } from './option.js'
import { checkRetry, retryOption } from './retry.js'

export const exporterSchema = group({
  module: text('Path or file URL of the module whose default export is the exporter: what `defineExporter()` gives, or a function that makes one of `options`.'),
  options: optional(hidden(anything('Given to the function that the module exports; must survive structured cloning.'))),
  batch: batchOption,
  concurrency: optional(count('Batches under way at the same time. With more than 1 they may overtake each other.', 1, 64), 1),
  timeout: optional(timer('For one call of `deliver`; then its `signal` is aborted, and the batch is tried again.'), '30s'),
  retry: retryOption,
  journal: spoolJournal,
  ...common
})

type Given = Input<typeof exporterSchema>
export type ExporterOptions = Omit<Given, 'journal'> & { journal?: Given['journal'] | 'memory' }

/** Checks against the machine too, and fills. Throws an OptionError. */
export function parseExporter (input: unknown) {
  return parseOptions('exporter', exporterSchema, input, process.env, check)
}

function check (filled: Filled<typeof exporterSchema>) {
  checkRetry('exporter', filled.retry)
  return { ...filled, ...checkSpool('exporter', filled), module: moduleAt('exporter', 'module', filled.module), hooks: hooksOf('exporter', filled.hooks) }
}
