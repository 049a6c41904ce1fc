// Who we are to the receiver: a secret from the options, the environment or a file, as a header; and a veil over it, because a
// receiver may repeat what it was sent and no secret may be found in a file, a message or a figure.
import fs from 'node:fs'
import { errno } from '../errors.js'

/** The text itself, or where it stands. */
export type Secret = string | { env: string } | { file: string }

export interface Auth {
  /** RFC 6750. */
  bearer?: Secret | undefined
  /** RFC 7617. */
  basic?: { username: string, password: Secret } | undefined
  header?: { name: string, value: Secret } | undefined
}

/** Shorter ones would veil half of every text. */
const SHORTEST = 4
const VEIL = '***'

/** Reads a secret. Throws an Error that does not contain it. */
export function readSecret (secret: Secret): string {
  if (typeof secret === 'string') return secret
  if ('env' in secret) {
    const value = process.env[secret.env]
    if (!value) throw new Error(`the environment variable ${secret.env} is not set`)
    return value
  }
  let text: string
  try {
    text = fs.readFileSync(secret.file, 'utf8').trim()
  } catch (error) {
    throw new Error(`${secret.file} cannot be read (${errno(error) ?? 'unknown error'})`)
  }
  if (text === '') throw new Error(`${secret.file} is empty`)
  return text
}

/** Can this be the value of a header (RFC 9110, 5.5)? */
export function isFieldValue (text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
}

export class Credentials {
  readonly #auth: Auth
  readonly #veiled = new Set<string>()
  #header: [name: string, value: string] | undefined

  /** `others` are to be veiled too. Throws an Error when the secret is not there, or cannot be sent. */
  constructor (auth: Auth = {}, others: readonly string[] = []) {
    this.#auth = auth
    for (const text of others) this.#veil(text)
    this.#header = this.#read()
  }

  get headers (): Record<string, string> {
    return this.#header ? { [this.#header[0]]: this.#header[1] } : {}
  }

  /** Looks at the environment and the file again. True when something else stands there now. */
  renew (): boolean {
    const before = this.#header?.[1]
    try {
      this.#header = this.#read()
    } catch {
      // Being replaced, perhaps: the old one is as good as none.
    }
    return this.#header?.[1] !== before
  }

  /** The text without any secret. */
  hide (text: string): string {
    // The longest first: one may begin another.
    return [...this.#veiled].sort((a, b) => b.length - a.length).reduce((hidden, secret) => hidden.replaceAll(secret, VEIL), text)
  }

  #read (): [string, string] | undefined {
    const { bearer, basic, header } = this.#auth
    if (bearer !== undefined) return this.#field('authorization', `Bearer ${this.#secret(bearer)}`)
    if (basic) {
      const pair = Buffer.from(`${basic.username}:${this.#secret(basic.password)}`).toString('base64')
      this.#veil(pair)
      return this.#field('authorization', `Basic ${pair}`)
    }
    return header && this.#field(header.name.toLowerCase(), this.#secret(header.value))
  }

  #field (name: string, value: string): [string, string] {
    if (!isFieldValue(value)) throw new Error('it holds characters that no header may have')
    return [name, value]
  }

  #secret (secret: Secret): string {
    const text = readSecret(secret)
    this.#veil(text)
    return text
  }

  #veil (text: string): void {
    if (text.length < SHORTEST) return
    // Also as it would stand in a URL, or in JSON.
    for (const form of [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)]) this.#veiled.add(form)
  }
}
