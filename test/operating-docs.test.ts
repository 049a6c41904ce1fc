// docs/operating.md is true: its snippets run, its tables have every figure, event, threshold and hook there is, and no other.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { watchSchema } from '../lib/config/watch.js'
import { defaultsOf } from '../lib/config/options.js'
import { HOOKS } from '../lib/hooks/module.js'
import { Counters } from '../lib/telemetry/counters.js'
import { TELLERS } from '../lib/telemetry/events.js'
import { program } from './fixtures/harness.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = fs.readFileSync(join(root, 'docs/operating.md'), 'utf8')
const snippets = [...page.matchAll(/^```js ?([\w.]*)\n(.*?)^```/gms)].map(([, name, code]) => ({ name: name!, code: code! }))
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!
/** What stands between backticks in the first column of the table. */
const named = (title: string): string[] => section(title).split('\n').filter(line => line.startsWith('| `'))
  .flatMap(line => [...line.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))

t.test('every snippet runs', async t => {
  const directory = t.testdir({ node_modules: {}, 'package.json': '{"type":"module"}' })
  for (const name of ['pino', 'prom-client']) fs.symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
  fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
  for (const { name, code } of snippets) if (name !== '') fs.writeFileSync(join(directory, name), code)
  const told: string[] = []
  for (const { code } of snippets.filter(({ name }) => name === '')) {
    fs.writeFileSync(join(directory, 'snippet.js'), code)
    // Nobody answers there.
    const child = program(join(directory, 'snippet.js'), {}, { cwd: directory, env: { LOG_URL: 'http://127.0.0.1:9/ingest' } })
    t.equal((await child.exited).code, 0, child.stderr)
    told.push(child.stderr)
  }
  t.match(told[0], /^file: 0 wait, ship: 1 wait$/m)
  t.match(told.join(''), 'pino_blackbox_accepted_records_total{output="file",kind="jsonl"} 1')
})

t.test('the tables have what there is', async t => {
  t.strictSame(named('Metrics').sort(), Object.keys(new Counters().read()).sort())
  t.strictSame(named('Events').filter(name => name in TELLERS), Object.keys(TELLERS))
  const { health } = defaultsOf(watchSchema) as { health: Record<string, unknown> }
  t.strictSame(health, { window: '1m', failures: 10, warnAt: 0.8, degradedAt: 0.95, age: '5m', lag: '5m' })
  for (const name of Object.keys(health)) t.match(section('Health'), `\`${name}\``)
  for (const name of HOOKS) t.match(section('Hooks'), `function ${name} (`)
})
