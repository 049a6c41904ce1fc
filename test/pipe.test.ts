// A8, B30: `node app.js | pino-blackbox <output>`: what the application has written arrives, whatever becomes of it, of this end, and of
// whoever reads the echo.
import t, { type Test } from 'tap'
import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { cleanEnv, fixture, logFiles, readLines, until } from './fixtures/harness.js'
import { CLI, command, type RunOptions } from './fixtures/viewer.js'
import { duck } from './fixtures/parquet.js'
import { receiver, type Request } from './fixtures/receiver.js'
import { range } from './fixtures/jsonl.js'

const input = (count: number): string => range(count).map(seq => `${JSON.stringify({ level: 30 + 10 * (seq % 2), time: 1_790_000_000_000 + seq, writer: 'w', seq, msg: 'é' })}\n`).join('')
const seqs = async (directory: string, base = 'app'): Promise<unknown[]> => (await readLines(directory, base)).map(({ seq }) => seq)
const received = (requests: Request[]): number[] => requests.flatMap(({ text = '' }) => text.trim().split('\n').map(line => JSON.parse(line).seq))
const text = (directory: string): string => logFiles(directory, 'app').map(name => fs.readFileSync(join(directory, name), 'utf8')).join('')

interface Pair { app: ChildProcess, end: ChildProcess, stdout: () => string, stderr: () => string, ended: Promise<[number | null, NodeJS.Signals | null]> }

/** `node talker.js | pino-blackbox ...`, both in one process group, as a shell starts them. */
function pair (t: Test, talker: object, args: string[], cwd: string): Pair {
  const script = '"$0" "$1" "$2" | { shift 2; exec "$0" "$@"; }'
  const shell = spawn('sh', ['-c', script, process.execPath, fixture('talker.js'), JSON.stringify(talker), CLI, ...args], { cwd, env: cleanEnv(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) shell[name].on('data', chunk => { said[name] += chunk })
  const ended = once(shell, 'close') as Pair['ended']
  t.teardown(() => { try { process.kill(-shell.pid!, 'SIGKILL') } catch { /* It has ended. */ } })
  return { app: shell, end: shell, stdout: () => said.stdout, stderr: () => said.stderr, ended }
}

/** The end of a pipe, with its own process id. */
function end (t: Test, args: string[], { cwd = '.', env = {} }: RunOptions = {}) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { ...cleanEnv(), ...env }, stdio: 'pipe' })
  t.teardown(() => { child.kill('SIGKILL') })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', chunk => { said[name] += chunk })
  return { child, said, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> }
}

t.test('jsonl: rotates by its flags, every line once and in order', async t => {
  const cwd = t.testdir()
  const run = await command(['jsonl', '--file', 'logs/app', '--size', '20k', '--limit-count', '3', '--extension=jsonl', '--no-such-thing'], { cwd, input: '' })
  t.match(run, { code: 2, stderr: /unknown option '--no-such-thing'/ })
  t.match(await command(['jsonl', '--file', 'logs/app', '--size', '20k', '--extension=jsonl'], { cwd, input: input(2000) }), { code: 0, stdout: '', stderr: '' })
  t.same(await seqs(join(cwd, 'logs')), range(2000))
  const names = logFiles(join(cwd, 'logs'), 'app')
  t.ok(names.length > 3, names.join(' '))
  t.ok(names.every(name => name.endsWith('.jsonl') && fs.statSync(join(cwd, 'logs', name)).size <= 20 * 1024))
})

t.test('parquet: published when the input ends', async t => {
  const cwd = t.testdir()
  t.match(await command(['parquet', '--dir', 'data', '--columns', 'seq=int32', '--row-group-rows', '500'], { cwd, input: input(3000) }), { code: 0, stderr: '' })
  t.same((await duck(`select count(*)::int as rows, sum(seq)::int as sum from '${join(cwd, 'data')}/*.parquet'`))[0], { rows: 3000, sum: 2999 * 1500 })
})

t.test('http: delivered when the input ends, with a secret that no command line has', async t => {
  const cwd = t.testdir({ token: 'of the file\n' })
  const there = await receiver(t, { texts: true })
  const run = await command(['http', '--url', there.url, '--auth-bearer-file', 'token', '--headers', 'x-tenant=a', '--batch-flush-age', '50', '--level', 'warn'], { cwd, input: input(1000) })
  t.match(run, { code: 0, stderr: '' })
  const requests = await there.requests()
  t.same(received(requests), range(1000).filter(seq => seq % 2 === 1))
  t.match(requests[0]!.headers, { authorization: 'Bearer of the file', 'x-tenant': 'a' })
})

