// A configuration file: YAML or JSON, read at once, with the place of every value for errors that name it. What is in it is
// checked by the schemas of what it configures. The only importer of yaml, which is loaded when there is a file.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseOptions } from './options.js'
import { anything, group, optional, text } from './option.js'
import { teeSchema } from './tee.js'
import { OptionError, reason, show } from '../errors.js'
import type { Document, LineCounter } from 'yaml'

const schema = group({
  level: optional(text('Level of the logger.'), 'info'),
  outputs: optional(teeSchema.entries.outputs, [{ target: 'console' }]),
  dumper: optional(anything('Options of the dumper.')),
  recorder: optional(anything('Options of the flight recorder, or `false`.'))
})

/** An alias may stand for a lot, and hold aliases that do: more of it is no configuration (a "billion laughs"). */
const MOST_ALIASES = 100

type Step = string | number

export class ConfigFile {
  /** As it was given. */
  readonly path: string
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #value: unknown

  /** Throws an OptionError. */
  constructor (path: string | URL) {
    if (typeof path !== 'string' && !(path as unknown instanceof URL)) refuse('Expected the path of a configuration file', path)
    this.path = path instanceof URL ? fileURLToPath(path) : path
    const kind = extname(this.path).toLowerCase()
    if (!['.yml', '.yaml', '.json'].includes(kind)) refuse('Expected the path of a .yml, .yaml or .json file', this.path)
    const { parseDocument, LineCounter } = createRequire(import.meta.url)('yaml') as typeof import('yaml')
    const content = this.#read()
    this.#lines = new LineCounter()
    if (kind === '.json') this.#expectJson(content)
    // Without its pretty errors, which quote the file, secrets included; as the core schema, without tags: a value is what it looks like.
    this.#document = parseDocument(content, { prettyErrors: false, lineCounter: this.#lines, schema: 'core', resolveKnownTags: false, logLevel: 'error' })
    const [problem] = [...this.#document.errors, ...this.#document.warnings]
    if (problem) throw this.#broken(problem, problem.pos[0])
    try {
      this.#value = this.#document.toJS({ maxAliasCount: MOST_ALIASES })
    } catch (error) {
      throw this.#broken(error)
    }
  }

  /** Throws an OptionError. */
  parse () {
    return this.within([], () => parseOptions('config', schema, this.#value, {}))
  }

  /** What `check` says of what stands at `steps` becomes an error about this file. Errors of the environment stay as they are. */
  within<R> (steps: Step[], check: () => R): R {
    try {
      return check()
    } catch (error) {
      if (!(error instanceof OptionError) || error.option.startsWith('PINO_BLACKBOX_')) throw error
      const { option, problem } = error
      // What is to be options is none.
      const all = option === 'options' ? steps : [...steps, ...this.#split(steps, option)]
      const full = all.reduce<string>((path, step) => `${path}${typeof step === 'number' ? `[${step}]` : path === '' ? step : `.${step}`}`, '')
      const told = problem.includes(`\`${option}\``) ? problem.replace(`\`${option}\``, `\`${full}\``) : full === '' ? problem : `\`${full}\`: ${problem}`
      throw new OptionError(this.#place(this.#offset(all)), full, told)
    }
  }

  #read (): string {
    try {
      return fs.readFileSync(this.path, 'utf8').replace(/^\ufeff/, '')
    } catch (error) {
      return refuse('Expected the path of a configuration file that can be read', this.path, `: ${reason(error)}`)
    }
  }

  /** YAML is more than JSON. */
  #expectJson (content: string): void {
    try {
      JSON.parse(content)
    } catch (error) {
      const at = /position (\d+)/.exec(reason(error))?.[1]
      const before = content.slice(0, at === undefined ? content.length : Number(at)).split('\n')
      throw new OptionError(`${this.path}:${before.length}:${before.at(-1)!.length + 1}`, 'path', 'Expected valid JSON')
    }
  }

  /** Some of the parser's messages end with a piece of the file, which may be a secret. */
  #broken (problem: unknown, offset?: number): OptionError {
    return new OptionError(this.#place(offset), 'path', `Expected valid YAML: ${reason(problem).replace(/:.*$/s, '')}`)
  }

  #place (offset: number | undefined): string {
    if (offset === undefined) return this.path
    const { line, col } = this.#lines.linePos(offset)
    return `${this.path}:${line}:${col}`
  }

  /** An option's path as keys and indices; a key may have dots in it. */
  #split (steps: Step[], option: string): Step[] {
    const found: Step[] = []
    let left = option
    while (left !== '') {
      const { names } = this.#below([...steps, ...found])
      const name = names.filter(name => left === name || left.startsWith(`${name}.`)).sort((a, b) => b.length - a.length)[0] ?? left.split('.')[0]!
      found.push(/^\d+$/.test(name) && this.#below([...steps, ...found]).list ? Number(name) : name)
      left = left.slice(name.length + 1)
    }
    return found
  }

  #below (steps: Step[]): { names: string[], list: boolean } {
    const value = steps.reduce<unknown>((here, step) => (here as Record<Step, unknown> | undefined | null)?.[step], this.#value)
    return { names: Object.keys(value ?? {}), list: Array.isArray(value) }
  }

  /** Where it stands, or else what it is missing in. */
  #offset (steps: Step[]): number | undefined {
    const { isAlias, isMap, isScalar, isSeq } = createRequire(import.meta.url)('yaml') as typeof import('yaml')
    let offset: number | undefined
    let node: unknown = this.#document.contents
    for (const step of steps) {
      if (isAlias(node)) node = node.resolve(this.#document)
      const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) : undefined
      const next = isSeq(node) ? node.items[Number(step)] : pair?.value
      const named = (pair?.key ?? next) as { range?: [number, number, number] | null } | undefined
      if (!named?.range) break
      offset = named.range[0]
      node = next
    }
    return offset
  }
}

function refuse (expected: string, got: unknown, why = ''): never {
  throw new OptionError('config', 'path', `${expected}, got ${show(got)}${why}`)
}
