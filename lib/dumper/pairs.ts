// `name=value` and `name: value` in texts, where the name is that of a secret: forms, queries, cookies, header lines, XML, JSON in
// whatever depth of quoting, and what util.inspect() writes. From every sign between the two it looks back for the name and on for the value.
import { HIDDEN } from './harvest.js'
import { isSecret } from './rules.js'
import type { Reader } from './text-secrets.js'

interface Range { start: number, end: number }

/** The signs themselves, or as they are in a query, or in a query in a query. */
const SIGN = /=>?|[:>,]|%(?:25){0,4}3[ade]/gi
/** What may stand between a name and the sign, in a query. */
const BETWEEN = /(?:%(?:25){0,4}(?:20|22|27|5c)|["'`+])$/i
const LONGEST_BETWEEN = 11
const LONGEST_NAME = 128
const LONGEST_WORD = 16
/** With quotes around it, perhaps. */
const NAMES_IT = /^(?:name|key)\W*$/i
const VALUE = /^value\W*$/i
/** "api key", "card number" */
const SECOND_WORD = /^(?:key|card|number|word|phrase|code|id)$/i
const LETTER = /[a-z]/i
/** "token=required" tells nothing that should be taken out elsewhere. */
const WORDS_ONLY = /^[a-z]*$|^[^\p{L}\p{N}]*$/u
/** Spaces beside a sign. */
const SPACES = 4
const ENCODED = /%[\da-f]{2}/i
/** Levels of encoding that are undone. */
const LEVELS = 5
/** Values, each from where it begins. */
const WORD = /(?:[^\s&;"'<>`\\]|\\(?!["'nrtu\\]))*/y
const ENCODED_WORD = /(?:[^\s&"<>%]|%(?!(?:25){0,4}26))*/iy
const LITERAL = /[^\s,;&}\]\\"']*/y
const LINE = /(?:[^\r\n\\]|\\(?![rn]))*/y
const TEXT = /[^<]*/y
const QUOTED = /(\\*)(["'`])/y
const EMPTY = /^(?:\{\s{0,9}\}|\[\s{0,9}\])/
const PLACEHOLDER = /\[[\w *]{0,40}\]/y
/** In the middle of a sentence: of "password: hunter2", and not of "invalid token: unexpected end". */
const SHORTEST_WORD = 6
const BEGINNING = /(?:^|[\r\n"'`]|\\[nrt]?)[ \t]*$/
/** `token.js:12:34` in a stack. */
const FILE = /\.(?:[cm]?[jt]sx?|json|vue|svelte|html?|node|wasm)$/i
const OF_HEADERS = /-|_|authorization|cookie/i

export function scrubPairs (text: string, reader: Reader): string {
  let told = ''
  let from = 0
  /** What `value` is the value of: `"name":"password","value":"..."`. */
  let called = ''
  for (let sign = next(text, 0); sign !== undefined; sign = next(text, Math.max(sign.end, from))) {
    const name = nameBefore(text, sign.start, from)
    if (name.end - name.start < 2 || (text[sign.start] === ',' && !isPair(text, name, sign))) continue
    let word = decoded(text.slice(name.start, name.end))
    if (SECOND_WORD.test(word)) word = `${wordBefore(text, name.start, from)}${word}`
    if (NAMES_IT.test(word)) called = quotedBehind(text, sign)
    else if (VALUE.test(word)) word = called
    const known = reader.name(word)
    if (!known.secret && !known.headers) continue
    const value = known.secret ? valueBehind(text, sign, name) : listBehind(text, sign)
    const secret = text.slice(value.start, value.end)
    if (secret === '' || EMPTY.test(secret) || (known.secret && !isSecret(known, literal(secret)))) continue
    if (value.certain && !WORDS_ONLY.test(secret)) reader.found(secret)
    told += text.slice(from, value.start) + HIDDEN
    from = value.end
  }
  return from === 0 ? text : told + text.slice(from)
}

function next (text: string, from: number): Range | undefined {
  SIGN.lastIndex = from
  const found = SIGN.exec(text)
  return found === null ? undefined : { start: found.index, end: SIGN.lastIndex }
}

function wordBefore (text: string, at: number, from: number): string {
  const least = Math.max(from, at - LONGEST_WORD)
  if (at <= least || text[at - 1] !== ' ') return ''
  let start = at - 1
  while (start > least && LETTER.test(text[start - 1]!)) start--
  return text.slice(start, at)
}

/** `["name", "value"]` */
function isPair (text: string, name: Range & { quoted: boolean }, sign: Range): boolean {
  return name.quoted && /\[\s{0,4}\\*$/.test(text.slice(Math.max(0, name.start - 1 - SPACES), name.start - 1)) && quotedBehind(text, sign) !== ''
}

/** The beginning of the text between the quotes behind a sign. */
function quotedBehind (text: string, sign: Range): string {
  QUOTED.lastIndex = skipSpaces(text, sign.end)
  const [, , quote] = QUOTED.exec(text) ?? []
  if (quote === undefined) return ''
  return text.slice(QUOTED.lastIndex, QUOTED.lastIndex + LONGEST_NAME).split(quote, 1)[0]!
}

/** Characters of names: letters, digits and `_.$%-[]*~`. */
const NAMES = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$%-[]*~') NAMES[character.charCodeAt(0)] = 1

/** The name that ends before `at`, none of it before `from`. Quotes are not part of it. */
function nameBefore (text: string, at: number, from: number): Range & { quoted: boolean } {
  let end = at
  while (end > from && at - end < SPACES && text[end - 1] === ' ') end--
  const least = Math.max(from, end - LONGEST_NAME)
  const quote = text[end - 1]
  const quoted = (quote === '"' || quote === "'" || quote === '`') && text[at] !== '%'
  if (quoted) {
    let start = --end
    while (start > least && text[start - 1] !== quote) start--
    return { start, end, quoted }
  }
  for (let junk; (junk = BETWEEN.exec(text.slice(Math.max(least, end - LONGEST_BETWEEN), end))) !== null;) end -= junk[0].length
  let start = end
  for (; start > least; start--) {
    const code = text.charCodeAt(start - 1)
    if (code < 128 && NAMES[code] === 0) break
    // What is encoded ends a name where it would end it as it is.
    if (code === PERCENT && !isOfName(parseInt(text.slice(start, start + 2), 16))) return { start: start + 2, end, quoted }
  }
  // The line break before it, in JSON.
  if (text[start - 1] === '\\' && /[nrt]/.test(text[start] ?? '')) start++
  return { start, end, quoted }
}
const PERCENT = 0x25
const BACKSLASH = 0x5c

/** A backslash begins one that is escaped. */
function isOfName (code: number): boolean {
  return NAMES[code] === 1 || code === BACKSLASH
}

/** Where the value begins and ends; `certain` when it is more than likely to be one. */
function valueBehind (text: string, sign: Range, name: Range & { quoted: boolean }): Range & { certain: boolean } {
  const start = skipSpaces(text, sign.end)
  const upTo = (end: number, certain = true) => ({ start, end, certain })
  const matched = (expression: RegExp): number => endOf(expression, text, start)
  if (text[sign.start] === '%') return upTo(matched(ENCODED_WORD))
  QUOTED.lastIndex = start
  const quoted = QUOTED.exec(text)
  if (quoted !== null) return { start: QUOTED.lastIndex, end: closing(text, QUOTED.lastIndex, quoted[2]!, quoted[1]!.length), certain: true }
  if (text[sign.start] === '>') return upTo(/[<:]/.test(text[name.start - 1] ?? '') && text.startsWith('</', matched(TEXT)) ? matched(TEXT) : start)
  if (text[start] === '{') return upTo(text.length, false)
  if (text[start] === '[') return upTo(matched(PLACEHOLDER) > start ? matched(PLACEHOLDER) : text.length, false)
  if (text[sign.start] === '=') return upTo(matched(WORD))
  if (name.quoted) return upTo(matched(LITERAL))
  if (FILE.test(text.slice(name.start, name.end)) && /\d/.test(text[start] ?? '')) return upTo(start, false)
  const begins = BEGINNING.test(text.slice(Math.max(0, name.start - 16), name.start))
  if (begins || OF_HEADERS.test(text.slice(name.start, name.end))) return upTo(matched(LINE), begins)
  const end = matched(WORD)
  return end - start >= SHORTEST_WORD && /\d/.test(text.slice(start, end)) ? upTo(end) : upTo(start, false)
}

/** Of headers in a text nobody can tell where they end. */
function listBehind (text: string, sign: Range): Range & { certain: boolean } {
  const start = skipSpaces(text, sign.end)
  return { start, end: text[start] === '{' || text[start] === '[' ? text.length : start, certain: false }
}

function skipSpaces (text: string, from: number): number {
  let at = from
  while (at - from < SPACES && (text[at] === ' ' || text[at] === '\t')) at++
  return at
}

function endOf (expression: RegExp, text: string, start: number): number {
  expression.lastIndex = start
  return expression.test(text) ? expression.lastIndex : start
}

/** Where the string ends whose quote stands behind so many backslashes: of JSON in JSON there are more of them. */
function closing (text: string, from: number, quote: string, backslashes: number): number {
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    let escapes = 0
    while (at - escapes > from && text[at - escapes - 1] === '\\') escapes++
    if (escapes % (2 * (backslashes + 1)) === backslashes) return at - backslashes
  }
  return text.length
}

/** What is meant by a value without quotes. */
function literal (text: string): unknown {
  if (text === 'null' || text === 'undefined') return null
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
}

/** A name as it was before it was put into a query or into JSON. */
function decoded (name: string): string {
  for (let level = 0; level < LEVELS && ENCODED.test(name); level++) name = decodeUrl(name)
  if (!name.includes('\\')) return name
  return name.replace(/\\+u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))).replace(/\\+[nrt]/g, ' ')
}

/** Not with decodeURIComponent(): what is encoded by nobody makes it throw, and that takes long. */
export function decodeUrl (text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString())
}
