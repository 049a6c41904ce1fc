// The options of the http output.
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { common, fsyncPolicy } from './common.js'
import { spoolJournal } from './journal.js'
import { contradiction, parseOptions } from './options.js'
import { alias, count, duration, either, flag, group, hidden, map, oneOf, optional, size, text, type Filled, type Input } from './option.js'
import { checkRetry, retryOption } from './retry.js'
import { secret } from './secret.js'
import { assertWritable } from './writable.js'
import { kindOf, OptionError, reason, show } from '../errors.js'
import { FORMATS } from '../http/body.js'
import { DEFAULT_LEVEL, HIGHEST_LEVEL } from '../http/compress.js'
import { Credentials, isFieldValue, readSecret, type Auth, type Secret } from '../http/credentials.js'
import { hasZstd } from '../zstd.js'

/** Set by the output itself. */
const OWN_HEADERS = ['content-length', 'content-encoding', 'transfer-encoding', 'connection', 'host', 'idempotency-key', 'x-batch-seq', 'expect', 'upgrade']
/** So many segments at least make a full journal: only what is sealed can be delivered, or dropped for being the oldest. */
const SEGMENTS_PER_JOURNAL = 4

const destination = {
  url: hidden(text('Where the lines are sent. User and password in it are sent as basic auth.')),
  auth: optional(group({
    bearer: optional(alias('API_KEY', secret('Sent as `Authorization: Bearer`. A file is read again after an answer 401.'))),
    basic: optional(group({ username: text('For basic auth.'), password: secret('For basic auth.') })),
    header: optional(group({ name: text('Name of a header of your own.'), value: secret('Its value.') }))
  }))
}

const destinationSchema = group({ url: optional(destination.url), auth: destination.auth })

export const httpSchema = group({
  ...destination,
  method: optional(oneOf(['POST', 'PUT', 'PATCH'], 'Method of the requests.'), 'POST'),
  headers: optional(map(hidden(text('')), 'Further headers.')),
  format: optional(text("Body of a request: `'ndjson'`, `'json'` (an array), or the path of a module whose default export makes of `(records, { key })` a `{ body, headers }`; the same records must give the same body."), 'ndjson'),
  compress: optional(oneOf(['gzip', 'zstd', false], 'Content encoding.'), 'gzip'),
  compressLevel: optional(count('Level of `gzip` (1 to 9, default 1) or `zstd` (1 to 22, default 3).')),
  batch: optional(group({
    flushRecords: optional(alias('FLUSH_EVERY_RECORDS', either(count(''), oneOf([false], ''), 'A batch of so many lines is sent when none is on its way. `false`: their number alone sends nothing.')), 200),
    flushAge: optional(alias('FLUSH_EVERY_MS', either(duration(''), oneOf([false], ''), 'A batch whose first line is this old is sent when none is on its way. `false`: age alone sends nothing.')), 1000),
    maxRecords: optional(count('Lines that a batch may have. It grows while another one is on its way or the receiver is down.'), 10_000),
    maxBytes: optional(size('Bytes of lines that a batch may have, before compression. Only a single line that is longer may exceed it.'), '512k')
  }), {}),
  concurrency: optional(count('Requests at the same time. With more than 1 batches may overtake each other; `x-batch-seq` says in which order they were made.', 1, 64), 1),
  timeout: optional(duration('For a request, from its beginning to the end of the answer.'), '30s'),
  connectTimeout: optional(duration('For the connection, TLS included.'), '10s'),
  tls: optional(group({
    ca: optional(secret('Certificates of the authorities to trust instead of the usual ones, in PEM.')),
    cert: optional(secret('Certificate of this client, in PEM.')),
    key: optional(secret('Its private key, in PEM.')),
    passphrase: optional(secret('Of the private key.')),
    servername: optional(text('Name that the certificate of the receiver must have.')),
    rejectUnauthorized: optional(flag('`false` takes any certificate: whoever is in between can read everything.'), true)
  }), {}),
  retry: retryOption,
  journal: spoolJournal,
  ...common
})

