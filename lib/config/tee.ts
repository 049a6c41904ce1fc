// The options of the tee output: which outputs, with which level and options of their own.
import { parseOptions } from './options.js'
import { anything, count, either, group, hidden, list, oneOf, optional, text, type Input } from './option.js'
import { LEVELS } from '../levels.js'

const labels = Object.keys(LEVELS) as Array<keyof typeof LEVELS>

export const teeSchema = group({
  outputs: list(group({
    target: text('A target of this package: `pino-blackbox/jsonl`, or the file URL that a builder such as `jsonl()` gives.'),
    level: optional(either(oneOf(labels, ''), count('', 0), 'Lines below it are not for this output: a label of pino, or the number of a custom level. Without it the output gets everything.')),
    options: optional(hidden(anything('The options of that output.')))
  }), 'The outputs that get every line, each with its own level, each failing alone.')
})

export type TeeOptions = Input<typeof teeSchema>

export interface TeeOutput {
  target: string
  /** 0 takes everything. */
  level: number
  options: unknown
}

/** Checks and fills. Throws an OptionError. The options of the outputs are checked by the outputs. */
export function parseTee (input: unknown): TeeOutput[] {
  return parseOptions('tee', teeSchema, input).outputs.map(({ target, level = 0, options }) =>
    ({ target, level: typeof level === 'string' ? LEVELS[level] : level, options }))
}
