// The building blocks of option schemas; the only importer of valibot. A schema is the one source of an option's type,
// default, check, error sentence, environment variable and row in the documentation.
import * as v from 'valibot'
import { parseDuration, parseSize } from './units.js'

export type Schema = v.GenericSchema
export type Group = v.StrictObjectSchema<v.ObjectEntries, undefined>
/** What a user may write. */
export type Input<S extends Schema> = v.InferInput<S>
/** What the code gets: units converted, defaults filled in. */
export type Filled<S extends Schema> = v.InferOutput<S>

/** What an option tells about itself: `expected` completes "to be ...", `doc` is its sentence in the option table. */
export interface About {
  expected: string
  doc: string
  /** Its value is a secret, or may hold one: not to be shown. */
  secret?: boolean
  /** Another name for its environment variable: `apiKey` for `PINO_BLACKBOX_HTTP_API_KEY`. */
  variable?: string | undefined
}

const about = <T> (expected: string, doc: string, more: Partial<About> = {}): v.MetadataAction<T, { expected: string, doc: string }> =>
  v.metadata({ expected, doc, ...more })

export const optional = v.optional
export const group = v.strictObject

export const text = (doc: string) => v.pipe(v.string(), v.nonEmpty(), about('a non-empty string', doc))

export const number = (doc: string, min: number, max: number) => v.pipe(
  v.number(), v.finite(), v.minValue(min), v.maxValue(max), about(`a number from ${min} to ${max}`, doc)
)

export const flag = (doc: string) => v.pipe(v.boolean(), about('true or false', doc))

export const count = (doc: string, min = 1, max = Number.MAX_SAFE_INTEGER) => v.pipe(
  v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max),
  about(`${min > 0 ? 'a positive integer' : 'zero or a positive integer'}${max < Number.MAX_SAFE_INTEGER ? ` up to ${max}` : ''}`, doc)
)

export const oneOf = <const T extends readonly (string | boolean)[]> (values: T, doc: string) => v.pipe(
  v.custom<T[number]>(input => (values as readonly unknown[]).includes(input)),
  about(values.map(value => JSON.stringify(value)).join(' or '), doc)
)

/** Milliseconds, or `'500ms' '15m' '24h' '7d'`; more than zero and less than `below`. */
export const duration = (doc: string, below = Infinity, limit = below < Infinity ? `, below ${below} ms` : '') => v.pipe(
  v.union([v.number(), v.string()]),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const ms = parseDuration(dataset.value)
    if (ms !== undefined && ms >= 1 && ms < below) return ms
    addIssue()
    return NEVER
  }),
  about(`a positive duration such as 500, '500ms', '15m' or '7d'${limit}`, doc)
)

/** The same, of what a timer measures: with more it would end at once. */
export const timer = (doc: string) => duration(doc, 24 * 86_400_000 + 1, ', up to 24 days')

/** Bytes, or `'512k' '100m' '1g'` (binary); at least one. With `bare`, a number means that many times `bare` bytes. */
export const size = (doc: string, bare = 1) => v.pipe(
  v.union([v.number(), v.string()]),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const bytes = parseSize(dataset.value, bare)
    const sure = bare === 1 || Number.isNaN(Number(dataset.value)) || Number(dataset.value) < 10_000
    if (bytes !== undefined && bytes >= 1 && sure) return Math.floor(bytes)
    addIssue()
    return NEVER
  }),
  about(bare === 1
    ? "a positive size in bytes, or such as '512k', '100m' or '1g'"
    : "a positive size such as '512k', '100m' or '1g' (a bare number means megabytes, so 10000 or more is taken for a mistake)", doc)
)

/** A value of either kind, described as one option. */
export const either = <A extends Schema, B extends Schema> (a: A, b: B, doc: string) =>
  v.pipe(v.union([a, b]), about(`${describe(a).expected}, or ${describe(b).expected}`, doc))

/** The same option, told in words of its own. */
export const worded = <S extends Schema> (option: S, expected: string, doc: string) => v.pipe(option, about<v.InferOutput<S>>(expected, doc))

/** The same option, of which a value is never shown. */
export const hidden = <S extends Schema> (option: S, expected = describe(option).expected, doc = describe(option).doc) =>
  v.pipe(option, about<v.InferOutput<S>>(expected, doc, { secret: true }))

