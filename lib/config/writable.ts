// Can a directory be written to? Asked once, at construction, where the answer can still be an error.
import fs from 'node:fs'
import { dirname } from 'node:path'
import { errno, OptionError, show } from '../errors.js'

/** Throws an OptionError unless files can be created in `directory`, or, with `mkdir`, the directory itself. */
export function assertWritable (output: string, option: string, value: string, directory: string, mkdir: boolean): void {
  const refuse = (problem: string): never => {
    throw new OptionError(output, option, `Expected \`${option}\` to be in a writable directory, got ${show(value)}: ${problem}`)
  }
  for (let path = directory; ; path = dirname(path)) {
    try {
      if (!fs.statSync(path).isDirectory()) refuse(`${path} is not a directory`)
      fs.accessSync(path, fs.constants.W_OK | fs.constants.X_OK)
      return
    } catch (error) {
      if (error instanceof OptionError) throw error
      if (errno(error) !== 'ENOENT') refuse(`${path}: ${errno(error) ?? String(error)}`)
      if (!mkdir) refuse(`${path} does not exist, and \`mkdir\` is false`)
      if (dirname(path) === path) refuse(`${path} does not exist`)
    }
  }
}
