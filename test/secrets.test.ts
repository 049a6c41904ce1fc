// No secret gets into a dump: whatever it is called, wherever it stands, however it is written, and wherever else it is repeated.
import t from 'tap'
import fc from 'fast-check'
import fs from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createDumper } from 'pino-blackbox'
import { render, renderLine, type Limits } from '../lib/dumper/document.js'
import { Secrets } from '../lib/dumper/secrets.js'
import type { DumperOptions } from 'pino-blackbox'

const LIMITS: Limits = { depth: 16, breadth: 1000, string: 16_384, bytes: 1 << 20, time: 10_000 }
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const CANARY = 'Canary-7f3e9c'

type Rules = Pick<DumperOptions, 'deny' | 'headers' | 'redact'>
const secretsOf = (rules: Rules) => new Secrets({ deny: undefined, headers: undefined, redact: undefined, ...rules } as ConstructorParameters<typeof Secrets>[0])
const usual = secretsOf({})
const shownAs = (value: unknown, rules?: Rules, lines?: string[]): string =>
  render(value, { limits: LIMITS, secrets: rules ? secretsOf(rules) : usual, pretty: false, ...lines && { rows: { key: 'log', lines } } }).text
const told = (value: unknown, rules?: Rules): any => JSON.parse(shownAs(value, rules))
const leaks = (value: unknown, rules?: Rules, lines?: string[]): boolean => /canary/i.test(decodeURIComponent(shownAs(value, rules, lines).replace(/%(?![\da-f]{2})/gi, '')))

const NAMES = [
  'password', 'Password', 'user_password', 'passwordHash', 'passwd', 'pass_wd', 'PASSPHRASE', 'clientSecret', 'AWS_SECRET_ACCESS_KEY', 'token', 'accessToken', 'id_token', 'x-csrf-token', 'api_key', 'x-api-key', 'apiKey',
  'Authorization', 'proxy-authorization', 'credentials', 'Cookie', 'set-cookie', 'private-key', 'access_key', '_csrf', 'XSRF', 'creditCard', 'card-number', 'pwd', 'pass', 'DB_PASS', 'dbPass', 'auth', 'sid', 'pin', 'otp', 'cvv', 'cvc', 'ssn',
  'jwt', 'pw', 'otpCode', 'security_code', 'sig', 'X-Amz-Signature', 'session', 'sessionId', 'JSESSIONID', 'connect.sid', 'signature', 'user[pwd]', 'filter.auth', 'req.session', 'order[signature]'
]