/** The same option, with a second name for its environment variable. */
export const alias = <S extends Schema> (variable: string, option: S) => {
  const { expected, doc, ...more } = describe(option)
  return v.pipe(option, about<v.InferOutput<S>>(expected, doc, { ...more, variable }))
}

/** A group in the place of which a word may stand. */
export const abbreviated = <G extends object, W extends Record<string, object>> (schema: G, words: W): G & { words: W } => ({ ...schema, words })

/** A group of which only one option can be given. */
export const alternatives = <G extends object>(schema: G): G & { alternatives: true } => ({ ...schema, alternatives: true })

/** Do the options of this group exclude each other? */
export const excluding = (schema: Schema): boolean => 'alternatives' in inner(schema)

export const list = <S extends Schema> (item: S, doc: string) =>
  v.pipe(v.array(item), v.minLength(1), about('an array with at least one entry', doc))

/** valibot leaves these keys out of a record without a word. */
const LEFT_OUT = ['__proto__', 'prototype', 'constructor']
const isMap = (input: unknown): boolean =>
  typeof input === 'object' && input !== null && !Array.isArray(input) && !LEFT_OUT.some(key => Object.hasOwn(input, key))

/** Any names but these, each with a value of this kind. */
export const map = <S extends Schema> (value: S, doc: string) => {
  const record = v.record(v.string(), value)
  return { ...v.pipe(v.custom<v.InferInput<typeof record>>(isMap), record, about(`an object, without the keys ${LEFT_OUT.join(', ')}`, doc)), value }
}

/** An object of the caller's own that has this method; of no use in an environment variable. */
export const having = <T extends object> (method: keyof T & string, doc: string) => v.pipe(
  v.custom<T>(input => typeof input === 'object' && input !== null && typeof (input as Record<string, unknown>)[method] === 'function'),
  about(`an object with a method \`${method}\``, doc, { secret: true })
)

/** Options that another schema checks. */
export const anything = (doc: string) => v.pipe(v.unknown(), about('an object', doc))

/** The schema of the entries of a list or a map. */
export function item (schema: Schema): Schema | undefined {
  const own = inner(schema)
  if ('item' in own) return own.item as Schema
  return 'value' in own ? own.value as Schema : undefined
}

/** Does this option, or one below it, hold what must not be shown? */
export function secretive (schema: Schema): boolean {
  const below = [...Object.values(entries(schema) ?? {}) as Schema[], ...item(schema) ? [item(schema)!] : []]
  return describe(schema).secret === true || below.some(secretive)
}

/** What the words stand for that may be in the place of a group. */
export function words (schema: Schema): Record<string, Record<string, unknown>> {
  const own = inner(schema)
  return 'words' in own ? own.words as Record<string, Record<string, unknown>> : {}
}

/** Does this option take this value? */
export function takes (schema: Schema, value: unknown): boolean {
  return v.is(schema, value)
}

/** The schema below `optional`. */
export function inner (schema: Schema): Schema {
  return 'wrapped' in schema ? inner(schema.wrapped as Schema) : schema
}

/** The options of a group, or undefined for a single option. */
export function entries (schema: Schema): v.ObjectEntries | undefined {
  const own = inner(schema)
  return 'entries' in own ? own.entries as v.ObjectEntries : undefined
}

export function describe (schema: Schema): About {
  const own = inner(schema)
  if ('entries' in own) return { expected: 'an object', doc: '' }
  return v.getMetadata(own as Parameters<typeof v.getMetadata>[0]) as unknown as About
}

/** The default of an option, or undefined. */
export function fallback (schema: Schema): unknown {
  return 'default' in schema ? schema.default : undefined
}

export interface Problem {
  path: string[]
  value: unknown
  unknown: boolean
}

/** Checks and fills. The first problem only: one clear error at a time. */
export function read<S extends Group> (schema: S, input: unknown): { value: Filled<S> } | { problem: Problem } {
  const result = v.safeParse(schema, input, { abortEarly: true })
  if (result.success) return { value: result.output }
  const issue = result.issues[0]
  return {
    problem: {
      path: (issue.path ?? []).map(step => String(step.key)),
      value: issue.input,
      unknown: issue.type === 'strict_object' && issue.expected === 'never'
    }
  }
}
