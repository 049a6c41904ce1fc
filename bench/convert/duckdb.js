// DuckDB's COPY on one thread, from the same lines to zstd.
import fs from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const SEVERITY = level => `case ${level} when 10 then 'trace' when 20 then 'debug' when 30 then 'info' when 40 then 'warn' when 50 then 'error' when 60 then 'fatal' end as severity`
const PATHS = ['time', 'level', 'msg', 'name', 'hostname', 'pid', 'reqId', 'trace_id', 'span_id', 'err.type', 'err.message', 'err.stack']
const NAMES = ['msg', 'name', 'hostname', 'pid', 'req_id', 'trace_id', 'span_id', 'err_type', 'err_message', 'err_stack']
/** A merge patch takes a key away by a null. */
const REST = 'json_merge_patch(json, \'{"time":null,"level":null,"msg":null,"name":null,"hostname":null,"pid":null,"reqId":null,"trace_id":null,"span_id":null,"err":{"type":null,"message":null,"stack":null}}\')::varchar'

/** Our columns, from `value(path)`, the text at a path. */
function columns (value) {
  const texts = NAMES.map((name, at) => `${value(PATHS[at + 2])}${name === 'pid' ? '::integer' : ''} as ${name}`)
  return `make_timestamptz(${value('time')}::bigint * 1000) as time, ${value('level')}::integer as level, ${SEVERITY(`${value('level')}::integer`)}, ${texts.join(', ')}`
}

/** The fields that these records are known to have. */
const HAND = {
  level: 'integer',
  time: 'bigint',
  pid: 'integer',
  hostname: 'varchar',
  reqId: 'varchar',
  trace_id: 'varchar',
  span_id: 'varchar',
  seq: 'bigint',
  msg: 'varchar',
  req: 'struct(method varchar, url varchar, host varchar, "remoteAddress" varchar, "remotePort" integer)',
  route: 'varchar',
  user: 'struct(id bigint, plan varchar)',
  cache: 'boolean',
  ms: 'double',
  res: 'struct("statusCode" integer)',
  responseTime: 'double',
  err: 'struct(type varchar, message varchar, stack varchar)'
}

const SELECTS = {
  plain: input => `select ${columns(path => `(json ->> '$.${path}')`)}, ${REST} as attrs, null::varchar as _corrupt from read_ndjson_objects('${input}')`,

  atOnce: input => `select ${columns(path => `value[${PATHS.indexOf(path) + 1}]`)}, attrs, null::varchar as _corrupt from (
    select json_extract_string(json, [${PATHS.map(path => `'$.${path}'`).join(', ')}]) as value, ${REST} as attrs from read_ndjson_objects('${input}'))`,

  hand: input => `select make_timestamptz(time * 1000) as time, ${SEVERITY('level')}, * exclude (time) from read_json('${input}', format = 'newline_delimited',
    columns = {${Object.entries(HAND).map(([name, type]) => `"${name}": '${type}'`).join(', ')}})`
}

export function open (form, level) {
  return async (input, dir) => {
    fs.mkdirSync(dir, { recursive: true })
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
    const copy = `copy (${SELECTS[form](input)}) to '${join(dir, 'app.parquet')}' (format parquet, codec zstd, compression_level ${level})`
    return async () => { await connection.run(copy) }
  }
}
