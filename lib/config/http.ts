// The options of the http output.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { common, hooksOf } from './common.js'
import { destination, destinationOf, fieldsOf } from './destination.js'
import { batchOption, checkSpool, identityOf, spoolJournal } from './journal.js'
import { moduleAt } from './module.js'
import { contradiction, parseOptions } from './options.js'
import { count, flag, group, hidden, map, oneOf, optional, text, timer, type Filled, type Input } from './option.js'
import { checkRetry, retryOption } from './retry.js'
import { secret } from './secret.js'
import { OptionError, reason } from '../errors.js'
import { FORMATS } from '../http/body.js'
import { DEFAULT_LEVEL, HIGHEST_LEVEL } from '../http/compress.js'
import { readSecret, type Secret } from '../http/credentials.js'
import { hasZstd } from '../zstd.js'

export const httpSchema = group({
  ...destination,
  method: optional(oneOf(['POST', 'PUT', 'PATCH'], 'Method of the requests.'), 'POST'),
  headers: optional(map(hidden(text('')), 'Further headers.')),
  format: optional(text("Body of a request: `'ndjson'`, `'json'` (an array), or the path of a module whose default export makes of `(records, { key })` a `{ body, headers }`; the same records must give the same body."), 'ndjson'),
  compress: optional(oneOf(['gzip', 'zstd', false], 'Content encoding.'), 'gzip'),
  compressLevel: optional(count('Level of `gzip` (1 to 9, default 1) or `zstd` (1 to 22, default 3).')),
  batch: batchOption,
  concurrency: optional(count('Requests at the same time. With more than 1 batches may overtake each other; `x-batch-seq` says in which order they were made.', 1, 64), 1),
  timeout: optional(timer('For a request, from its beginning to the end of the answer.'), '30s'),
  connectTimeout: optional(timer('For the connection, TLS included.'), '10s'),
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

/** Checks against the machine too, fills and normalises. Throws an OptionError. */
export function parseHttp (input: unknown) {
  return parseOptions('http', httpSchema, input, process.env, check)
}

export type HttpSettings = ReturnType<typeof parseHttp>

function check (filled: Filled<typeof httpSchema>) {
  const { auth, compress, compressLevel, format, name, retry, tls } = filled
  const headers = fieldsOf(filled.headers ?? {})
  const { url, credentials } = destinationOf(filled.url, auth, headers)
  checkRetry('http', retry)
  if (compressLevel !== undefined && !compress) throw contradiction('http', 'compressLevel', '`compressLevel` means nothing with `compress: false`')
  if (compress && (compressLevel ?? DEFAULT_LEVEL[compress]) > HIGHEST_LEVEL[compress]) {
    throw contradiction('http', 'compressLevel', `\`compressLevel\` of ${compress} is 1 to ${HIGHEST_LEVEL[compress]}, got ${compressLevel}`)
  }
  if (compress === 'zstd' && !hasZstd()) {
    throw contradiction('http', 'compress', '`compress: "zstd"` needs Node 22.15 or later, or the package @bokuweb/zstd-wasm; or use `compress: "gzip"`')
  }
  return {
    ...filled,
    ...checkSpool('http', filled),
    url,
    headers,
    credentials,
    format: FORMATS.includes(format) ? format : moduleAt('http', 'format', format, '"ndjson", "json" or the path of a module'),
    hooks: hooksOf('http', filled.hooks),
    tls: tlsOf(tls),
    // Not the path: some receivers have their keys there.
    label: name ?? `http ${url.origin}`,
    identity: identityOf(name, `${url.origin}${url.pathname}`)
  }
}

function tlsOf ({ servername, rejectUnauthorized, ...secrets }: Filled<typeof httpSchema>['tls']) {
  const given = Object.entries(secrets).filter(([, value]) => value !== undefined)
  const pem: { ca?: string, cert?: string, key?: string, passphrase?: string } =
    Object.fromEntries(given.map(([name, value]) => [name, usable(name, () => readSecret(value as Secret))]))
  const { ca, cert, key, passphrase } = pem
  if (ca !== undefined) usable('ca', () => new X509Certificate(ca))
  if ((cert === undefined) !== (key === undefined)) throw contradiction('http', cert === undefined ? 'tls.cert' : 'tls.key', '`tls.cert` and `tls.key` belong together')
  if (key?.includes('ENCRYPTED') && passphrase === undefined) throw contradiction('http', 'tls.passphrase', '`tls.key` is encrypted, and there is no `tls.passphrase`')
  if (cert !== undefined && key !== undefined) {
    const certificate = usable('cert', () => new X509Certificate(cert))
    if (!certificate.checkPrivateKey(usable('key', () => createPrivateKey({ key, passphrase })))) throw contradiction('http', 'tls.key', '`tls.key` is not the key of `tls.cert`')
  }
  return { ...pem, ...servername !== undefined && { servername }, rejectUnauthorized }
}

/** What OpenSSL says of text that it cannot use repeats none of it. */
function usable<T> (name: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw new OptionError('http', `tls.${name}`, `Expected \`tls.${name}\` to be usable: ${reason(error)}`)
  }
}