type Given = Input<typeof httpSchema>
export type HttpOptions = Omit<Given, 'journal'> & { journal?: Given['journal'] | 'memory' }
/** What can be changed while the output runs. */
export type HttpDestination = Input<typeof destinationSchema>

/** Checks against the machine too, fills and normalises. Throws an OptionError. */
export function parseHttp (input: unknown) {
  return parseOptions('http', httpSchema, input, process.env, check)
}

/** Another receiver, or other credentials, for an output with these headers; what is not given stays as it is in `before`. Throws an OptionError. */
export function parseDestination (input: unknown, before: { url: URL, credentials: Credentials }, headers: Record<string, string>) {
  const { url, auth } = parseOptions('http', destinationSchema, input, {})
  if (url === undefined && auth === undefined) throw new OptionError('http', 'url', 'Expected `url` or `auth`, got neither')
  const to = url === undefined ? { url: before.url, auth: undefined } : destinationOf(url)
  // Credentials of one receiver are not for another one.
  const same = to.url.origin === before.url.origin
  return { url: to.url, credentials: auth === undefined && to.auth === undefined && same ? before.credentials : credentialsOf(to, auth, headers) }
}

export type HttpSettings = ReturnType<typeof parseHttp>

function check (filled: Filled<typeof httpSchema>) {
  const { auth, batch, compress, compressLevel, format, journal, name, retry, tls } = filled
  const to = destinationOf(filled.url)
  const headers = fields(filled.headers ?? {})
  checkRetry('http', retry)
  if (batch.flushRecords !== false && batch.flushRecords > batch.maxRecords) {
    throw contradiction('http', 'batch.flushRecords', `\`batch.flushRecords\` (${batch.flushRecords}) is more than \`batch.maxRecords\` (${batch.maxRecords})`)
  }
  if (compressLevel !== undefined && !compress) throw contradiction('http', 'compressLevel', '`compressLevel` means nothing with `compress: false`')
  if (compress && (compressLevel ?? DEFAULT_LEVEL[compress]) > HIGHEST_LEVEL[compress]) {
    throw contradiction('http', 'compressLevel', `\`compressLevel\` of ${compress} is 1 to ${HIGHEST_LEVEL[compress]}, got ${compressLevel}`)
  }
  if (compress === 'zstd' && !hasZstd()) {
    throw contradiction('http', 'compress', '`compress: "zstd"` needs Node 22.15 or later, or the package @bokuweb/zstd-wasm; or use `compress: "gzip"`')
  }
  if (typeof journal.dir === 'string') assertWritable('http', 'journal.dir', journal.dir, resolve(journal.dir), true)
  if (journal.fallbackDir !== undefined) assertWritable('http', 'journal.fallbackDir', journal.fallbackDir, resolve(journal.fallbackDir), true)
  const { url } = to
  const place = `${url.origin}${url.pathname}`
  return {
    ...filled,
    url,
    headers,
    credentials: credentialsOf(to, auth, headers),
    format: FORMATS.includes(format) ? format : moduleAt(format),
    tls: tlsOf(tls),
    journal: { ...journal, fsync: fsyncPolicy(journal.fsync) },
    early: { records: batch.flushRecords === false ? Infinity : batch.flushRecords, age: batch.flushAge === false ? Infinity : batch.flushAge },
    segments: SEGMENTS_PER_JOURNAL,
    label: name ?? `http ${place}`,
    /** Of the journal: lines for one destination are not for another one. */
    identity: name !== undefined && /^[\w.-]{1,100}$/.test(name) ? name : createHash('sha256').update(name ?? place).digest('hex').slice(0, 12)
  }
}

interface To { url: URL, auth: Auth | undefined }

