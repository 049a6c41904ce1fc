// No secret is found anywhere but in the header that it is for: not on the disk, on stderr, in an error, an event or a figure. Canaries
// are looked for as they are, encoded in every way in which they may travel, and cut.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { program } from './fixtures/harness.js'
import { receiver, type Step } from './fixtures/receiver.js'
import { left, sender, type WorkerSettings } from './fixtures/sender.js'

const canary = (kind: string): string => `canary+${kind}/7Fq2`
const CANARIES = ['bearer', 'password', 'username', 'value', 'header', 'query', 'proxy', 'env', 'file', 'passphrase'].map(canary)
/** One that a URL need not encode, and that could be its protocol. */
const SCHEME = 'canaryscheme7fq2'
/** A number that was meant as a token. */
const NUMBER = 4815162342108

// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })
t.jobs = 4

/** Of every canary what no text may hold; the first bytes are enough of it. */
const FORMS = [...CANARIES, SCHEME, String(NUMBER)].flatMap(text => {
  const forms = [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), text.replaceAll('+', ' ')]
  // Base64, at each of the three places where it may begin.
  const encoded = [0, 1, 2].map(lead => Buffer.from('x'.repeat(lead) + text).toString('base64').slice(Math.ceil(lead * 4 / 3) + (lead > 0 ? 1 : 0), -4))
  return [...forms.map(form => form.slice(0, 11)), ...encoded.map(form => form.slice(0, 12))]
})

const leaks = (text: string): string[] => FORMS.filter(form => text.includes(form))
  .map(form => `${form} in ${text.slice(Math.max(0, text.indexOf(form) - 150), text.indexOf(form) + 50)}`)

/** Names and contents of all files below. */
function everything (directory: string): string {
  return fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .map(entry => entry.name + (entry.isFile() ? fs.readFileSync(join(entry.parentPath, entry.name), 'latin1') : '')).join('\n')
}

t.test('the search finds what it is to find', async t => {
  for (const text of CANARIES) {
    for (const leak of [text, `"${text}"`, encodeURIComponent(text), Buffer.from(`u:${text}`).toString('base64'), Buffer.from(`us:${text}`).toString('base64'), Buffer.from(`use:${text}`).toString('base64'), text.slice(0, 12)]) {
      t.not(leaks(`some text, ${leak} and more`).length, 0, leak)
    }
  }
  t.strictSame(leaks('a text with canary and canary+ in it, and 4815'), [])
})

const PLACE = 'http://127.0.0.1:1'
interface Kind { options?: object, url?: (url: string) => string, worker?: WorkerSettings, files?: Record<string, string> }
/** Ways to give a secret; `url` is that of the receiver. */
const kinds = (dir: string): Record<string, Kind> => ({
  bearer: { options: { auth: { bearer: canary('bearer') } } },
  basic: { options: { auth: { basic: { username: 'user', password: canary('password') } } } },
  header: { options: { auth: { header: { name: 'x-api-key', value: canary('value') } } } },
  headers: { options: { headers: { 'x-tenant-key': canary('header') } } },
  file: { options: { auth: { bearer: { file: join(dir, 'token') } } } },
  env: { worker: { env: { PINO_BLACKBOX_HTTP_API_KEY: canary('env') } } },
  'user-info': { url: url => url.replace('//', `//user:${encodeURIComponent(canary('password'))}@`) },
  'user-info-only': { url: url => url.replace('//', `//${encodeURIComponent(canary('username'))}@`) },
  query: { url: url => `${url}?api_key=${encodeURIComponent(canary('query'))}` }
})

/** What a receiver may say, with everything in it that it was sent. */
const ANSWERS: Record<string, Step[]> = {
  'refuses, with an echo': [{ status: 400, echo: true }],
  'fails, with an echo': [{ status: 503, echo: true }],
  'does not know us, with an echo': [{ status: 401, echo: true }],
  resets: [{ fault: 'reset' }]
}

const senders = await sender(t)

for (const [answer, steps] of Object.entries(ANSWERS)) {
  t.test(`the receiver ${answer}`, async t => {
    const dir = t.testdir({ token: canary('file') })
    const journal = join(dir, 'journal')
    const place = await receiver(t, { script: steps })
    for (const [kind, { options, url = (url: string) => url, worker }] of Object.entries(kinds(dir))) {
      const name = `${answer.replace(/\W+/g, '-')}-${kind}`
      const outlet = await senders.open({ url: url(`${place.url}/${kind}`), name, journal: { dir: journal }, batch: { flushRecords: 2, flushAge: false }, retry: { minDelay: 5, maxDelay: 10, retries: 1 }, ...options }, worker)
      await outlet.log(2)
      await outlet.reaches(({ failures, deliveredRecords, deadRecords }) => failures > 1 || deliveredRecords + deadRecords === 2 || (failures === 1 && answer.startsWith('does not')))
      const error = await outlet.flush('delivered', 20).catch(error => JSON.stringify(error) + error.stack)
      t.strictSame(leaks(JSON.stringify(await outlet.metrics())), [], `${kind}: metrics`)
      t.strictSame(leaks(String(error)), [], `${kind}: flush`)
      if (answer.startsWith('refuses')) t.match(left(journal, name).dead[0]?.reason, /\*\*\*/, `${kind}: there was something to hide`)
      await outlet.end()
      t.strictSame(leaks((await outlet.events()).join('\n')), [], `${kind}: events`)
    }
    t.match(everything(journal), /seq/, 'there are lines')
    t.strictSame(leaks(everything(journal)), [], 'on the disk')
  })
}

