// Every error class and code of the package, with its message. The code stands at the head of the message too:
// an error that crosses from the worker to the main thread loses `code` and class (structured clone).

/** What all errors of pino-blackbox have in common: a stable `code`. */
export class BlackboxError extends Error {
  readonly code: string

  constructor (code: string, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options)
    this.name = new.target.name
    this.code = code
  }
}

/** A bad option, thrown at construction. `option` is its path, or the environment variable that it came from. */
export class OptionError extends BlackboxError {
  readonly option: string
  /** The message without code and output. */
  readonly problem: string

  constructor (output: string, option: string, problem: string) {
    super('BLACKBOX_OPTION', `${output}: ${problem}`)
    this.option = option
    this.problem = problem
  }
}

/** `flush()` could not promise what it was asked for: no output answered, or time was up. */
export class FlushError extends BlackboxError {}

/** The logger given to `flush()`, `shutdown()` or `watch()` has no pino transport underneath. */
export class LoggerError extends BlackboxError {}

/** A dump that was not written. Codes: BLACKBOX_DUMP (the disk; see `cause`), _RATE (the rate limit), _BUSY (too much waits for the disk), _CLOSED. */
export class DumpError extends BlackboxError {}

/** An output could not be written to: why a flush failed or a line was dropped. */
export class DeliveryError extends BlackboxError {}

/** A delivery that failed and is to be tried again. */
export class AttemptError extends DeliveryError {
  /** ms to wait at least: the receiver has said so (Retry-After), or trying sooner is of no use. */
  readonly after: number
  /** Somebody has to do something first (wrong credentials): told at once. */
  readonly needsHelp: boolean
  constructor (what: string, { after = 0, needsHelp = false }: { after?: number, needsHelp?: boolean } = {}) {
    super('BLACKBOX_DELIVERY', what)
    this.after = after
    this.needsHelp = needsHelp
  }
}

/** The destination will never take anything again (a closed pipe): trying again is of no use. */
export class GoneError extends DeliveryError {
  constructor (what: string, options?: ErrorOptions) {
    super('BLACKBOX_GONE', what, options)
  }
}

/** What is said of a value that may be a secret. */
export function kindOf (value: unknown): string {
  return value === undefined || value === null ? String(value) : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** Shows a value in an error message: short, with its type, never throwing. */
export function show (value: unknown, withType = true): string {
  let text: string
  try {
    text = typeof value === 'bigint' || typeof value === 'number' ? String(value) : JSON.stringify(value) ?? String(value)
  } catch {
    text = 'something that JSON cannot show'
  }
  if (text.length > 80) text = `${text.slice(0, 77)}...`
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return !withType || value === undefined || value === null ? text : `${text} (${type})`
}

/** The message of whatever was thrown. */
export function reason (thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The system's code of a failed call (`ENOSPC`, `EACCES`, ...), or undefined. */
export function errno (thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined
}
