// Secrets inside texts: in URLs, forms, header lines, JSON and whatever else looks like `name=value`. Every character is looked at a
// fixed number of times: no expression here starts again where another attempt has already failed.
import { HIDDEN } from './harvest.js'
import { scrubPairs } from './pairs.js'
import type { Name } from './rules.js'

export interface Reader {
  name (name: string): Name
  /** Is told of every secret. */
  found (secret: string): void
}

const SCHEME = /\b(bearer|basic)([ \t]{1,4})([\w.~+/=-]+)/gi
/** A compact JWS or JWE (RFC 7515, 7516): a header that begins as JSON does, in base64url. */
const JWT = /eyJ[\w-]*(?:\.[\w-]*)*/g
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----END))*(?:-----END [A-Z ]{0,60}-----)?/g
/** Keys that tell by their beginning what they are: GitHub, GitLab, npm, Stripe and OpenAI, Slack, AWS, Google, SendGrid; a hash of bcrypt. */
const KEY = new RegExp([
  '\\b(?:gh[oprsu]_\\w{30,}|github_pat_\\w{30,}|glpat-[\\w-]{20,}|npm_\\w{30,}|[rs]k[-_][\\w-]{20,}|xox[a-z]-[\\w-]{10,}|A[KS]IA[A-Z\\d]{16}|AIza[\\w-]{35}|SG\\.[\\w-]{16,}\\.[\\w-]{16,})',
  '\\$2[aby]\\$\\d\\d\\$[\\w./]{53}'
].join('|'), 'g')
const AUTHORITY = /[^\s/?#"'<>`\\]*/y
/** What may stand behind the colon of a host. */
const PORT = /^(?:\d{1,5})?$/
/** Of a password in a URL that nobody has encoded. */
const LONGEST_PASSWORD = 128

/** `text` without its secrets. With `cut` it is the beginning of a longer one. */
export function scrub (text: string, cut: boolean, reader: Reader): string {
  let told = scrubPairs(text, reader)
  if (told.includes('//') && (cut || told.includes('@'))) told = scrubUrls(told, cut, reader)
  if (told.includes('eyJ')) told = told.replace(JWT, run => hide(run, isJwt(run), reader))
  if (told.includes('-----BEGIN ')) told = told.replace(PRIVATE_KEY, HIDDEN)
  told = told.replace(KEY, key => hide(key, true, reader))
  return told.replace(SCHEME, (_, scheme: string, space: string, word: string) => `${scheme}${space}${hide(word, isCredential(word), reader)}`)
}

function hide (word: string, isSecret: boolean, reader: Reader): string {
  if (!isSecret) return word
  reader.found(word)
  return HIDDEN
}

/** An encrypted one with a shared key has an empty second part. */
function isJwt (run: string): boolean {
  const [head = '', body = ''] = run.split('.', 2)
  return head.length >= 8 && run.length > head.length + 4 && (body.length >= 4 || body === '')
}

/** Not "basic authentication". */
function isCredential (word: string): boolean {
  return word.length >= 8 && (word.length >= 20 || /\d|[a-z][A-Z]|[_+/=]/.test(word))
}

/** User and password before the host. */
function scrubUrls (text: string, cut: boolean, reader: Reader): string {
  let told = ''
  let from = 0
  for (let at = text.indexOf('//'); at >= 0; at = text.indexOf('//', Math.max(at + 2, from))) {
    const start = at + 2
    const end = userEnd(text, start, cut)
    if (end <= start) continue
    const [, password] = /:(.+)$/s.exec(text.slice(start, end)) ?? []
    if (password !== undefined) reader.found(password)
    told += text.slice(from, start) + HIDDEN
    from = end
  }
  return from === 0 ? text : told + text.slice(from)
}

/** Where the user info ends that begins at `start`, or -1. */
function userEnd (text: string, start: number, cut: boolean): number {
  AUTHORITY.lastIndex = start
  const authority = AUTHORITY.exec(text)![0]
  const sign = authority.lastIndexOf('@')
  if (sign >= 0) return start + sign
  const colon = authority.indexOf(':')
  if (colon < 0 || authority.startsWith('[') || PORT.test(authority.slice(colon + 1))) return -1
  // No port, so it may be a password that nobody has encoded: up to the next @, if that belongs to the same word.
  if (cut && start + authority.length === text.length) return text.length
  const [word] = /^[^\s"'<>@]*@?/.exec(text.slice(start, start + LONGEST_PASSWORD))!
  return word.endsWith('@') ? start + word.length - 1 : -1
}
