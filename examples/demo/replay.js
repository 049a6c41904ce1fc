// A log that somebody already has, sent through the same outputs; then both are compared, line by line.
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { digestRows, MessageDigest, withDataset } from './dataset.js'
import { LineDigest } from './digest.js'
import { logFiles, readBack } from './lines.js'
import { heard, start } from './processes.js'
import { progress } from './progress.js'
import { Comparison } from './received.js'
import { Receiver } from './receiver.js'
import { bytes, count, dim, fileTable, heading, parquetTable, seconds, table } from './report.js'

const NEWLINE = 0x0a

/** @param {{ directory: string, source: string, size: number }} settings `source` is a path, or '-' for stdin */
export async function replay ({ directory, source, size }) {
  const logs = join(directory, 'logs')
  const base = source === '-' ? 'stdin' : basename(source).replace(/\.[^.]*$/, '') || 'log'
  const from = source === '-' ? 'stdin' : source
  const total = source === '-' ? 0 : fs.statSync(source).size
  const received = join(directory, 'received')
  const journal = join(directory, 'journal')
  const receiver = new Receiver(received)
  let onConsole = 0

  await receiver.open()
  const sending = progress(total)
  const began = Date.now()
  let sent
  try {
    const sender = start('demo/sender.js', { source, file: join(logs, base), size, url: receiver.url, journal }, {
      stdin: source === '-' ? 'inherit' : 'ignore',
      onStdout: piece => { for (const byte of piece) if (byte === NEWLINE) onConsole++ },
      onMessage: ({ bytes: done, lines }) => {
        if (done !== undefined) sending.update(done, `${bytes(done)} · ${count(lines)} lines · ${count(lines / (Date.now() - began) * 1000)} lines/s`)
      }
    })
    sent = (await heard(sender, ({ sent }) => sent, 'send the lines')).sent
    await sender.closed
    sent.stderr = sender.stderr
    await receiver.close()
  } finally {
    sending.stop()
  }

  const stored = logFiles(logs, base).reduce((sum, name) => sum + fs.statSync(join(logs, name)).size, 0)
  const reading = progress(stored)
  const digest = new LineDigest()
  const messages = new MessageDigest()
  const arrived = new Comparison(received, journal)
  /** Lines that the receiver might have taken. */
  let refused = 0
  let audited = 0
  try {
    const files = await readBack(logs, base, line => {
      const record = objectOf(line)
      digest.add(line)
      addMessage(messages, line, record)
      if (arrived.add(line) === 'dead' && record) refused++
    }, read => {
      audited += read
      reading.update(audited, `reading back · ${count(digest.lines)} lines`)
    })
    const parquet = await withDataset(join(logs, base), async dataset => {
      const rows = await digestRows(dataset, rows => reading.update(audited, `reading back · ${count(rows)} rows of Parquet`))
      const { files: all, bytes: stored } = dataset
      return { files: all, bytes: stored, ratio: files.reduce((sum, { text }) => sum + text, 0) / stored, ...rows }
    })
    const lines = messages.figures()
    const found = { ...digest.figures(), notJson: lines.corrupt, messages: lines.sha256 }
    const { batches, bytes: wire, repeats } = receiver
    const http = { batches, bytes: wire, repeats: repeats.length, ...arrived.figures(), refused }
    const figures = { mode: 'replay', source: from, sent, found, parquet, http, onConsole, files, size }
    return { figures, verdicts: verdicts(figures), text: text(figures) }
  } finally {
    reading.stop()
  }
}

/** As a row has it: a message that is no text, or one that UTF-8 cannot hold, has no column. */
function addMessage (messages, line, record) {
  if (!record) messages.add(line.toString().slice(0, -1), null)
  else messages.add(null, typeof record.msg === 'string' && record.msg.isWellFormed() ? record.msg : null)
}

