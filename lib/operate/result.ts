// How verbs tell what they have found or done: results on stdout, for people or as one JSON document, and trouble on stderr.
import { relative } from 'node:path'
import { harmless } from '../view/text.js'
import { print } from '../view/print.js'

/** Exit codes: everything is well, and something is wrong. */
export const WELL = 0
export const WRONG = 1

export interface Answering { json?: boolean | undefined }

/** One JSON document, or these lines. */
export async function tell ({ json }: Answering, document: unknown, lines: Iterable<string>): Promise<void> {
  await print(json ? [`${JSON.stringify(document, null, 2)}\n`] : ended(lines))
}

function * ended (lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${harmless(line)}\n`
}

export function complain (message: string): void {
  process.stderr.write(`pino-blackbox: ${harmless(message)}\n`)
}

/** A path as a person would write it. */
export function short (path: string): string {
  const below = relative(process.cwd(), path)
  return below === '' ? '.' : below.startsWith('..') ? path : below
}

const UNITS = ['KB', 'MB', 'GB', 'TB']

/** `1536` -> `1.5 KB`. */
export function size (bytes: number): string {
  let [value, unit] = [bytes, 'bytes']
  for (const next of UNITS) if (value >= 1024) [value, unit] = [value / 1024, next]
  return `${unit === 'bytes' || value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`
}

export function count (number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** Columns as wide as what is in them, numbers to the right. */
export function table (rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const last = widths.length - 1
  const padded = (cell: string, column: number): string =>
    /^\d/.test(cell) ? cell.padStart(widths[column]!) : column === last ? cell : cell.padEnd(widths[column]!)
  return rows.map(row => row.map(padded).join('  ').trimEnd())
}
