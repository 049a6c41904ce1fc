// From kept arguments to lines. pino makes them, as it would have at the time.
import { messageOf } from './exotic.js'
import { Treated } from './kept.js'
import { HOME, type Home } from './layer.js'
import { whole } from './plain.js'
import { viewOf } from './view.js'
import type { Pino } from './pino-symbols.js'

/** A call that was not written. */
export interface Call {
  readonly logger: Pino
  readonly level: string
  /** As pino writes it. */
  readonly time: string
  /** The logger's; they may have been changed since. */
  readonly bindings: string
  readonly args: unknown[]
}

/** One line, unless hooks of the application make none or several of it. Never throws. */
export function linesOf (call: Call): string[] {
  const { logger, level, args } = call
  const lines: string[] = []
  try {
    const { symbols }: Home = logger[HOME]
    const view = viewOf(logger, level, lines)
    const stands = new Map<unknown, object>()
    const { log, ...formatters } = logger[symbols.formatters]
    const errorKey = logger[symbols.errorKey]
    set(view, call, {
      ...formatters,
      log (fields: Record<string, unknown>) {
        const direct = stands.get(fields)
        if (direct) return direct
        const error = stands.get(fields[errorKey])
        if (error) return { ...fields, [errorKey]: undefined, ...error }
        return log ? log(fields) : fields
      }
    })
    view[level](...args.map(arg => arg instanceof Treated ? standFor(arg, logger, stands) : whole(arg)))
  } catch (thrown) {
    lines.push(...failed(call, thrown))
  }
  return lines
}

/** Only what acts on messages has still to be done. */
function set (view: Pino, { logger, time, bindings }: Call, formatters: object): void {
  const { symbols }: Home = logger[HOME]
  const messageKey = logger[symbols.messageKey]
  view[symbols.time] = () => time
  view[symbols.chindings] = bindings
  view[symbols.formatters] = formatters
  view[symbols.serializers] = Object.assign(Object.create(null), { [messageKey]: logger[symbols.serializers][messageKey] })
}

/** An object from which pino takes the same message as from the one that was logged. Its fields are put in its place later. */
function standFor (treated: Treated, logger: Pino, stands: Map<unknown, object>): object {
  const { symbols }: Home = logger[HOME]
  const { error, message, cause } = treated
  const fields = whole(treated) as object
  const stand = error
    ? Object.assign(Object.create(Error.prototype), fields, cause)
    : { ...fields, [logger[symbols.messageKey]]: message, [logger[symbols.errorKey]]: cause }
  stands.set(stand, fields)
  return stand
}

function failed (call: Call, thrown: unknown): string[] {
  const { logger, level, time } = call
  try {
    const { symbols, hooks: { streamWrite = line => line } }: Home = logger[HOME]
    const view = viewOf(logger, level, [])
    set(view, call, { ...logger[symbols.formatters], log: undefined })
    view[symbols.serializers] = Object.create(null)
    return [streamWrite(view[symbols.asJson]({}, `[Throws: ${messageOf(thrown)}]`, logger.levels.values[level], time))]
  } catch {
    return []
  }
}
