// docs/pipe-and-tail.md is true: its commands are run by a shell, one after the other.
import t from 'tap'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { cleanEnv } from './fixtures/harness.js'
import { CLI } from './fixtures/viewer.js'
import { duck } from './fixtures/parquet.js'
import { receiver } from './fixtures/receiver.js'

t.test('every command of the page, in its order', async t => {
  const root = resolve(import.meta.dirname, '..')
  const page = fs.readFileSync(join(root, 'docs/pipe-and-tail.md'), 'utf8')
  const blocks = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```/gms)].map(([, kind, name, code]) => ({ kind, name, code: code! }))
  const cwd = t.testdir({ 'package.json': '{"type":"module"}', bin: {}, node_modules: {} })
  for (const { name, code } of blocks) if (name) fs.writeFileSync(join(cwd, name), code)
  fs.symlinkSync(join(root, 'node_modules/pino'), join(cwd, 'node_modules/pino'))
  const npx = join(cwd, 'bin/npx')
  fs.writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${CLI}" "$@"\n`, { mode: 0o755 })
  const there = await receiver(t, { texts: true })
  const env = { ...cleanEnv(), PATH: `${join(cwd, 'bin')}:${process.env.PATH}`, LOG_URL: there.url, LOG_TOKEN: 'a token', TZ: 'UTC' }
  const run = promisify(execFile)
  const said: string[] = []
  for (const command of blocks.filter(({ kind }) => kind === 'sh').flatMap(({ code }) => code.trim().split('\n'))) {
    // What follows would do so for ever.
    const ending = command.includes(' tail ') && !command.includes('--no-follow') ? `${command} --no-follow` : command
    const { stdout, stderr } = await run('sh', ['-c', ending], { cwd, env })
    t.equal(stderr.replace(/^\{.*\}\n/gm, ''), '', command)
    if (command.includes(' tail ')) said.push(stdout)
  }
  const [all, some, json] = said.map(text => text.trim().split('\n'))
  t.ok(all!.length > 1 && all!.every(line => /"(asked|slow)"/.test(line)), 'of the log')
  t.ok(some!.length > 0 && some!.every(line => JSON.parse(line).msg === 'slow'), 'filtered')
  t.equal(json!.length, 3)
  t.match(await there.requests(), [{ text: /"slow"/, headers: { authorization: 'Bearer a token' } }])
  t.match(fs.readFileSync(join(cwd, 'logs/warnings.1.log'), 'utf8'), /^\{"level":40.*\n$/)
  t.equal(Number((await duck(`select count(*)::int as rows from '${join(cwd, 'logs/parquet')}/**/*.parquet'`))[0]!.rows), 3, 'all, and those of info')
})
