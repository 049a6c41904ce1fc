// The options of an output as flags of a command line, made from its schema: `limit.totalSize` is `--limit-total-size`. What everybody on
// the machine could read in the list of processes is no value of a flag: a secret is given by the name of a variable or of a file.
import { describe, entries, fallback, item, takes, words, type Schema } from '../config/option.js'
import { fromText, variablesOf } from '../config/options.js'
import { SCHEMAS } from '../config/schemas.js'
import { Rules } from '../dumper/rules.js'
import { OptionError, show } from '../errors.js'
import type { OutputName } from '../targets.js'

export interface Flag {
  /** `--limit-count` */
  long: string
  /** What follows it, as help shows it. */
  value: string
  /** Alone it stands for `true`. */
  alone: boolean
  /** May be given several times. */
  many: boolean
  /** Not in the help: only there to be refused. */
  refused: boolean
  about: string
  /** Of the option in the schema. */
  path: readonly string[]
  /** Puts a text where it belongs in the options, after what was there before. Throws an OptionError. */
  read (text: string, before: unknown): unknown
}

/** Flags of one output, in the order of its schema. */
export function flagsOf (output: OutputName): Flag[] {
  return below(output, SCHEMAS[output], [])
}

/** The options that flags and their texts make. Throws an OptionError. */
export function optionsFrom (given: ReadonlyArray<readonly [Flag, string]>): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const [flag, text] of given) put(options, flag, text)
  return options
}

/** A mistake in an option, told by the flag. */
export function toldByFlag (error: OptionError, flags: readonly Flag[]): string {
  const flag = flags.find(({ path, refused }) => !refused && (path.join('.') === error.option || error.option.startsWith(`${path.join('.')}.`)))
  return flag ? error.problem.replace(`\`${flag.path.join('.')}\``, flag.long) : error.problem
}

function below (output: OutputName, schema: Schema, path: readonly string[]): Flag[] {
  return Object.entries(entries(schema) ?? {}).flatMap(([name, option]) => {
    const here = [...path, name]
    const found = entries(option as Schema) ? below(output, option as Schema, here) : single(output, option as Schema, here)
    return Object.keys(words(option as Schema)).length === 0 ? found : [inOneWord(output, option as Schema, here), ...found]
  })
}

/** A word for what several flags say. */
function inOneWord (output: OutputName, option: Schema, path: readonly string[]): Flag {
  const short = words(option)
  const flags = (options: object): string => Object.entries(options).map(([name, value]) => `--${dashed([...path, name])} ${value}`).join(' ')
  const told = Object.entries(short).map(([word, options]) => `${word}: ${flags(options)}`)
  const read = (text: string, before: unknown): unknown => {
    if (Object.hasOwn(short, text)) return { ...before as object | undefined, ...short[text] }
    throw new OptionError(output, path.join('.'), `Expected \`${path.join('.')}\` to be ${Object.keys(short).join(' or ')}, got ${show(text)}`)
  }
  return flag(output, option, path, { value: Object.keys(short).join('|'), about: told.join('; '), read })
}

function single (output: OutputName, option: Schema, path: readonly string[]): Flag[] {
  if (item(option)) return [named(output, option, path)]
  // What may be anything is for a configuration file.
  if (takes(option, []) && takes(option, {})) return []
  if (takes(option, { env: 'NAME' })) return secret(output, option, path)
  if (path.at(-1) === 'url') return [flag(output, option, path, { value: 'url', read: text => withoutUser(path, text) })]
  return [flag(output, option, path)]
}

/** By the name of a variable, or of a file. */
function secret (output: OutputName, option: Schema, path: readonly string[]): Flag[] {
  const by = (key: 'env' | 'file', value: string, about: string): Flag => {
    const made = flag(output, option, path, { value, about: `${describe(option).doc} ${about}`, read: text => ({ [key]: text }) })
    return { ...made, long: `${made.long}-${key}` }
  }
  const refuse = (): never => {
    const { long } = flag(output, option, path)
    throw seen(output, path, long, `${long}-env NAME or ${long}-file PATH`)
  }
  return [
    by('env', 'name', 'The variable that holds it.'),
    by('file', 'path', 'The file that holds it.'),
    { ...flag(output, option, path, { read: refuse }), refused: true }
  ]
}

/** Entries with names of the user's own: `--columns req.method=string`, or `--columns 'writer={"name":"who","type":"string"}'`. */
function named (output: OutputName, option: Schema, path: readonly string[]): Flag {
  const hides = describe(item(option)!).secret === true
  const read = (text: string, before: unknown): unknown => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined) {
      throw new OptionError(output, path.join('.'), `Expected \`${path.join('.')}\` to be <name>=<value>, got ${hides ? 'something else' : show(text)}`)
    }
    if (hides && new Rules({}).name(name).secret) throw seen(output, path, `--${dashed(path)} ${name}`, '--auth-header-name and --auth-header-value-env')
    return { ...before as object | undefined, [name]: jsonIn(value!) }
  }
  return { ...flag(output, option, path, { value: 'name=value', read }), many: true }
}

/** What is in braces, where that is JSON. */
function jsonIn (text: string): unknown {
  try {
    return text.startsWith('{') ? JSON.parse(text) : text
  } catch {
    return text
  }
}

function withoutUser (path: readonly string[], text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.password) throw seen('http', path, '--url with a password', '--auth-basic-username and --auth-basic-password-env')
  return text
}

function seen (output: OutputName, path: readonly string[], what: string, instead: string): OptionError {
  return new OptionError(output, path.join('.'), `${what}: a secret on a command line is seen by everyone on the machine; give ${instead}`)
}

interface Particulars { value?: string, about?: string, read?: Flag['read'] }

function flag (output: OutputName, option: Schema, path: readonly string[], { value, about, read = text => fromText(option, text) }: Particulars = {}): Flag {
  const { doc, expected } = describe(option)
  const alone = takes(option, true) && takes(option, false) && !takes(option, 'always')
  const byDefault = fallback(option)
  const [variable] = variablesOf([output, ...path], option)
  return {
    long: `--${dashed(path)}`,
    value: value ?? (alone ? 'true|false' : kindOf(expected)),
    alone,
    many: false,
    refused: false,
    about: about ?? `${doc}${byDefault === undefined || typeof byDefault === 'object' ? '' : ` Default: ${byDefault}.`} [${variable}]`,
    path,
    read
  }
}

/** One word for what an option expects; the choices, where they are few. */
function kindOf (expected: string): string {
  const choices = expected.split(' or ')
  if (choices.length > 1 && choices.every(choice => /^("[\w-]+"|true|false)$/.test(choice))) return choices.map(choice => choice.replaceAll('"', '')).join('|')
  return ['duration', 'size', 'integer', 'number'].find(kind => expected.includes(kind)) ?? 'value'
}

function dashed (path: readonly string[]): string {
  return path.join('-').replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

function put (options: Record<string, unknown>, { path, read }: Flag, text: string): void {
  let here = options
  for (const name of path.slice(0, -1)) here = here[name] = { ...here[name] as Record<string, unknown> | undefined }
  const last = path.at(-1)!
  here[last] = read(text, here[last])
}
