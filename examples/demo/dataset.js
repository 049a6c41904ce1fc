// What is in the Parquet files, asked of DuckDB: a reader that shares no code with their writer.
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const END = Buffer.of(0)

/**
 * @typedef {object} ParquetFile
 * @property {string} name
 * @property {number} bytes
 */

/**
 * @typedef {object} Dataset
 * @property {ParquetFile[]} files oldest first
 * @property {number} bytes of all of them
 * @property {(sql: string) => Promise<Record<string, any>[]>} ask `log` is the dataset, `lines` what `load` has read
 * @property {(paths: string[]) => Promise<void>} load reads JSONL files into the table `lines`
 * @property {(sql: string) => AsyncIterable<any[][]>} stream
 */

/**
 * Opens the dataset in `directory` for as long as `work` takes. A directory without files has no rows.
 *
 * @template T
 * @param {string} directory
 * @param {(dataset: Dataset) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withDataset (directory, work) {
  const files = fs.existsSync(directory) ? parquetFiles(directory) : []
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const ask = async sql => (await connection.runAndReadAll(sql)).getRowObjectsJS()
  try {
    const source = files.length > 0 ? `read_parquet(${list(files.map(({ name }) => join(directory, name)))})` : '(select null::integer as run where false)'
    await ask(`create view log as select * from ${source}`)
    await ask('create table lines (run integer, seq bigint, time bigint, level integer, msg varchar)')
    return await work({
      files,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      ask,
      async load (paths) {
        if (paths.length === 0) return
        const columns = "{ run: 'integer', seq: 'bigint', time: 'bigint', level: 'integer', msg: 'varchar' }"
        await ask(`insert into lines from read_json(${list(paths)}, format = 'newline_delimited', ignore_errors = true, columns = ${columns})`)
      },
      async * stream (sql) {
        yield * (await connection.stream(sql)).yieldRowsJs()
      }
    })
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const list = paths => `[${paths.map(path => `'${path.replaceAll("'", "''")}'`).join(', ')}]`

/** @returns {ParquetFile[]} */
function parquetFiles (directory) {
  return fs.readdirSync(directory).filter(name => name.endsWith('.parquet')).sort().map(name => ({ name, bytes: fs.statSync(join(directory, name)).size }))
}

/** Lines and rows of each run of the shop, matched by sequence number; a line has to be found as one row that says the same. */
const COMPARISON = `
  with rows as (
    select run, seq, count(*) as times, min(epoch_ms(time)) as time, min(level) as level, min(msg) as msg
    from log where run is not null group by all
  )
  select run,
    count(rows.times) as rows,
    count(lines.time) as lines,
    coalesce(sum(rows.times - 1), 0)::integer as twice,
    count(*) filter (rows.times is not null and lines.time is not null
      and (rows.time, rows.level, rows.msg) is distinct from (lines.time, lines.level, lines.msg)) as different,
    list(seq) filter (rows.times is null) as without_row,
    list(seq) filter (lines.time is null) as without_line
  from rows full join lines using (run, seq) group by run order by run`

/**
 * @typedef {object} Comparison of one run
 * @property {number} rows different ones
 * @property {number} lines
 * @property {number} twice
 * @property {number} different rows that do not say what their line says
 * @property {number[]} withoutRow sequence numbers of lines
 * @property {number[]} withoutLine sequence numbers of rows
 */

/**
 * @param {Dataset} dataset
 * @param {number} runs
 * @returns {Promise<Comparison[]>}
 */
export async function compareShop ({ files, ask }, runs) {
  const none = { rows: 0, lines: 0, twice: 0, different: 0, withoutRow: [], withoutLine: [] }
  const found = files.length > 0 ? await ask(COMPARISON) : []
  const numbers = values => (values ?? []).map(Number)
  return Array.from({ length: runs }, (_, at) => {
    const row = found.find(({ run }) => run === at + 1)
    if (!row) return none
    const { rows, lines, twice, different, without_row: withoutRow, without_line: withoutLine } = row
    return { rows: Number(rows), lines: Number(lines), twice, different: Number(different), withoutRow: numbers(withoutRow), withoutLine: numbers(withoutLine) }
  })
}

/** One hash over the messages of lines or rows, in their order; of what is no JSON object the whole line is taken. */
export class MessageDigest {
  rows = 0
  corrupt = 0
  #hash = createHash('sha256')

  /**
   * @param {string | null} corrupt
   * @param {string | null} message
   */
  add (corrupt, message) {
    this.rows++
    if (corrupt !== null) this.corrupt++
    this.#hash.update(corrupt ?? message ?? '').update(END)
  }

  figures () {
    return { rows: this.rows, corrupt: this.corrupt, sha256: this.#hash.digest('hex') }
  }
}

/**
 * @param {Dataset} dataset
 * @param {(rows: number) => void} onRead
 */
export async function digestRows ({ files, stream }, onRead) {
  const digest = new MessageDigest()
  if (files.length > 0) {
    for await (const rows of stream('select _corrupt, msg from log')) {
      for (const [corrupt, message] of rows) digest.add(corrupt, message)
      onRead(digest.rows)
    }
  }
  return digest.figures()
}
