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
export function verifyParquet (dir, lines, seq = SEQ) {
  return look(dir, `count(*)::integer, count(distinct ${seq})::integer, min(${seq})::integer, max(${seq})::integer`, ([rows, distinct, first, last]) =>
    rows === lines && distinct === lines && first === 0 && last === lines - 1
      ? undefined
      : `${rows} rows, ${distinct} of ${lines} lines, from ${first} to ${last}`)
}

/** The same for lines that are not numbered: are there as many? */
export function verifyRows (dir, lines) {
  return look(dir, 'count(*)::integer', ([rows]) => rows === lines ? undefined : `${rows} rows of ${lines} lines`)
}

async function look (dir, figures, fault) {
  const bytes = filesIn(dir, /\.parquet$/).reduce((sum, path) => sum + fs.statSync(path).size, 0)
  const left = filesIn(join(dirname(dir), `.${basename(dir)}.blackbox`), UNFINISHED)
  if (left.length > 0) return { wrong: `left in the journal: ${left[0]}`, bytes }
  try {
    connected ??= DuckDBInstance.create().then(instance => instance.connect())
    const found = await (await connected).runAndReadAll(`select ${figures} from read_parquet('${join(dir, '**', '*.parquet')}')`)
    const wrong = fault(found.getRows()[0])
    return { wrong: wrong && `${wrong}, in ${dir}`, bytes }
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
