// D6, the parquet output: what TypeScript must accept and refuse. Only compiled (tsc -p tsconfig.test.json), never run.
import pino from 'pino'
import { console, DEFAULTS, flush, jsonl, parquet, tee, watch, type OutputMetrics, type ParquetOptions, type Target } from 'pino-blackbox'
import parquetTarget from 'pino-blackbox/parquet'

const dataset = parquet({ dir: './logs/app' })
const target: Target<ParquetOptions> = dataset
parquet({
  dir: './logs/app',
  size: '64m',
  frequency: 'hourly',
  partition: 'hour',
  columns: { 'req.method': 'string', 'res.statusCode': { name: 'status', type: 'int32' }, responseTime: { type: 'double' } },
  codec: 'gzip',
  compressLevel: 6,
  rowGroupRows: 50_000,
  engine: 'parquetjs-lite',
  limit: { count: 100, age: '30d', totalSize: '10g' },
  journal: { dir: './journal', maxSize: '1g', whenFull: 'block', blockTimeout: '5s', fsync: '500ms' },
  mkdir: true,
  name: 'app',
  closeTimeout: '8s'
}, { level: 'info' })
parquet({ dir: 'a', size: false, frequency: false, partition: false })
parquet({ dir: 'a', frequency: '15m', codec: 'none', journal: { fsync: true } }, {})
// @ts-expect-error dir is required
parquet({})
// @ts-expect-error so are the options
parquet()
// @ts-expect-error an option of another output
parquet({ file: 'a' })
// @ts-expect-error an unknown option
parquet({ dir: 'a', colums: {} })
// @ts-expect-error no such type
parquet({ dir: 'a', columns: { a: 'text' } })
// @ts-expect-error a column has a type
parquet({ dir: 'a', columns: { a: { name: 'b' } } })
// @ts-expect-error no such partition
parquet({ dir: 'a', partition: 'month' })
// @ts-expect-error a partition is no flag
parquet({ dir: 'a', partition: true })
// @ts-expect-error no such codec
parquet({ dir: 'a', codec: 'lz4' })
// @ts-expect-error no such engine
parquet({ dir: 'a', engine: 'duckdb' })
// @ts-expect-error an unknown option of the journal
parquet({ dir: 'a', journal: { size: '1g' } })
// @ts-expect-error no such way
parquet({ dir: 'a', journal: { whenFull: 'wait' } })
// @ts-expect-error an option of another output
parquet({ dir: 'a', limit: { removeOtherLogFiles: true } })

tee([jsonl({ file: 'a' }), dataset, parquet({ dir: 'b' }, { level: 'warn' }), console()])
tee([{ target: 'pino-blackbox/parquet', level: 'info', options: { dir: 'a' } }])
const log = pino({ transport: dataset })
pino({ transport: { targets: [dataset, parquet({ dir: 'b' }, { level: 'debug' })] } })
flush(log, { until: 'delivered' })

parquetTarget({ dir: 'a', columns: { a: 'int64' } })
// @ts-expect-error dir is required
parquetTarget({})

const [metrics] = watch(log).metrics()
const { filesPublished, spilledValues, corruptRecords }: OutputMetrics = metrics!
const figures: number[] = [filesPublished, spilledValues, corruptRecords]
// @ts-expect-error the defaults cannot be replaced
DEFAULTS.parquet = {}

export { target, figures }
