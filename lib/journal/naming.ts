// Names of rotated files, pino-roll's scheme: <name>[.<date>].<n><extension>[.gz|.zst]. Formatting and parsing are exact
// inverses: a name that this module would not have made is nobody's to touch.
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { OptionError, reason, show } from '../errors.js'

export const SUFFIX = { gzip: '.gz', zstd: '.zst' } as const

/** What a format leaves out is that of a leap year, or 29 February would be no date in formats without a year. */
const REFERENCE = Date.UTC(2020, 0, 1)
/** A date whose parts all differ. */
const SAMPLE = Date.UTC(2026, 10, 20, 21, 43, 56, 789)

export interface RotatedName {
  /** Formatted date, '' without a dateFormat. */
  date: string
  /** 1, 2, ... within one date. */
  number: number
  /** '' | '.gz' | '.zst' */
  suffix: string
}

export interface NamingOptions {
  file: string
  extension?: string | undefined
  dateFormat?: string | undefined
  utc: boolean
}

interface Dates {
  format (time: number): string
  /** Start of what `text` names, in ms; undefined when `format` would never give it. */
  parse (text: string): number | undefined
}

export class RotatedNames {
  readonly directory: string
  /** `<name>` */
  readonly base: string
  readonly extension: string
  readonly #dates: Dates | undefined

  /** Throws an OptionError when date-fns does not know the format. */
  constructor ({ file, extension, dateFormat, utc }: NamingOptions) {
    // A path that ends with a separator names a directory: `app` in it, as pino-roll has it.
    const own = /[/\\]$/.test(file) ? 'app' : basename(file)
    const dot = own.lastIndexOf('.')
    this.directory = /[/\\]$/.test(file) ? resolve(file) : dirname(resolve(file))
    this.base = dot > 0 ? own.slice(0, dot) : own
    const ending = extension ?? (dot > 0 ? own.slice(dot) : '.log')
    this.extension = ending === '' || ending.startsWith('.') ? ending : `.${ending}`
    this.#dates = dateFormat === undefined ? undefined : dateFns(dateFormat, utc)
  }

  date (time: number): string {
    return this.#dates?.format(time) ?? ''
  }

  format ({ date, number, suffix }: RotatedName): string {
    return `${this.base}${date && `.${date}`}.${number}${this.extension}${suffix}`
  }

  path (name: RotatedName): string {
    return join(this.directory, this.format(name))
  }

  /** The parts of a file name that is ours, else undefined. */
  parse (name: string): RotatedName | undefined {
    const suffix = Object.values(SUFFIX).find(suffix => name.endsWith(this.extension + suffix)) ?? ''
    const ending = this.extension + suffix
    if (!name.startsWith(`${this.base}.`) || !name.endsWith(ending)) return undefined
    const middle = name.slice(this.base.length + 1, name.length - ending.length)
    const match = /^(?:(.+)\.)?([1-9]\d{0,14})$/.exec(middle)
    if (!match) return undefined
    const date = match[1] ?? ''
    if (this.#dates ? this.#dates.parse(date) === undefined : date !== '') return undefined
    return { date, number: Number(match[2]), suffix }
  }

  /** Oldest first. */
  readonly compare = (a: RotatedName, b: RotatedName): number =>
    (this.#dates?.parse(a.date) ?? 0) - (this.#dates?.parse(b.date) ?? 0) || a.number - b.number
}

/** Loaded only when a format is given: it takes longer than everything else at start together. */
function dateFns (pattern: string, utc: boolean): Dates {
  const require = createRequire(import.meta.url)
  const { format } = require('date-fns/format') as typeof import('date-fns/format')
  const { parse } = require('date-fns/parse') as typeof import('date-fns/parse')
  const { utc: inUtc } = require('@date-fns/utc') as typeof import('@date-fns/utc')
  const options = utc ? { in: inUtc } : {}
  const refuse = (expected: string, why = ''): never => {
    throw new OptionError('jsonl', 'dateFormat', `Expected \`dateFormat\` to ${expected}, got ${show(pattern)}${why}`)
  }
  const forbidden = /[/\\?%*:|"<>\0]/
  if (forbidden.test(pattern)) refuse('have no characters that a file name cannot hold')
  try {
    const sample = format(SAMPLE, pattern, options)
    if (forbidden.test(sample)) refuse('give names that a file can have', `, which gives ${show(sample)}`)
    if (format(parse(sample, pattern, REFERENCE, options), pattern, options) !== sample) refuse('give dates that can be read back')
  } catch (error) {
    if (error instanceof OptionError) throw error
    refuse('be a date format of date-fns', `: ${reason(error)}`)
  }
  const known = new Map<string, number | undefined>()
  return {
    format: time => format(time, pattern, options),
    parse (text) {
      if (!known.has(text)) {
        if (known.size > 10_000) known.clear()
        const time = parse(text, pattern, REFERENCE, options).getTime()
        known.set(text, Number.isNaN(time) || format(time, pattern, options) !== text ? undefined : time)
      }
      return known.get(text)
    }
  }
}