function destinationOf (text: string): To {
  const wrong = (got: string): never => { throw new OptionError('http', 'url', `Expected \`url\` to be an http:// or https:// URL, got ${got}`) }
  if (!URL.canParse(text)) wrong(/[@?]/.test(text) ? kindOf(text) : show(text))
  const url = new URL(text)
  if (!['http:', 'https:'].includes(url.protocol)) wrong(`one that begins with ${url.protocol}`)
  const { username, password } = url
  url.username = url.password = url.hash = ''
  return { url, auth: username || password ? { basic: { username: decodeURIComponent(username), password: decodeURIComponent(password) } } : undefined }
}

function credentialsOf ({ url, auth: inUrl }: To, auth: Filled<typeof destinationSchema>['auth'], headers: Record<string, string>): Credentials {
  const given = Object.entries(auth ?? {}).filter(([, value]) => value !== undefined).map(([kind]) => kind)
  if (given.length > 1) throw contradiction('http', 'auth', `\`auth\` has both \`${given[0]}\` and \`${given[1]}\``)
  if (auth !== undefined && given.length === 0) throw new OptionError('http', 'auth', 'Expected `auth` to have `bearer`, `basic` or `header`, got none of them')
  if (inUrl && auth) throw contradiction('http', 'auth', '`url` has a user and a password, and there is `auth`')
  if (auth?.header) fields({ [auth.header.name]: '' }, 'auth.header.name')
  try {
    return new Credentials((auth as Auth | undefined) ?? inUrl, [...Object.values(headers), ...url.searchParams.values(), ...proxySecrets()])
  } catch (error) {
    const path = given[0] === 'bearer' ? 'auth.bearer' : given[0] === 'basic' ? 'auth.basic.password' : 'auth.header.value'
    throw new OptionError('http', inUrl ? 'url' : path, `Expected \`${inUrl ? 'url' : path}\` to be a secret that can be sent: ${reason(error)}`)
  }
}

/** Users and passwords of proxies: an error of the connection could name them. */
function proxySecrets (): string[] {
  return ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map(name => process.env[name] ?? '').filter(text => URL.canParse(text))
    .map(text => decodeURIComponent(new URL(text).password))
}

/** Header fields by lower-case names (RFC 9110, 5). */
function fields (given: Record<string, string>, option = 'headers'): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => {
    const lower = name.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) throw new OptionError('http', option, `Expected \`${option}\` to have names of headers, got ${show(name)}`)
    if (OWN_HEADERS.includes(lower)) throw new OptionError('http', option, `\`${option}\`: ${lower} is set by the output itself`)
    if (!isFieldValue(value)) throw new OptionError('http', option, `\`${option}\`: the value of ${lower} holds characters that no header may have`)
    return [lower, value]
  }))
}

function moduleAt (format: string): string {
  const path = format.startsWith('file:') ? fileURLToPath(format) : isAbsolute(format) ? format : resolve(format)
  if (!fs.statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new OptionError('http', 'format', `Expected \`format\` to be "ndjson", "json" or the path of a module, got ${show(format)}: there is no file ${path}`)
  }
  return path
}

function tlsOf ({ servername, rejectUnauthorized, ...secrets }: Filled<typeof httpSchema>['tls']) {
  const read = Object.entries(secrets).filter(([, value]) => value !== undefined).map(([name, value]) => {
    try {
      return [name, readSecret(value as Secret)] as const
    } catch (error) {
      throw new OptionError('http', `tls.${name}`, `Expected \`tls.${name}\` to be there: ${reason(error)}`)
    }
  })
  const { cert, key, ...rest } = Object.fromEntries(read) as { ca?: string, cert?: string, key?: string, passphrase?: string }
  if ((cert === undefined) !== (key === undefined)) throw contradiction('http', cert === undefined ? 'tls.cert' : 'tls.key', '`tls.cert` and `tls.key` belong together')
  return { ...rest, ...cert !== undefined && { cert }, ...key !== undefined && { key }, ...servername !== undefined && { servername }, rejectUnauthorized }
}