const PLACES: Record<string, (name: string, secret: string) => unknown> = {
  'a key': (name, secret) => ({ [name]: secret }),
  'a key far below': (name, secret) => ({ a: [{ b: { c: [{ [name]: secret }] } }] }),
  'a key of an object': (name, secret) => ({ [name]: { inner: secret, list: [secret] } }),
  'a class instance': (name, secret) => Object.assign(new (class Settings {})(), { [name]: secret }),
  'a getter': (name, secret) => Object.defineProperty({}, name, { enumerable: true, get: () => secret }),
  toJSON: (name, secret) => ({ a: { toJSON: () => ({ [name]: secret }) } }),
  'a Map': (name, secret) => new Map([[name, secret]]),
  'a Map in a Map': (name, secret) => new Map([['a', new Map([[name, { inner: secret }]])]]),
  pairs: (name, secret) => ({ entries: Object.entries({ a: 1, [name]: secret }) }),
  'a list of names and values': (name, secret) => [{ name, value: secret }, { key: name, value: secret }],
  FormData: (name, secret) => {
    const form = new FormData()
    form.append(name, secret)
    return form
  },
  URLSearchParams: (name, secret) => new URLSearchParams({ a: '1', [name]: secret }),
  'a query': (name, secret) => `GET /path?a=1&${name}=${secret}&b=2`,
  'a query with an encoded name': (name, secret) => `/path?${name.replace(/[a-z]/gi, letter => `%${letter.charCodeAt(0).toString(16)}`)}=${secret}`,
  'a query with a name encoded twice': (name, secret) => `/path?${encodeURIComponent(name.replace(/[a-z]/i, letter => `%${letter.charCodeAt(0).toString(16)}`))}=${secret}`,
  'a URL in a query': (name, secret) => `/login?to=${encodeURIComponent(`https://b.example/?${name}=${secret}&c=1`)}`,
  'a URL': (name, secret) => new URL(`http://a.example/?${encodeURIComponent(name)}=${encodeURIComponent(secret)}`),
  'a form': (name, secret) => `a=1&${encodeURIComponent(name)}=${secret}`,
  'JSON in a query': (name, secret) => `/find?filter=${encodeURIComponent(JSON.stringify({ [name]: secret }))}`,
  'a quoted value': (name, secret) => `failed: ${name}="${secret} and more ${secret}"`,
  'a header line': (name, secret) => `GET / HTTP/1.1\r\nHost: a\r\n${name}: some ${secret}; more ${secret}\r\n\r\n`,
  'JSON in a string': (name, secret) => JSON.stringify({ a: 1, [name]: secret }),
  'JSON in JSON in a string': (name, secret) => ({ body: JSON.stringify({ body: JSON.stringify([{ [name]: { a: secret } }]) }) }),
  'JSON text of a JSON string': (name, secret) => JSON.stringify(JSON.stringify({ [name]: secret })),
  'JSON with escaped letters': (name, secret) => JSON.stringify({ [name]: secret }).replace(/[a-z]/i, letter => `\\u00${letter.charCodeAt(0).toString(16)}`),
  'JSON that is indented': (name, secret) => JSON.stringify({ a: { [name]: [secret] } }, null, 2),
  'JSON that is cut': (name, secret) => JSON.stringify({ a: 1, [name]: secret, b: [1, 2, 3] }).slice(0, -3),
  'JSON that is cut below the name': (name, secret) => JSON.stringify({ [name]: { a: { b: secret, c: '}', d: secret } }, b: 1 }).slice(0, -2),
  'JSON that is too long': (name, secret) => JSON.stringify({ [name]: { text: `}${secret}` }, a: 'x'.repeat(20_000) }),
  'JSON in JSON that is cut': (name, secret) => JSON.stringify({ body: JSON.stringify({ body: JSON.stringify({ [name]: `"${secret}"\\` }) }) }).slice(0, -2),
  'JSON in a sentence': (name, secret) => `the answer was ${JSON.stringify({ [name]: secret })}, which is wrong`,
  'lines of JSON': (name, secret) => `{"a":1}\n${JSON.stringify({ [name]: secret })}\n`,
  'what inspect writes': (name, secret) => inspect({ a: 1, [name]: secret, b: { [name]: { a: [secret] } } }),
  'what inspect writes of a Map': (name, secret) => inspect(new Map([['a', 'b'], [name, secret]])),
  XML: (name, secret) => `<a><ns:${name}>${secret}</ns:${name}><${name}>${secret}</${name}></a>`,
  'an error': (name, secret) => Object.assign(new Error(`no ${name}=${secret}`), { [name]: secret }),
  'a cause': (name, secret) => new Error('a', { cause: new Error('b', { cause: { [name]: secret } }) }),
  'an AggregateError': (name, secret) => new AggregateError([Object.assign(new Error('a'), { config: { [name]: secret } })])
}

for (const [place, make] of Object.entries(PLACES)) {
  t.test(`what is called a secret is shown nowhere: ${place}`, async t => {
    t.strictSame(NAMES.filter(name => leaks({ deep: make(name, CANARY) }) || leaks(make(name, CANARY))), [])
    t.ok(leaks(make('harmless', CANARY)), 'another name hides nothing')
    t.notOk(leaks(make('harmless', CANARY), { deny: ['Harm-less'] }), 'until it is denied')
  })
}

t.test('nor where one of these places is in the text of another one', async t => {
  const texts = Object.entries(PLACES).filter(([, make]) => typeof make('a', 'b') === 'string')
  t.ok(texts.length > 20)
  for (const [outer, around] of Object.entries(PLACES)) {
    t.strictSame(texts.filter(([, make]) => ['password', 'user[pwd]', 'sid'].some(name => leaks(around('note', make(name, CANARY) as string)))).map(([inner]) => inner), [], outer)
  }
})

