// pino-http-send as a pino transport. What it offers is a stream for the main thread; it says neither when its last batch has been
// sent nor when it has closed.
import { createWriteStream } from 'pino-http-send'

export default options => {
  const stream = createWriteStream(options)
  return stream.on('finish', () => stream.destroy())
}
