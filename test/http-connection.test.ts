// Who we are to the receiver and how we get there: credentials, certificates, proxies, redirects, and another receiver at run time.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { Authority } from './fixtures/certificates.js'
import { program, until } from './fixtures/harness.js'
import { judge, receiver, type Receiver } from './fixtures/receiver.js'
import { left, sender, type Outlet, type WorkerSettings } from './fixtures/sender.js'

const NAME = 'out'
// tap removes a test's directory before it runs teardowns, unless there was one before the directory was made.
t.beforeEach(t => { t.teardown(() => {}) })
t.jobs = 4

const authority = new Authority()
const ca = authority.cert
const senders = await sender(t, { env: { SECRET: 'from-env', CA: ca } })
const open = (url: string, dir: string, options: object = {}, worker?: WorkerSettings): Promise<Outlet> =>
  senders.open({ url, name: NAME, journal: { dir }, batch: { flushRecords: 2, flushAge: false }, retry: { minDelay: 10, maxDelay: 100, retries: 1 }, ...options }, worker)

async function deliver (outlet: Outlet): Promise<void> {
  await outlet.log(2)
  await outlet.flush()
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

t.test('credentials as they are sent: from a literal, the environment, a file', async t => {
  const dir = t.testdir({ secret: 'from-a-file\n' })
  const place = await receiver(t)
  const sources = { literal: ['a-literal', 'a-literal'], env: [{ env: 'SECRET' }, 'from-env'], file: [{ file: join(dir, 'secret') }, 'from-a-file'] } as const
  for (const [source, [secret, value]] of Object.entries(sources)) {
    const kinds: Record<string, [auth: object, header: string, expected: string]> = {
      bearer: [{ bearer: secret }, 'authorization', `Bearer ${value}`],
      basic: [{ basic: { username: 'üser', password: secret } }, 'authorization', basic(`üser:${value}`)],
      header: [{ header: { name: 'X-Api-Key', value: secret } }, 'x-api-key', value]
    }
    for (const [kind, [auth, header, expected]] of Object.entries(kinds)) {
      const path = `/${source}-${kind}`
      const outlet = await open(`${place.url}${path}`, dir, { auth, name: path.slice(1) })
      await deliver(outlet)
      t.equal((await place.requests(path))[0]!.headers[header], expected, path)
      await outlet.end()
    }
  }
  const inUrl = await open(`${place.url.replace('//', '//us%40er:pass%3Aword@')}/url`, dir)
  await deliver(inUrl)
  t.equal((await place.requests('/url'))[0]!.headers.authorization, basic('us@er:pass:word'))
  await inUrl.end()
  const key = await senders.open({ url: `${place.url}/env`, journal: { dir }, batch: { flushRecords: 2 } }, { env: { PINO_BLACKBOX_HTTP_API_KEY: 'an-api-key' } })
  await deliver(key)
  t.equal((await place.requests('/env'))[0]!.headers.authorization, 'Bearer an-api-key')
  await key.end()
})

t.test('a file that holds another token after a 401 is used at once', async t => {
  const dir = t.testdir({ token: 'old' })
  const place = await receiver(t, { script: [{ status: 401 }, { status: 200, when: { header: { authorization: 'Bearer new' } } }] })
  const outlet = await open(place.url, dir, { auth: { bearer: { file: join(dir, 'token') } } })
  fs.writeFileSync(join(dir, 'token'), 'new\n')
  await deliver(outlet)
  const requests = await place.requests()
  t.strictSame(requests.map(({ status, headers }) => [status, headers.authorization]), [[401, 'Bearer old'], [200, 'Bearer new']])
  t.strictSame(requests[0]!.key, requests[1]!.key)
  t.match(await outlet.metrics(), { deliveredRecords: 2, failures: 0 })
  await outlet.end()
})

t.test('configure: other credentials end the wait, another receiver gets what waits, and no credentials that are not for it', async t => {
  const dir = t.testdir()
  const [one, two] = [await receiver(t, { script: [{ status: 403 }, { status: 200, when: { header: { authorization: 'Bearer right' } } }] }), await receiver(t)]
  const outlet = await open(one.url, dir, { auth: { bearer: 'wrong' } })
  await outlet.log(2)
  await outlet.reaches(({ failures }) => failures === 1)
  await outlet.configure({ auth: { bearer: 'right' } })
  await outlet.flush()
  t.strictSame((await one.requests()).map(({ status, headers }) => [status, headers.authorization]), [[403, 'Bearer wrong'], [200, 'Bearer right']])

  await one.listen(false)
  await outlet.log(2)
  await outlet.reaches(({ failures }) => failures > 2)
  await outlet.configure({ url: `${two.url}/there` })
  await outlet.flush()
  t.strictSame((await two.requests()).map(({ path, headers, runs }) => [path, headers.authorization, runs]), [['/there', undefined, [['w', 2, 3]]]])
  await outlet.configure({ url: `${two.url}/elsewhere`, auth: { header: { name: 'x-key', value: 'secret' } } })
  await deliver(outlet)
  t.match((await two.requests()).at(-1), { path: '/elsewhere', headers: { authorization: undefined, 'x-key': 'secret' } })

  for (const change of [{}, { url: 'no url' }, { auth: {} }, { auth: { bearer: 'a\nb' } }, { timeout: 1 }]) {
    await t.rejects(outlet.configure(change), { code: /^BLACKBOX_(OPTION|CONFIGURE)$/ }, JSON.stringify(change))
  }
  await deliver(outlet)
  t.match((await two.requests()).at(-1), { path: '/elsewhere', headers: { 'x-key': 'secret' }, runs: [['w', 6, 7]] }, 'as before')
  await outlet.end()
})

t.test('a redirect to another origin: nothing goes there, the data stays', async t => {
  const dir = t.testdir()
  const other = await receiver(t)
  const place = await receiver(t)
  for (const status of [301, 302, 307, 308]) {
    await place.script([{ status, headers: { location: `${other.url}/` } }])
    const name = `moved-${status}`
    const outlet = await open(place.url, dir, { auth: { bearer: 'a token' }, name })
    await outlet.log(2)
    await outlet.reaches(({ failures }) => failures === 1)
    t.match(await outlet.metrics(), { pendingRecords: 2 })
    await until(() => senders.told(name).length > 0)
    t.match(senders.told(name), [new RegExp(`cannot deliver: .*${status}.*${other.url}`)], 'told where it leads')
    await outlet.end()
    t.equal(left(dir, name).segments.flatMap(({ lines }) => lines).length, 2)
  }
  t.strictSame(await other.connections(), { total: 0, open: 0 })
})

t.test('TLS: a CA of one\'s own, a client certificate, a name, or no questions asked', async t => {
  const stranger = new Authority('a stranger')
  const client = authority.issue('client', 'open sesame')
  const dir = t.testdir({ 'ca.pem': ca, 'key.pem': client.key, passphrase: 'open sesame\n' })
  const place = await receiver(t, { tls: { ...authority.issue('receiver'), ca, requestCert: true, rejectUnauthorized: true } })
  const lax = await receiver(t, { tls: authority.issue('receiver') })
  const mutual = { cert: client.cert, key: client.key, passphrase: 'open sesame' }
  const good: Record<string, [Receiver, tls: object]> = {
    ca: [lax, { ca }],
    'ca-file': [lax, { ca: { file: join(dir, 'ca.pem') } }],
    'ca-env': [lax, { ca: { env: 'CA' } }],
    mutual: [place, { ca, ...mutual }],
    'mutual-files': [place, { ca, cert: client.cert, key: { file: join(dir, 'key.pem') }, passphrase: { file: join(dir, 'passphrase') } }],
    servername: [lax, { ca, servername: 'localhost' }],
    lax: [lax, { rejectUnauthorized: false }]
  }
  for (const [name, [to, tls]] of Object.entries(good)) {
    const outlet = await open(`${to.url}/${name}`, dir, { tls, name })
    await deliver(outlet)
    t.equal((await to.requests(`/${name}`)).length, 1, name)
    await outlet.end()
  }
  const bad: Record<string, [Receiver, tls: object, RegExp]> = {
    unknown: [lax, {}, /self-signed certificate in certificate chain|unable to verify/],
    stranger: [lax, { ca: stranger.cert }, /unable to verify|unable to get/],
    anonymous: [place, { ca }, /./],
    'other-name': [lax, { ca, servername: 'receiver.example' }, /does not match certificate/]
  }
  for (const [name, [to, tls, reason]] of Object.entries(bad)) {
    const outlet = await open(`${to.url}/${name}`, dir, { tls, name })
    await outlet.log(2)
    await outlet.reaches(({ failures }) => failures > 2)
    t.match(await outlet.metrics(), { pendingRecords: 2, deadRecords: 0, droppedRecords: 0 }, name)
    t.match(senders.told(name)[0], reason)
    t.equal((await to.requests(`/${name}`)).length, 0)
    await outlet.end()
  }
})

interface Asked { method: string, target: string, authorization?: string, status: number }

async function proxy (t: Test, credentials?: string): Promise<{ at: string, asked: () => Asked[] }> {
  const child = program('proxy.js', { credentials })
  t.teardown(() => child.process.kill('SIGKILL'))
  return { at: `127.0.0.1:${(await child.said('port')).port}`, asked: () => child.messages.flatMap(({ asked }) => asked ? [asked as Asked] : []) }
}

t.test('proxies that the environment names, with and without credentials, for http and https', async t => {
  const dir = t.testdir()
  const { at, asked } = await proxy(t, 'user:pass@word')
  const plain = await receiver(t)
  const secure = await receiver(t, { tls: authority.issue('receiver') })
  const uri = `http://user:pass%40word@${at}`
  const cases: Array<[Receiver, variable: string]> = [[plain, 'http_proxy'], [plain, 'HTTP_PROXY'], [secure, 'https_proxy'], [secure, 'HTTPS_PROXY']]
  for (const [place, variable] of cases) {
    const before = asked().length
    const outlet = await open(`${place.url}/${variable}`, dir, { auth: { bearer: 'a token' }, tls: { ca }, name: variable }, { env: { [variable]: uri } })
    await deliver(outlet)
    await deliver(outlet)
    const requests = await place.requests(`/${variable}`)
    t.strictSame(requests.map(({ headers }) => headers.authorization), ['Bearer a token', 'Bearer a token'])
    t.notOk(requests.some(({ headers }) => 'proxy-authorization' in headers), 'credentials of the proxy stay there')
    t.match(asked().slice(before), [{ authorization: basic('user:pass@word'), status: 200, target: `127.0.0.1:${place.port}` }], variable)
    await outlet.end()
  }
  const before = asked().length
  const refused = await open(`${plain.url}/refused`, dir, { name: 'refused' }, { env: { http_proxy: `http://${at}` } })
  await refused.log(2)
  await refused.reaches(({ failures }) => failures > 2)
  t.ok(asked().length - before > 2 && asked().slice(before).every(({ status }) => status === 407))
  t.match(senders.told('refused')[0], /407/, 'told that it is the proxy')
  t.match(await refused.metrics(), { pendingRecords: 2, deadRecords: 0 })
  await refused.end()
})

t.test('NO_PROXY', async t => {
  const dir = t.testdir()
  const { at, asked } = await proxy(t)
  const place = await receiver(t)
  for (const [number, no] of ['*', '127.0.0.1', `127.0.0.1:${place.port}`, 'example.com,127.0.0.1'].entries()) {
    const name = `no-${number}`
    const outlet = await open(`${place.url}/${name}`, dir, { name }, { env: { http_proxy: `http://${at}`, ...number % 2 ? { no_proxy: no } : { NO_PROXY: no } } })
    await deliver(outlet)
    await outlet.end()
    t.equal(asked().length, 0, no)
  }
  const outlet = await open(`${place.url}/other`, dir, { name: 'other' }, { env: { http_proxy: `http://${at}`, no_proxy: 'example.com' } })
  await deliver(outlet)
  t.equal(asked().length, 1, 'somebody else\'s')
  await outlet.end()
})

t.test('a proxy that is not there, or is no URL: the data stays, and goes when there is one', async t => {
  const dir = t.testdir()
  const place = await receiver(t)
  for (const [name, uri] of [['gone', 'http://127.0.0.1:1'], ['nonsense', 'http://']] as const) {
    const outlet = await open(place.url, dir, { name }, { env: { http_proxy: uri } })
    await outlet.log(2)
    await outlet.reaches(({ failures }) => failures > 2)
    t.match(await outlet.metrics(), { pendingRecords: 2, deadRecords: 0 }, name)
    await outlet.end()
    t.equal(left(dir, name).segments.flatMap(({ lines }) => lines).length, 2, name)
    const next = await open(`${place.url}/${name}`, dir, { name })
    await until(async () => (await place.requests(`/${name}`)).length === 1)
    await next.end()
  }
  t.strictSame(judge(await place.requests()).altered, [])
})

// Not beside the others, but after them.
t.test('nothing went uncaught', { buffered: false }, async t => {
  t.strictSame(await senders.errors(), [])
})
