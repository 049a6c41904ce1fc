// `replay`: what a killed process left in its journal, what was refused, and logs, sent again; whatever happens in between, nothing is
// lost, and what comes again comes under the same key.
import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { audit, cleanEnv, until } from './fixtures/harness.js'
import { judge, receiver } from './fixtures/receiver.js'
import { CLI, command } from './fixtures/viewer.js'
import { asked, copyOf, pathsOf, wreck } from './fixtures/wrecked.js'

const original = t.testdir({})
let acked = 0
t.before(async () => { acked = await wreck(original) })

const all = (acked: number): number[] => Array.from({ length: acked }, (_, seq) => seq)
/** Those with a whole line: the process may have been killed before the newest one had any. */
const segments = (directory: string): string[] => pathsOf(join(directory, 'spool'), /\.(jsonl|open)$/).filter(path => fs.readFileSync(path).includes('\n'))

t.test('a journal: every line once and in order, under the ids of its segments, which are removed', async t => {
  const directory = copyOf(t, original)
  const place = await receiver(t)
  const ids = segments(directory).map(path => /(\d{15}-\w{16}-\d{9})/.exec(path)![1])
  const { code, answer, stderr } = await asked('replay', join(directory, 'spool'), '--url', `${place.url}/x`)
  t.match({ code, stderr }, { code: 0, stderr: '' })
  const requests = await place.requests()
  t.same(judge(requests).accepted.get('a')!.slice(0, acked), all(acked))
  t.same(requests.map(({ key }) => key), ids)
  t.equal(answer.places[0].delivered, judge(requests).accepted.get('a')!.length)
  t.same(segments(directory), [])
  t.match(await asked('replay', join(directory, 'spool/http-shop'), '--url', place.url), { code: 1, stderr: /there is nothing at/ }, 'not even the directory is left')
})

t.test('--keep removes nothing, and the next time the same comes again', async t => {
  const directory = copyOf(t, original)
  const place = await receiver(t)
  for (const round of [1, 2]) t.match((await asked('replay', join(directory, 'spool'), '--url', place.url, '--keep')).code, 0, `round ${round}`)
  const { altered, doubled, repeats } = judge(await place.requests())
  t.match({ altered, doubled }, { altered: [], doubled: [] })
  t.ok(repeats > 0)
})

t.test('a receiver that fails for good in the middle: told, the rest stays and goes the next time', async t => {
  const directory = copyOf(t, original)
  const place = await receiver(t, { script: [{ status: 200 }, { status: 503 }, { status: 200 }, { status: 401 }] })
  const args = ['replay', join(directory, 'spool'), '--url', place.url]
  const before = segments(directory).length
  t.match(await command(args), { code: 1, stderr: /401 Unauthorized; what was not delivered stays where it is/ })
  t.equal(segments(directory).length, before - 2)
  await place.script([{ status: 200 }])
  t.match(await command(args), { code: 0, stdout: /records delivered/ })
  const { accepted, altered, doubled } = judge(await place.requests())
  t.match({ altered, doubled, lines: accepted.get('a')!.slice(0, acked) }, { altered: [], doubled: [], lines: all(acked) })
})

