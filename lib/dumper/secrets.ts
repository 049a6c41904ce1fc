// What no dump may show: the rules for it, and what was found by them in one document.
import { copy } from './snapshot.js'
import { Harvest, HIDDEN, SHORTEST } from './harvest.js'
import { redactor, type Redact } from './redaction.js'
import { isSecret, Rules, type Name } from './rules.js'
import { decodeUrl } from './pairs.js'
import { scrub } from './text-secrets.js'
import type { Json } from './walk.js'
import type { DumperSettings } from '../config/dumper.js'

/** What of a secret is looked at, to find the texts in it. */
const LOOKED_AT = { depth: 4, breadth: 50, string: 1 << 20, nodes: 200 }
/** No text is shown that long. */
const LONGEST = 1 << 16
const TOKEN = /^[\w~+=-][\w~+/=-]{11,}$/
const HEADER_LINE = /^([^:\r\n]+):([^\r\n]*)/gm
/** Headers by which a request is followed from one service to the next: not shown, and no secret in a log line. */
const FOLLOWED = /trace|correlation|request-?id/i
/** Cookies of a header, lines of a text. */
const MOST_PARTS = 50
/** Of a Set-Cookie, what is no cookie. */
const ATTRIBUTE = /^\s*(?:path|domain|expires|max-age|samesite|version)=/i

/** The rules of one dumper. */
export class Secrets {
  readonly #rules: Rules
  readonly #redact: Redact | undefined

  /** Throws an OptionError when a path of `redact` is none. */
  constructor ({ deny, headers, redact }: Pick<DumperSettings, 'deny' | 'headers' | 'redact'>) {
    this.#rules = new Rules({ deny, headers })
    this.#redact = redactor(redact)
  }

  /** For one document: what is found in one place is taken from all others. */
  finder (): Finder {
    return new Finder(this.#rules)
  }

  /** Are there any paths to apply? */
  get redacts (): boolean {
    return this.#redact !== undefined
  }

  /** Applies the paths of the option `redact`. */
  redact (tree: Json): Json {
    return this.#redact === undefined ? tree : this.#redact(tree)
  }
}

/** What knows the secrets of one document when it sees them. */
export class Finder {
  /** How often there was something that is not to be shown. */
  taken = 0
  readonly #rules: Rules
  readonly #harvest = new Harvest()

  constructor (rules: Rules) {
    this.#rules = rules
  }

  name (name: string): Name {
    return this.#rules.name(name)
  }

  /** What `value` is the value of in `{ name: 'password', value: '...' }`. */
  nameOfValue (source: Record<string, unknown>): string {
    try {
      const { name, key } = source
      return typeof name === 'string' ? name : typeof key === 'string' ? key : 'value'
    } catch {
      return 'value'
    }
  }

  /** Is what stands under this name not to be shown? Then it is remembered. */
  takes (name: string, known: Name, value: unknown, header: boolean): boolean {
    if (header ? this.#rules.shows(name) : !isSecret(known, value)) return false
    this.taken++
    if (known.secret || !FOLLOWED.test(name)) this.#collect(typeof value === 'object' ? copy(value, LOOKED_AT) : value, known.secret)
    return true
  }

  /** Header lines, with the values that may be shown. */
  headerLines (text: string): string {
    return text.replace(HEADER_LINE, (line, name: string, value: string) => this.takes(name, this.name(name), value, true) ? `${name}: ${HIDDEN}` : line)
  }

  /** May this text hold a secret, or JSON that does? Said without a look at each of its words. */
  suspects (text: string): boolean {
    return this.#rules.suspects(text)
  }

  /** A text without its secrets. With `cut` it is only the beginning of one. */
  text (text: string, cut: boolean): string {
    const told = this.suspects(text) ? scrub(text, cut, this) : text
    if (told !== text) this.taken++
    return told
  }

  /** Is told of every secret in a text. */
  found (secret: string): void {
    this.#collect(secret, true)
  }

  /** Takes what was found out of a plain copy, in place. */
  hide (tree: Json): Json {
    if (this.#harvest.empty) return tree
    switch (typeof tree) {
      case 'string': return this.#harvest.hide(tree)
      case 'number': return this.#harvest.hides(tree) ? HIDDEN : tree
      case 'object': return tree === null ? null : Array.isArray(tree) ? this.#hideEntries(tree) : this.#hideFields(tree)
      default: return tree
    }
  }

  #hideEntries (list: Json[]): Json {
    for (let at = 0; at < list.length; at++) {
      const entry = list[at]!
      const told = this.hide(entry)
      if (told !== entry) list[at] = told
    }
    return list
  }

  #hideFields (tree: { [key: string]: Json }): Json {
    let asKey = false
    for (const key of Object.keys(tree)) {
      const value = tree[key]!
      const told = this.hide(value)
      if (told !== value) tree[key] = told
      asKey ||= this.#harvest.hide(key) !== key
    }
    return asKey ? Object.fromEntries(Object.entries(tree).map(([key, value]) => [this.#harvest.hide(key), value])) : tree
  }

  /** What is not `certain` may as well be a user, a date, a role or a path. */
  #collect (secret: unknown, certain: boolean): void {
    if (typeof secret === 'string' || typeof secret === 'number') {
      const text = String(secret).slice(0, LONGEST)
      if (text.length < SHORTEST) return
      for (const part of partsOf(text)) {
        if ((certain || looksLikeToken(part)) && !this.#rules.isWord(part)) this.#harvest.add(part)
      }
    } else if (Array.isArray(secret)) {
      for (const entry of secret) this.#collect(entry, certain)
    } else if (typeof secret === 'object' && secret !== null) {
      for (const [key, value] of Object.entries(secret)) this.#collect(value, this.#rules.name(key).secret)
    }
  }
}

function looksLikeToken (text: string): boolean {
  return TOKEN.test(text) && /\d/.test(text) && /[a-z]/i.test(text)
}

/** The secrets in a secret: the token behind its scheme, the password of Basic, the cookies of a header, the lines of a key. */
function partsOf (secret: string): string[] {
  const parts = [secret]
  const [, scheme, word] = /^(\w{1,20}) +(\S+)$/.exec(secret) ?? []
  if (word !== undefined) parts.push(word)
  if (scheme?.toLowerCase() === 'basic') parts.push(Buffer.from(word!, 'base64').toString().replace(/^[^:]*:/, ''))
  if (secret.includes('=')) parts.push(...secret.split(';', MOST_PARTS).filter(cookie => !ATTRIBUTE.test(cookie)).map(cookie => cookie.slice(cookie.indexOf('=') + 1).trim()))
  if (secret.includes('\n')) parts.push(...secret.split('\n', MOST_PARTS).map(line => line.trim()))
  return parts.flatMap(part => part.includes('%') ? [part, decodeUrl(part)] : [part])
}