t.test('an answer that has the secret where a message is cut, or written otherwise', async t => {
  const dir = t.testdir()
  const secret = canary('bearer')
  const spaced = 'canary+value/7Fq2  with two spaces'
  const bodies = [...Array.from({ length: 30 }, (_, at) => 'x'.repeat(275 + at) + secret), `{"token":"${secret}"}`, `token=${encodeURIComponent(secret)}`, `\n\t ${spaced}`, 'x'.repeat(65_530) + secret]
  const place = await receiver(t, { script: bodies.map(body => ({ status: 400, body })) })
  const outlet = await senders.open({ url: place.url, name: 'cut', journal: { dir }, headers: { 'x-more': spaced }, auth: { bearer: secret }, batch: { flushRecords: 1 } })
  for (let at = 0; at < bodies.length; at++) {
    await outlet.log(1)
    await outlet.flush()
  }
  const { dead } = left(dir, 'cut')
  t.equal(dead.length, bodies.length)
  for (const [at, { reason }] of dead.entries()) t.strictSame(leaks(reason), [], `${bodies[at]!.length} bytes: ${reason.slice(-50)}`)
  t.strictSame(leaks(everything(dir)), [], 'in all')
  await outlet.end()
})

t.test('a secret that begins another one', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 400, echo: true }] })
  const outlet = await senders.open({ url: place.url, name: 'begins', journal: { dir }, headers: { 'x-tenant': SCHEME.slice(0, 8) }, auth: { bearer: SCHEME }, batch: { flushRecords: 1 } })
  await outlet.log(1)
  await outlet.flush()
  t.notOk(left(dir, 'begins').dead[0]!.reason.includes(SCHEME.slice(8)), 'nothing is left of the longer one')
  await outlet.end()
})

t.test('a redirect and a Retry-After that repeat it', async t => {
  const dir = t.testdir()
  const secret = canary('bearer')
  const steps: Step[] = [{ status: 302, headers: { location: `http://${encodeURIComponent(secret)}@127.0.0.1:1/?token=${encodeURIComponent(secret)}` } }, { status: 503, headers: { 'retry-after': secret } }, { status: 307, headers: { location: secret } }, { status: 308, headers: { location: `http://127.0.0.1:1/${secret}` } }]
  for (const [at, step] of steps.entries()) {
    const name = `again-${at}`
    const place = await receiver(t, { script: [step, { status: 404, echo: true }] })
    const outlet = await senders.open({ url: place.url, name, journal: { dir }, auth: { bearer: secret }, batch: { flushRecords: 2 }, retry: { minDelay: 1, retries: 1 } })
    await outlet.log(2)
    await outlet.reaches(({ failures, deadRecords }) => failures + deadRecords > 0)
    await outlet.end()
    t.strictSame(leaks(senders.told(name).join('\n') + (await outlet.events()).join()), [], JSON.stringify(step))
  }
})

t.test('credentials of a proxy: refused, gone, with an echo', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 400, echo: true }] })
  const child = program('proxy.js', { credentials: 'some:body else' })
  t.teardown(() => child.process.kill('SIGKILL'))
  const { port } = await child.said('port')
  for (const at of [`127.0.0.1:${port}`, '127.0.0.1:1', 'no host']) {
    for (const pair of [`user:${encodeURIComponent(canary('proxy'))}`, encodeURIComponent(canary('proxy')), `user:${SCHEME}%`]) {
      const name = `proxy-${at}-${pair.length}`.replace(/\W+/g, '-')
      const env = { http_proxy: `http://${pair}@${at}` }
      const options = { url: place.url, name, journal: { dir }, batch: { flushRecords: 2 }, retry: { minDelay: 1, maxDelay: 5, retries: 1 } }
      const outlet = await senders.open(options, { env }).catch(error => {
        t.strictSame(leaks(error.stack), [], `${env.http_proxy}: refused`)
      })
      if (!outlet) continue
      await outlet.log(2)
      await outlet.reaches(({ failures }) => failures > 1)
      await outlet.end()
      t.strictSame(leaks(senders.told(name).join('\n') + (await outlet.events()).join()), [], env.http_proxy)
    }
  }
  t.strictSame(leaks(everything(dir)), [])
})

