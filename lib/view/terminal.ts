// A report for a terminal: as wide as that is, in its colours. The only importer of picocolors, which is told whether there are
// colours at all: by itself it would colour what goes into a pipe on CI machines.
import pc from 'picocolors'
import { layOut } from './layout.js'
import type { Report } from './report.js'
import type { Span, Tone } from './text.js'

export interface TerminalOptions {
  /** Columns. */
  width: number
  color: boolean
}

const NARROWEST = 40

/** Does this environment want colours on this stream? `NO_COLOR` wins over `FORCE_COLOR`, both over what the stream is. */
export function wantsColor (env: NodeJS.ProcessEnv, isTTY: boolean): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return !['0', 'false'].includes(env.FORCE_COLOR)
  return isTTY && env.TERM !== 'dumb'
}

/** Lines, each with its end. */
export function * renderTerminal (report: Report, { width, color }: TerminalOptions): Generator<string> {
  yield * paintLines(layOut(report, Math.max(NARROWEST, width)), color)
}

/** The same of what is laid out already. */
export function * paintLines (lines: Iterable<Span[]>, color: boolean): Generator<string> {
  const paint = painter(color)
  for (const line of lines) {
    while (line.at(-1)?.text.trim() === '') line.pop()
    yield `${line.map(({ text, tone }) => paint[tone](text)).join('')}\n`
  }
}

function painter (color: boolean): Record<Tone, (text: string) => string> {
  const c = pc.createColors(color)
  return {
    plain: text => text,
    strong: c.bold,
    dim: c.dim,
    key: c.cyan,
    text: text => text,
    number: c.yellow,
    word: c.magenta,
    trace: c.gray,
    debug: c.blue,
    info: c.green,
    warn: c.yellow,
    error: c.red,
    fatal: text => c.bold(c.red(text))
  }
}
