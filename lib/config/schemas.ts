// The schema of every group of options, by name: of each output, of the dumper and its flight recorder.
import { consoleSchema } from './console.js'
import { dumperSchema } from './dumper.js'
import { exporterSchema } from './exporter.js'
import { httpSchema } from './http.js'
import { jsonlSchema } from './jsonl.js'
import { parquetSchema } from './parquet.js'
import { recorderSchema } from './recorder.js'

export const SCHEMAS = {
  jsonl: jsonlSchema,
  parquet: parquetSchema,
  http: httpSchema,
  exporter: exporterSchema,
  console: consoleSchema,
  dumper: dumperSchema,
  recorder: recorderSchema
}
