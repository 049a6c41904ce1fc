// The options of the console output.
import { common, hooksOf } from './common.js'
import { parseOptions } from './options.js'
import { group, oneOf, optional, size, type Input } from './option.js'
import { MB } from './units.js'

export const consoleSchema = group({
  stream: optional(oneOf(['stdout', 'stderr'], 'Where the lines go.'), 'stdout'),
  maxLength: optional(size('Bytes of lines kept in memory while the reader does not take them. Beyond it new lines are dropped and counted.'), 64 * MB),
  ...common
})

export type ConsoleOptions = Input<typeof consoleSchema>

/** Checks and fills. Throws an OptionError. */
export function parseConsole (input: unknown) {
  return parseOptions('console', consoleSchema, input, process.env, filled => ({ ...filled, hooks: hooksOf('console', filled.hooks) }))
}
