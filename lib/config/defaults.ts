// The default of every option, by output; of the dumper and its flight recorder too.
import { consoleSchema } from './console.js'
import { dumperSchema } from './dumper.js'
import { exporterSchema } from './exporter.js'
import { httpSchema } from './http.js'
import { jsonlSchema } from './jsonl.js'
import { parquetSchema } from './parquet.js'
import { recorderSchema } from './recorder.js'
import { defaultsOf } from './options.js'

export const DEFAULTS = deepFreeze({
  jsonl: defaultsOf(jsonlSchema),
  parquet: defaultsOf(parquetSchema),
  http: defaultsOf(httpSchema),
  exporter: defaultsOf(exporterSchema),
  console: defaultsOf(consoleSchema),
  dumper: defaultsOf(dumperSchema),
  recorder: defaultsOf(recorderSchema)
})

function deepFreeze<T extends object> (value: T): Readonly<T> {
  for (const below of Object.values(value)) if (typeof below === 'object' && below !== null) deepFreeze(below)
  return Object.freeze(value)
}
