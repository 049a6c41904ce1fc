// The options of the dumper.
import { resolve } from 'node:path'
import { parseOptions } from './options.js'
import { count, duration, either, flag, group, having, list, oneOf, optional, size, text, worded, type Filled, type Input } from './option.js'
import { MB } from './units.js'

/** What the dumper tells its own trouble to: a pino logger, or anything with its `warn`. */
export interface WarnLogger {
  warn (details: object, message: string): void
}

/** Dumps in a minute. */
const RATE = { perKey: 10, total: 60 }

const names = (doc: string) => list(text(''), doc)

export const dumperSchema = group({
  enabled: optional(flag('Without it nothing is written, and nothing that is to be dumped is looked at.'), false),
  dumpPath: optional(text('Directory of the dumps; made with mode 0750, its files with 0640.'), './dumps'),
  maxSize: optional(size('What all dumps together may take; the oldest go. A bare number means MB.', MB), 100),
  maxAge: optional(duration('Dumps older than this are removed when the next one is written.'), '24h'),
  maxBackups: optional(count('Dumps that are kept; the oldest go.'), 10),
  pretty: optional(flag('JSON indented by two spaces.'), true),
  redact: optional(worded(
    either(names(''), group({ paths: names(''), censor: optional(text('')), remove: optional(flag('')) }), ''),
    'an array of paths, or `{ paths, censor, remove }`',
    'What to take out besides, as pino has it: paths such as `user.email` or `items[*].iban`.'
  )),
  deny: optional(names('Further names of keys whose values are secrets, wherever they stand. Case and punctuation do not matter.')),
  headers: optional(names('Further HTTP headers whose values may be shown; all others are taken for secrets.')),
  body: optional(either(size(''), oneOf([false], ''), 'Bytes of a request\'s body that a dump may hold. `false`: bodies are left out.'), false),
  limits: optional(group({
    depth: optional(count('Levels of nesting.', 1, 100), 16),
    breadth: optional(count('Keys of an object, or entries of an array, a Map or a Set.', 1, 1_000_000), 1000),
    string: optional(count('Characters of a string.', 16), 16_384),
    bytes: optional(size('Bytes of one document, or of one event. What is longer is written again with all limits halved, until it fits.'), '1m'),
    time: optional(duration('What making a document may take, on the event loop.'), 50)
  }), {}),
  rate: optional(worded(
    either(group({ perKey: optional(count(''), RATE.perKey), total: optional(count(''), RATE.total) }), oneOf([false], ''), ''),
    '`{ perKey, total }`, each a positive integer, or false',
    'Dumps in a minute: of one kind (a name, or route and error), and in all. `false`: any number. How many were left out stands in the next one.'
  ), RATE),
  logger: optional(having<WarnLogger>('warn', 'Logger that is told of the dumper\'s own trouble, at `warn`. Default: stderr.'))
})

export type DumperOptions = Input<typeof dumperSchema>

/** Checks and fills. Throws an OptionError. */
export function parseDumper (input: unknown, env: Record<string, string | undefined> = process.env) {
  return parseOptions('dumper', dumperSchema, input, env, check)
}

export type DumperSettings = ReturnType<typeof parseDumper>
export type DumpLimits = DumperSettings['limits']

function check (filled: Filled<typeof dumperSchema>) {
  return { ...filled, dumpPath: resolve(filled.dumpPath) }
}
