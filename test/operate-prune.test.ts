// `prune`: logs, datasets, dumps and dead letters keep to a limit; what is being written, and what is nobody's of ours, stays.
import t from 'tap'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { createDumper, jsonl } from 'pino-blackbox'
import { files, run } from './fixtures/dataset.js'
import { produce } from './fixtures/harness.js'
import { command } from './fixtures/viewer.js'
import { asked } from './fixtures/wrecked.js'

const HOUR = 3_600_000

/** Files of these names and contents, one hour older each; the last one is the newest. */
function aged (directory: string, names: readonly string[], text = '{"a":1}\n'): void {
  fs.mkdirSync(directory, { recursive: true })
  for (const [at, name] of names.entries()) {
    fs.writeFileSync(join(directory, name), text)
    const time = new Date(Date.now() - (names.length - at) * HOUR)
    fs.utimesSync(join(directory, name), time, time)
  }
}

const removed = ({ answer }: { answer: any }): string[] => answer.places.flatMap(({ files }: { files: Array<{ path: string }> }) => files.map(({ path }) => basename(path)))

t.test('a log by number, age and size; foreign names are not touched', async t => {
  const directory = t.testdir({})
  const foreign = ['app.log', 'app.1.jsonl.bak', 'app.x.jsonl', 'report.1.json']
  const ours = ['app.1.jsonl.gz', 'app.2.jsonl', 'app.3.jsonl', 'app.4.jsonl']
  aged(directory, [...foreign, ...ours])
  t.same(removed(await asked('prune', directory, '--count', '2', '--dry-run')), ours.slice(0, 2))
  t.equal(fs.readdirSync(directory).length, 8, 'dry')
  t.match(await command(['prune', directory, '--age', '210m']), { code: 0, stdout: /removed \S*app\.1\.jsonl\.gz/ })
  t.same(removed(await asked('prune', directory, '--total-size', '16')), ['app.2.jsonl'])
  t.same(removed(await asked('prune', join(directory, 'app'), '--count', '1')), ['app.3.jsonl'])
  t.same(fs.readdirSync(directory).sort(), [...foreign, 'app.4.jsonl'].sort())
})

t.test('a log with dates in its names', async t => {
  const directory = t.testdir({})
  const ours = ['app.2026-01-30.7.log', 'app.2026-02-01.1.log', 'app.2026-02-01.2.log']
  aged(directory, [...ours, 'odd.30_01.1.log', 'odd.31_01.1.log'])
  t.same(removed(await asked('prune', directory, '--count', '1')), ours.slice(0, 2))
  t.same(removed(await asked('prune', directory, '--count', '1', '--date-format', 'dd_MM')), ['odd.30_01.1.log'])
})

t.test('beside a living writer: the file that it writes stays', async t => {
  const directory = t.testdir({})
  const producer = produce({ transport: jsonl({ file: join(directory, 'app'), extension: 'jsonl', size: '4k' }), writer: 'a', count: 200, ackEvery: 10, burst: 10 })
  await producer.exited
  const living = produce({ transport: jsonl({ file: join(directory, 'app'), extension: 'jsonl', size: '100m' }), writer: 'a', ackEvery: 10, burst: 10 })
  await living.reached(10)
  const before = fs.readdirSync(directory).filter(name => name.startsWith('app'))
  const { code, answer } = await asked('prune', directory, '--total-size', '1')
  t.equal(code, 0)
  t.equal(removed({ answer }).length, before.length - 1)
  t.equal(fs.readdirSync(directory).filter(name => name.startsWith('app')).length, 1)
  await living.reached(living.acked + 10)
  t.same(living.errors, [])
  living.process.kill('SIGKILL')
  await living.exited
})

t.test('a dataset, and the partitions that get empty', async t => {
  const dir = join(t.testdir({}), 'data')
  for (const day of [1, 2, 3]) await run({ dir, partition: 'day' }, { level: 30, time: Date.UTC(2026, 0, day), msg: 'a' })
  fs.writeFileSync(join(dir, 'notes.parquet'), 'of somebody else')
  t.match(removed(await asked('prune', dir, '--count', '1')), { length: 2 })
  t.match(files(dir), ['dt=2026-01-03/'].map(name => new RegExp(name)).concat([/notes/]).slice(0, files(dir).length))
  t.same(fs.readdirSync(dir).sort(), ['dt=2026-01-03', 'notes.parquet'])
})

t.test('dumps', async t => {
  const dumpPath = t.testdir({ 'mine.json': '{}' })
  const dumper = createDumper({ enabled: true, dumpPath })
  for (const name of ['a', 'b', 'c']) await dumper.dumpStruct({ name }, name)
  t.match(removed(await asked('prune', dumpPath, '--count', '1')), { length: 2 })
  t.match(fs.readdirSync(dumpPath).filter(name => !name.startsWith('.')).sort(), [/^c_.*json$/, 'mine.json'])
})

t.test('dead letters, but nothing that waits for its delivery', async t => {
  const home = join(t.testdir({}), 'http-shop')
  const id = (writer: string, number: number): string => `${String(number).padStart(15, '0')}-${writer.repeat(16)}-${String(number).padStart(9, '0')}`
  aged(join(home, 'dead'), [1, 2, 3].map(number => `${id('a', number)}.jsonl`), '{"key":"k","record":"{}"}\n')
  aged(join(home, 'b'.repeat(16)), [`${id('b', 1)}.1.jsonl`])
  fs.writeFileSync(join(home, 'dead', 'notes.txt'), '')
  t.same(removed(await asked('prune', home, '--count', '1')), [1, 2].map(number => `${id('a', number)}.jsonl`))
  t.same(fs.readdirSync(join(home, 'dead')), [`${id('a', 3)}.jsonl`, 'notes.txt'])
  t.equal(fs.readdirSync(join(home, 'b'.repeat(16))).length, 1)
})

t.test('a limit is needed, and has to be one', async t => {
  const directory = t.testdir({ 'app.1.log': '{}\n' })
  t.match(await command(['prune', directory]), { code: 2, stderr: /without --count, --age or --total-size/ })
  t.match(await command(['prune', directory, '--count', '0']), { code: 2, stderr: /positive integer/ })
  t.match(await command(['prune', directory, '--age', 'old']), { code: 2, stderr: /a duration/ })
  t.match(await command(['prune', directory, '--total-size', 'big']), { code: 2, stderr: /a size/ })
  t.match(await command(['prune', join(directory, 'app.1.log'), '--count', '1']), { code: 1, stderr: /name that/ })
  t.ok(fs.existsSync(join(directory, 'app.1.log')))
})