t.test('Ctrl-C: what is on its way arrives, the rest stays', async t => {
  const directory = copyOf(t, original)
  const place = await receiver(t, { script: [{ status: 200 }, { delay: 300 }] })
  const before = segments(directory).length
  const child = spawn(process.execPath, [CLI, 'replay', join(directory, 'spool'), '--url', place.url, '--json'], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.on('data', chunk => { stdout += chunk })
  await until(async () => (await place.requests()).length >= 2)
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  t.equal(code, 130)
  t.match(JSON.parse(stdout), { interrupted: true })
  const left = segments(directory).length
  t.ok(left > 0 && left < before, `${left} of ${before} are left`)
  t.match((await asked('replay', join(directory, 'spool'), '--url', place.url)).code, 0)
  t.same(judge(await place.requests()).accepted.get('a')!.slice(0, acked), all(acked))
})

t.test('what is refused becomes dead letters, and those are sent by their records', async t => {
  const directory = copyOf(t, original)
  const place = await receiver(t, { script: [{ status: 400, when: { contains: '"seq":7,' } }, { status: 200 }], texts: true })
  const dead = join(directory, 'spool/http-shop/dead')
  const refused = await asked('replay', join(directory, 'spool'), '--url', place.url)
  t.match(refused, { code: 1, answer: { places: [{ refused: 1 }] } })
  t.same(segments(directory).filter(path => !path.includes('/dead/')), [])
  t.match((await asked('ls', directory)).answer.places.find(({ output }: { output?: string }) => output === 'http'), { deadLetters: { records: 1 } })
  t.match(await asked('replay', dead, '--url', place.url), { code: 1, answer: { places: [{ delivered: 0, refused: 1 }] } }, 'refused again: it stays')
  t.equal(pathsOf(dead, /jsonl$/).length, 1)
  await place.script([{ status: 200 }])
  process.env.REPLAY_TOKEN = 'a token'
  t.teardown(() => { delete process.env.REPLAY_TOKEN })
  const [file] = pathsOf(dead, /jsonl$/)
  fs.appendFileSync(file!, 'no letter\n')
  t.match(await asked('replay', file!, '--url', place.url, '--auth-bearer-env', 'REPLAY_TOKEN', '--headers', 'x-again=yes', '--compress', 'false'), { code: 0, answer: { places: [{ delivered: 1, refused: 0 }] } })
  const last = (await place.requests()).at(-1)!
  t.match(last, { headers: { authorization: 'Bearer a token', 'x-again': 'yes' }, key: /^\d{15}-\w{16}-\d{9}\// })
  t.match(JSON.parse(last.text!), { seq: 7 })
  t.equal(last.headers['content-encoding'], undefined)
  t.equal(fs.readFileSync(file!, 'utf8'), 'no letter\n', 'what is no letter stays')
  t.same(audit([...judge(await place.requests()).accepted.get('a')!].map(seq => ({ writer: 'a', seq, level: 30 })), 'a', acked).missing, [])
})

t.test('a log stays, and comes under keys that are the same each time', async t => {
  const directory = copyOf(t, original)
  const place = await receiver(t)
  const before = pathsOf(directory, /^app\.\d+\.jsonl$/).length
  for (const round of [1, 2]) t.match(await command(['replay', join(directory, 'app'), '--url', place.url]), { code: 0 }, `round ${round}`)
  t.equal(pathsOf(directory, /^app\.\d+\.jsonl$/).length, before)
  const { accepted, altered, repeats } = judge(await place.requests())
  t.match({ altered, lines: accepted.get('a')!.slice(0, acked).length }, { altered: [], lines: acked })
  t.equal(repeats, (await place.requests()).length / 2)
})

t.test('into a file; mistakes', async t => {
  const directory = copyOf(t, original)
  const file = join(directory, 'again.jsonl')
  t.match(await command(['replay', join(directory, 'spool'), '--to-jsonl', file]), { code: 0 })
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line))
  t.match(audit(lines, 'a', acked), { missing: [], duplicates: [], unordered: 0 })
  t.same(segments(directory), [])
  t.match(await command(['replay', join(directory, 'app'), '--to-jsonl', file]), { code: 1, stderr: /EEXIST/ })
  t.match(await command(['replay', join(directory, 'data'), '--url', 'http://127.0.0.1:9/']), { code: 1, stderr: /the journal of a dataset: `pino-blackbox recover`/ })
  t.match(await command(['replay', join(directory, 'app')]), { code: 2, stderr: /url/ })
  t.match(await command(['replay', join(directory, 'app'), '--url', 'ftp://x']), { code: 2, stderr: /http:\/\/ or https:\/\// })
  t.match(await command(['replay', join(directory, 'app'), '--url', 'http://x', '--headers', 'a']), { code: 2, stderr: /<name>=<value>/ })
  t.match(await command(['replay', join(directory, 'app'), '--url', 'http://x', '--auth-bearer', 'secret']), { code: 2, stderr: /a secret on a command line is seen by everyone/ })
})
