// The default of every option, by output; of the dumper and its flight recorder too.
import { defaultsOf } from './options.js'
import { SCHEMAS } from './schemas.js'

type Defaults = { readonly [K in keyof typeof SCHEMAS]: Readonly<Record<string, unknown>> }

export const DEFAULTS = deepFreeze(Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, defaultsOf(schema)]))) as Defaults

function deepFreeze<T extends object> (value: T): Readonly<T> {
  for (const below of Object.values(value)) if (typeof below === 'object' && below !== null) deepFreeze(below)
  return Object.freeze(value)
}
