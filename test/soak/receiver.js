// The receiver of the soak: notes of every request its key and which lines were in it, in a file, before it answers; then answers as its
// mood is.
//
//   node receiver.js '{"file": "/tmp/x/received.ndjson"}'
//
// From its parent: { mood: 'up' | 'down' | 'hanging' | '503' | 'slow' }. To its parent: { port }, { changed: true }.
import fs from 'node:fs'
import http from 'node:http'
import { inventory, unpack } from '../fixtures/receiver-body.js'

const { file } = JSON.parse(process.argv[2])
/** ms. */
const SLOW = 700
let mood = 'up'

const server = http.createServer(async (request, response) => {
  const chunks = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    return
  }
  const body = Buffer.concat(chunks)
  const { text } = await unpack(body, request.headers['content-encoding'])
  // What hangs may have been stored as well as not: here it was, and comes again.
  const stored = mood !== '503'
  fs.appendFileSync(file, `${JSON.stringify({ key: request.headers['idempotency-key'], stored, ...inventory(body, text, request.headers) })}\n`)
  if (mood === 'hanging') return
  setTimeout(() => response.writeHead(stored ? 200 : 503).end(), mood === 'slow' ? SLOW : 0)
})
const listen = port => new Promise(resolve => server.listen(port, '127.0.0.1', resolve))

process.on('message', async ({ mood: next }) => {
  mood = next
  if (mood !== 'down' && !server.listening) await listen(port)
  if (mood === 'down') server.close()
  // Whoever hangs is let go.
  server.closeAllConnections()
  process.send({ changed: true })
})
process.on('disconnect', () => process.exit())

await listen(0)
const { port } = server.address()
process.send({ port })
