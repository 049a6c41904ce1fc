// docs/command.md is true: its examples are run one after the other, in a directory in which a process was killed.
import t from 'tap'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { http, jsonl, parquet, tee } from 'pino-blackbox'
import { query } from './fixtures/dataset.js'
import { audit, cleanEnv, produce } from './fixtures/harness.js'
import { judge, receiver } from './fixtures/receiver.js'
import { CLI, command } from './fixtures/viewer.js'

const page = fs.readFileSync(fileURLToPath(new URL('../docs/command.md', import.meta.url)), 'utf8')
const lines = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, code]) => code!.trimEnd().split('\n'))

t.test('every example does what is said of it', async t => {
  const cwd = t.testdir({})
  const place = await receiver(t)
  const producer = produce({
    transport: tee([
      jsonl({ file: join(cwd, 'logs/app'), size: '50k' }),
      parquet({ dir: join(cwd, 'logs/parquet') }),
      http({ url: 'http://127.0.0.1:9/', name: 'shop', journal: { dir: join(cwd, '.blackbox') } })
    ]),
    writer: 'a',
    ackEvery: 100
  })
  await producer.reached(500)
  producer.process.kill('SIGKILL')
  await producer.exited
  t.ok(lines.length >= 8)
  for (const line of lines) {
    t.match(line, /^npx pino-blackbox \w+ /)
    const env = { ...cleanEnv(), LOG_URL: place.url, LOG_TOKEN: 'a token' }
    const { code, stderr } = await new Promise<{ code: unknown, stderr: string }>(resolve => {
      execFile('sh', ['-c', line.replace('npx pino-blackbox', `'${process.execPath}' '${CLI}'`)], { cwd, env }, (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }))
    })
    t.match({ code, stderr }, { code: 0, stderr: '' }, line)
  }
  const back = fs.readFileSync(join(cwd, 'archive.jsonl'), 'utf8').trimEnd().split('\n').map(line => JSON.parse(line))
  t.match(audit(back, 'a', producer.acked), { missing: [], duplicates: [] })
  t.ok(judge(await place.requests()).accepted.get('a')!.length >= producer.acked)
  const [{ lines: rows }] = await query(join(cwd, 'logs/parquet'), 'count(*) as lines') as [{ lines: number }]
  t.ok(Number(rows) >= producer.acked)
})

t.test('every verb has a section here and an example in its help', async t => {
  const { stdout } = await command(['--help'])
  for (const verb of ['ls', 'verify', 'recover', 'prune', 'replay', 'convert']) {
    t.match(stdout, new RegExp(`^  ${verb} `, 'm'))
    t.match(page, new RegExp(`^## ${verb}$`, 'm'))
    t.match(await command([verb, '--help']), { code: 0, stdout: new RegExp(`Example: pino-blackbox ${verb} `) })
  }
})
