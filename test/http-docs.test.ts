// docs/http.md is true: its receiver is started, its modules are there, and every other snippet is run against them.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULTS } from '../index.js'
import { program, until } from './fixtures/harness.js'
import { freePort, taken } from './fixtures/free-port.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = fs.readFileSync(join(root, 'docs/http.md'), 'utf8')
const snippets = [...page.matchAll(/^```js ?(\w*)\n(.*?)^```/gms)].map(([, name, code]) => ({ name: name!, code: code! }))
/** A body of another format ends without a newline. */
const received = (directory: string): Array<Record<string, unknown>> =>
  fs.readFileSync(join(directory, 'received.ndjson'), 'utf8').replaceAll('}{', '}\n{').trim().split('\n').map(line => JSON.parse(line))

t.test('the receiver keeps what the other snippets send', async t => {
  const directory = t.testdir({ node_modules: {} })
  fs.symlinkSync(join(root, 'node_modules', 'pino'), join(directory, 'node_modules', 'pino'))
  fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
  for (const { name, code } of snippets) if (name !== '') fs.writeFileSync(join(directory, `${name}.js`), code)
  fs.writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  const port = await freePort()
  const env = { PORT: String(port), LOG_URL: `http://127.0.0.1:${port}/ingest`, LOG_TOKEN: 'a token' }
  const receiver = program(join(directory, 'receiver.js'), {}, { cwd: directory, env })
  t.teardown(() => receiver.process.kill())
  await until(() => taken(port))
  for (const { code } of snippets.filter(({ name }) => name === '')) {
    fs.writeFileSync(join(directory, 'snippet.js'), code)
    const { code: status } = await program(join(directory, 'snippet.js'), {}, { cwd: directory, env }).exited
    t.equal(status, 0)
  }
  await until(() => received(directory).length >= 3)
  t.match(received(directory), [{ order: 17, msg: 'order placed' }, { streams: [{ stream: { service: 'shop' } }] }, { msg: 'kept' }])
})

t.test('the defaults it names are the defaults', async t => {
  const { retry, journal, closeTimeout } = DEFAULTS.http as Record<string, Record<string, unknown>>
  t.match(retry, { minDelay: 1000, maxDelay: 30_000, factor: 2, retries: 3 })
  t.match(journal, { maxSize: 256 * 1024 ** 2, maxAge: '72h' })
  t.equal(closeTimeout as unknown, 5000)
})
