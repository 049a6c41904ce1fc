// Figures for a person: numbers with units, aligned tables, and what was promised and kept.
import { relative } from 'node:path'

/** Does somebody look? */
export const colour = process.stdout.isTTY && !process.env.NO_COLOR
/** @param {string} code @returns {(text: string) => string} */
const style = code => text => colour ? `\x1b[${code}m${text}\x1b[0m` : text
export const bold = style('1')
export const dim = style('2')
export const green = style('32')
export const red = style('31')

export const INDENT = '  '
const KB = 1024

/** @param {number} value */
export const count = value => Math.round(value).toLocaleString('en')

/** @param {number} value bytes; sizes are binary, as in the options */
export function bytes (value) {
  const unit = [{ name: 'B', size: 1 }, { name: 'KB', size: KB }, { name: 'MB', size: KB ** 2 }, { name: 'GB', size: KB ** 3 }]
    .findLast(({ size }) => Math.abs(value) >= size) ?? { name: 'B', size: 1 }
  return `${unit.size === 1 ? value : (value / unit.size).toFixed(2).replace(/\.00$/, '')} ${unit.name}`
}

/** @param {number} ms */
export const seconds = ms => `${(ms / 1000).toFixed(2)} s`

/**
 * As one would type it here.
 *
 * @param {string} path
 */
export function place (path) {
  const shown = relative(process.cwd(), path)
  return shown.startsWith('..') ? path : `./${shown}`
}

/** @param {string} text */
export const heading = text => `\n${bold(text)}`

/**
 * Rows of cells in columns: names to the left, figures to the right, notes, which come after them, to the left. A row that is
 * `null` is a rule.
 *
 * @param {Array<Array<string | number> | null>} rows
 * @param {number} [figures] how many columns of figures there are
 */
export function table (rows, figures = Infinity) {
  const cells = rows.map(row => row?.map(cell => typeof cell === 'number' ? count(cell) : cell))
  const widths = []
  for (const row of cells) row?.forEach((cell, at) => { widths[at] = Math.max(widths[at] ?? 0, width(cell)) })
  const line = row => row.map((cell, at) => {
    const gap = ' '.repeat(widths[at] - width(cell))
    return at === 0 || at > figures ? cell + gap : gap + cell
  }).join(INDENT).trimEnd()
  const rule = dim('─'.repeat(widths.reduce((sum, each) => sum + each + INDENT.length, -INDENT.length)))
  return cells.map(row => INDENT + (row ? line(row) : rule)).join('\n')
}

/** Without the colours. */
function width (text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x1b\[\d+m/g, '').length
}

const MOST_FILES = 12

/**
 * @param {import('./lines.js').LogFile[]} files
 * @param {number} size what no file may exceed
 */
export function fileTable (files, size) {
  const row = ({ name, bytes: stored, text, lines }) => [name, bytes(stored), bytes(text), lines]
  const half = MOST_FILES / 2
  const rows = files.length <= MOST_FILES
    ? files.map(row)
    : [...files.slice(0, half).map(row), [dim(`... ${files.length - MOST_FILES} more`), '', '', ''], ...files.slice(-half).map(row)]
  const total = row(files.reduce((sum, file) => ({
    name: `${files.length} file${files.length === 1 ? '' : 's'}`, bytes: sum.bytes + file.bytes, text: sum.text + file.text, lines: sum.lines + file.lines
  }), { name: '', bytes: 0, text: 0, lines: 0 }))
  return table([[dim(`limit ${bytes(size)} each`), dim('on disk'), dim('of lines'), dim('lines')], ...rows, null, total])
}

/**
 * @param {{ files: import('./dataset.js').ParquetFile[], bytes: number, ratio: number }} parquet
 * @param {import('./lines.js').LogFile[]} files the same lines as JSONL
 * @param {number} rows
 */
export function parquetTable ({ files: { length }, bytes: stored, ratio }, files, rows) {
  return table([
    [`${length} file${length === 1 ? '' : 's'}`, bytes(stored), dim(`${count(rows)} rows`)],
    ['the lines as JSONL', bytes(files.reduce((sum, { text }) => sum + text, 0)), dim(length > 0 ? `${ratio.toFixed(1)} : 1` : '')]
  ], 1)
}

/**
 * @typedef {{ promise: string, kept: boolean, found: string }} Verdict
 */

/** @param {Verdict[]} verdicts */
export function verdictTable (verdicts) {
  const widest = Math.max(...verdicts.map(({ promise }) => promise.length))
  return verdicts.map(({ promise, kept, found }) =>
    `${INDENT}${kept ? green('✔') : red('✘')} ${promise.padEnd(widest)}${INDENT}${kept ? dim(found) : red(found)}`).join('\n')
}
