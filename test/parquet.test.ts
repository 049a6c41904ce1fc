// The parquet output as a whole: B13 to B17, B20, E1, E2, F22, and what is left when it ends.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { parquet, shutdown } from 'pino-blackbox'
import { until } from './fixtures/harness.js'
import { duck } from './fixtures/parquet.js'
import { files, foreign, open, query, run } from './fixtures/dataset.js'

const T = Date.UTC(2026, 0, 2, 3, 59, 59, 500)
const HOUR = 3_600_000

t.test('what pino logs is there, in columns of the field\'s types and names', async t => {
  const dir = join(t.testdir(), 'logs')
  const stream = pino.transport(parquet({ dir, columns: { 'res.statusCode': 'int32', responseTime: 'double' } }))
  const log = pino({ base: { pid: 7, hostname: 'h', name: 'shop' }, customLevels: { audit: 35 }, timestamp: () => `,"time":${T}` }, stream)
  log.info({ reqId: 'r-1', trace_id: 't', span_id: 's', res: { statusCode: 200, big: true }, responseTime: 1.5 }, 'done')
  log.audit({ a: [1, { b: null }] }, 'seen')
  log.error(new TypeError('no such thing'))
  await shutdown(stream)
  const rows = await query(dir)
  t.match(rows, [
    { time: BigInt(T) * 1000n, level: 30, severity: 'info', msg: 'done', name: 'shop', hostname: 'h', pid: 7, req_id: 'r-1', trace_id: 't', span_id: 's', res_status_code: 200, response_time: 1.5, attrs: '{"res":{"big":true}}', _corrupt: null },
    { level: 35, severity: 'audit', msg: 'seen', res_status_code: null, attrs: '{"a":[1,{"b":null}]}' },
    { level: 50, severity: 'error', msg: 'no such thing', err_type: 'TypeError', err_message: 'no such thing', err_stack: /at /, attrs: null }
  ])
  t.strictSame(await duck(`select column_name, column_type from (describe select * from '${dir}/*.parquet')`), [
    ['time', 'TIMESTAMP WITH TIME ZONE'], ['level', 'INTEGER'], ['severity', 'VARCHAR'], ['msg', 'VARCHAR'], ['name', 'VARCHAR'], ['hostname', 'VARCHAR'],
    ['pid', 'INTEGER'], ['req_id', 'VARCHAR'], ['trace_id', 'VARCHAR'], ['span_id', 'VARCHAR'], ['err_type', 'VARCHAR'], ['err_message', 'VARCHAR'],
    ['err_stack', 'VARCHAR'], ['res_status_code', 'INTEGER'], ['response_time', 'DOUBLE'], ['attrs', 'VARCHAR'], ['_corrupt', 'VARCHAR']
  ].map(([name, type]) => ({ column_name: name, column_type: type })))
})

t.test('messageKey, errorKey and levels of the logger are those of the columns', async t => {
  const dir = join(t.testdir(), 'logs')
  const stream = pino.transport({ targets: [{ target: 'pino-blackbox/parquet', level: 'trace', options: { dir } }] })
  const log = pino({ messageKey: 'message', errorKey: 'failure', level: 'trace' }, stream)
  log.error({ failure: new RangeError('far') }, 'text')
  await shutdown(stream)
  t.match(await query(dir), [{ msg: 'text', err_type: 'RangeError', err_message: 'far', attrs: null }])
})

t.test('a value that does not fit stays in attrs, a line that is no object in _corrupt, both counted', async t => {
  const dir = join(t.testdir(), 'logs')
  const metrics = await run({ dir, columns: { code: 'int32' } }, { level: 30, time: T, code: 'E1', msg: { deep: 1 } }, 'no json', { level: 30, time: T, code: 7 })
  t.match(metrics, { acceptedRecords: 3, deliveredRecords: 3, pendingRecords: 0, spilledValues: 2, corruptRecords: 1, filesPublished: 1 })
  t.match(await query(dir), [{ code: null, attrs: '{"code":"E1","msg":{"deep":1}}' }, { time: BigInt, level: null, _corrupt: 'no json' }, { code: 7, attrs: null }])
})

