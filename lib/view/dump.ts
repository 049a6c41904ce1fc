// Reads a file and says what it is: the dump of a request, of a value, of events (or any log of JSON lines), or nothing of the kind.
import fs from 'node:fs'
import { basename } from 'node:path'
import { errno, reason } from '../errors.js'
import { instantOf } from './time.js'
import { isObject, type Fields } from './value.js'

export type Dump = { name: string } & (
  | { kind: 'request', document: Fields, about: Fields }
  | { kind: 'value', value: unknown, about: Fields }
  | { kind: 'events', events: unknown[], lines: string[], unreadable: number, more: number }
)

export interface Problem { problem: string }

/** The form that is known here. */
export const FORM = 1

/** Strings of JavaScript end at twice that. */
const LARGEST = 256 * 1024 * 1024
/** Events that are taken apart; of more, the last ones. */
const MOST_EVENTS = 10_000

/** What to do with a dump of bytes. */
const XXD = ' (`xxd` shows them)'

/** `path` is a file, or `-` for the standard input. */
export async function readDump (path: string): Promise<Dump | Problem> {
  const shown = path === '-' ? 'the standard input' : path
  try {
    return understand(path === '-' ? 'stdin' : basename(path), await bytesOf(path), shown)
  } catch (error) {
    const code = errno(error)
    if (code === 'ENOENT') return { problem: `there is no file ${shown}` }
    if (code === 'EISDIR') return { problem: `${shown} is a directory: name a dump in it` }
    return { problem: `${shown} cannot be read: ${reason(error)}` }
  }
}

/** Its log lines, without their ends; undefined where there can be none. */
export function logOf (dump: Dump): string[] | undefined {
  if (dump.kind === 'events') return dump.lines
  if (dump.kind === 'value') return undefined
  const { log } = dump.document
  return Array.isArray(log) ? log.map(record => JSON.stringify(record, (_key, value) => typeof value === 'bigint' ? String(value) : value)) : []
}

async function bytesOf (path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  const source: AsyncIterable<Buffer> = path === '-' ? process.stdin : fs.createReadStream(path, { highWaterMark: 1024 * 1024 })
  for await (const chunk of source) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LARGEST) throw new Error(`it has more than ${LARGEST / 1024 / 1024} MB`)
  }
  return Buffer.concat(chunks, length)
}

function understand (name: string, bytes: Buffer, shown: string): Dump | Problem {
  if (bytes.length === 0) return { problem: `${shown} is empty` }
  if (bytes.subarray(0, 8000).includes(0)) return { problem: `${shown} holds bytes, no text${XXD}` }
  const text = new TextDecoder().decode(bytes)
  if (text.trim() === '') return { problem: `${shown} is empty` }
  const whole = parse(text)
  if ('value' in whole && !isLog(name, whole.value)) return ofValue(name, whole.value)
  return ofLines(name, text) ?? { problem: `${shown} is no dump: ${name.endsWith('.bin') ? `it holds bytes${XXD}` : 'why' in whole ? whole.why : 'it holds no lines of JSON'}` }
}

/** One line of a log is a JSON document too. */
function isLog (name: string, value: unknown): boolean {
  return /\.(jsonl|ndjson|log)$/.test(name) || (isObject(value) && 'level' in value && instantOf(value.time) !== undefined && !('failure' in value))
}

/** What the dumper says about a dump stands in it under a key of its own, or around it. */
function ofValue (name: string, value: unknown): Dump {
  const { _blackbox: note, ...rest } = isObject(value) ? value : {}
  const about = isObject(note) ? note : {}
  const wrapped = Object.keys(rest).length === 1 && Object.hasOwn(rest, 'value')
  const content = !isObject(note) ? value : wrapped ? rest.value : rest
  if (isObject(content) && typeof content.blackbox === 'number' && isObject(content.failure)) {
    return { name, kind: 'request', document: content, about }
  }
  return { name, kind: 'value', value: content, about }
}

function ofLines (name: string, text: string): Dump | undefined {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const good: string[] = []
  const events: unknown[] = []
  for (const [index, line] of lines.entries()) {
    const parsed = parse(line)
    if ('value' in parsed) good.push(line)
    if (index >= lines.length - MOST_EVENTS) events.push('value' in parsed ? parsed.value : line)
  }
  if (good.length * 2 < lines.length) return undefined
  return { name, kind: 'events', events, lines: good, unreadable: lines.length - good.length, more: lines.length - events.length }
}

const INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?\d{16,}(?![\w.])/g
const MARK = '\0integer '

function parse (text: string): { value: unknown } | { why: string } {
  try {
    const value: unknown = JSON.parse(text)
    return { value: /\d{16}/.test(text) ? exactly(text) ?? value : value }
  } catch (error) {
    return { why: reason(error) }
  }
}

/** With BigInts for integers that a number cannot hold: an id that is nearly right would lead astray. Undefined where nesting is too deep for it. */
function exactly (text: string): unknown {
  try {
    const marked = text.replace(INTEGER, token => token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : JSON.stringify(MARK + token))
    return JSON.parse(marked, (_key, value) => typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value)
  } catch {
    return undefined
  }
}
