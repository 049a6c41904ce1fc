// What is no plain data, told as plain data: of an error what explains it, of a request the few fields that matter, of a stream that
// it is one. Nothing is consumed, and nothing that could be long is listed whole. May throw whatever a getter throws.
import { Stream } from 'node:stream'
import { types } from 'node:util'

/** Text of several lines that is shown line by line. */
export class Lines {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

/** The first entries of a list that has more. */
export class Part {
  readonly entries: readonly unknown[]
  readonly length: number

  constructor (entries: readonly unknown[], length: number) {
    this.entries = entries
    this.length = length
  }
}

/** Enough to know a format by. What is longer could be a key. */
const SHOWN_BYTES = 8
const WIDEST_BIGINT = 1024
/** Nothing to see in them, or not without consuming it. */
const OPAQUE = new Set([
  'Promise', 'WeakMap', 'WeakSet', 'WeakRef', 'Generator', 'AsyncGenerator', 'Blob', 'File', 'ReadableStream', 'WritableStream', 'TransformStream',
  'AbortSignal', 'AbortController', 'MessagePort', 'CryptoKey'
])
/** What has names and values in its entries(). */
const LISTS = new Set(['Headers', 'URLSearchParams', 'FormData'])

type Fields = Record<string, unknown>

/** A value that stands for `value`: text, or an object whose fields are to be looked at in turn. Undefined when its own fields say it all. */
export function exotic (value: object, most: number): unknown {
  if (ArrayBuffer.isView(value)) return bytesOf(Buffer.isBuffer(value) ? 'Buffer' : tagOf(value), new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (types.isAnyArrayBuffer(value)) return bytesOf(tagOf(value), new Uint8Array(value))
  if (types.isNativeError(value) || value instanceof Error) return errorFields(value)
  if (value instanceof Stream) return messageFields(value) ?? `[${classOf(value) ?? 'Stream'}]`
  // Fastify's request and reply. A getter of that name may do anything.
  if (Object.getOwnPropertyDescriptor(value, 'raw')?.value instanceof Stream) return messageFields(value)
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return undefined
  if (types.isMap(value)) return { '[Map]': first(Map.prototype.entries.call(value), most, value.size) }
  if (types.isSet(value)) return { '[Set]': first(Set.prototype.values.call(value), most, value.size) }
  if (types.isRegExp(value)) return String(value)
  if (types.isBoxedPrimitive(value)) return value.valueOf()
  return tagged(value, tagOf(value), most)
}

/** What JSON has no word for. */
export function primitiveText (value: bigint | symbol | ((...args: never[]) => unknown)): string {
  if (typeof value === 'symbol') return String(value)
  if (typeof value === 'bigint') return BigInt.asIntN(WIDEST_BIGINT, value) === value ? `${value}n` : `[BigInt of more than ${WIDEST_BIGINT} bits]`
  const name = field(value, 'name')
  return typeof name === 'string' && name !== '' ? `[Function ${name}]` : '[Function]'
}

/** The message of whatever was thrown, or nothing; reading it may throw as well. */
export function messageOf (thrown: unknown): string {
  try {
    const message = isObject(thrown) ? (thrown as Partial<Error>).message ?? '' : thrown
    return isObject(message) ? '' : String(message)
  } catch {
    return ''
  }
}

/** What stands in the place of a value that cannot be read. */
export function throws (thrown: unknown): string {
  return `[Throws: ${messageOf(thrown)}]`
}

function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function tagged (value: object, tag: string, most: number): unknown {
  if (OPAQUE.has(tag)) return `[${tag}]`
  if (LISTS.has(tag)) {
    const { entries } = value as Map<unknown, unknown>
    const list = first(entries.call(value), most)
    return { [`[${tag}]`]: tag === 'Headers' ? grouped(list.entries) : list }
  }
  if (tag === 'Request' || tag === 'Response') {
    const { method, status, url, headers } = value as Fields
    return { method, status, url, headers }
  }
  return undefined
}

/** Of node:http, http2, Express and Fastify, the request as well as what it is answered with. */
function messageFields (value: object): Fields | undefined {
  const { id, method, url, originalUrl, headers, getHeaders, statusCode, httpVersion, headersSent } = value as Fields
  if (typeof headers === 'object' && headers !== null) return { id, method, url: originalUrl ?? url, httpVersion, statusCode: statusCode ?? undefined, headers }
  if (typeof getHeaders === 'function' && typeof statusCode === 'number') return { statusCode, headersSent, headers: getHeaders.call(value) }
  return undefined
}

function errorFields (error: Error): Fields {
  const fields: Fields = { type: field(error, 'name'), message: field(error, 'message'), code: field(error, 'code') }
  if (typeof fields.type !== 'string' || fields.type === '' || fields.type === 'Error') fields.type = classOf(error) ?? 'Error'
  const stack = field(error, 'stack')
  if (typeof stack === 'string') fields.stack = new Lines(stack)
  for (const key of ['cause', 'errors'].filter(key => Object.hasOwn(error, key))) fields[key] = field(error, key)
  for (const key of Object.keys(error)) if (!(key in fields) && key !== 'name' && key !== 'stack') fields[key] = field(error, key)
  return fields
}

function field (source: object, key: string): unknown {
  try {
    return (source as Fields)[key]
  } catch (thrown) {
    return throws(thrown)
  }
}

function bytesOf (name: string, bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), byte => byte.toString(16).padStart(2, '0')).join(' ')
  return `[${name} ${bytes.length} bytes${shown && `: ${shown}`}${bytes.length > SHOWN_BYTES ? ' ...' : ''}]`
}

/** `length` is not known of everything. */
function first (entries: Iterator<unknown>, most: number, length = 0): Part {
  const list: unknown[] = []
  for (let step = entries.next(); !step.done; step = entries.next()) {
    list.push(step.value)
    if (list.length > most) break
  }
  return new Part(list, Math.max(length, list.length))
}

/** Of a header that comes several times all values. */
function grouped (pairs: readonly unknown[]): Fields {
  const fields = new Map<string, unknown>()
  for (const [name, value] of pairs as Array<[string, unknown]>) {
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(fields)
}

/** What it says that it is. */
function tagOf (value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function classOf (value: object): string | undefined {
  const kind = field(value, 'constructor')
  const name = typeof kind === 'function' ? field(kind, 'name') : undefined
  return typeof name === 'string' && name !== '' ? name : undefined
}
