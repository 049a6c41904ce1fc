// The option `redact`, as pino has it: the same package, so that a path means the same here and there. Its only importer.
import slowRedact from '@pinojs/redact'
import { OptionError, reason } from '../errors.js'
import { HIDDEN } from './harvest.js'
import type { Json } from './walk.js'
import type { DumperSettings } from '../config/dumper.js'

/** May change what it is given. */
export type Redact = (tree: Json) => Json

/** Throws an OptionError when a path is none. */
export function redactor (option: DumperSettings['redact']): Redact | undefined {
  if (option === undefined) return undefined
  const { paths, censor = HIDDEN, remove = false } = Array.isArray(option) ? { paths: option } : option
  try {
    // Not `serialize: false`: that adds a key `restore` to what was given.
    const redact = slowRedact({ paths, censor, remove, strict: false, serialize: tree => tree })
    return tree => redact(tree) as Json
  } catch (error) {
    throw new OptionError('dumper', Array.isArray(option) ? 'redact' : 'redact.paths', `Expected \`redact\` to be paths as pino takes them: ${reason(error)}`)
  }
}
