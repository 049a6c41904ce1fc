// The verb `view`: reads dumps and shows them in the terminal, as the lines of their logs, or as pages.
import fs from 'node:fs'
import { reason } from '../errors.js'
import { logOf, readDump, type Dump, type Problem } from './dump.js'
import { BEGINNING, renderPage } from './page.js'
import { print } from './print.js'
import { reportOf } from './report.js'
import { renderTerminal, wantsColor } from './terminal.js'
import { harmless } from './text.js'

export interface ViewOptions {
  /** Path of the page; `true`: beside the dump. */
  html?: string | true
  /** The log lines and nothing else. */
  log?: true
}

/** Exit code: 1 when one of the files could not be shown; the others are. */
export async function view (paths: string[], options: ViewOptions): Promise<number> {
  let code = 0
  for (const [index, path] of paths.entries()) {
    const dump = await readDump(path)
    const problem = 'problem' in dump ? dump : await show(dump, path, options, paths.length > 1 ? index : undefined)
    if (!problem) continue
    process.stderr.write(`pino-blackbox: ${harmless(problem.problem)}\n`)
    code = 1
  }
  return code
}

async function show (dump: Dump, path: string, { html, log }: ViewOptions, index: number | undefined): Promise<Problem | undefined> {
  if (log) {
    const lines = logOf(dump)
    return lines ? await print(ended(lines)) : { problem: `${path} holds no log lines` }
  }
  const report = reportOf(dump)
  if (html !== undefined) {
    const file = html === true ? `${path}.html` : html
    const problem = writePage(file, renderPage(report))
    return problem ?? await print([`${harmless(file)}\n`])
  }
  const { stdout, stderr, env } = process
  // Behind a pager the other stream still is the terminal.
  const width = stdout.columns || stderr.columns || Number(env.COLUMNS) || 80
  if (index !== undefined) await print([`${index > 0 ? '\n\n' : ''}${harmless(path)}\n\n`])
  await print(renderTerminal(report, { width, color: wantsColor(env, stdout.isTTY === true) }))
}

function * ended (lines: string[]): Generator<string> {
  for (const line of lines) yield `${line}\n`
}

/** Writes over an older page, and over nothing else. A page tells as much as its dump: the same mode. */
function writePage (file: string, page: string): Problem | undefined {
  try {
    fs.writeFileSync(file, page, { flag: isPage(file) ? 'w' : 'wx', mode: 0o640 })
    return undefined
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    return { problem: exists ? `${file} is there already and is no page of a dump: it was left as it is` : `${file} cannot be written: ${reason(error)}` }
  }
}

function isPage (file: string): boolean {
  let descriptor: number | undefined
  try {
    // Opening a pipe would wait for its other end.
    if (!fs.statSync(file).isFile()) return false
    descriptor = fs.openSync(file, 'r')
    const bytes = Buffer.alloc(BEGINNING.length)
    fs.readSync(descriptor, bytes)
    return bytes.toString('latin1') === BEGINNING
  } catch {
    return false
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}
