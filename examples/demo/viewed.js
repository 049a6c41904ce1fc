// A dump as its viewer shows it, beginning with the error and the request's lines.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { colour, INDENT, place } from './report.js'

const VIEWER = fileURLToPath(new URL('lib/cli.js', import.meta.resolve('pino-blackbox')))
/** Columns where there is no terminal, or one that does not say. */
const WIDTH = 100

/**
 * @typedef {object} View
 * @property {string} path
 * @property {string} command what shows the same
 * @property {string[]} lines
 */

/**
 * @param {string} path
 * @returns {Promise<View>}
 */
export async function viewed (path) {
  const env = { ...process.env, COLUMNS: String((process.stdout.columns || WIDTH) - INDENT.length), ...colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' } }
  const { stdout } = await promisify(execFile)(process.execPath, [VIEWER, 'view', path], { env })
  return { path, command: `node ${place(VIEWER).replace(/^\.\//, '')} view ${place(path)}`, lines: stdout.trimEnd().split('\n') }
}
