// An exporter that puts log lines into a table of SQLite:
//
//   exporter({ module: './sqlite.js', options: { file: './logs.db' } })
//
// A batch is one transaction. Its key is kept in the same transaction, so a batch that comes again (the process was killed between
// the commit and the answer) is known, and every line is in the table exactly once.
import Database from 'libsql' // better-sqlite3 has the same API
import { defineExporter } from 'pino-blackbox'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS batches (key TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS logs (time INTEGER, level INTEGER, msg TEXT, fields TEXT);
  CREATE INDEX IF NOT EXISTS logs_by_time ON logs (time);
`

/** @param {{ file: string }} options */
export default function sqliteExporter ({ file }) {
  const db = new Database(file)
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL')
  db.exec(SCHEMA)
  const known = db.prepare('INSERT OR IGNORE INTO batches VALUES (?)')
  const insert = db.prepare('INSERT INTO logs VALUES (?, ?, ?, ?)')
  const write = db.transaction(batch => {
    if (known.run(batch.key).changes === 0) return
    for (const { time = null, level = null, msg = null, ...fields } of batch.records()) {
      insert.run(time, level, msg, JSON.stringify(fields))
    }
  })
  return defineExporter({
    name: 'sqlite',
    deliver: async batch => { write(batch) },
    close: () => { db.close() }
  })
}
