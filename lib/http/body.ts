// How lines are put into the body of a request.
import { pathToFileURL } from 'node:url'
import { OptionError, reason, show } from '../errors.js'
import { recordOf } from '../record.js'
import type { Check } from '../delivery/lines.js'

export interface Body {
  bytes: Uint8Array
  headers: Record<string, string>
}

/** `lines` are JSON objects, each ended by a newline; `key` is that of the batch. The same lines give the same bytes, always. */
export type Format = (lines: Buffer, key: string) => Promise<Body> | Body

/** What a user's module exports as default. Must give the same body for the same records: repeats are recognised by key. */
export type FormatModule = (records: Array<Record<string, unknown>>, about: { key: string }) => FormatResult | Promise<FormatResult>
export interface FormatResult {
  body: string | Uint8Array
  headers?: Record<string, string>
}

/** Formats that need no module. */
export const FORMATS = ['ndjson', 'json']

const COMMA = 0x2c
const OPENING = 0x7b
const CLOSING = 0x7d
const NEWLINE = 0x0a

const ndjson: Format = lines => ({ bytes: lines, headers: { 'content-type': 'application/x-ndjson' } })

const json: Format = lines => {
  const bytes = Buffer.allocUnsafe(lines.length + 1)
  bytes[0] = 0x5b
  lines.copy(bytes, 1)
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) bytes[at] = COMMA
  bytes[bytes.length - 1] = 0x5d
  return { bytes, headers: { 'content-type': 'application/json' } }
}

/** Which lines a format can take: JSON objects, to the last character where it has to put them into something. */
export function checkOf (format: string): Check {
  return format === 'ndjson' ? inBraces : (bytes, start, end) => inBraces(bytes, start, end) && recordOf(bytes.toString('utf8', start, end)) !== undefined
}

function inBraces (bytes: Buffer, start: number, end: number): boolean {
  return bytes[start] === OPENING && bytes[end - 1] === CLOSING
}

/** 'ndjson', 'json', or the path of a module. Rejects with an OptionError when that cannot be loaded, or exports no function. */
export async function formatOf (format: string): Promise<Format> {
  if (format === 'ndjson') return ndjson
  if (format === 'json') return json
  const make = await load(format).catch((error: unknown) => {
    throw new OptionError('http', 'format', `Expected \`format\` to be a module whose default export is a function, got ${show(format)}: ${reason(error)}`)
  })
  return async (lines, key) => {
    const records = lines.toString().split('\n').slice(0, -1).map(line => JSON.parse(line) as Record<string, unknown>)
    const { body, headers = {} } = await make(records, { key })
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw new Error(`${format} gave no body: ${reason(typeof body)}`)
    return { bytes: typeof body === 'string' ? Buffer.from(body) : body, headers: { 'content-type': 'application/json', ...headers } }
  }
}

async function load (path: string): Promise<FormatModule> {
  const { default: make } = await import(pathToFileURL(path).href) as { default: FormatModule }
  if (typeof make !== 'function') throw new Error(`its default export is ${make === undefined ? 'missing' : `a value of type ${typeof make}`}`)
  return make
}
