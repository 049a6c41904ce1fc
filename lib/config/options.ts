// From what a user wrote to options that no later code has to check: option > environment > default, unknown names
// refused with the nearest known one, one sentence for every mistake.
import { closest, distance } from 'fastest-levenshtein'
import { kindOf, OptionError, show } from '../errors.js'
import { describe, entries, excluding, fallback, item, read, secretive, takes, words, type Filled, type Group, type Schema } from './option.js'

const PREFIX = 'PINO_BLACKBOX'

type Environment = Record<string, string | undefined>

/**
 * The filled options of `output` ('jsonl', 'tee', ...), after `check` has looked at them as a whole. Throws an OptionError that
 * names the option (or the environment variable), what was expected and what was there.
 */
export function parseOptions<S extends Group, R = Filled<S>> (
  output: string, schema: S, input: unknown, env: Environment = process.env, check = (filled: Filled<S>): R => filled as R
): R {
  if (input !== undefined && !isGroup(input)) {
    throw new OptionError(output, 'options', `Expected the options to be an object, got ${shown(schema, input)}`)
  }
  const variables = new Map<string, string>()
  const merged = overlay(withoutPinoKeys(input), schema, [output], env, variables)
  const result = read(schema, merged)
  if ('problem' in result) {
    const { path, value, unknown } = result.problem
    const name = path.join('.')
    if (unknown) throw new OptionError(output, name, `Unknown option \`${name}\`${hint(schema, path)}`)
    const variable = variables.get(name)
    const option = at(schema, path) ?? schema
    throw new OptionError(output, variable ?? name,
      `Expected ${variable === undefined ? `\`${name}\`` : `the environment variable ${variable}`} to be ${describe(option).expected}, got ${shown(option, value)}`)
  }
  try {
    return check(result.value)
  } catch (error) {
    const variable = error instanceof OptionError ? blamed(error, variables) : undefined
    if (variable === undefined) throw error
    throw new OptionError(output, variable, `${(error as OptionError).problem} (from the environment variable ${variable})`)
  }
}

/** An option of `output` that contradicts another one. */
export function contradiction (output: string, option: string, problem: string): OptionError {
  return new OptionError(output, option, `Contradictory options: ${problem}`)
}

/**
 * Of options that stand behind the environment, as those of a configuration file do, what is left: no option that a variable is set for,
 * and none that excludes such a one.
 */
export function behindEnvironment (output: string, schema: Group, given: unknown, env: Environment = process.env): unknown {
  return isGroup(given) ? withoutVariables(given, schema, [output], env) : given
}

function withoutVariables (given: Record<string, unknown>, schema: Group, path: string[], env: Environment): Record<string, unknown> {
  const set = excluding(schema) ? Object.keys(schema.entries).filter(name => isSet(schema.entries[name] as Schema, [...path, name], env)) : []
  return Object.fromEntries(Object.entries(given).flatMap(([name, value]) => {
    if (set.length > 0 && !set.includes(name)) return []
    const option = Object.hasOwn(schema.entries, name) ? schema.entries[name] as Schema : undefined
    if (!option) return [[name, value]]
    const here = [...path, name]
    if (!entries(option)) return setBy(here, option, env) === undefined ? [[name, value]] : []
    const below = unabbreviated(option, value)
    return [[name, isGroup(below) ? withoutVariables(below, schemaOf(option), here, env) : below]]
  }))
}

function isSet (option: Schema, path: string[], env: Environment): boolean {
  const below = entries(option)
  return below ? Object.entries(below).some(([name, option]) => isSet(option as Schema, [...path, name], env)) : setBy(path, option, env) !== undefined
}

/** The default of every option that has one, groups nested. */
export function defaultsOf (schema: Group): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema.entries).flatMap(([name, option]) => {
    const below = entries(option as Schema)
    const value = below ? defaultsOf(schemaOf(option as Schema)) : fallback(option as Schema)
    return value === undefined || (below && Object.keys(value as object).length === 0) ? [] : [[name, value]]
  }))
}

/** pino adds keys of its own to the options of a single target (pino, lib/transport.js). */
function withoutPinoKeys (input: Record<string, unknown> = {}): Record<string, unknown> {
  const { $context, pinoWillSendConfig, levels, dedupe, ...own } = input
  return own
}

/** Fills what was not given from `PINO_BLACKBOX_<OUTPUT>_<OPTION>`; `used` remembers which variable an option came from. */
function overlay (given: Record<string, unknown>, schema: Group, path: string[], env: Environment, used: Map<string, string>): Record<string, unknown> {
  const merged = { ...given }
  for (const [name, option] of Object.entries(schema.entries)) {
    const here = [...path, name]
    if (entries(option as Schema)) {
      const below = unabbreviated(option as Schema, merged[name])
      if (below !== undefined && !isGroup(below)) {
        const expected = ['an object', ...Object.keys(words(option as Schema)).map(word => show(word, false))].join(' or ')
        throw new OptionError(path[0]!, [...path.slice(1), name].join('.'), `Expected \`${[...path.slice(1), name].join('.')}\` to be ${expected}, got ${shown(option as Schema, below)}`)
      }
      const filled = overlay(below ?? {}, schemaOf(option as Schema), here, env, used)
      if (below !== undefined || Object.keys(filled).length > 0) merged[name] = filled
      continue
    }
    const variable = setBy(here, option as Schema, env)
    if (merged[name] !== undefined || variable === undefined) continue
    merged[name] = fromText(option as Schema, env[variable]!)
    used.set(here.slice(1).join('.'), variable)
  }
  return merged
}

