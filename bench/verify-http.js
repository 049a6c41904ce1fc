// The same for what a receiver was sent: every line is in one body, once, whatever the format of the bodies.
import { gunzipSync } from 'node:zlib'
import zstd from '@bokuweb/zstd-wasm'

await zstd.init()
const DECODERS = { gzip: gunzipSync, zstd: body => Buffer.from(zstd.decompress(body)), identity: body => body }

/** Do `bodies` hold lines 0 to `lines` - 1, each once, and nothing else? `wrong` says what is not so. */
export function verifyBodies (bodies, lines) {
  const times = new Uint32Array(lines)
  try {
    for (const { body, type, encoding = 'identity' } of bodies) {
      for (const { seq } of recordsOf(DECODERS[encoding](body).toString(), type)) {
        if (!(seq in times)) return { wrong: `received line ${seq}, which is none of 0 to ${lines - 1}` }
        times[seq]++
      }
    }
  } catch (error) {
    return { wrong: `received a body that cannot be read: ${error}` }
  }
  const lost = times.filter(count => count === 0).length
  const repeated = times.filter(count => count > 1).length
  return { wrong: lost + repeated === 0 ? undefined : `${lost} of ${lines} lines lost, ${repeated} received more than once` }
}

/** Of a body of lines, or of one document: pino-loki's `streams`, pino-http-send's `logs`. */
function recordsOf (text, type = '') {
  if (!type.startsWith('application/json')) return text.trimEnd().split('\n').map(line => JSON.parse(line))
  const { streams, logs } = JSON.parse(text)
  return logs ?? streams.flatMap(({ values }) => values.map(([, line]) => JSON.parse(line)))
}
