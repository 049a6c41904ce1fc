// From a configuration file to what pino, the dumper and the plugins take. The environment goes before the file: what a variable is
// set for is left to it.
import { dirname, resolve } from 'node:path'
import { parseDumper, type DumperOptions } from './config/dumper.js'
import { ConfigFile } from './config/file.js'
import { behindEnvironment, isGroup } from './config/options.js'
import { parseRecorder, type RecorderOptions } from './config/recorder.js'
import { SCHEMAS } from './config/schemas.js'
import { outputName, targetOf, tee, type Target } from './targets.js'
import { OptionError } from './errors.js'
import type { TeeOptions } from './config/tee.js'

/** What a configuration file says, checked; each part is an option of what it is for. */
export interface Config {
  /** `pino({ level, transport })` */
  level: string
  /** The one output, or the `tee` of several. */
  transport: Target<object>
  /** `createDumper(dumper)`, or `dumper` of the plugin. */
  dumper: DumperOptions
  /** `recorder` of the plugin. */
  recorder: RecorderOptions | false
}

/**
 * Reads a `.yml`, `.yaml` or `.json` file, at once. Relative paths in it are relative to the file. Throws an OptionError that names the file,
 * line and column, the path of the option in it, what was expected and what was there.
 */
export function fromConfig (path: string | URL): Config {
  const { level, outputs, dumper, recorder } = readConfig(path)
  const [only] = outputs
  // pino asks a single target for no level: `tee` does.
  const transport = outputs.length === 1 && only!.level === undefined ? only! : tee(outputs as TeeOptions['outputs'])
  return { level, transport, dumper, recorder }
}

/** The same, with the outputs as they are. */
export function readConfig (path: string | URL): Omit<Config, 'transport'> & { outputs: Array<Target<object>> } {
  const file = new ConfigFile(path)
  const { level, outputs, dumper, recorder } = file.parse()
  const directory = resolve(dirname(file.path))
  return {
    level,
    outputs: outputs.map(({ target, level, options = {} }, index) => {
      const name = file.within(['outputs', index], () => nameOf(target))
      return file.within(['outputs', index, 'options'], () =>
        targetOf(name, behindEnvironment(name, SCHEMAS[name], options), level === undefined ? {} : { level }, directory))
    }),
    dumper: file.within(['dumper'], () => {
      const own = behindEnvironment('dumper', SCHEMAS.dumper, dumper ?? {})
      const options = isGroup(own) && typeof own.dumpPath === 'string' ? { ...own, dumpPath: resolve(directory, own.dumpPath) } : own
      parseDumper(options)
      return options as DumperOptions
    }),
    recorder: file.within(['recorder'], () => {
      const options = behindEnvironment('recorder', SCHEMAS.recorder, recorder ?? {})
      parseRecorder(options)
      return options as RecorderOptions | false
    })
  }
}

/** Throws an OptionError about `target`, wherever that stands. */
function nameOf (target: string) {
  try {
    return outputName(target)
  } catch (error) {
    throw new OptionError('config', 'target', (error as OptionError).problem.replace('`outputs[].target`', '`target`'))
  }
}
