// E4: `pino-blackbox tail`: live from another terminal, each line once, across rotation, compression, retention, truncation and SIGKILL, for
// logs and for journals; and it harms nobody.
import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { audit, cleanEnv, produce, until } from './fixtures/harness.js'
import { CLI, command } from './fixtures/viewer.js'
import { receiver } from './fixtures/receiver.js'
import { range } from './fixtures/jsonl.js'

const line = (seq: number, more: object = {}): string => `${JSON.stringify({ level: 30, time: 1_790_000_000_000 + seq, seq, ...more })}\n`
const lines = (from: number, to: number): string => range(to - from, from).map(seq => line(seq)).join('')

interface Tail { lines: () => string[], seqs: () => unknown[], stderr: () => string, kill: () => Promise<void>, closeReader: () => Promise<[number | null, NodeJS.Signals | null]> }

/** `pino-blackbox tail` that has begun to follow. */
async function tail (t: Test, args: string[], cwd: string): Promise<Tail> {
  const child = spawn(process.execPath, [CLI, 'tail', ...args], { cwd, env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close') as ReturnType<Tail['closeReader']>
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', chunk => { said[name] += chunk })
  const whole = (): string[] => said.stdout.split('\n').slice(0, -1)
  t.teardown(() => { child.kill('SIGKILL') })
  return {
    lines: whole,
    seqs: () => whole().map(line => JSON.parse(line).seq),
    stderr: () => said.stderr,
    async kill () {
      child.kill('SIGKILL')
      await ended
    },
    closeReader: async () => {
      child.stdout.destroy()
      return await ended
    }
  }
}

/** Waits until it follows: what was there is shown. */
async function following (t: Test, args: string[], cwd: string, there: number): Promise<Tail> {
  const it = await tail(t, args, cwd)
  await until(() => there > 0 ? it.lines().length >= there : it.stderr() !== '')
  return it
}

t.test('what is there: the last lines, of all files together, and filtered', async t => {
  const cwd = t.testdir({
    logs: {
      'app.1.log': lines(0, 5),
      'app.2.log': lines(5, 8) + '{"level":30,"seq":"half',
      'app.errors.1.log': line(100, { level: 50 }),
      'app.2026-11-21.3.log': lines(20, 22),
      'web.jsonl': line(9, { level: 40, req: { method: 'GET', 'a.b': 1 }, ms: 12.5, msg: 'time is out' }) + 'no json\n'
    }
  })
  const shown = async (...args: string[]): Promise<unknown[]> => {
    const { code, stdout } = await command(['tail', '--no-follow', ...args], { cwd })
    t.equal(code, 0)
    return stdout.trim().split('\n').filter(Boolean).map(line => line.startsWith('{') ? JSON.parse(line).seq : line)
  }
  t.strictSame(await shown('logs/app'), [0, 1, 2, 3, 4, 5, 6, 7, 20, 21].slice(-10))
  t.strictSame(await shown('-n', '3', 'logs/app'), [7, 20, 21])
  t.strictSame(await shown('-n', '0', 'logs/app'), [])
  t.strictSame(await shown('-n', '4', 'logs/app.1.log'), [6, 7, 20, 21], 'a file of it means the log')
  t.strictSame(await shown('-n', '2', 'logs/app.errors.log'), [100])
  t.strictSame(await shown('-n', '4', 'logs/app', 'logs/web.jsonl'), [9, 'no json', 20, 21])
  t.strictSame((await shown('-n', '100', 'logs')).length, 13)
  t.strictSame(await shown('logs', '--level', 'warn'), [9, 'no json', 100], 'a line without a level is shown')
  t.strictSame(await shown('logs', '--level', '50'), [100, 'no json'])
  for (const [condition, expected] of [
    ['seq=9', [9]], ['req.method=GET', [9]], ['req.method=POST', []], ['req.a\\.b=1', [9]], ['level!=30', [9, 100]], ['seq>20', [21, 100]], ['seq>=20', [20, 21, 100]],
    ['seq<1', [0]], ['seq<=1', [0, 1]], ['msg~^time .*out$', [9]], ['ms>12', [9]], ['missing=1', []], ['missing!=1', [0, 1, 2, 3, 4, 5, 6, 7, 9, 20, 21, 100]],
    [`time>${new Date(1_790_000_000_021).toISOString()}`, [100]]
  ] as const) t.strictSame(await shown('-n', '20', 'logs', '--where', condition), expected, condition)
  t.strictSame(await shown('logs', '--where', 'seq>4', '--where', 'seq<7'), [5, 6], 'all must be met')
})

t.test('for people, and mistakes', async t => {
  const cwd = t.testdir({ 'app.log': line(1, { level: 50, msg: 'it \u001b[31mfailed', req: { method: 'GET' }, reqId: 'r-1', err: { type: 'TypeError', message: 'no such thing', stack: 'TypeError: no such thing\n    at a (/app/a.js:1:1)' } }) + 'Segmentation fault\n' })
  const { stdout } = await command(['tail', 'app.log', '--no-follow', '--no-json'], { cwd, env: { TZ: 'UTC' } })
  t.match(stdout, /^ *\d\d:\d\d:\d\d\.001 +error +it \\x1b\[31mfailed .*reqId=r-1.*req\.method=GET/)
  t.match(stdout, /TypeError.*no such thing/)
  t.match(stdout, /^Segmentation fault$/m)
  for (const [args, message] of [
    [[], "missing required argument 'path'"],
    [['a', '--level', 'loud'], 'Expected --level to be trace, debug, info, warn, error, fatal or a number, got "loud" (string)'],
    [['a', '--where', 'method'], 'Expected --where to be <field><operator><value>'],
    [['a', '--where', 'msg~('], 'Expected what follows ~ in --where to be a regular expression, got "(" (string)'],
    [['a', '-n', 'few'], "option '-n, --lines <count>' argument 'few' is invalid"]
  ] as const) {
    const run = await command(['tail', '--no-follow', ...args], { cwd })
    t.equal(run.code, 2)
    t.ok(run.stderr.startsWith(`error: ${message}`), run.stderr)
  }
  t.match(await command(['tail', '--no-follow', 'nowhere/app'], { cwd }), { code: 1, stderr: 'pino-blackbox: there is no log at nowhere/app\n' })
  t.match((await command(['tail', '--help'])).stdout, /Example:\n {2}npx pino-blackbox tail logs\/app --level warn/)
})

t.test('a log that is not there yet, half lines, and a reader that goes away', async t => {
  const cwd = t.testdir()
  const it = await following(t, ['logs/app'], cwd, 0)
  t.match(it.stderr(), /there is no log at logs\/app yet; waiting for it/)
  fs.mkdirSync(join(cwd, 'logs'))
  const path = join(cwd, 'logs/app.1.log')
  fs.writeFileSync(path, line(0) + line(1).slice(0, 10))
  await until(() => it.seqs().length === 1)
  fs.appendFileSync(path, line(1).slice(10) + '{"torn')
  await until(() => it.seqs().length === 2)
  fs.truncateSync(path, line(0).length + line(1).length)
  fs.appendFileSync(path, line(2) + 'é'.repeat(400_000) + '\n')
  await until(() => it.lines().length === 4)
  t.strictSame(it.lines().map(text => text.length > 1000 ? text.length : JSON.parse(text).seq), [0, 1, 2, 400_000])
  // A writer whose write failed cuts the file and writes the same lines again.
  const rest = fs.readFileSync(path).subarray(line(0).length)
  fs.truncateSync(path, line(0).length)
  fs.appendFileSync(path, rest.subarray(0, 5))
  fs.appendFileSync(path, rest.subarray(5))
  fs.appendFileSync(path, line(3))
  await until(() => it.lines().length >= 5)
  t.match(it.lines().slice(4), [/"seq":3\b/])
  const over = it.closeReader()
  const writing = setInterval(() => fs.appendFileSync(path, line(3)), 20)
  t.strictSame(await over, [0, null], 'nobody reads any more: it ends, without a word')
  clearInterval(writing)
})

t.test('moved by logrotate, emptied by copytruncate, removed and written anew, compressed from outside', async t => {
  const cwd = t.testdir({ 'app.log': lines(0, 3) })
  const path = (name: string): string => join(cwd, name)
  const it = await following(t, ['app.log'], cwd, 3)
  const reaches = async (count: number): Promise<void> => {
    await until(() => it.lines().length >= count)
    t.strictSame(it.seqs(), range(count))
  }
  fs.renameSync(path('app.log'), path('app.1.log'))
  fs.appendFileSync(path('app.1.log'), line(3))
  await reaches(4)
  fs.writeFileSync(path('app.log'), line(4))
  await reaches(5)
  fs.renameSync(path('app.1.log'), path('app.2.log'))
  fs.renameSync(path('app.log'), path('app.1.log'))
  fs.writeFileSync(path('app.log'), line(5))
  await reaches(6)
  fs.writeFileSync(path('app.1.log.gz'), gzipSync(line(4)))
  fs.rmSync(path('app.1.log'))
  fs.renameSync(path('app.1.log.gz'), path('app.3.log.gz'))
  fs.appendFileSync(path('app.log'), line(6))
  await reaches(7)
  fs.truncateSync(path('app.log'))
  await until(() => fs.statSync(path('app.log')).size === 0)
  fs.appendFileSync(path('app.log'), line(7))
  await reaches(8)
  fs.rmSync(path('app.log'))
  fs.writeFileSync(path('app.log'), line(8))
  await reaches(9)
  fs.writeFileSync(path('app.9.log.gz'), gzipSync(line(9)))
  await reaches(10)
})

t.test('a producer that rotates, compresses and removes under load, killed and started again', async t => {
  const cwd = t.testdir()
  const transport = { target: 'pino-blackbox/jsonl', options: { file: join(cwd, 'logs/app'), size: '150k', compress: 'gzip', limit: { count: 4 } } }
  const it = await following(t, ['logs/app'], cwd, 0)
  const first = produce({ transport })
  await first.reached(10_000)
  first.process.kill('SIGKILL')
  await first.exited
  const second = produce({ transport, writer: 'second', count: 10_000 })
  await second.exited
  const found = (writer: string) => it.lines().map(line => JSON.parse(line)).filter(line => line.writer === writer)
  await until(() => found('second').length >= 10_000)
  t.strictSame(audit(found('w'), 'w', first.acked), { missing: [], duplicates: [], unordered: 0 })
  t.strictSame(audit(found('second'), 'second', 10_000), { missing: [], duplicates: [], unordered: 0 })
  t.match(it.stderr(), /^pino-blackbox: there is no log at logs\/app yet; waiting for it\n$/)
})

t.test('the journal of a dataset, as it is written, and across a kill', async t => {
  const cwd = t.testdir()
  const transport = { target: 'pino-blackbox/parquet', options: { dir: join(cwd, 'data'), rowGroupRows: 1000 } }
  const it = await following(t, ['data'], cwd, 0)
  const first = produce({ transport, burst: 50 })
  await first.reached(10_000)
  first.process.kill('SIGKILL')
  await first.exited
  const second = produce({ transport, writer: 'second', count: 10_000, burst: 50 })
  await second.exited
  const found = (writer: string) => it.lines().map(line => JSON.parse(line)).filter(line => line.writer === writer)
  await until(() => found('second').length >= 10_000)
  t.strictSame(audit(found('w'), 'w', first.acked), { missing: [], duplicates: [], unordered: 0 })
  t.strictSame(audit(found('second'), 'second', 10_000), { missing: [], duplicates: [], unordered: 0 })
})

t.test('a journal that is adopted: its segments are somewhere else, and on the way nowhere', async t => {
  const [dead, heir] = ['0123456789abcdef', 'fedcba9876543210']
  const name = `000001790000000-${dead}-000000001`
  const cwd = t.testdir({ 'mark.log': '', '.blackbox': { 'http-a': { [heir]: {}, [dead]: { [`${name}.open`]: lines(0, 3) } } } })
  const home = join(cwd, '.blackbox/http-a')
  const it = await following(t, ['.blackbox', 'mark.log'], cwd, 3)
  const mark = async (seq: number): Promise<void> => {
    fs.appendFileSync(join(cwd, 'mark.log'), line(seq))
    await until(() => it.seqs().includes(seq))
  }
  fs.appendFileSync(join(home, dead, `${name}.open`), line(3))
  await until(() => it.seqs().includes(3))
  fs.renameSync(join(home, dead), join(cwd, dead))
  await mark(100)
  await mark(101)
  fs.renameSync(join(cwd, dead), join(home, heir, dead))
  await mark(102)
  fs.renameSync(join(home, heir, dead, `${name}.open`), join(home, heir, `${name}.4.jsonl`))
  await mark(103)
  fs.writeFileSync(join(home, heir, `000001790000009-${heir}-000000001.open`), line(4))
  await mark(104)
  t.strictSame(it.seqs().filter(seq => seq as number < 100), [0, 1, 2, 3, 4])
})

t.test('the journal of http: batches that are sent and gone; what could not be read is told', async t => {
  const cwd = t.testdir()
  const { url } = await receiver(t)
  const transport = { target: 'pino-blackbox/http', options: { url, journal: { dir: join(cwd, '.blackbox') }, batch: { flushRecords: 50, flushAge: 20 } } }
  const it = await following(t, ['.blackbox'], cwd, 0)
  const app = produce({ transport, count: 8000, burst: 20 })
  await app.exited
  const missed = (): number => [...it.stderr().matchAll(/(\d+) segments were delivered/g)].reduce((sum, [, count]) => sum + Number(count), 0)
  await until(() => it.lines().length >= 8000 || missed() > 0)
  const result = audit(it.lines().map(line => JSON.parse(line)), 'w', 8000)
  t.strictSame({ ...result, missing: missed() > 0 ? [] : result.missing }, { missing: [], duplicates: [], unordered: 0 })
  t.comment(`${result.missing.length} lines missed, ${missed()} segments told`)
})

t.test('nothing is touched', async t => {
  const cwd = t.testdir({ logs: { 'app.1.log': lines(0, 3) }, other: { 'app.1.log': lines(0, 3) } })
  const look = (): unknown => fs.readdirSync(cwd, { recursive: true }).sort().map(name => {
    const { mtimeMs, ctimeMs, size } = fs.statSync(join(cwd, String(name)))
    return { name, mtimeMs, ctimeMs, size }
  })
  const before = look()
  const it = await following(t, ['logs/app', 'other'], cwd, 6)
  await it.kill()
  t.strictSame(look(), before)
})