function objectOf (line) {
  try {
    const value = JSON.parse(line.toString())
    return typeof value === 'object' && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** @returns {import('./report.js').Verdict[]} */
function verdicts ({ sent, found, parquet, http, onConsole, files, size }) {
  const tooBig = files.filter(({ text, lines }) => text > size && lines > 1)
  const dropped = sent.outputs.reduce((sum, { droppedRecords }) => sum + droppedRecords, 0)
  const console = sent.outputs.find(({ kind }) => kind === 'console')
  return [
    { promise: 'as many lines out as in', kept: found.lines === sent.lines, found: `${count(sent.lines)} in, ${count(found.lines)} out` },
    { promise: 'the same lines in the same order', kept: found.sha256 === sent.sha256, found: digests(sent, found) },
    { promise: 'each line is one row of Parquet', kept: parquet.rows === found.lines && parquet.corrupt === found.notJson, found: `${count(parquet.rows)} rows, ${count(found.lines)} lines` },
    { promise: 'their messages in the same order', kept: parquet.sha256 === found.messages, found: digests({ sha256: found.messages }, parquet) },
    { promise: 'each line was received, in order', kept: http.received + http.dead === found.lines && http.astray + http.foreign + http.refused === 0, found: `${count(http.received)} received, ${count(http.dead)} dead letters, ${count(http.astray + http.foreign)} astray` },
    { promise: 'no torn line in any file', kept: files.every(({ torn }) => torn === 0) && found.blank + found.crlf + found.notUtf8 === 0, found: `${files.filter(({ torn }) => torn > 0).length} found` },
    { promise: `no file over ${bytes(size)}`, kept: tooBig.length === 0, found: `largest ${count(Math.max(0, ...files.map(({ text }) => text)))} of ${count(size)} bytes` },
    { promise: 'errors came out on stdout too', kept: onConsole === console?.acceptedRecords, found: `${count(onConsole)} of ${count(console?.acceptedRecords ?? 0)}` },
    { promise: 'no line dropped', kept: dropped === 0, found: `${count(dropped)} in the counters of the outputs` }
  ]
}

function digests (before, after) {
  const [one, other] = [before, after].map(({ sha256 }) => sha256.slice(0, 12))
  return one === other ? `sha256 of both ${other}…` : `sha256 ${one}… in, ${other}… out`
}

/** @returns {string} */
function text ({ sent, found, parquet, http, onConsole, files, size }) {
  const said = sent.stderr.trimEnd().split('\n').filter(Boolean).map(line => `  ${line}`)
  const rate = sent.ms > 0 ? sent.lines / sent.ms * 1000 : 0
  return [
    heading('Lines'),
    table([
      ['lines in', sent.lines, dim(bytes(sent.bytes))],
      ['lines out', found.lines, dim(bytes(files.reduce((sum, file) => sum + file.text, 0)))],
      ['rows of Parquet', parquet.rows, ''],
      ['received over HTTP', http.received, dim(`in ${count(http.batches)} batch${http.batches === 1 ? '' : 'es'}; ${bytes(http.bytes)} on the wire`)],
      ['kept as dead letters', http.dead, dim('not sent: no JSON object')],
      ['lines on stdout as well', onConsole, dim("level 'error' and above, or not readable")],
      ['time until all were safe', seconds(sent.ms), dim(`${count(rate)} lines/s, ${bytes(Math.round(sent.bytes / sent.ms * 1000))}/s`)]
    ], 1),
    heading('Peculiar lines'),
    table([
      ['no JSON object', found.notJson, dim('kept as they are; in Parquet as _corrupt')],
      ['ended by CRLF', sent.crlf, dim('now by LF')],
      ['blank', sent.blank, dim('left out: no log lines')],
      ['not UTF-8', sent.notUtf8, dim('their foreign bytes are now U+FFFD')]
    ], 1),
    heading('Files'),
    fileTable(files, size),
    heading('Parquet'),
    parquetTable(parquet, files, parquet.rows),
    ...said.length > 0 ? [heading('Said on stderr'), ...said] : []
  ].join('\n')
}
