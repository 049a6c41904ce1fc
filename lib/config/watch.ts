// The options of `watch()`.
import { parseOptions } from './options.js'
import { flag, group, optional, size, type Filled, type Input } from './option.js'

export const watchSchema = group({
  replace: optional(flag('Starts another worker when that of the logger has died, and gives it the lines that came meanwhile.'), true),
  keep: optional(size('What those lines may take in memory until it is up; newer ones are dropped, and counted.'), '8m')
})

export type WatchOptions = Input<typeof watchSchema>
export type WatchSettings = Filled<typeof watchSchema>

/** Checks and fills. Throws an OptionError. */
export function parseWatch (input: unknown): WatchSettings {
  return parseOptions('watch', watchSchema, input)
}
