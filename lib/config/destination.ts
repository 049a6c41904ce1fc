// Where an output sends over HTTP, and who it is there: what can be changed while it runs.
import { contradiction, parseOptions } from './options.js'
import { alias, alternatives, group, hidden, optional, text, type Filled, type Input } from './option.js'
import { secret } from './secret.js'
import { OptionError, reason, show } from '../errors.js'
import { Credentials, isFieldValue, type Auth } from '../http/credentials.js'

/** Set by the output itself, or by its connection. */
const OWN_HEADERS = [
  'content-length', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive', 'host', 'idempotency-key', 'x-batch-seq', 'expect', 'upgrade', 'proxy-authorization'
]

export const destination = {
  url: hidden(text('Where the lines are sent. User and password in it are sent as basic auth.')),
  auth: optional(alternatives(group({
    bearer: optional(alias('apiKey', secret('Sent as `Authorization: Bearer`. A file is read again after an answer 401.'))),
    basic: optional(group({ username: text('For basic auth.'), password: secret('For basic auth.') })),
    header: optional(group({ name: text('Name of a header of your own.'), value: secret('Its value.') }))
  })))
}

const changesSchema = group({ url: optional(destination.url), auth: destination.auth })

/** What can be changed while the output runs. */
export type HttpDestination = Input<typeof changesSchema>

type Given = Filled<typeof changesSchema>['auth']
interface Destination { url: URL, credentials: Credentials }
/** `user` is in the url. */
interface Address { url: URL, user?: { username: string, password: string } }

/** The receiver of an output with these headers, as `fieldsOf` gives them. Throws an OptionError. */
export function destinationOf (url: string, auth: Given, headers: Record<string, string>): Destination {
  const address = addressOf(url)
  return { url: address.url, credentials: credentialsOf(address, auth, headers) }
}

/** Throws an OptionError when `input` is nothing that can be changed. */
export function checkChanges (input: unknown) {
  const changes = parseOptions('http', changesSchema, input, {})
  if (changes.url === undefined && changes.auth === undefined) throw new OptionError('http', 'url', 'Expected `url` or `auth`, got neither')
  return changes
}

/** Another receiver, or other credentials, for an output with these headers; what is not given stays as it is in `before`. Throws an OptionError. */
export function parseDestination (input: unknown, before: Destination, headers: Record<string, string>): Destination {
  const { url, auth } = checkChanges(input)
  const address: Address = url === undefined ? { url: before.url } : addressOf(url)
  // Credentials of one receiver are not for another one.
  const same = auth === undefined && address.user === undefined && address.url.origin === before.url.origin
  return { url: address.url, credentials: same ? before.credentials : credentialsOf(address, auth, headers) }
}

/** Header fields by lower-case names (RFC 9110, 5). Throws an OptionError. */
export function fieldsOf (given: Record<string, string>, option = 'headers'): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => {
    const lower = name.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) throw new OptionError('http', option, `Expected \`${option}\` to have names of headers, got ${show(name)}`)
    // They would go to another receiver, too, when it is changed.
    if (lower === 'authorization' && option === 'headers') throw new OptionError('http', option, '`headers`: authorization belongs into `auth`')
    if (OWN_HEADERS.includes(lower)) throw new OptionError('http', option, `\`${option}\`: ${lower} is set by the output itself`)
    if (!isFieldValue(value)) throw new OptionError('http', option, `\`${option}\`: the value of ${lower} holds characters that no header may have`)
    return [lower, value]
  }))
}

function addressOf (text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    // No more of it: there may be a key in any part.
    const scheme = /^[a-z][a-z\d+.-]*:\/\//i.exec(text)?.[0]
    const got = !scheme ? 'one that begins with neither' : url ? `one that begins with ${scheme}` : 'one that cannot be read'
    throw new OptionError('http', 'url', `Expected \`url\` to be an http:// or https:// URL, got ${got}`)
  }
  const [username, password] = [decoded(url.username), decoded(url.password)]
  if (username === undefined || password === undefined) {
    throw new OptionError('http', 'url', 'Expected `url` to have a user and a password in which special characters, % too, are percent-encoded')
  }
  url.username = url.password = url.hash = ''
  return username || password ? { url, user: { username, password } } : { url }
}

/** The option that holds the secret, by the kind of auth. */
const SECRETS = { bearer: 'auth.bearer', basic: 'auth.basic.password', header: 'auth.header.value' } as const

function credentialsOf ({ url, user }: Address, given: Given, headers: Record<string, string>): Credentials {
  const [kind, another] = (['bearer', 'basic', 'header'] as const).filter(kind => given?.[kind] !== undefined)
  if (another) throw contradiction('http', 'auth', `\`auth\` has both \`${kind}\` and \`${another}\``)
  if (given && !kind) throw new OptionError('http', 'auth', 'Expected `auth` to have `bearer`, `basic` or `header`, got none of them')
  if (given && user) throw contradiction('http', 'auth', '`url` has a user and a password, and there is `auth`')
  const auth = (user ? { basic: user } : given) as Auth | undefined
  if (auth?.basic?.username.includes(':')) {
    const option = user ? 'url' : 'auth.basic.username'
    throw new OptionError('http', option, `Expected \`${option}\` to have a user without a colon, which begins the password`)
  }
  const [name] = auth?.header ? Object.keys(fieldsOf({ [auth.header.name]: '' }, 'auth.header.name')) : []
  if (name !== undefined && Object.hasOwn(headers, name)) throw contradiction('http', 'auth', `\`headers\` has ${name}, and \`auth\` sets it too`)
  try {
    return new Credentials(auth, [...Object.values(headers), ...url.searchParams.values(), ...proxySecrets()])
  } catch (error) {
    const option = SECRETS[kind ?? 'bearer']
    throw new OptionError('http', option, `Expected \`${option}\` to be a secret that can be sent: ${reason(error)}`)
  }
}

/** Passwords of proxies: an error of the connection could name them. */
function proxySecrets (): string[] {
  return ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map(name => process.env[name] ?? '').filter(text => URL.canParse(text))
    .map(text => new URL(text).password).map(text => decoded(text) ?? text)
}

function decoded (text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