const HEADERS = ['Authorization', 'Cookie', 'Set-Cookie', 'X-Api-Key', 'X-Custom', 'X-Amz-Security-Token', 'Referer', 'X-Forwarded-For', 'If-None-Match', ':path']
const HEADER_PLACES: Record<string, (name: string, value: string) => unknown> = {
  'an object': (name, value) => ({ headers: { [name]: value } }),
  'an object of a client': (name, value) => ({ config: { requestHeaders: { [name]: [value, value] } } }),
  'a list of names and values': (name, value) => ({ rawHeaders: ['Host', 'a', name, value] }),
  'a list of pairs': (name, value) => ({ headers: [['Host', 'a'], [name, value]] }),
  'a list of objects': (name, value) => ({ response: { headers: [{ name, value }] } }),
  'a Map': (name, value) => ({ headers: new Map([[name, value]]) }),
  Headers: (name, value) => name.startsWith(':') ? {} : { anything: new Headers({ [name]: value, host: 'a' }), headers: new Headers([[name, value], [name, value]]) },
  'a text': (name, value) => name.startsWith(':') ? {} : { headers: `HTTP/1.1 200 OK\r\nHost: a\r\n${name}: ${value}\r\n` },
  'a list of lines': (name, value) => name.startsWith(':') ? {} : { headers: [`${name}: ${value}`, `Host: ${value}`.slice(0, 7)] },
  trailers: (name, value) => ({ trailers: { [name]: value } }),
  'JSON in a string': (name, value) => JSON.stringify({ headers: { [name]: value } }),
  'JSON that is cut': (name, value) => JSON.stringify({ headers: { [name]: value }, a: 1 }).slice(0, -2)
}

for (const [place, make] of Object.entries(HEADER_PLACES)) {
  t.test(`of headers only those that are known to be harmless are shown: ${place}`, async t => {
    t.strictSame(HEADERS.filter(name => leaks(make(name, CANARY))), [])
    if (place === 'JSON that is cut') return
    for (const name of ['User-Agent', 'x-request-id', 'Content-Type']) t.ok(leaks(make(name, CANARY)), name)
    t.ok(leaks(make('X-Custom', CANARY), { headers: ['x-custom'] }), 'and those that are allowed')
  })
}

t.test('values that are known by their looks are shown nowhere', async t => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(`{"sub":"${CANARY}"}`).toString('base64url')}.c2lnbmF0dXJl`
  const basic = Buffer.from(`user:${CANARY}`).toString('base64')
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${'Q2FuYXJ5'.repeat(20)}\n-----END RSA PRIVATE KEY-----`
  const texts: Array<[text: string, shown: string]> = [
    [`it is ${jwt}, they said`, 'it is [redacted], they said'],
    [`x_${jwt}`, 'x_[redacted]'],
    [`/files/${jwt}/open`, '/files/[redacted]/open'],
    [`sent Bearer ${CANARY}.`, 'sent Bearer [redacted]'],
    [`sent basic ${basic}, got 401`, 'sent basic [redacted], got 401'],
    [`https://user:${CANARY}@host.example/path?a=1`, 'https://[redacted]@host.example/path?a=1'],
    [`redis://:${CANARY}@host.example`, 'redis://[redacted]@host.example'],
    [`git clone https://${CANARY}@host.example/a.git`, 'git clone https://[redacted]@host.example/a.git'],
    [`Invalid URL: postgres://user:${CANARY}/x@host/db`, 'Invalid URL: postgres://[redacted]@host/db'],
    [`key:\n${key}\nend`, 'key:\n[redacted]\nend'],
    [key.slice(0, 100), '[redacted]'],
    [`password: ${CANARY}`, 'password: [redacted]'],
    [`tried with password: ${CANARY} twice`, 'tried with password: [redacted] twice'],
    [`{ password: '${CANARY}', a: 1 }`, "{ password: '[redacted]', a: 1 }"],
    [`curl -H "Authorization: Token ${CANARY}"`, 'curl -H "Authorization: [redacted]'],
    [`sent [{"name":"password","value":"${CANARY}"}]`, 'sent [{"name":"password","value":"[redacted]"}]'],
    [`<input type="text" name="pin" value="${CANARY}">`, '<input type="text" name="pin" value="[redacted]">'],
    [`sent [["a", "b"], ["password", "${CANARY}"]] twice`, 'sent [["a", "b"], ["password", "[redacted]"]] twice'],
    [`the api key: ${CANARY} is wrong`, 'the api key: [redacted] is wrong'],
    [`PGPASSWORD=${CANARY} psql`, 'PGPASSWORD=[redacted] psql'],
    [`token = '${CANARY}'`, "token = '[redacted]'"],
    ...[
      `ghp_${'aB3'.repeat(12)}`, `github_pat_${'aB3_'.repeat(12)}`, `glpat-${'aB3-'.repeat(5)}`, `npm_${'aB3'.repeat(12)}`, `sk_live_${'aB3'.repeat(8)}`, `rk_test_${'aB3'.repeat(8)}`,
      `sk-proj-${'aB3-'.repeat(10)}`, 'xoxb-123456789012-abcdefABCDEF', `AKIA${'Q7'.repeat(8)}`, `AIza${'aB3-_'.repeat(7)}`, `SG.${'aB3'.repeat(7)}.${'xY9'.repeat(14)}`, `$2b$12$${'aB./'.repeat(13)}x`
    ].map(key => [`refused: ${key}`, 'refused: [redacted]'] as [string, string])
  ]
  for (const [text, shown] of texts) t.equal(told({ text }).text, shown)
  t.notOk(leaks({ a: `${'x'.repeat(16_360)} https://u:${CANARY}@host` }), 'a URL that is cut before its host')
  t.notMatch(shownAs({ [jwt]: { [`/path?token=${CANARY}`]: 1 } }), /Canary|c2lnbmF0dXJl/, 'also as keys')
  t.strictSame(told({ [`ws://${CANARY}1@a`]: 1, [`ws://${CANARY}2@a`]: 2 }), { 'ws://[redacted]@a': 1, 'ws://[redacted]@a 1': 2 }, 'of which none is lost')
})

