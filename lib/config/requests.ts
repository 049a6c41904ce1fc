// The options of what binds the dumper to requests: the Fastify plugin, dumpRequests() and recordStream().
import { parseOptions } from './options.js'
import { anything, count, describe, group, having, list, oneOf, optional, size, takes, text, type Filled, type Input } from './option.js'
import { parseRecorder, type RecorderOptions } from './recorder.js'
import { OptionError, show } from '../errors.js'
import type { DumperOptions } from './dumper.js'
import type { Dumper } from '../dumper/dumper.js'
import type { Failure } from '../dumper/failure.js'

/**
 * What becomes of a request that fails: an error is thrown or passed on; a reply says so with a status of 500 or more; a reply breaks off
 * after its head was sent; the client goes away before the reply is complete; the connection is idle for too long.
 */
export const FAILURES = ['error', 'reply', 'stream', 'abort', 'timeout'] as const
export type FailureKind = typeof FAILURES[number]

/** Which failures are dumped: these kinds (an error that is answered with 4xx is not one), or those for which a function says so. It sees each of them, and may be asked twice. */
export type When = readonly FailureKind[] | ((failure: Failure) => boolean)

const DEFAULT_WHEN = ['error', 'reply', 'stream'] as const
const kinds = list(oneOf(FAILURES, ''), '')

const common = {
  dumper: optional(anything('Options of a dumper, or a dumper. Default: the one that the package exports as `dumper`, as it is configured at that moment.')),
  recorder: optional(anything('Options of the flight recorder, or `false`: then a dump has no log lines.')),
  when: optional(anything('Which failures are dumped: an array of "error", "reply", "stream", "abort" and "timeout", or a function. Default: the first three.')),
  header: optional(text('Header of the reply that names the dump\'s file. Default: none, since clients need not know.'))
}

export const pluginSchema = group(common)

export const functionSchema = group({
  ...common,
  logger: optional(having<Logger>('child', 'pino logger. A request without a `log` of its own gets a child of it.'))
})

export const streamSchema = group({
  dumper: optional(anything('Options of a dumper, or a dumper. Default: the one that the package exports as `dumper`.')),
  name: optional(text('First part of the file\'s name. Default: \'stream\', or in a request its method and route.')),
  events: optional(count('Events that are kept; the oldest go.', 1, 100_000), 100),
  bytes: optional(size('What the kept events may take; the oldest go, and a longer one is cut.'), '256k'),
  format: optional(oneOf(['auto', 'sse', 'ndjson'], 'What an event is in a stream of bytes or text: a block between blank lines, a line, or (told by how the stream begins) either of them or else a chunk.'), 'auto'),
  when: optional(list(oneOf(['stream', 'abort'], ''), 'The events are dumped when the source fails, or also when whoever reads goes away before the end.'), ['stream'])
})

/** A pino logger, as far as it is needed. */
export interface Logger {
  child (bindings: Record<string, unknown>, options?: object): Logger
  setBindings? (bindings: Record<string, unknown>): void
}

/** Where dumps go: options of a dumper of one's own, or a dumper that others use too. */
interface Whereto {
  dumper?: DumperOptions | Dumper | undefined
}

interface Given extends Whereto {
  recorder?: false | RecorderOptions | undefined
  when?: When | undefined
}

export type FastifyBlackboxOptions = Omit<Input<typeof pluginSchema>, keyof Given> & Given
export type DumpRequestsOptions = Omit<Input<typeof functionSchema>, keyof Given> & Given
export type RecordStreamOptions = Omit<Input<typeof streamSchema>, keyof Whereto> & Whereto
export type StreamSettings = Filled<typeof streamSchema>

/** What Fastify itself takes from the options of a plugin. */
const FASTIFYS = ['prefix', 'logLevel', 'logSerializers']

/** Checks and fills. Throws an OptionError. */
export function parsePlugin (input: unknown) {
  const own = typeof input === 'object' && input !== null
    ? Object.fromEntries(Object.entries(input).filter(([name]) => !FASTIFYS.includes(name)))
    : input
  return parseOptions('fastify', pluginSchema, own, {}, filled => check('fastify', filled))
}

/** Checks and fills. Throws an OptionError. */
export function parseFunction (input: unknown) {
  return parseOptions('dumpRequests', functionSchema, input, {}, filled => check('dumpRequests', filled))
}

/** Checks and fills. Throws an OptionError. */
export function parseStream (input: unknown): StreamSettings {
  return parseOptions('recordStream', streamSchema, input, {})
}

function check<F extends Filled<typeof pluginSchema>> (name: string, filled: F) {
  const { header } = filled
  if (header !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    throw new OptionError(name, 'header', `Expected \`header\` to be the name of an HTTP header, got ${show(header)}`)
  }
  return { ...filled, recorder: parseRecorder(filled.recorder), when: whenOf(name, filled.when) }
}

function whenOf (name: string, when: unknown): When {
  if (when === undefined) return DEFAULT_WHEN
  if (typeof when === 'function' || takes(kinds, when)) return when as When
  throw new OptionError(name, 'when', `Expected \`when\` to be a function, or ${describe(kinds).expected} of ${FAILURES.map(kind => show(kind, false)).join(', ')}, got ${show(when)}`)
}
