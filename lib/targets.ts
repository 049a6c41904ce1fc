// The targets of this package, by name and by file URL, and the builders that give pino its `transport` option: typed, checked
// at once on the calling thread, and found by pino from wherever they are used.
import fs from 'node:fs'
import { resolve } from 'node:path'
import { parseConsole, type ConsoleOptions } from './config/console.js'
import { parseExporter, type ExporterOptions } from './config/exporter.js'
import { parseHttp, type HttpOptions } from './config/http.js'
import { parseJsonl, type JsonlOptions } from './config/jsonl.js'
import { parseParquet, type ParquetOptions } from './config/parquet.js'
import { parseTee, type TeeOptions } from './config/tee.js'
import { parseOptions } from './config/options.js'
import { count, either, group, optional, text } from './config/option.js'
import { BlackboxError, OptionError, show } from './errors.js'
import { FORMATS } from './http/body.js'

/** What pino takes as `transport`, or as one of its `targets`; structured-clonable. */
export interface Target<O = unknown> {
  /** File URL of the transport. */
  target: string
  /** Used inside `targets` and `tee` only; pino ignores it on a single target. A number at run time when one was given, as pino takes it. */
  level?: string
  options: O
}

export interface TargetSettings {
  /** Lines below it are not for this output. pino takes 'info' when a target in `targets` has none. */
  level?: string | number
}

/** A bundle for CommonJS has no such thing. */
const HERE = import.meta.url ?? 'nowhere:/'

const NAMES = ['jsonl', 'parquet', 'http', 'exporter', 'console', 'tee'] as const
type Name = typeof NAMES[number]
export type OutputName = Exclude<Name, 'tee'>

const settingsSchema = group({ level: optional(either(text(''), count('', 0), '')) })

const CHECKS: Record<OutputName, (options: unknown) => unknown> = { jsonl: parseJsonl, parquet: parseParquet, http: parseHttp, exporter: parseExporter, console: parseConsole }

/** Rotating JSONL files. Throws an OptionError. */
export function jsonl (options: JsonlOptions, settings: TargetSettings = {}): Target<JsonlOptions> {
  return checked('jsonl', options, settings)
}

/** A dataset of Parquet files. Throws an OptionError. */
export function parquet (options: ParquetOptions, settings: TargetSettings = {}): Target<ParquetOptions> {
  return checked('parquet', options, settings)
}

/** Batches to an HTTP receiver. Throws an OptionError. */
export function http (options: HttpOptions, settings: TargetSettings = {}): Target<HttpOptions> {
  return checked('http', options, settings)
}

/** Batches to what a module of your own delivers them to (`defineExporter`). Throws an OptionError. */
export function exporter (options: ExporterOptions, settings: TargetSettings = {}): Target<ExporterOptions> {
  return checked('exporter', options, settings)
}

/** Lines to stdout or stderr. Throws an OptionError. */
export function console (options: ConsoleOptions = {}, settings: TargetSettings = {}): Target<ConsoleOptions> {
  return checked('console', options, settings)
}

/** Several outputs behind one intake: what pino's `targets` do, faster and each failing alone. Throws an OptionError. */
export function tee (outputs: ReadonlyArray<Target | TeeOptions['outputs'][number]>, settings: TargetSettings = {}): Target<TeeOptions> {
  const options = { outputs: outputs as TeeOptions['outputs'] }
  for (const { target, options: own } of parseTee(options)) CHECKS[teeable(target)](own)
  return build('tee', { outputs: options.outputs.map(output => 'options' in output ? { ...output, options: absolute(output.options) } : output) }, settings)
}

/** The output that a file or a command names: `jsonl` is short for `pino-blackbox/jsonl`. Paths in its options are relative to `from`. Throws an OptionError. */
export function targetOf (target: string, options: unknown, settings: TargetSettings, from: string): Target<object> {
  const name = outputName(target)
  const own = absolute(options, from)
  CHECKS[name](own)
  return build(name, own as object, settings)
}

/** Throws an OptionError. */
export function outputName (target: string): OutputName {
  return teeable(Object.hasOwn(CHECKS, target) ? `pino-blackbox/${target}` : target)
}

/** File URL of an output that `tee` can open. Throws an OptionError. */
export function outputUrl (target: string): string {
  return urlOf(teeable(target))
}

function teeable (target: string): OutputName {
  const name = NAMES.find(name => target === `pino-blackbox/${name}` || target === urlOf(name))
  if (name && name !== 'tee') return name
  const known = Object.keys(CHECKS).map(known => `'pino-blackbox/${known}'`).join(' or ')
  throw new OptionError('tee', 'outputs.target', `Expected \`outputs[].target\` to be ${known}, got ${show(target)}`)
}

function checked<O> (name: OutputName, options: O, settings: TargetSettings): Target<O> {
  CHECKS[name](options)
  return build(name, absolute(options), settings)
}

function build<O> (name: Name, options: O, settings: TargetSettings): Target<O> {
  assertUnbundled()
  const { level } = parseOptions(name, settingsSchema, settings, {})
  return { target: urlOf(name), ...(level !== undefined && { level: level as string }), options }
}

function urlOf (name: Name): string {
  return new URL(`../transports/${name}.js`, HERE).href
}

/** A bundler that took this code elsewhere took it away from the files that the worker loads. */
function assertUnbundled (): void {
  if (HERE.startsWith('file:') && fs.existsSync(new URL('../transports/', HERE))) return
  throw new BlackboxError('BLACKBOX_BUNDLED', 'pino-blackbox has been bundled without the files that its worker loads; keep it and pino external (esbuild: --packages=external)')
}

/** Options that are paths, wherever they stand, but for the groups with names of the user's own. */
const PATHS = ['file', 'dir', 'fallbackDir']
const MODULES = ['format', 'module', 'hooks']
const GROUPS = ['journal', 'auth', 'bearer', 'basic', 'password', 'header', 'value', 'tls', 'ca', 'cert', 'key', 'passphrase']

/** The worker resolves paths when it starts; by then the process may have changed its directory. */
function absolute<O> (options: O, from = process.cwd()): O {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return options
  return Object.fromEntries(Object.entries(options).map(([name, value]) => {
    if (GROUPS.includes(name)) return [name, absolute(value, from)]
    if (typeof value !== 'string' || value === '' || !isPath(name, value)) return [name, value]
    return [name, resolve(from, value) + (name === 'file' && /[/\\]$/.test(value) ? '/' : '')]
  })) as O
}

function isPath (name: string, value: string): boolean {
  return PATHS.includes(name) || (MODULES.includes(name) && !FORMATS.includes(value) && !value.startsWith('file:'))
}