t.test('a secret that was found in one place is taken out of all others', async t => {
  const places: Record<string, unknown> = {
    'a message': new Error(`it was ${CANARY}`),
    'a stack': (() => { const error = new Error('x'); error.stack = `Error: x\n  at ${CANARY} (a.js:1:2)`; return error })(),
    'a URL': `/users/${CANARY}/edit`,
    'a key': { [`of ${CANARY}`]: { [CANARY]: 1 } },
    'a cause': new Error('a', { cause: new AggregateError([`it was ${CANARY}`]) }),
    'JSON in a string': JSON.stringify({ a: `it was ${CANARY}` }),
    'a text that is cut in it': `${'x'.repeat(16_374)}${CANARY}`
  }
  const sources: Record<string, unknown> = {
    'a key': { password: CANARY },
    'below a key': { credentials: { user: 'someone', key: `${CANARY}` } },
    'a header': { headers: { 'x-anything': CANARY } },
    'the scheme of a header': { headers: { authorization: `Token ${CANARY}` } },
    Basic: { authorization: `Basic ${Buffer.from(`user:${CANARY}`).toString('base64')}` },
    'a cookie': { headers: { cookie: `theme=dark; sid=${CANARY}; a=b` } },
    'a query': { url: `/a?token=${CANARY}&b=1` },
    'a URL': `https://user:${CANARY}@a.example`,
    'JSON in a string': { body: `{"password":"${CANARY}"}` },
    'a Map': new Map([['token', CANARY]])
  }
  for (const [from, source] of Object.entries(sources)) {
    for (const [to, place] of Object.entries(places)) {
      t.notMatch(shownAs({ place, source }), /Canary/, `${from} -> ${to}`)
    }
    t.notMatch(shownAs({ source }, undefined, [`{"level":30,"msg":"${CANARY}","err":{"stack":"x ${CANARY}"}}`, `no JSON: ${CANARY}`]), /Canary/, `${from} -> log`)
  }
  t.notMatch(shownAs({ a: `it was ${CANARY}` }, undefined, [`{"password":"${CANARY}"}`]), /Canary/, 'log -> document')
  t.notMatch(shownAs({ token: 4111111111111111, a: 4111111111111111, b: 'no 4111111111111111' }), /4111/, 'numbers')
  const long = `${CANARY} ${'x'.repeat(20_000)}`
  t.notMatch(shownAs({ secret: long, a: `it was ${long}`, b: long.slice(0, 100) + '[+ 9 characters]' }), /Canary/, 'longer than any text')
  const key = `line one\nline two ${CANARY}\nline three`
  t.notMatch(shownAs({ privateKey: key, a: new Error(key), b: JSON.stringify({ x: key }) }), /Canary/, 'of several lines')
  const many = Array.from({ length: 900 }, (_, i) => ({ password: `${CANARY}-${i}` }))
  t.notMatch(shownAs({ many, text: many.map(({ password }) => `"${password}"`).join() }), /Canary/, 'hundreds of them')
})

