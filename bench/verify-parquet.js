// The same for Parquet: DuckDB, which shares no code with any of those who wrote the files, counts the lines in them.
import { DuckDBInstance } from '@duckdb/node-api'
import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Where our output keeps the number of a line. */
const SEQ = "(attrs ->> '$.seq')::bigint"

/** What has lines in a journal: segments being written, segments sealed, files not published. */
const UNFINISHED = /\.(open|jsonl|staged)$/

let connected

/** Does the dataset at `dir` hold lines 0 to `lines` - 1, each once, and its journal none any more? `bytes` of all its files. */
export async function verifyParquet (dir, lines, seq = SEQ) {
  const bytes = filesIn(dir, /\.parquet$/).reduce((sum, path) => sum + fs.statSync(path).size, 0)
  const left = filesIn(join(dirname(dir), `.${basename(dir)}.blackbox`), UNFINISHED)
  if (left.length > 0) return { wrong: `left in the journal: ${left[0]}`, bytes }
  try {
    connected ??= DuckDBInstance.create().then(instance => instance.connect())
    const found = await (await connected).runAndReadAll(
      `select count(*)::integer, count(distinct seq)::integer, min(seq)::integer, max(seq)::integer from (select ${seq} as seq from read_parquet('${join(dir, '**', '*.parquet')}'))`)
    const [rows, distinct, first, last] = found.getRows()[0]
    const right = rows === lines && distinct === lines && first === 0 && last === lines - 1
    return { wrong: right ? undefined : `${rows} rows, ${distinct} of ${lines} lines, from ${first} to ${last}, in ${dir}`, bytes }
  } catch (error) {
    return { wrong: String(error), bytes }
  }
}

function filesIn (dir, name) {
  if (!fs.existsSync(dir)) return []
  return fs.readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && name.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}
