// The example of an exporter: a real table of SQLite has every acknowledged line exactly once, whatever is killed when.
import t from 'tap'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import pino from 'pino'
import { exporter, flush, shutdown } from 'pino-blackbox'
import { produce } from './fixtures/harness.js'
import { range } from './fixtures/jsonl.js'

const module = fileURLToPath(new URL('../examples/exporters/sqlite.js', import.meta.url))

t.test('exactly once in the table, across SIGKILLs', { timeout: 60_000 }, async t => {
  const dir = t.testdir()
  const file = join(dir, 'logs.db')
  const transport = exporter({ module, options: { file }, journal: { dir: join(dir, 'spool') }, batch: { flushRecords: 50, flushAge: 10 } })
  const acked: number[] = []
  for (const run of range(6)) {
    const producer = produce({ transport, writer: `run-${run}`, ackEvery: 200, burst: 20 })
    await producer.reached(600)
    producer.process.kill('SIGKILL')
    await producer.exited
    acked.push(producer.acked)
  }
  const log = pino({ base: { service: 'shop' } }, pino.transport(transport))
  log.warn({ order: 17 }, 'order placed')
  await flush(log, { until: 'delivered' })
  await shutdown(log)

  const db = new Database(file, { readonly: true })
  t.teardown(() => db.close())
  db.exec('PRAGMA busy_timeout = 5000')
  t.match(db.prepare('SELECT level, msg, fields FROM logs WHERE msg = ?').all('order placed'), [{ level: 40, msg: 'order placed', fields: '{"service":"shop","order":17}' }])
  for (const [run, lines] of acked.entries()) {
    const rows = db.prepare("SELECT fields ->> 'seq' AS seq FROM logs WHERE fields ->> 'writer' = ? ORDER BY rowid").all(`run-${run}`) as Array<{ seq: number }>
    t.ok(rows.length >= lines, `${lines} acknowledged, ${rows.length} in the table`)
    t.strictSame(rows.map(({ seq }) => Number(seq)), range(rows.length), 'once, and in order')
  }
})