t.test(`however a secret is written, it is found again, seed ${SEED}`, async () => {
  const secret = fc.string({ minLength: 8, maxLength: 40, unit: 'binary' }).filter(text => !text.includes('[redacted]') && text.trim().length >= 8)
  const strings = (value: unknown): string[] => typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, value]) => [key, ...strings(value)]) : []
  fc.assert(fc.property(secret, fc.string(), (secret, text) => {
    const document = { apiKey: secret, a: `${text} ${secret}${text}`, url: `/x?q=${encodeURIComponent(secret)}`, json: JSON.stringify({ note: secret }), list: [[secret]] }
    const all = strings(told(document))
    return !all.some(shown => shown.includes(secret) || shown.includes(encodeURIComponent(secret)) || shown.includes(JSON.stringify(secret).slice(1, -1)))
  }), { seed: SEED, numRuns: 200 })
})

t.test('what is no secret stays as it is', async t => {
  const harmless = {
    usage: { prompt_tokens: 12, completion_tokens: 30, totalTokens: 42, max_tokens: 1000 },
    hasPassword: true,
    token: null,
    tokenCount: 17,
    token_type: 'Bearer',
    passwordPolicy: 'at least twelve characters',
    tokenExpiresIn: 3600,
    password: '',
    author: 'someone',
    authorId: 7,
    compass: 'north',
    passed: 3,
    opinion: 'a pin',
    pinned: [1],
    sessions: 12,
    methodSignature: '(a, b)',
    side: 'left',
    texts: [
      'SyntaxError: Unexpected token } in JSON at position 5',
      'Invalid token: unexpected end of input',
      'the password must have 8 characters: please try again',
      'basic authentication is required, or bearer tokens',
      'see https://example.org/docs?page=2&lang=en#auth and mailto:someone@example.org',
      'http://localhost:3000/@scope/name and //cdn.example.org/a@2.js',
      'at Object.<anonymous> (file:///app/auth/token.js:12:34)',
      'at async verify (/app/src/reset-password.ts:120:3)',
      '{"usage":{"prompt_tokens":12},"token":null}',
      '{ "b": 1,\n  "author": "someone" }',
      '[1, 2',
      'select * from tokens where id = $1',
      'a=1&b=2',
      '<p>a token is missing</p> <b>token</b>: none',
      'no field is required',
      'sent [{"name":"a","value":"b"}] and ["a","b"]',
      'no provider for InjectionToken<Secret> and List<Token> in a module',
      '12:30:45 GMT+0100',
      'passport: valid, author: someone',
      'x = y == z',
      'eyJ.eyJ',
      'prompt_tokens=12',
      'password=',
      'token=null&secret=undefined',
      'token: undefined',
      'is the secret = true',
      'C:\\Users\\someone',
      'ratio 16:9',
      'desk-top, risk_free, ask-somebody-who-knows-about-it, AKIAI and npm_config_registry'
    ],
    'a:b=c': 'd',
    list: [['a', 'b'], ['session', 'token', 'c']],
    required: ['password', 'username'],
    headers: { ':method': 'GET', 'accept-language': 'de', origin: 'https://a.example', 'cache-control': 'no-cache', host: 'a.example', 'user-agent': 'tests/1.0', 'content-length': '12', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }
  }
  t.strictSame(told(harmless), harmless)
  const cookies = told({ headers: { 'set-cookie': [`sid=${CANARY}; Path=/dashboard; Domain=shop.example; HttpOnly`] }, a: `https://shop.example/dashboard ${CANARY}` })
  t.equal(cookies.a, 'https://shop.example/dashboard [redacted]', 'of a cookie its value only')
  const followed = told({ headers: { 'x-trace-id': '4bf92f3577b34da6a3ce929d0e0e4736', origin: 'https://a.example', 'sec-fetch-mode': 'navigate' }, log: 'trace 4bf92f3577b34da6a3ce929d0e0e4736 from https://a.example: navigate' })
  t.equal(followed.log, 'trace 4bf92f3577b34da6a3ce929d0e0e4736 from https://a.example: navigate', 'what stands in headers is not shown there, but is mostly no secret')
  t.strictSame(told({ password: 'password', a: 'the password', short: { pin: '1234' }, b: 'in 1234 ways' }), { password: '[redacted]', a: 'the password', short: { pin: '[redacted]' }, b: 'in 1234 ways' })
  t.strictSame(told({ url: '/?token=required', a: 'is required' }), { url: '/?token=[redacted]', a: 'is required' })
  t.strictSame(told({ session: { user: 'someone-else', id: `${CANARY}-longer` }, a: `someone-else: ${CANARY}-longer` }), { session: '[redacted]', a: 'someone-else: [redacted]' })
})

