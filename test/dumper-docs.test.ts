// docs/dumper.md is true: its snippets run, and the dumps that they speak of are there.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULTS } from '../index.js'
import { program } from './fixtures/harness.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = fs.readFileSync(join(root, 'docs/dumper.md'), 'utf8')
const snippets = [...page.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!)
const EXPECTED = [
  [/^GET_invoices_order_.*\.json$/],
  [/^GET_.*\.json$/],
  [/^checkout_\d{8}_\d{6}\.json$/, /^page_.*\.bin$/, /^steps_.*\.jsonl$/],
  [/^GET_answer_\d{8}_\d{6}\.jsonl$/, /^GET_answer_.*\.json$/]
]

t.test('every snippet runs and leaves the dumps that it speaks of', async t => {
  t.equal(snippets.length, EXPECTED.length)
  for (const [at, code] of snippets.entries()) {
    const directory = t.testdir({ node_modules: {}, 'package.json': '{"type":"module"}', 'snippet.js': code })
    for (const name of ['pino', 'fastify']) fs.symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
    fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
    const { code: status } = await program(join(directory, 'snippet.js'), {}, { cwd: directory }).exited
    t.equal(status, 0, `snippet ${at + 1} ends well`)
    const dumps = fs.readdirSync(join(directory, 'dumps')).filter(name => !name.startsWith('.'))
    t.equal(dumps.length, EXPECTED[at]!.length, dumps.join(', '))
    for (const pattern of EXPECTED[at]!) t.ok(dumps.some(name => pattern.test(name)), String(pattern))
    for (const name of dumps.filter(name => name.endsWith('.json'))) {
      const text = fs.readFileSync(join(directory, 'dumps', name), 'utf8')
      t.notMatch(text, '4111 1111', 'without its secret')
      if (at < 2) t.ok(JSON.parse(text).log.some(({ level }: { level: number }) => level === 20), 'with the line that was not written')
    }
  }
})

t.test('the defaults it names are the defaults', async t => {
  const { dumper, recorder } = DEFAULTS as unknown as Record<string, Record<string, unknown>>
  t.match(dumper, { maxBackups: 10, maxAge: '24h', maxSize: 100, rate: { perKey: 10, total: 60 }, limits: { time: 50 }, body: false, enabled: false })
  t.match(recorder, { records: 100, bytes: '256k', totalBytes: '32m' })
})
