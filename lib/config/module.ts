// An option that is a module of the user's: a path, or a file URL.
import fs from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OptionError, reason, show } from '../errors.js'

/** The path of the module. Throws an OptionError when no file is there; `expected` completes "to be ...". */
export function moduleAt (output: string, option: string, given: string, expected = 'the path of a module'): string {
  try {
    const path = given.startsWith('file:') ? fileURLToPath(given) : resolve(given)
    if (!fs.statSync(path).isFile()) throw new Error(`${path} is no file`)
    return path
  } catch (error) {
    throw new OptionError(output, option, `Expected \`${option}\` to be ${expected}, got ${show(given)}: ${reason(error)}`)
  }
}