t.test('`redact` takes paths as pino does, in the document and in each of its lines', async t => {
  const line = '{"level":30,"user":{"email":"a@b.example","id":1},"items":[{"iban":"x"},{"iban":"y"}]}'
  const value = { user: { email: 'a@b.example', id: 1 }, items: [{ iban: 'x' }, { iban: 'y' }], 'dotted.key': 1, restore: 2 }
  const both = (redact: DumperOptions['redact']) => JSON.parse(shownAs(value, { redact }, [line]))
  t.strictSame(both(['user.email', 'items[*].iban', '["dotted.key"]']), {
    user: { email: '[redacted]', id: 1 },
    items: [{ iban: '[redacted]' }, { iban: '[redacted]' }],
    'dotted.key': '[redacted]',
    restore: 2,
    log: [{ level: 30, user: { email: '[redacted]', id: 1 }, items: [{ iban: '[redacted]' }, { iban: '[redacted]' }] }]
  })
  t.match(both({ paths: ['*.email'], censor: 'gone' }), { user: { email: 'gone' }, log: [{ user: { email: 'gone' } }] })
  const removed = both({ paths: ['user.email', 'items'], remove: true })
  t.strictSame(removed.user, { id: 1 })
  t.notOk('items' in removed || 'items' in removed.log[0])
  t.strictSame(value.user, { email: 'a@b.example', id: 1 }, 'what was given is as it was')
  t.equal(renderLine({ a: 'x', b: 1 }, { limits: LIMITS, secrets: secretsOf({ redact: ['a'] }) }).text, '{"a":"[redacted]","b":1}')
  const long = render({ list: Array.from({ length: 500 }, () => ({ a: 1 })) }, { limits: { ...LIMITS, bytes: 9000 }, secrets: secretsOf({ redact: { paths: ['list[*].a'], censor: 'x'.repeat(100) } }), pretty: true })
  t.ok(Buffer.byteLength(long.text) <= 9000 && JSON.parse(long.text).list.length > 10, 'a long censor does not break the limit')
  for (const path of ['a..b', 'a[', '', 'a,b']) {
    t.throws(() => secretsOf({ redact: [path] }), { name: 'OptionError', option: 'redact' }, path)
    t.throws(() => createDumper({ redact: { paths: [path] } }), { code: 'BLACKBOX_OPTION', option: /^redact/ }, path)
  }
})

t.test('in no byte of any file that a dumper writes', async t => {
  const dumpPath = t.testdir()
  const warnings: unknown[] = []
  const dumper = createDumper({ enabled: true, dumpPath, rate: false, maxBackups: 1000, maxSize: '50m', logger: { warn: (...args: unknown[]) => warnings.push(args) } })
  for (const make of [...Object.values(PLACES), ...Object.values(HEADER_PLACES)]) {
    const values = NAMES.slice(0, 6).map(name => make(name, CANARY))
    t.match(await dumper.dumpStruct(values, 'all'), { ok: true })
    t.match(await dumper.dumpStreamEvents(values, 'events'), { ok: true })
  }
  await dumper.close()
  const files = fs.readdirSync(dumpPath, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  t.ok(files.length > 2 * Object.keys(PLACES).length)
  for (const { parentPath, name } of files) t.notMatch(fs.readFileSync(join(parentPath, name), 'utf8'), /canary/i, name)
  t.notMatch(JSON.stringify(warnings), /canary/i)
})
