// An application that logs by winston into files that are rotated by size, with the calls that app.js makes of pino.
import { once } from 'node:events'
import winston from 'winston'
import DailyRotateFile from 'winston-daily-rotate-file'

const { combine, timestamp, json } = winston.format

/** The logger, and what ends it: resolves when the file has every line. */
export function open (dirname, megabytes, bindings) {
  const file = new DailyRotateFile({ dirname, filename: 'app-%DATE%.log', auditFile: `${dirname}/.audit.json`, maxSize: `${megabytes}m` })
  const logger = winston.createLogger({ format: combine(timestamp(), json()), defaultMeta: bindings, transports: [file] })
  return {
    log: calls(logger),
    async close () {
      const finished = once(file, 'finish')
      logger.end()
      await finished
    }
  }
}

/** pino's order of arguments. */
const calls = logger => ({
  child: bindings => calls(logger.child(bindings)),
  info: (fields, message) => logger.info(message, fields),
  warn: (fields, message) => logger.warn(message, fields)
})