const line = canary('bearer') + '\nx'
const WRONG: Record<string, object> = {
  'a newline in a bearer': { auth: { bearer: line } },
  'a newline in a password': { auth: { header: { name: 'x-key', value: line } } },
  'a newline in a header': { headers: { 'x-key': line } },
  'a header of ours': { headers: { 'Idempotency-Key': canary('header') } },
  'a header with no name': { headers: { 'x key': canary('header') } },
  'a number as a header': { headers: { 'x-key': NUMBER } },
  'text as headers': { headers: canary('header') },
  'a list as headers': { headers: [canary('header')] },
  'a bearer as a number': { auth: { bearer: NUMBER } },
  'a bearer in a list': { auth: { bearer: [canary('bearer')] } },
  'a bearer in another object': { auth: { bearer: { token: canary('bearer') } } },
  'a bearer from two places': { auth: { bearer: { env: 'NOT_SET', file: canary('bearer') } } },
  'an empty bearer beside a basic': { auth: { bearer: canary('bearer'), basic: { username: 'u', password: canary('password') } } },
  'a password as a number': { auth: { basic: { username: 'u', password: NUMBER } } },
  'text as basic': { auth: { basic: `u:${canary('password')}` } },
  'no user': { auth: { basic: { password: canary('password') } } },
  'no password': { auth: { basic: { username: canary('username') } } },
  'text as auth': { auth: canary('bearer') },
  'a list as auth': { auth: [canary('bearer')] },
  'an unknown kind': { auth: { digest: canary('bearer') } },
  'a value without a name': { auth: { header: { value: canary('value') } } },
  'a bad name of a header': { auth: { header: { name: 'x y', value: canary('value') } } },
  'user-info and auth': { url: `http://u:${encodeURIComponent(canary('password'))}@127.0.0.1:1`, auth: { bearer: canary('bearer') } },
  'another protocol': { url: `ftp://u:${encodeURIComponent(canary('password'))}@127.0.0.1:1` },
  'no protocol': { url: `u:${canary('password')}@127.0.0.1:1` },
  'no host': { url: `http://u:${encodeURIComponent(canary('password'))}@` },
  'no user-info': { url: `${SCHEME}:@127.0.0.1:1` },
  'no url': { url: `http://[${canary('query')}?` },
  'a key in no url': { url: `127.0.0.1/?key=${canary('query')}` },
  'a url in a list': { url: [`http://u:${canary('password')}@127.0.0.1`] },
  'a percent sign': { url: `http://u:${SCHEME}%@127.0.0.1:1` },
  'a passphrase as a number': { tls: { passphrase: NUMBER } },
  'a key without a certificate': { tls: { key: canary('passphrase') } },
  'an unknown option': { bearer: canary('bearer') }
}

t.test('errors of options, from the builder, by name and at run time', async t => {
  const dir = t.testdir({ token: `${canary('file')}\n${canary('file')}` })
  const running = await senders.open({ url: PLACE, name: 'running', journal: { dir } })
  for (const [what, wrong] of Object.entries({ ...WRONG, 'a newline in a file': { auth: { bearer: { file: join(dir, 'token') } } } })) {
    const refused: Array<[where: string, Promise<unknown>]> = [['the builder', senders.open({ url: PLACE, journal: { dir }, ...wrong })]]
    if ('auth' in wrong || 'url' in wrong) refused.push(['at run time', running.configure(wrong)])
    for (const [where, refusal] of refused) {
      const error = await refusal.then(() => undefined, error => error)
      t.match(error, { code: where === 'the builder' ? 'BLACKBOX_OPTION' : /^BLACKBOX_(OPTION|CONFIGURE)$/, message: /BLACKBOX_OPTION: http: / }, `${what}, ${where}: ${error?.message}`)
      t.strictSame(leaks(String(JSON.stringify(error)) + error?.stack), [], `${what}, ${where}`)
    }
  }
  await running.end()
  const other = await sender(t)
  const named = Object.values(WRONG).slice(0, 6)
  for (const wrong of named) await other.open({ url: PLACE, journal: { dir }, ...wrong }, { byName: true })
  const errors = await other.errors()
  t.equal(errors.filter(error => error.includes('BLACKBOX_OPTION')).length, named.length, 'errors of transports')
  t.strictSame(leaks(errors.join('\n') + other.program.stderr), [])
})

t.test('errors of variables', async t => {
  const variables: Record<string, string> = {
    API_KEY: line, AUTH_BEARER: line, AUTH_BASIC_PASSWORD: line, AUTH_HEADER_VALUE: line, URL: `htp://u:${canary('password')}@x`, TLS_KEY: canary('passphrase'), TLS_PASSPHRASE: canary('passphrase'), AUTH: canary('bearer'), HEADERS: canary('header')
  }
  const child = program('build.js', Object.entries(variables).map(([variable, value]) =>
    ({ http: variable === 'URL' ? {} : { url: PLACE }, env: { [`PINO_BLACKBOX_HTTP_${variable}`]: value } })))
  await child.exited
  t.equal(child.messages.length, Object.keys(variables).length)
  for (const [at, variable] of Object.keys(variables).entries()) {
    t.strictSame(leaks(JSON.stringify(child.messages[at])), [], variable)
  }
  t.strictSame(leaks(child.stderr), [])
})

// Not beside the others, but after them.
t.test('stderr, in all', { buffered: false }, async t => {
  t.ok(senders.program.stderr.includes('cannot deliver'), 'something was said')
  t.strictSame(leaks(senders.program.stderr), [])
  t.strictSame(leaks((await senders.errors()).join('\n')), [])
})
