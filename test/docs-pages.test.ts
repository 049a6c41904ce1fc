// The snippets of the pages of docs/ run as they are, each in a directory of its own; what they send is taken by a receiver.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { program } from './fixtures/harness.js'
import { receiver } from './fixtures/receiver.js'

const root = fileURLToPath(new URL('..', import.meta.url))

for (const [page, left] of Object.entries({
  jsonl: ['logs/app.*.jsonl'],
  console: ['logs/app.1.log'],
  tee: ['logs/app.1.log', 'logs/parquet/parquet_*.parquet'],
  exporter: ['archive.jsonl'],
  moving: ['logs/app.*.1.log']
})) {
  t.test(`docs/${page}.md`, async t => {
    const directory = t.testdir({ node_modules: {}, 'package.json': '{"type":"module"}' })
    for (const name of ['pino', 'fastify']) fs.symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
    fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
    const snippets = [...fs.readFileSync(join(root, 'docs', `${page}.md`), 'utf8').matchAll(/^```js ?(\w*)\n(.*?)^```/gms)]
    t.ok(snippets.length > 0)
    const { url, requests } = await receiver(t, { texts: true })
    const env = { LOG_URL: url, LOKI_HOST: url, LOKI_PASSWORD: 'a password' }
    for (const [at, [, name, code]] of snippets.entries()) fs.writeFileSync(join(directory, `${name || at}.js`), code!)
    for (const [at, [, name]] of snippets.entries()) {
      if (name !== '') continue
      const app = program(join(directory, `${at}.js`), {}, { cwd: directory, env })
      t.match(await app.exited, { code: 0 }, app.stderr)
    }
    const found = [...fs.readdirSync(directory), ...(fs.existsSync(join(directory, 'logs')) ? fs.readdirSync(join(directory, 'logs'), { recursive: true }) as string[] : []).map(name => `logs/${name}`)]
    for (const pattern of left) {
      const name = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
      t.ok(found.some(file => name.test(file) && fs.statSync(join(directory, file)).size > 0), `${pattern} is there`)
    }
    if (page === 'moving') t.match(JSON.parse((await requests())[0]!.text!), { streams: [{ stream: { service: 'shop', level: 'warning' }, values: [[/^\d{19}$/, /"sku":"kettle","msg":"stock is low"/]] }] })
  })
}
