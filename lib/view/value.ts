// Values in few words: how a field looks on the line of its record. Nested ones are told by their paths, as jq has them.
import type { Tone } from './text.js'

/** A field, or a part of one. */
export interface Entry {
  key: string
  /** Its value, whole. */
  text: string
  tone: Tone
}

export type Fields = Record<string, unknown>

/** Paths go this deep; what is below is written in one piece. */
const DEEPEST = 4
/** Nesting of a value in one piece; JSON has no end to it. */
const MOST_NESTED = 32

export const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Has it anything in it? */
export const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null && Object.keys(value).length > 0

/** A text that can stand without quotes: no space, nothing that could be taken for another value. */
const BARE = /^(?!(?:true|false|null|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$)[^\s"'`\\\p{Cc}]+$/iu
/** The same inside of an array or an object. */
const BARE_WITHIN = /^[^,:{}[\]]+$/

/** Characters from which on an object is not shown twice. */
const REPEATED = 30
const AS_ABOVE = '[as above]'

/** What a dump writes in the place of a value, and this viewer. */
const STAND_IN = /^\[(?:redacted|as above|Circular|Object|Array|Throws|Buffer|\+)/i

function quoted (text: string, within: boolean): string {
  return (BARE.test(text) && (!within || BARE_WITHIN.test(text))) || STAND_IN.test(text) ? text : JSON.stringify(text)
}

export function toneOf (value: unknown): Tone {
  if (typeof value === 'number' || typeof value === 'bigint') return 'number'
  if (typeof value === 'string') return STAND_IN.test(value) ? 'dim' : 'text'
  return isObject(value) || Array.isArray(value) ? 'plain' : 'word'
}

/** The value on one line, in JSON without needless quotes. */
export function inline (value: unknown, within = false, depth = 0): string {
  if (typeof value === 'string') return quoted(value, within)
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === MOST_NESTED) return '…'
  if (Array.isArray(value)) return `[${value.map(entry => inline(entry, true, depth + 1)).join(', ')}]`
  const inner = Object.entries(value).map(([key, entry]) => `${quoted(key, true)}: ${inline(entry, true, depth + 1)}`)
  return inner.length === 0 ? '{}' : `{ ${inner.join(', ')} }`
}

/** Columns that a small object may take on the line of its key; an array may take what there is. */
const COMPACT = 60

/** Can it stand on one line of `room` columns? */
export function isCompact (value: object, room: number): boolean {
  const inner = Object.values(value)
  return inner.length <= room && !inner.some(isNested) && inline(value).length <= (Array.isArray(value) ? room : Math.min(room, COMPACT))
}

/**
 * Fields with the paths of what is nested in them, at most `most`; `more` were left out. `shown` has the objects that were shown
 * before, by their keys: Fastify logs the same `req` again with each error.
 */
export function entriesOf (fields: Fields, most: number, shown?: Map<string, string>): { entries: Entry[], more: number } {
  const entries: Entry[] = []
  let more = 0
  const add = (key: string, value: unknown, depth: number): void => {
    if (entries.length >= most) more++
    else if (isObject(value) && isNested(value) && depth < DEEPEST) addAll(value, `${key}.`, depth + 1)
    else entries.push({ key, text: inline(value), tone: toneOf(value) })
  }
  const addAll = (object: Fields, prefix: string, depth: number): void => {
    for (const [key, value] of Object.entries(object)) add(prefix + quoted(key, true), value, depth)
  }
  for (const [key, value] of Object.entries(fields)) {
    const text = shown && isNested(value) ? inline(value) : ''
    const again = text.length > REPEATED && shown!.get(key) === text
    add(quoted(key, true), again ? AS_ABOVE : value, 0)
    if (text) shown!.set(key, text)
  }
  return { entries, more }
}

/** A value that should be a text. */
export function textOf (value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : typeof value === 'string' ? value : inline(value)
}

export function numberOf (value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