/** The group that a word stands for. */
function unabbreviated (option: Schema, given: unknown): unknown {
  const short = words(option)
  return typeof given === 'string' && Object.hasOwn(short, given) ? short[given] : given
}

/** The environment variable that is set for the option at `path`. */
function setBy (path: string[], option: Schema, env: Environment): string | undefined {
  return variablesOf(path, option).find(name => env[name])
}

/** The environment variable that an error of `check` is about: of its option, of one below that, or of another one that it names. */
function blamed ({ option, problem }: OptionError, variables: Map<string, string>): string | undefined {
  const first = (fits: (name: string) => boolean): string | undefined => [...variables].find(([name]) => fits(name))?.[1]
  return variables.get(option) ?? first(name => name.startsWith(`${option}.`)) ?? first(name => problem.includes(`\`${name}\``))
}

/** What holds nothing cannot give anything away. */
const EMPTY = ['""', '[]', '{}']

function shown (option: Schema, value: unknown): string {
  return secretive(option) && !EMPTY.includes(show(value, false)) ? kindOf(value) : show(value)
}

/**
 * The value that a text stands for, of an environment variable or on a command line: where no text is taken, what looks like a number is
 * one. What looks like a flag is one where that is taken.
 */
export function fromText (option: Schema, text: string): string | number | boolean {
  const meant = text === 'true' || text === 'false' ? text === 'true' : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  return takes(option, text) && !(typeof meant === 'boolean' && takes(option, meant)) ? text : meant
}

/** Names of the environment variable of the option at `path`, which begins with the output; the first one goes first. */
export function variablesOf (path: string[], option: Schema): string[] {
  const { variable } = describe(option)
  return [path, ...variable === undefined ? [] : [[path[0]!, variable]]].map(names => [PREFIX, ...names.map(snake)].join('_'))
}

function snake (name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()
}

function at (schema: Schema, path: string[]): Schema | undefined {
  return path.reduce<Schema | undefined>((here, name) => here && (item(here) ?? entries(here)?.[name] as Schema | undefined), schema)
}

export function isGroup (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function schemaOf (option: Schema): Group {
  return ('wrapped' in option ? option.wrapped : option) as unknown as Group
}

function hint (schema: Group, path: string[]): string {
  const wrong = path.at(-1)!
  if (wrong === 'level' && path.length === 1) return '; `level` belongs beside `target`, not into its options'
  return `; ${didYouMean(wrong, Object.keys(entries(at(schema, path.slice(0, -1))!) ?? {}))}`
}

/** What helps somebody who has written `wrong`: the nearest of the names, or all of them. */
export function didYouMean (wrong: string, known: readonly string[]): string {
  const nearest = closest(wrong, known)
  return distance(wrong.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, wrong.length / 2)
    ? `did you mean \`${nearest}\`?`
    : `known are ${known.map(name => `\`${name}\``).join(', ')}`
}
