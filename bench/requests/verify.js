// A figure counts only when the log has every line of every request, and the dumps are what they should be.
import fs from 'node:fs'
import { join } from 'node:path'
import { filesOf, linesOf } from '../verify.js'
import { DEBUG_LINES, MAX_BACKUPS, MAX_SIZE_MB, ROUTES } from './servers.js'

/** What is wrong with the log, if anything. */
export function verifyLog (dir, { level }, { served, failed }) {
  const found = { debug: 0, products: 0, errors: 0 }
  for (const path of filesOf(dir)) {
    for (const line of linesOf(path)) {
      if (line.startsWith('{"level":20,')) found.debug++
      else if (line.startsWith('{"level":50,')) found.errors++
      else if (line.endsWith('"msg":"product found"}\n')) found.products++
    }
  }
  const expected = { debug: level === 'debug' ? served * DEBUG_LINES : 0, products: served, errors: failed }
  const [what] = Object.keys(expected).filter(what => found[what] !== expected[what])
  return what && `${found[what]} lines (${what}) in the log where ${expected[what]} are expected`
}

/**
 * Looks at the dumps of `failed` requests, of which the last ones asked for the route `after`: every request has its dump or is counted
 * as left out, the limits are kept, and the debug lines are in the last one if they were recorded.
 */
export function verifyDumps (dir, { recorder }, { failed }) {
  const paths = filesOf(dir)
  const dumps = paths.map(path => JSON.parse(fs.readFileSync(path, 'utf8')))
  const bytes = paths.reduce((sum, path) => sum + fs.statSync(path).size, 0)
  const suppressed = dumps.reduce((sum, { suppressed }) => sum + (suppressed?.total ?? 0), 0)
  const found = { dumps: dumps.length, dumpBytes: bytes, suppressed }
  const last = dumps.findLast(({ request }) => request.route === ROUTES.after)
  const recorded = last?.log?.filter(({ level }) => level === 20).length
  const kept = recorder === false ? 0 : DEBUG_LINES
  if (paths.length > MAX_BACKUPS || bytes > MAX_SIZE_MB * 1024 ** 2) return { ...found, failure: `${paths.length} dumps of ${bytes} bytes are beyond the limits` }
  if (dumps.length + suppressed !== failed) return { ...found, failure: `${dumps.length} dumps and ${suppressed} left out of ${failed} failed requests` }
  if ((recorded ?? 0) !== kept) return { ...found, failure: `${recorded} debug lines in the last dump where ${kept} are expected` }
  const left = fs.readdirSync(join(dir, '.blackbox')).find(name => name.endsWith('.tmp'))
  return { ...found, failure: left && `left beside the dumps: ${left}` }
}
