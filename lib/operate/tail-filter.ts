// Which lines `tail` shows: by level, and by conditions on fields. A line is parsed only if there is a condition that asks for it.
import { OptionError, show } from '../errors.js'
import { LEVELS, levelOf } from '../levels.js'
import { parsePath } from '../parquet/columns.js'
import { recordOf } from '../record.js'
import { instantOf } from '../view/time.js'

export type Filter = (line: string) => boolean

type Record = { readonly [key: string]: unknown }
type Comparison = (value: unknown, wanted: string) => boolean

/**
 * `field=value` the same text, `!=` not the same (or no such field), `~` a regular expression finds something, `>` `>=` `<` `<=` by number,
 * by time, or else by text.
 */
const COMPARISONS: Readonly<{ [operator: string]: Comparison }> = {
  '!=': (value, wanted) => textOf(value) !== wanted,
  '>=': (value, wanted) => compare(value, wanted) >= 0,
  '<=': (value, wanted) => compare(value, wanted) <= 0,
  '=': (value, wanted) => textOf(value) === wanted,
  '~': (value, wanted) => value !== undefined && new RegExp(wanted).test(textOf(value)!),
  '>': (value, wanted) => compare(value, wanted) > 0,
  '<': (value, wanted) => compare(value, wanted) < 0
}

/** Throws an OptionError about `--level` or `--where`. */
export function filterOf ({ level, where = [] }: { level?: string | undefined, where?: readonly string[] | undefined }): Filter {
  const least = level === undefined ? 0 : numberOf(level)
  const conditions = where.map(conditionOf)
  return line => {
    if (least > 0 && levelIn(line) < least) return false
    if (conditions.length === 0) return true
    const record = recordOf(line)
    return record !== undefined && conditions.every(condition => condition(record))
  }
}

function numberOf (level: string): number {
  const number = Object.hasOwn(LEVELS, level) ? LEVELS[level as keyof typeof LEVELS] : /^\d+$/.test(level) ? Number(level) : undefined
  if (number === undefined) throw new OptionError('tail', 'level', `Expected --level to be ${Object.keys(LEVELS).join(', ')} or a number, got ${show(level)}`)
  return number
}

/** Infinity for a line without one: what a dying process has written at the end is not to be hidden. */
function levelIn (line: string): number {
  const quick = levelOf(line, LEVELS)
  if (quick !== Infinity) return quick
  const { level, severity = level } = recordOf(line) ?? {}
  const label = typeof severity === 'string' ? severity.toLowerCase() : ''
  return typeof severity === 'number' ? severity : Object.hasOwn(LEVELS, label) ? LEVELS[label as keyof typeof LEVELS] : Infinity
}

function conditionOf (condition: string): (record: Record) => boolean {
  const [, field, operator, wanted] = /^(.+?)(!=|>=|<=|=|~|>|<)(.*)$/s.exec(condition) ?? []
  if (field === undefined) {
    const expected = '<field><operator><value>, such as req.method=GET, with one of = != ~ > >= < <='
    throw new OptionError('tail', 'where', `Expected --where to be ${expected}, got ${show(condition)}`)
  }
  if (operator === '~') expectPattern(wanted!)
  const path = parsePath(field)
  return record => COMPARISONS[operator!]!(valueAt(record, field, path), wanted!)
}

function expectPattern (text: string): void {
  try {
    RegExp(text)
  } catch {
    throw new OptionError('tail', 'where', `Expected what follows ~ in --where to be a regular expression, got ${show(text)}`)
  }
}

/** A key of that very name, or what the path leads to. */
function valueAt (record: Record, field: string, path: readonly string[]): unknown {
  if (Object.hasOwn(record, field)) return record[field]
  return path.reduce<unknown>((here, key) => typeof here === 'object' && here !== null && Object.hasOwn(here, key) ? (here as Record)[key] : undefined, record)
}

/** As it would be written; undefined where there is nothing. */
function textOf (value: unknown): string | undefined {
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value)
}

/** NaN where they cannot be compared. */
function compare (value: unknown, wanted: string): number {
  const limit = Number(wanted)
  if (typeof value === 'number' && wanted !== '' && !Number.isNaN(limit)) return value - limit
  const [time, moment] = [instantOf(value), Date.parse(wanted)]
  if (time !== undefined && !Number.isNaN(moment)) return time - moment
  return typeof value === 'string' ? value < wanted ? -1 : Number(value > wanted) : NaN
}
