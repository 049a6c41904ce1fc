// The verbs that take log lines from the standard input: `node app.js | pino-blackbox parquet --dir logs`.
//
//   stdin -> (echo) -> intake -> outputs, until its end
//
// Who writes to the pipe may die at any time: what it has written is read to the end, and nothing ends this process before that but
// SIGTERM, which takes what is there. A terminal sends SIGINT to both, and the last lines of the application come after it.
import { once } from 'node:events'
import { StringDecoder } from 'node:string_decoder'
import type { Readable, Writable } from 'node:stream'
import { openBranches } from '../branches.js'
import { parseTee } from '../config/tee.js'
import { within } from '../deadline.js'
import { errno } from '../errors.js'
import { readConfig } from '../from-config.js'
import { targetOf, type OutputName, type Target } from '../targets.js'
import { transport, type Branch } from '../output.js'
import { tellStderr } from '../telemetry/complaints.js'

export interface PipeOptions {
  /** Lines are written to stdout as well. */
  pass?: boolean | undefined
}

/** ms without anything to read after which, at SIGTERM, there is nothing more in the pipe ... */
const QUIET = 100
/** ... and ms after which whoever still writes is not waited for. */
const LAST_MOMENT = 2000
/** ms without any progress after which, at the end, what is left is left to the next start. */
const PATIENCE = 5000
/** Ended from here, or a terminal that is gone. */
const ENDS = ['ERR_STREAM_PREMATURE_CLOSE', 'EIO']

/** The outputs of a configuration file. Throws an OptionError. */
export function outputsOfFile (path: string): Target<object>[] {
  return readConfig(path).outputs
}

/** One output, of options. Throws an OptionError. */
export function outputOf (name: OutputName, options: object, level: string | undefined): Target<object>[] {
  return [targetOf(name, options, level === undefined ? {} : { level: /^\d+$/.test(level) ? Number(level) : level }, process.cwd())]
}

/** Reads until the end. Exit code: 1 when lines were dropped. Rejects with an OptionError. */
export async function pipe (targets: readonly Target<object>[], { pass = false }: PipeOptions): Promise<number> {
  const branches = await openBranches(parseTee({ outputs: targets }))
  const stream = transport(branches)
  const { stdin } = process
  const signal = new Signals(stdin)
  const failed: unknown = await feed(stdin, stream, pass ? process.stdout : undefined).then(() => undefined, error => error)
  if (!signal.asked) await delivered(branches)
  stream.end()
  await once(stream, 'close')
  const code = sum(branches)
  signal.obey()
  if (failed) throw failed
  return code
}

/** Whole lines are made of it by the stream; what is echoed is as it came. */
async function feed (stdin: Readable, stream: Writable, echo: Writable | undefined): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let echoing = echo !== undefined
  echo?.on('error', () => { echoing = false })
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      if (!stream.write(decoder.write(chunk))) await once(stream, 'drain')
      if (echoing && !echo!.write(chunk)) await Promise.race([once(echo!, 'drain'), once(echo!, 'close')]).catch(() => {})
    }
  } catch (error) {
    if (!ENDS.includes(errno(error) ?? '')) throw error
  }
  stream.write(decoder.end())
}

/** What becomes of this process when somebody wants it to end. */
class Signals {
  asked: NodeJS.Signals | undefined
  readonly #stdin: Readable & { isTTY?: boolean }
  #ignored = false

  constructor (stdin: Readable & { isTTY?: boolean }) {
    this.#stdin = stdin
    process.on('SIGTERM', this.#end)
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, this.#wait)
  }

  /** Ends as the signal would have ended it, if there was one. */
  obey (): void {
    if (this.asked === undefined) return
    process.off('SIGTERM', this.#end)
    for (const signal of ['SIGINT', 'SIGHUP'] as const) process.off(signal, this.#wait)
    process.kill(process.pid, this.asked)
  }

  /** Once, because the application was told as well; a second time it is meant for us. */
  readonly #wait = (signal: NodeJS.Signals): void => {
    if (this.#ignored || this.#stdin.isTTY) this.#end(signal)
    this.#ignored = true
  }

  readonly #end = (signal: NodeJS.Signals): void => {
    // A second time it is urgent.
    const urgent = this.asked !== undefined
    this.asked = signal
    if (urgent) return this.obey()
    const quiet = setTimeout(() => this.#stdin.destroy(), QUIET)
    setTimeout(() => this.#stdin.destroy(), LAST_MOMENT).unref()
    this.#stdin.on('data', () => quiet.refresh())
  }
}

/** Waits as long as something arrives: closing has little time, and there is no hurry here. */
async function delivered (branches: readonly Branch[]): Promise<void> {
  const outputs = branches.map(({ output }) => output)
  const all = Promise.allSettled(outputs.map(output => output.flush('delivered', true)))
  const pending = (): number => outputs.reduce((sum, { counters }) => sum + counters.get('pendingRecords'), 0)
  let before: number
  do {
    before = pending()
    if (await within(all, PATIENCE)) return
  } while (pending() !== before)
}

/** What was dropped the outputs have said themselves. */
function sum (branches: readonly Branch[]): number {
  const figures = branches.map(({ output: { name, counters } }) => ({ name, ...counters.read() }))
  for (const { name, pendingRecords } of figures) {
    if (pendingRecords > 0) tellStderr(`pino-blackbox ${name}: ${pendingRecords} lines wait in the journal; the next start goes on with them\n`)
  }
  return figures.some(({ droppedRecords }) => droppedRecords > 0) ? 1 : 0
}