t.test('B14: files end at their size, within 20 percent', async t => {
  const dir = join(t.testdir(), 'logs')
  const size = 128 * 1024
  const log = await open({ dir, size })
  for (let seq = 0; seq < 40_000; seq += 400) {
    log.write(...Array.from({ length: 400 }, (_, at) => ({ level: 30, time: T + seq, seq: seq + at, id: Math.random().toString(36), msg: 'request completed' })))
  }
  await log.flush('delivered')
  await log.end()
  const sizes = files(dir).map(file => fs.statSync(join(dir, file)).size)
  t.ok(sizes.length > 3, `${sizes.length} files`)
  for (const bytes of sizes.slice(0, -1)) t.ok(Math.abs(bytes - size) < size * 0.2, `${bytes} bytes`)
  t.match(await query(dir, 'count(*)::int as rows, count(distinct attrs)::int as different'), [{ rows: 40_000, different: 40_000 }])
  t.equal(log.metrics().filesPublished, sizes.length)
})

t.test('B15, F22: a period ends while nothing is logged, and its file is there', async t => {
  const dir = join(t.testdir(), 'logs')
  const log = await open({ dir, frequency: '1s' })
  log.write({ level: 30, time: T, msg: 'one' })
  await until(() => files(dir).length === 1)
  log.write({ level: 30, time: T, msg: 'two' })
  await until(() => files(dir).length === 2)
  t.match(await query(dir, 'msg', 'order by msg'), [{ msg: 'one' }, { msg: 'two' }])
  t.strictSame(foreign(dir), [])
  await log.end()
  t.equal(files(dir).length, 2, 'and no empty one at the end')
})

t.test('B16: names sort by time, and are unique over restarts and writers', async t => {
  const dir = join(t.testdir(), 'my logs')
  for (let n = 0; n < 3; n++) await run({ dir }, { level: 30, time: T, n })
  const both = await Promise.all([open({ dir }), open({ dir })])
  for (const log of both) log.write({ level: 30, time: T, n: 3 })
  for (const log of both) await log.end()
  const names = files(dir)
  t.equal(new Set(names).size, 5)
  for (const name of names) t.match(name, /^my logs_\d{8}_\d{6}_001-\d{3}-[0-9a-f]{12}\.parquet$/)
  t.strictSame(foreign(dir), [])
  t.strictSame(fs.readdirSync(join(dir, '..')), ['my logs'], 'no journal is left')
})

t.test('E2: partitions are by the time of the record, a late one goes where it belongs, and DuckDB reads no others', async t => {
  const dir = join(t.testdir(), 'logs')
  const line = (offset: number): object => ({ level: 30, time: T + offset, offset })
  await run({ dir, partition: 'hour' }, line(0), line(HOUR), line(1), line(-26 * HOUR), { level: 30, time: 'never', msg: 'no time' })
  const now = new Date().toISOString()
  const directories = ['dt=2026-01-01/hr=01', 'dt=2026-01-02/hr=03', 'dt=2026-01-02/hr=04']
  t.strictSame(files(dir).map(file => file.slice(0, file.lastIndexOf('/'))).slice(0, 3), directories)
  t.match(files(dir)[3], `dt=${now.slice(0, 10)}/hr=`, 'a record without a usable time goes to when its segment was opened')
  t.strictSame(foreign(dir), [])
  const where = `from read_parquet('${dir}/**/*.parquet', hive_partitioning = true) where dt = '2026-01-02' and hr = '03'`
  t.match(await duck(`select attrs ${where}`), [{ attrs: '{"offset":0}' }, { attrs: '{"offset":1}' }])
  const [plan] = await duck(`explain analyze select count(*) ${where}`)
  t.match(String(plan!.explain_value ?? Object.values(plan!)), /Total Files Read: 1\b/, 'one file of four was read')
  await run({ dir: `${dir}-daily`, partition: 'day' }, line(0), line(HOUR))
  t.match(files(`${dir}-daily`), [/^dt=2026-01-02\/logs-daily_/])
})

