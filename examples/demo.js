// npm run demo                   a shop under load, and the HTTP receiver of its log, are killed and started again; then the log is
//                                counted wherever it went
// npm run demo -- FILE.ndjson    sends a log that you have through the same outputs, and compares
// cat FILE | npm run demo -- -   the same from stdin
//
//   --seconds N    how long the load lasts (default 18, at least 2)
//   --output DIR   a new or empty directory for logs, dumps, what was received, and report.json; without it ./demo-output, which is
//                  wiped at the start
//
// Prints a report and writes it to report.json. Ends with code 1 when a promise was broken, with 2 when it could not be tried.
import fs from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { crash } from './demo/crash.js'
import { killAll } from './demo/processes.js'
import { replay } from './demo/replay.js'
import { bold, dim, green, heading, place, red, seconds as inSeconds, verdictTable } from './demo/report.js'

const SECONDS = 18
const SHORTEST = 2
const MB = 1024 ** 2
const SHOP_FILE = 2 * MB
const REPLAY_FILE = 64 * MB

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => {
    killAll()
    // The cursor was hidden while the bar was there.
    if (process.stdout.isTTY) process.stdout.write('\x1b[?25h\n')
    process.exit(130)
  })
}

try {
  process.exitCode = await run() ? 0 : 1
} catch (error) {
  killAll()
  console.error(`\n${red('The demo could not be finished:')} ${error instanceof Error ? error.message : error}`)
  process.exitCode = 2
}

/** True when every promise was kept. */
async function run () {
  const began = Date.now()
  const { values, positionals: [file] } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string', default: String(SECONDS) }, output: { type: 'string' } }
  })
  const seconds = Number(values.seconds)
  if (!(seconds >= SHORTEST)) throw new Error(`--seconds must be a number from ${SHORTEST} on, got ${values.seconds}`)
  const source = file === undefined || file === '-' ? file : found(file)
  const directory = prepare(values.output, source)

  console.log(`\n${bold('pino-blackbox demo')}  ${dim(`logs and report.json in ${place(directory)}`)}`)
  console.log(source === undefined
    ? dim('A shop under load logs through tee([jsonl, parquet, http, console]). Its receiver is killed, then the shop itself.\n')
    : dim(`${source === '-' ? 'stdin' : file} goes through tee([jsonl, parquet, http, console]); then all are compared.`))

  const { figures, verdicts, text } = source === undefined
    ? await crash({ directory, seconds, size: SHOP_FILE })
    : await replay({ directory, source, size: REPLAY_FILE })
  const kept = verdicts.every(verdict => verdict.kept)
  const ms = Date.now() - began
  fs.writeFileSync(join(directory, 'report.json'), JSON.stringify({ kept, ms, verdicts, ...figures }, null, 2) + '\n')
  console.log(text)
  console.log(heading('Promised, and found'))
  console.log(verdictTable(verdicts))
  console.log(`\n  ${kept ? green('Every promise was kept.') : red('A promise was broken.')}  ${dim(`${inSeconds(ms)} in all`)}\n`)
  return kept
}

/** npm runs scripts in the project's directory; a path is meant where the user was. */
function found (file) {
  const path = [resolve(file), resolve(process.env.INIT_CWD ?? '.', file)].find(path => fs.existsSync(path))
  if (path === undefined) throw new Error(`there is no file ${file}`)
  if (!fs.statSync(path).isFile()) throw new Error(`${file} is no file`)
  return path
}

/** An empty directory for this run. Only our own is ever emptied. */
function prepare (output, source) {
  const directory = resolve(output ?? fileURLToPath(new URL('../demo-output', import.meta.url)))
  if (output === undefined) {
    if (source && !relative(directory, source).startsWith('..')) throw new Error(`${source} lies in ${directory}, which is wiped at the start`)
    fs.rmSync(directory, { recursive: true, force: true })
  }
  fs.mkdirSync(join(directory, 'logs'), { recursive: true })
  if (fs.readdirSync(directory).length > 1 || fs.readdirSync(join(directory, 'logs')).length > 0) throw new Error(`${directory} is not empty`)
  return directory
}
