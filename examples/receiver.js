// A receiver of log batches that may be killed at any moment: a batch is a file, there whole or not at all, and it is answered
// only then. One that comes again is known by its Idempotency-Key, also after a restart, because the key is in the file's name.
//
//   node examples/receiver.js '{"port": 3001, "directory": "received"}'
//
//   <directory>/<arrival>_<key>.jsonl   the lines of one batch
//
// It trusts its senders: limits and authentication would stand in front of it.
// Messages to the parent, when there is one: { ready: true, port }, then { key, lines, bytes, status, repeat, answered } for each
// batch. After 'hold' from it batches are taken as before, but nobody gets an answer.
import fs from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

const { port = 3001, directory = 'received' } = JSON.parse(process.argv[2] ?? '{}')
const BATCH = /^(\d{9})_(.+)\.jsonl$/
const NEWLINE = 0x0a

fs.mkdirSync(directory, { recursive: true })
/** @type {Map<string, string>} the file of each key */
const batches = new Map()
let arrivals = 0
for (const name of fs.readdirSync(directory)) {
  const [, arrival, key] = BATCH.exec(name) ?? []
  if (key === undefined) continue
  batches.set(decodeURIComponent(key), join(directory, name))
  arrivals = Math.max(arrivals, Number(arrival))
}

let held = false
process.on('message', message => { held ||= message === 'hold' })
process.on('disconnect', () => process.exit())

const server = http.createServer(async (request, response) => {
  const answered = !held
  const status = await receive(request, answered).catch(() => 500)
  if (answered) response.writeHead(status).end()
})
server.listen(port, '127.0.0.1', () => tell({ ready: true, port: server.address().port }))

/**
 * The status of the answer.
 *
 * @param {http.IncomingMessage} request
 * @param {boolean} answered
 */
async function receive (request, answered) {
  const key = request.headers['idempotency-key']
  const body = await buffer(request)
  const lines = unpack(body, request.headers['content-encoding'])
  if (request.method !== 'POST' || typeof key !== 'string' || !lines) return 400
  // Nothing is awaited from here on, so that two requests with one key cannot both be the first.
  const known = batches.get(key)
  if (known === undefined) keep(key, lines)
  const status = known === undefined || fs.readFileSync(known).equals(lines) ? 200 : 422
  tell({ key, lines: count(lines), bytes: body.length, status, repeat: known !== undefined, answered })
  return status
}

/**
 * Safe against the death of this process, as the sender's journal is; against that of the machine it would take an fsync.
 *
 * @param {string} key
 * @param {Buffer} lines
 */
function keep (key, lines) {
  const path = join(directory, `${String(++arrivals).padStart(9, '0')}_${encodeURIComponent(key)}.jsonl`)
  const unfinished = join(directory, '.unfinished')
  fs.writeFileSync(unfinished, lines)
  fs.renameSync(unfinished, path)
  batches.set(key, path)
}

/**
 * @param {Buffer} body
 * @param {string} [encoding]
 */
function unpack (body, encoding) {
  try {
    return encoding === 'gzip' ? gunzipSync(body) : encoding === undefined ? body : undefined
  } catch {
    return undefined
  }
}

/** @param {Buffer} lines */
function count (lines) {
  let found = 0
  for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) found++
  return found
}

/** @param {object} message */
function tell (message) {
  if (process.connected) process.send?.(message)
}
