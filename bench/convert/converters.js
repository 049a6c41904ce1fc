// Who converts. Each gives, from a file of JSON lines and a directory that is not there yet, what is measured: a function that leaves
// Parquet files in it. Only the one that is measured is loaded.

/** Every process converts twice, into a dataset of its own each time. */
export const PASSES = ['cold', 'warm']

const IN_ATTRS = "(attrs ->> '$.seq')::bigint"
const A_COLUMN = 'seq'

const blackbox = engine => async (...about) => (await import('./blackbox.js')).open(engine)(...about)
const byHand = name => async (...about) => (await import('./by-hand.js'))[name](...about)
const duckdb = (form, level = 1) => async (...about) => (await import('./duckdb.js')).open(form, level)(...about)

/** `seq` is where the number of a line is, in SQL. */
export const converters = {
  'blackbox parquet': { open: blackbox('hyparquet'), seq: IN_ATTRS },
  'blackbox parquet, engine parquetjs-lite': { open: blackbox('parquetjs-lite'), seq: IN_ATTRS },
  'parquetjs-lite, appendRow, gzip': { open: byHand('parquetjsLite'), seq: IN_ATTRS },
  'hyparquet-writer, parquetWriteRows, snappy': { open: byHand('hyparquetWriter'), seq: IN_ATTRS },
  'DuckDB COPY': { open: duckdb('plain'), seq: IN_ATTRS },
  'DuckDB COPY, zstd 3': { open: duckdb('plain', 3), seq: IN_ATTRS },
  'DuckDB COPY, fields extracted at once': { open: duckdb('atOnce'), seq: IN_ATTRS },
  'DuckDB COPY, schema by hand': { open: duckdb('hand'), seq: A_COLUMN }
}