t.test('http: a receiver that is down', async t => {
  const cwd = t.testdir()
  const down = ['http', '--url', 'http://127.0.0.1:9/ingest', '--close-timeout', '300']
  const [disk, memory] = await Promise.all([
    command([...down, '--name', 'later'], { cwd, input: input(300) }),
    command([...down, '--journal', 'memory', '--journal-max-buffer-records', '100'], { cwd, input: input(300) })
  ])
  t.match(disk, { code: 0, stderr: /pino-blackbox later: 300 lines wait in the journal; the next start goes on with them\n$/ })
  t.match(memory, { code: 1, stderr: /closed; of the lines taken 300 were dropped \(/ }, 'dropped lines: exit code 1, and how many')
  const there = await receiver(t, { texts: true })
  t.match(await command(['http', '--url', there.url, '--name', 'later'], { cwd, input: '' }), { code: 0 })
  t.same(received(await there.requests()), range(300))
})

t.test('console: to stderr', async t => {
  t.match(await command(['console', '--stream', 'stderr', '--level', '40'], { input: input(3) }), { code: 0, stdout: '', stderr: /^\{"level":40,.*"seq":1.*\}\n$/ })
})

t.test('pipe --config: every output of the file, each with its level', async t => {
  const cwd = t.testdir({ etc: { 'blackbox.yml': 'outputs:\n  - { target: jsonl, options: { file: ../logs/app } }\n  - { target: jsonl, level: warn, options: { file: ../logs/warnings } }' } })
  t.match(await command(['pipe', '--config', 'etc/blackbox.yml'], { cwd, input: input(100) }), { code: 0, stderr: '' })
  t.same(await seqs(join(cwd, 'logs')), range(100))
  t.same(await seqs(join(cwd, 'logs'), 'warnings'), range(100).filter(seq => seq % 2 === 1))
  fs.writeFileSync(join(cwd, 'broken.yml'), 'outputs: [{ target: jsonl, options: { file: a, size: -1 } }]')
  t.match(await command(['pipe', '--config', 'broken.yml'], { cwd }), { code: 2, stderr: /^error: broken.yml:1:48: Expected `outputs\[0\].options.size` to be/ })
  t.match(await command(['pipe'], { cwd }), { code: 2, stderr: /required option '--config <file>'/ })
})

t.test('lines that are no JSON, very long ones and one without an end are kept', async t => {
  const cwd = t.testdir()
  const lines = ['no json', '{"half":', 'é'.repeat(3_000_000), '\u0000', ' ', 'the last one has no end']
  t.match(await command(['jsonl', '--file', 'app'], { cwd, input: lines.join('\n') }), { code: 0, stderr: '' })
  t.equal(text(cwd), `${lines.join('\n')}\n`)
})

t.test('the environment stands behind the flags', async t => {
  const cwd = t.testdir()
  const env = { PINO_BLACKBOX_JSONL_FILE: 'of-the-environment', PINO_BLACKBOX_JSONL_EXTENSION: '.json' }
  t.match(await command(['jsonl'], { cwd, env, input: input(1) }), { code: 0 })
  t.match(await command(['jsonl', '--file', 'flag'], { cwd, env, input: input(1) }), { code: 0 })
  t.same(fs.readdirSync(cwd).sort(), ['flag.1.json', 'of-the-environment.1.json'])
})

t.test('mistakes are told by the flag, with exit code 2, before anything is read', async t => {
  const cwd = t.testdir()
  for (const [args, message] of [
    [['jsonl'], 'Expected --file to be a non-empty string, got undefined'],
    [['jsonl', '--file', 'a', '--limit-count', 'few'], 'Expected --limit-count to be a positive integer, got "few" (string)'],
    [['jsonl', '--file', 'a', '--level', 'loud'], 'Expected --level to be "trace" or'],
    [['jsonl', '--file', 'a', '--sizee', '1'], "unknown option '--sizee'\n(Did you mean --size?)"],
    [['jsonl', 'a'], 'too many arguments'],
    [['parquet', '--dir', 'a', '--columns', 'req.method'], 'Expected --columns to be <name>=<value>, got "req.method" (string)'],
    [['parquet', '--dir', 'a', '--columns', 'req.method=text'], 'Expected `columns.req.method` to be'],
    [['http', '--url', 'http://a', '--journal', 'paper'], 'Expected --journal to be memory, got "paper" (string)'],
    [['http', '--url', 'http://user:hunter2@a'], '--url with a password: a secret on a command line is seen by everyone on the machine; give --auth-basic-username and --auth-basic-password-env'],
    [['http', '--url', 'http://a', '--auth-bearer', 'hunter2'], '--auth-bearer: a secret on a command line is seen by everyone on the machine; give --auth-bearer-env NAME or --auth-bearer-file PATH'],
    [['http', '--url', 'http://a', '--tls-passphrase', 'hunter2'], '--tls-passphrase: a secret on a command line is seen'],
    [['http', '--url', 'http://a', '--headers', 'x-api-key=hunter2'], '--headers x-api-key: a secret on a command line is seen by everyone on the machine; give --auth-header-name and --auth-header-value-env'],
    [['http', '--url', 'http://a', '--headers', 'hunter2'], 'Expected --headers to be <name>=<value>, got something else']
  ] as const) {
    const run = await command([...args], { cwd })
    t.match(run, { code: 2, stdout: '' }, args.join(' '))
    t.ok(run.stderr.startsWith(`error: ${message}`), `${args.join(' ')}: ${run.stderr}`)
    t.notMatch(run.stderr, /hunter2/)
  }
  t.same(fs.readdirSync(cwd), [])
})

t.test('help comes from the schema, with an example', async t => {
  const { code, stdout } = await command(['jsonl', '--help'], { env: { COLUMNS: '1000' } })
  t.equal(code, 0)
  t.match(stdout, /--limit-count <integer> +How many closed files are kept .*\[PINO_BLACKBOX_JSONL_LIMIT_COUNT\]/)
  t.match(stdout, /--compress <false\|gzip\|zstd> +.* Default: false\./)
  t.match(stdout, /Example:\n {2}node app.js \| npx pino-blackbox jsonl --file logs\/app/)
  t.notMatch((await command(['http', '--help'], { env: { COLUMNS: '1000' } })).stdout, /--auth-bearer /, 'no flag that would take a secret')
})

t.test('--pass: the lines go on as they came; a reader that goes away harms nothing', async t => {
  const cwd = t.testdir()
  t.match(await command(['jsonl', '--file', 'app', '--pass'], { cwd, input: input(100) }), { code: 0, stdout: input(100) })
  const gone = end(t, ['jsonl', '--file', 'gone', '--pass'], { cwd })
  gone.child.stdout.destroy()
  for (let part = 0; part < 20; part++) gone.child.stdin.write(input(1000))
  gone.child.stdin.end()
  t.strictSame(await gone.ended, [0, null])
  t.equal((await seqs(cwd, 'gone')).length, 20_000)
})

t.test('an application that is killed: everything that it wrote', async t => {
  const cwd = t.testdir()
  const { ended } = pair(t, { count: 5000, end: 'kill' }, ['jsonl', '--file', 'app'], cwd)
  t.strictSame(await ended, [0, null])
  t.same(await seqs(cwd), range(5000))
})

t.test('Ctrl-C goes to both: the last lines of the application still arrive', async t => {
  const cwd = t.testdir()
  const { app, ended } = pair(t, { count: 200, end: 'last words' }, ['jsonl', '--file', 'app'], cwd)
  await until(() => fs.existsSync(join(cwd, 'app.1.log')) && text(cwd).includes('"seq":199'))
  process.kill(-app.pid!, 'SIGINT')
  await ended
  await until(() => text(cwd).includes('"seq":200'))
  t.same(await seqs(cwd), range(201))
})

t.test('SIGTERM: takes what is there, closes, and ends by the signal', async t => {
  const cwd = t.testdir()
  const { child, ended, said } = end(t, ['jsonl', '--file', 'app'], { cwd })
  child.stdin.write(input(1))
  await until(() => fs.existsSync(join(cwd, 'app.1.log')) && text(cwd) !== '')
  child.kill('SIGSTOP')
  child.stdin.write(input(500).slice(input(1).length))
  child.kill('SIGTERM')
  child.kill('SIGCONT')
  t.strictSame(await ended, [null, 'SIGTERM'], said.stderr)
  t.same(await seqs(cwd), range(500))
})

t.test('a second Ctrl-C is meant for this end', async t => {
  const cwd = t.testdir()
  const { child, ended } = end(t, ['jsonl', '--file', 'app'], { cwd })
  child.stdin.write(input(10))
  await until(() => fs.existsSync(join(cwd, 'app.1.log')) && text(cwd).includes('"seq":9'))
  child.kill('SIGINT')
  child.stdin.write('{"level":30,"seq":10}\n')
  await until(() => text(cwd).includes('"seq":10'))
  child.kill('SIGINT')
  t.strictSame(await ended, [null, 'SIGINT'])
  t.same(await seqs(cwd), range(11))
})

t.test('back-pressure reaches the application: nothing is dropped by an output that blocks', async t => {
  const cwd = t.testdir()
  const run = await command(['parquet', '--dir', 'data', '--journal-max-size', '100k', '--journal-when-full', 'block', '--journal-block-timeout', '1m'], { cwd, input: input(20_000) })
  t.match(run, { code: 0, stderr: '' })
  t.same((await duck(`select count(*)::int as rows from '${join(cwd, 'data')}/*.parquet'`))[0], { rows: 20_000 })
})
