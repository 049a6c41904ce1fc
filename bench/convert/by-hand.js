// What a user writes who turns a log into Parquet with one of the packages: parse every line, one object per row, the same columns
// as ours. The packages' own defaults, but for parquetjs-lite's compression, which is none.
import fs from 'node:fs'
import { join } from 'node:path'
import { fileWriter, parquetWriteRows } from 'hyparquet-writer'
import parquet from 'parquetjs-lite'
import pino from 'pino'

const INTEGERS = ['level', 'pid']
const TEXTS = ['severity', 'msg', 'name', 'hostname', 'req_id', 'trace_id', 'span_id', 'err_type', 'err_message', 'err_stack', 'attrs', '_corrupt']
const SEVERITIES = pino.levels.labels

function rowOf (line) {
  const { level, time, pid, hostname, reqId, trace_id: traceId, span_id: spanId, msg, err, name, ...rest } = JSON.parse(line)
  return {
    time: new Date(time),
    level,
    severity: SEVERITIES[level],
    msg,
    name,
    hostname,
    pid,
    req_id: reqId,
    trace_id: traceId,
    span_id: spanId,
    err_type: err?.type,
    err_message: err?.message,
    err_stack: err?.stack,
    attrs: JSON.stringify(rest)
  }
}

const linesOf = input => fs.readFileSync(input, 'utf8').trimEnd().split('\n')

export function parquetjsLite (input, dir) {
  const path = prepare(dir)
  const compression = 'GZIP'
  const schema = new parquet.ParquetSchema({
    time: { type: 'TIMESTAMP_MILLIS', compression },
    ...Object.fromEntries(INTEGERS.map(name => [name, { type: 'INT32', optional: true, compression }])),
    ...Object.fromEntries(TEXTS.map(name => [name, { type: 'UTF8', optional: true, compression }]))
  })
  return async () => {
    const writer = await parquet.ParquetWriter.openFile(schema, path)
    for (const line of linesOf(input)) await writer.appendRow(rowOf(line))
    await writer.close()
  }
}

export function hyparquetWriter (input, dir) {
  const path = prepare(dir)
  const columns = [
    { name: 'time', type: 'TIMESTAMP', nullable: false },
    ...INTEGERS.map(name => ({ name, type: 'INT32' })),
    ...TEXTS.map(name => ({ name, type: 'STRING' }))
  ]
  return async () => {
    await parquetWriteRows({ writer: fileWriter(path), rows: linesOf(input).map(rowOf), columns })
  }
}

function prepare (dir) {
  fs.mkdirSync(dir, { recursive: true })
  return join(dir, 'app.parquet')
}