t.test('E1: columns stay, with their types, whatever becomes of the configuration', async t => {
  const dir = join(t.testdir(), 'logs')
  await run({ dir, columns: { user: 'string', ms: 'double' } }, { level: 30, time: T, user: 'a', ms: 1.5 })
  await run({ dir, columns: { ms: 'string', shop: 'int64' } }, `{"level":30,"time":${T + 1},"user":"b","ms":2.5,"shop":9007199254740993}`)
  await run({ dir }, { level: 30, time: T + 2, user: 'c', ms: 3.5 })
  // As a user reads them: the first file says what columns there are.
  t.match(await duck(`select user, ms, attrs from '${dir}/*.parquet' order by time`), [
    { user: 'a', ms: 1.5, attrs: null }, { user: null, ms: 2.5, attrs: '{"user":"b"}' }, { user: null, ms: null, attrs: '{"user":"c","ms":3.5}' }
  ])
  t.match(await duck(`select shop from read_parquet('${dir}/*.parquet', union_by_name = true) order by time`), [{ shop: null }, { shop: 9007199254740993n }, { shop: null }])
  const [pair] = await duck(`select decode(value) as value from parquet_kv_metadata('${join(dir, files(dir)[2]!)}') where decode(key) = 'pino-blackbox.schema'`)
  const { columns, messageKey } = JSON.parse(String(pair!.value))
  t.equal(messageKey, 'msg')
  t.strictSame(columns.slice(13).map(({ name, type }: { name: string, type: string }) => `${name} ${type}`), ['user string', 'ms double', 'shop int64', 'attrs string', '_corrupt string'])
})

t.test('limit removes the oldest files, empty partitions, and nothing that is not ours', async t => {
  const dir = join(t.testdir({ logs: { 'mine.parquet': '', 'dt=2020-01-01': { 'note.txt': '' } } }), 'logs')
  for (let day = 0; day < 4; day++) await run({ dir, partition: 'day', limit: { count: 2 } }, { level: 30, time: T + day * 24 * HOUR, day })
  t.strictSame(fs.readdirSync(dir).sort(), ['dt=2020-01-01', 'dt=2026-01-04', 'dt=2026-01-05', 'mine.parquet'])
  t.strictSame(fs.readdirSync(join(dir, 'dt=2020-01-01')), ['note.txt'])
})

t.test('flush until delivered: what was logged before is in files that are there', async t => {
  const dir = join(t.testdir(), 'logs')
  const log = await open({ dir })
  for (let n = 0; n < 3; n++) {
    log.write({ level: 30, time: T, n })
    await log.flush('delivered')
    t.match(await query(dir, 'count(*)::int as rows'), [{ rows: n + 1 }])
  }
  await log.flush('delivered')
  t.equal(files(dir).length, 3, 'nothing new, no file')
  await log.end()
})

t.test('a service that was down for a week finds its rows, and a record without a time gets that of its segment', async t => {
  const base = t.testdir()
  const dir = join(base, 'logs')
  const dead = join(base, '.logs.blackbox', 'a'.repeat(16))
  const opened = Date.now() - 7 * 24 * HOUR
  fs.mkdirSync(dead, { recursive: true })
  fs.writeFileSync(join(dead, `${String(opened).padStart(15, '0')}-${'a'.repeat(16)}-000000001.2.jsonl`), `{"level":30,"time":${T},"n":1}\n{"level":30,"n":2}\n`)
  const log = await open({ dir })
  await until(() => log.metrics().deliveredRecords === 2)
  await log.end()
  t.match(log.metrics(), { recoveredRecords: 2, acceptedRecords: 0, pendingRecords: 0 })
  t.match(await query(dir, 'time, attrs'), [{ time: BigInt(T) * 1000n, attrs: '{"n":1}' }, { time: BigInt(opened) * 1000n + 1n, attrs: '{"n":2}' }])
})
