// An error as a dump or a log line holds it, with its stack taken apart and what caused it.
import { isObject, textOf, type Fields } from './value.js'

export interface Frame {
  text: string
  /** Neither Node's nor of a dependency. */
  own: boolean
}

export interface Fault {
  type: string
  message: string
  frames: Frame[]
  /** What else it says: its code, and fields of its own. */
  fields: Fields
  causes: Array<{ how: string, fault: Fault }>
}

/** Causes of causes, and errors of one AggregateError. */
const DEEPEST = 10
const MOST = 20

/** Undefined for what is no error. */
export function faultOf (value: unknown, depth = 0): Fault | undefined {
  if (typeof value === 'string') return value === '' ? undefined : { type: '', message: value, frames: [], fields: {}, causes: [] }
  if (!isObject(value) || !(typeof value.message === 'string' || isStack(value.stack))) return undefined
  // pino calls the errors of an AggregateError `aggregateErrors`.
  const { type, name, message, stack, cause, errors, aggregateErrors, ...fields } = value
  const known = textOf(type) ?? textOf(name) ?? 'Error'
  if (type !== undefined && name !== undefined && name !== type) fields.name = name
  const below = Array.isArray(errors) ? errors : Array.isArray(aggregateErrors) ? aggregateErrors : []
  const parts: Array<[how: string, value: unknown]> = cause === undefined || cause === null ? [] : [['caused by', cause]]
  for (const [index, error] of below.slice(0, MOST).entries()) parts.push([`error ${index + 1} of ${below.length}`, error])
  return {
    type: known,
    message: textOf(message) ?? '',
    frames: framesOf(stack, titleOf({ type: known, message: textOf(message) ?? '' })),
    fields,
    causes: depth === DEEPEST ? [] : parts.map(([how, part]) => ({ how, fault: faultOf(part, depth + 1) ?? { type: '', message: textOf(part)!, frames: [], fields: {}, causes: [] } }))
  }
}

/** `TypeError: x is not a function` */
export function titleOf ({ type, message }: Pick<Fault, 'type' | 'message'>): string {
  return [type, message].filter(part => part !== '').join(': ')
}

/** Are these the same error? pino's serializer puts the messages of causes behind an error's own, so the stack decides. */
export function isSame (a: Fault, b: Fault): boolean {
  const [first, second] = [a.frames[0]?.text, b.frames[0]?.text]
  return a.type === b.type && first === second && (first !== undefined || a.message === b.message)
}

function isStack (stack: unknown): boolean {
  return typeof stack === 'string' || (Array.isArray(stack) && stack.every(line => typeof line === 'string'))
}

const FOREIGN = /node_modules[\\/]|\(?(?:node|internal):|^at (?:async )?[^(]*\((?:<anonymous>|index \d+|native)\)|^at <anonymous>/

/** The lines from the first place on: before it, engines repeat type and message. */
function framesOf (stack: unknown, title: string): Frame[] {
  if (!isStack(stack)) return []
  const lines = (typeof stack === 'string' ? stack.split('\n') : stack as string[]).map(line => line.trim()).filter(line => line !== '')
  const first = lines.findIndex(line => line.startsWith('at '))
  const places = first < 0 ? lines.filter(line => !title.includes(line)) : lines.slice(first)
  return places.map(text => ({ text, own: !FOREIGN.test(text) }))
}
