// What a user's exporter is. Loaded by the user's module in the worker, and by the application that writes that module's types.
import { BlackboxError, OptionError, show } from '../errors.js'

/** Lines that are delivered together. The same lines always come under the same key, whoever delivers them and how often. */
export interface Batch {
  /** Unique over processes and restarts: what a receiver recognises repeats by. */
  readonly key: string
  /** Number of lines. */
  readonly size: number
  /** The lines, each ended by a newline. */
  readonly bytes: Uint8Array
  /** The same as text. */
  readonly text: string
  /** The lines without their newlines. */
  lines (): string[]
  /** The lines that are JSON objects, parsed when this is called first. */
  records (): Array<Record<string, unknown>>
  /** The lines that are not, as they are. */
  malformed (): string[]
}

export interface Exporter {
  /** Label in telemetry and messages, and name of the journal, unless the option `name` says otherwise. */
  name: string
  /**
   * Resolves when the receiver has the batch. Rejects when it is to be tried again, with the same key, later and later; with a
   * RefusedError when it never will be taken: the batch then comes in halves until the lines are found that are refused, which
   * become dead letters. `signal` is aborted when `timeout` is over, and when the output closes and has no more time.
   */
  deliver (batch: Batch, about: { signal: AbortSignal }): Promise<void> | void
  /** Called once, after the last `deliver`. The time it has is what is left of `closeTimeout`. */
  close? (): Promise<void> | void
}

/** What the default export of the module is: an exporter, or what makes one of the option `options`. */
export type ExporterModule<O = unknown> = Exporter | ((options: O) => Exporter | Promise<Exporter>)

/** A batch, or some of its lines, that the receiver will never take. */
export class RefusedError extends BlackboxError {
  /** Numbers of the lines that are refused, from 0; the receiver has the others. Without it something in the batch is refused. */
  readonly lines: readonly number[] | undefined

  constructor (message: string, { lines, ...options }: ErrorOptions & { lines?: readonly number[] } = {}) {
    super('BLACKBOX_REFUSED', message, options)
    this.lines = lines
  }
}

/** The exporter, checked and typed. Throws an OptionError. */
export function defineExporter (exporter: Exporter): Exporter {
  if (typeof exporter !== 'object' || exporter === null) throw wrong('exporter', 'an object with `name` and `deliver`', exporter)
  const { name, deliver, close } = exporter
  if (typeof name !== 'string' || name === '') throw wrong('name', 'a non-empty string', name)
  if (typeof deliver !== 'function') throw wrong('deliver', 'a function', deliver)
  if (close !== undefined && typeof close !== 'function') throw wrong('close', 'a function', close)
  return exporter
}

function wrong (what: string, expected: string, got: unknown): OptionError {
  return new OptionError('exporter', what, `Expected \`${what}\` to be ${expected}, got ${show(got)}`)
}
