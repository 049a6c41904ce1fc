// What a user writes who wants his log at an HTTP endpoint: lines to batches, gzip, fetch, one request at a time. Nothing is kept on
// disk and nothing is tried again.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import build from 'pino-abstract-transport'

const compress = promisify(gzip)
const FLUSH_EVERY = 1000

export default ({ url, maxBytes, level }) => {
  let batch = []
  let bytes = 0
  let sent = Promise.resolve()

  function send () {
    if (batch.length === 0) return sent
    const text = batch.join('\n') + '\n'
    batch = []
    bytes = 0
    sent = sent.then(() => post(text))
    return sent
  }

  async function post (text) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      body: await compress(text, { level })
    })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`${url} answered with ${response.status}`)
  }

  const timer = setInterval(send, FLUSH_EVERY)
  return build(async source => {
    for await (const line of source) {
      batch.push(line)
      bytes += line.length + 1
      if (bytes >= maxBytes) await send()
    }
  }, {
    parse: 'lines',
    async close () {
      clearInterval(timer)
      await send()
    }
  })
}
