// What is kept of the arguments of a call that is not written, so that pino can make later the line that it would have made at once.
// Formatters and serializers of the application are called here and now: they know what cannot be copied.
import { messageOf } from './exotic.js'
import { HOME, type Home } from './layer.js'
import { Copier, Fields, MOST } from './plain.js'
import { viewOf } from './view.js'
import type { Pino } from './pino-symbols.js'

type Serializer = (value: unknown) => unknown

/** The fields of a line, when pino has still to see what they were before formatters and serializers had them. */
export class Treated extends Fields {
  /** Was it an error? */
  readonly error: boolean
  /** What stood for the message, and for the error. */
  readonly message: unknown
  readonly cause: unknown

  constructor ({ keys, values }: Fields, { error, message, cause }: Origin) {
    super(keys, values)
    this.error = error
    this.message = message
    this.cause = cause
  }
}

type Origin = Pick<Treated, 'error' | 'message' | 'cause'>

const SPECIFIER = /%([^])/g

/** Replaces `args` by what is kept of them; returns its estimated bytes. Throws when that cannot be done. */
export function keep (logger: Pino, args: unknown[]): number {
  const { symbols, hooks }: Home = logger[HOME]
  const copier = new Copier()
  // A formatter has something to say also where there are no fields.
  if (!isObject(args[0]) && !hooks.logMethod && logger[symbols.formatters].log) args.splice(0, args[0] === undefined || (args[0] === null && args.length > 1) ? 1 : 0, {})
  const { length } = args
  copier.slots(length)
  for (let at = 0; at < length; at++) {
    const arg = args[at]
    if (at === 0 && isObject(arg)) args[at] = fieldsOrWhy(logger, arg, copier)
    else args[at] = isObject(arg) || typeof arg === 'function' ? argument(logger, args, at, copier) : copier.primitive(arg)
  }
  return copier.bytes
}

function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function fieldsOrWhy (logger: Pino, source: object, copier: Copier): Fields {
  try {
    return fieldsOf(logger, source, copier)
  } catch (thrown) {
    return new Treated(new Fields(['[Throws]'], [copier.text(messageOf(thrown))]), { error: false, message: undefined, cause: undefined })
  }
}

/** As pino takes an object for the fields of a line. */
function fieldsOf (logger: Pino, source: object, copier: Copier): Fields {
  const { symbols }: Home = logger[HOME]
  const errorKey: string = logger[symbols.errorKey]
  const messageKey: string = logger[symbols.messageKey]
  const serializers = logger[symbols.serializers]
  const format = logger[symbols.formatters].log
  let object = mapped(logger, source)
  const made = object !== source
  const error = object instanceof Error
  if (error) object = { [errorKey]: object }
  let origin = error || format ? originOf(object, object[errorKey], error, messageKey, copier) : undefined
  if (format) object = Object(format(object))

  const fields = read(object)
  const { keys, values } = fields
  copier.slots(keys.length, keys)
  for (let at = 0; at < keys.length; at++) {
    const value = values[at]
    if (value === undefined) continue
    const key = keys[at]!
    if (key === errorKey) origin ??= originOf(object, value, false, messageKey, copier)
    // What the serializer of messages is for comes later, when there is a message.
    const serializer = key === messageKey ? undefined : serializers[key] || (key === errorKey ? serializers.err : undefined)
    values[at] = serializer || typeof value === 'object' ? field(value, serializer, made, copier) : written(value, copier)
  }
  return origin ? new Treated(fields, origin) : fields
}

/** The first fields. Getters are called once. */
function read (object: Record<string, unknown>): Fields {
  const keys = Object.keys(object)
  const { length } = keys
  if (length <= MOST) {
    try {
      const values = Object.values(object)
      if (values.length === length) return new Fields(keys, values)
    } catch {}
    return new Fields(keys, keys.map(key => valueOf(object, key)))
  }
  const first = keys.slice(0, MOST)
  return new Fields([...first, '[+]'], [...first.map(key => valueOf(object, key)), `${length - MOST} more`])
}

function valueOf (object: Record<string, unknown>, key: string): unknown {
  try {
    return object[key]
  } catch (thrown) {
    return throws(thrown)
  }
}

/** What pino or a serializer has `made` is meant to be written as it is, whatever its class. */
function field (value: unknown, serializer: Serializer | undefined, made: boolean, copier: Copier): unknown {
  try {
    const told = serializer ? serializer(value) : value
    if (!isObject(told)) return written(told, copier)
    return copier.object((made || serializer) && !Array.isArray(told) && typeof (told as { toJSON?: unknown }).toJSON !== 'function' ? { ...told } : told)
  } catch (thrown) {
    return throws(thrown)
  }
}

/** pino leaves out what has no place in JSON. */
function written (value: unknown, copier: Copier): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : copier.primitive(value)
}

/** pino takes its message from an error before a formatter or serializer has made something else of it. */
function originOf (object: Record<string, unknown>, thrown: unknown, error: boolean, messageKey: string, copier: Copier): Origin {
  const told = thrown ? valueOf(Object(thrown), 'message') : undefined
  const message = typeof told === 'string' ? copier.text(told) : undefined
  return { error, message: valueOf(object, messageKey) === undefined ? undefined : '', cause: thrown ? { message } : undefined }
}

/** Requests and responses are fields of a line; how, pino knows. */
function mapped (logger: Pino, source: object): Record<string, unknown> {
  const like = source as Record<string, unknown>
  if (!(like.method && like.headers && like.socket) && typeof like.setHeader !== 'function') return like
  const { symbols }: Home = logger[HOME]
  const level = Object.keys(logger.levels.values)[0]!
  const view = viewOf(logger, level, [], {})
  let object = like
  view[symbols.write] = (fields: typeof like) => { object = fields }
  view[level](source)
  return object
}

/** What is not among the fields: the message, or what is put into it. */
function argument (logger: Pino, args: unknown[], at: number, copier: Copier): unknown {
  const { symbols, hooks }: Home = logger[HOME]
  const arg = args[at] as object
  const message = args[0] === undefined || typeof args[0] === 'object' ? 1 : 0
  const prefix = logger[symbols.msgPrefix]
  try {
    // With a prefix it is put behind it by `+`, which asks valueOf() first.
    if (at === message) return typeof prefix === 'string' ? copier.text('' + (arg as unknown as string)) : loose(arg, copier)
    switch (specifier(args[message], prefix, at - message)) {
      case 's': return Array.isArray(arg) ? copier.object(arg) : copier.text(String(arg))
      case 'd':
      case 'f':
      case 'i': return Number(arg)
      case 'j':
      case 'o':
      case 'O': return loose(arg, copier)
    }
    // pino does not look at it, but a hook may put it in another place.
    return hooks.logMethod && typeof arg === 'object' ? fieldsOf(logger, arg, copier) : undefined
  } catch (thrown) {
    return throws(thrown)
  }
}

/** How the message shows the value that is the `nth` to be put into it. One that is no text shows all as JSON. */
function specifier (message: unknown, prefix: string | undefined, nth: number): string | undefined {
  if (typeof message !== 'string') return 'j'
  return [...`${prefix ?? ''}${message}`.matchAll(SPECIFIER)].map(([, letter]) => letter).filter(letter => letter !== '%')[nth - 1]
}

function loose (arg: object, copier: Copier): unknown {
  return typeof arg === 'function' ? Object.defineProperty(() => {}, 'name', { value: arg.name }) : copier.object(arg)
}

function throws (thrown: unknown): string {
  return `[Throws: ${messageOf(thrown)}]`
}
