// rotating-file-stream as a pino transport, by the recipe of pino's documentation: a line at a time, none is cut by a rotation.
import { once } from 'node:events'
import build from 'pino-abstract-transport'
import { createStream } from 'rotating-file-stream'

export default ({ name, path, size }) => {
  const file = createStream(name, { path, size })
  return build(async source => {
    for await (const line of source) {
      if (!file.write(line + '\n')) await once(file, 'drain')
    }
    file.end()
  }, { parse: 'lines', async close () { if (!file.closed) await once(file, 'close') } })
}
