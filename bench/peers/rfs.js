// rotating-file-stream as a pino transport, the way its users write it.
import { createStream } from 'rotating-file-stream'

export default ({ name, path, size }) => createStream(name, { path, size })
