// Which names stand for secrets: of keys, of query parameters, of headers; and which texts may hold one. Pure, and cheap for names
// seen before and for texts without secrets, which most are.

/** In a name, wherever it stands there. Names are compared in lower case and without punctuation, which may stand at the dash. */
const CONTAINED = [
  'pass-word', 'pass-wd', 'pass-phrase', 'pass-code', 'secret', 'token', 'api-key', 'authorization', 'credential', 'cookie', 'private-key', 'access-key',
  'encryption-key', 'signing-key', 'master-key', 'csrf', 'xsrf', 'credit-card', 'card-number', 'security-code', 'otp-code', 'amz-signature', 'session-id', 'sess-id', 'connect-sid'
]
/** The whole name, or its last word: `dbPass`, `DB_PASS`, `user[pin]`. */
const WORDS = ['pwd', 'pw', 'pass', 'auth', 'sid', 'sig', 'pin', 'otp', 'cvv', 'cvc', 'ssn', 'jwt']
/** Only the whole name, or what stands behind its last dot or bracket: `methodSignature` and `dbSession` are no secrets. */
const WHOLE = ['session', 'signature']
/** The last word of a name that tells something about a secret, and not the secret: `tokenType`, `password_policy`, `token_expires_in`. */
const ABOUT = ['type', 'policy', 'count', 'length', 'expires', 'expiry']
const LIFETIME = /expires(?:in|at)$/
/** What headers are kept under. */
const HEADERS = ['headers', 'trailers']
/** Headers that tell how a request was made, and not who made it. */
const SHOWN_HEADERS = [
  ':method', ':scheme', ':authority', ':status', 'host', 'origin', 'date', 'user-agent', 'content-type', 'content-length', 'content-encoding', 'accept', 'accept-encoding', 'accept-language', 'cache-control',
  'transfer-encoding', 'connection',
  'retry-after', 'x-request-id', 'x-correlation-id', 'traceparent'
]
/** Without one of these a text holds no secret that could be told from any other word. */
const SIGN = /[=:>%]|["'`] ?,|eyJ|\b(?:bearer|basic)[ \t]|-----B|\b(?:gh[oprsu]_|github_pat_|glpat-|npm_|[rs]k[-_]|xox[a-z]-|AKIA|ASIA|AIza|SG\.)|\$2[aby]\$/i
/** Encoded text, tokens, keys and URLs with a user. */
const OTHERS = '%|\\\\u|eyJ|\\b(?:bearer|basic)[ \\t]|-----B|\\/\\/[^\\s/]*[:@]|\\b(?:gh[oprsu]_|github_pat_|glpat-|npm_|[rs]k[-_]|xox[a-z]-|AKIA|ASIA|AIza|SG\\.)|\\$2[aby]\\$'
/** What may stand between the end of a name and its value. */
const BEHIND = '[[\\]\\\\ ]*["\'`=:>,]'

/** Names that are remembered. Then all are forgotten: whoever sends ever new ones cannot fill the memory. */
const REMEMBERED = 4096
const LONGEST_REMEMBERED = 100
/** Characters of a longer name that are looked at, from its end. */
const LOOKED_AT = 512
const PUNCTUATION = /[^\p{L}\p{N}]+/gu
const WORD_ENDS = /[^\p{L}\p{N}]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})/u

export interface Name {
  /** Its value is a secret. */
  secret: boolean
  /** ... unless it is a number: `prompt_tokens`. */
  counts: boolean
  /** Below it are headers. */
  headers: boolean
  /** It may hold a secret itself. */
  suspect: boolean
}

const plain = (name: string): string => name.toLowerCase().replace(PUNCTUATION, '')
const plainly = (names: readonly string[]): Set<string> => new Set(names.map(plain).filter(name => name !== ''))
const anyOf = (names: readonly string[]): string => names.map(name => name.replaceAll('-', '[-_ .]*')).join('|')
const CONTAINS = new RegExp([...plainly(CONTAINED)].join('|'))

export class Rules {
  readonly #words: ReadonlySet<string>
  readonly #whole = plainly(WHOLE)
  readonly #shown: ReadonlySet<string>
  readonly #suspect: RegExp
  readonly #names = new Map<string, Name>()

  constructor ({ deny = [], headers = [] }: { deny?: readonly string[] | undefined, headers?: readonly string[] | undefined }) {
    const denied = plainly(deny)
    this.#words = new Set([...WORDS, ...denied])
    this.#shown = new Set([...SHOWN_HEADERS, ...headers.map(name => name.toLowerCase())])
    const spaced = [...denied].map(name => [...name].join('-'))
    this.#suspect = new RegExp(`${anyOf([...CONTAINED, ...HEADERS])}|(?:${anyOf([...WORDS, ...WHOLE, ...spaced])})${BEHIND}|${OTHERS}`, 'i')
  }

  name (name: string): Name {
    let known = this.#names.get(name)
    if (known === undefined) {
      known = this.#judge(name.slice(-LOOKED_AT))
      if (name.length > LONGEST_REMEMBERED) return known
      if (this.#names.size >= REMEMBERED) this.#names.clear()
      this.#names.set(name, known)
    }
    return known
  }

  /** May the value of this header be shown? */
  shows (header: string): boolean {
    return this.#shown.has(header.toLowerCase())
  }

  /** May this text hold a secret? */
  suspects (text: string): boolean {
    return SIGN.test(text) && this.#suspect.test(text)
  }

  /** Is it itself one of the words by which secrets are known? Then it gives nothing away: `password: 'password'`. */
  isWord (text: string): boolean {
    const word = plain(text)
    return CONTAINS.exec(word)?.[0] === word || this.#words.has(word) || this.#whole.has(word)
  }

  #judge (name: string): Name {
    const whole = plain(name)
    const tail = last(name.split(/[.[\]]+/))
    const about = ABOUT.includes(last(name.split(WORD_ENDS))) || LIFETIME.test(whole)
    const secret = !about && (CONTAINS.test(whole) || [whole, tail].some(name => this.#words.has(name) || this.#whole.has(name)) || this.#words.has(last(name.split(WORD_ENDS))))
    const headers = !secret && HEADERS.some(suffix => whole.endsWith(suffix))
    return { secret, counts: whole.endsWith('tokens'), headers, suspect: name.length >= LOOKED_AT || this.suspects(name) }
  }
}

/** Whoever reads `null` or `false` knows nothing of the secret but that there is none. */
export function isSecret ({ secret, counts }: Name, value: unknown): boolean {
  return secret && value !== null && value !== '' && typeof value !== 'boolean' && !(counts && typeof value === 'number')
}

function last (parts: readonly string[]): string {
  return parts.map(plain).findLast(part => part !== '') ?? ''
}
