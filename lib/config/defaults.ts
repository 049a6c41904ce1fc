// The default of every option, by output.
import { consoleSchema } from './console.js'
import { httpSchema } from './http.js'
import { jsonlSchema } from './jsonl.js'
import { parquetSchema } from './parquet.js'
import { defaultsOf } from './options.js'

export const DEFAULTS = deepFreeze({ jsonl: defaultsOf(jsonlSchema), parquet: defaultsOf(parquetSchema), http: defaultsOf(httpSchema), console: defaultsOf(consoleSchema) })

function deepFreeze<T extends object> (value: T): Readonly<T> {
  for (const below of Object.values(value)) if (typeof below === 'object' && below !== null) deepFreeze(below)
  return Object.freeze(value)
}
