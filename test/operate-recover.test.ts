// `recover` on what SIGKILLs left, whole and damaged: every acknowledged line is there once afterwards, and what is lost, the line that
// was being written, is told and kept.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { jsonl, parquet } from 'pino-blackbox'
import { files, query } from './fixtures/dataset.js'
import { audit, produce, readLines } from './fixtures/harness.js'
import { command } from './fixtures/viewer.js'
import { asked, copyOf, flip, pathsOf, wreck } from './fixtures/wrecked.js'

const original = t.testdir({})
let acked = 0
t.before(async () => { acked = await wreck(original) })

const HALF = '{"level":30,"time":1,"msg":"a line that br'

/** Everything that was acknowledged is in the dataset, once; by default. */
const rowsIn = async (directory: string): Promise<{ lines: number, numbers: number, acked: number }> => {
  const [found] = await query(join(directory, 'data'), `count(*) as lines, count(distinct seq) as numbers, count(distinct seq) filter (seq < ${acked}) as acked`)
  return { lines: Number(found!.lines), numbers: Number(found!.numbers), acked: Number(found!.acked) }
}

const whole = async (t: Test, directory: string): Promise<void> => {
  const { lines, numbers, acked: there } = await rowsIn(directory)
  t.equal(there, acked, 'acknowledged lines are in the dataset')
  t.equal(lines, numbers, 'once')
}
type Test = Parameters<typeof copyOf>[0]

t.test('dry run: tells what would be done and does nothing', async t => {
  const directory = copyOf(t, original)
  fs.appendFileSync(pathsOf(directory, /^app\.\d+\.jsonl$/).at(-1)!, HALF)
  const before = fs.readdirSync(directory, { recursive: true }).sort()
  const { code, answer } = await asked('recover', directory, '--dry-run')
  t.equal(code, 0)
  t.equal(answer.places.length, 3)
  t.equal(answer.dryRun, true)
  t.match((await command(['recover', directory, '--dry-run'])).stdout, /would be put in order/)
  t.same(fs.readdirSync(directory, { recursive: true }).sort(), before)
})

t.test('everything: the dataset is complete, the journal is in order, the log ends with a whole line', async t => {
  const directory = copyOf(t, original)
  const [log] = pathsOf(directory, /^app\.\d+\.jsonl$/).sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)
  const open = pathsOf(directory, /spool.*\.open$/)[0]
  fs.appendFileSync(log!, HALF)
  if (open) fs.appendFileSync(open, HALF)
  const { code, answer, stderr } = await asked('recover', directory)
  t.match({ code, stderr }, { code: 0, stderr: '' })
  const torn = answer.places.flatMap((place: { torn: unknown[] }) => place.torn)
  t.match(torn.filter(({ path }: { path: string }) => path === log), [{ offset: Number, bytes: Number, kept: String }])
  for (const { kept, bytes } of torn) t.equal(fs.statSync(kept).size, bytes)
  t.ok(torn.some(({ kept }: { kept: string }) => fs.readFileSync(kept, 'utf8').endsWith(HALF)))
  await whole(t, directory)
  const lines = await readLines(directory, 'app')
  t.match(audit(lines, 'a', acked), { missing: [], duplicates: [], unordered: 0 })
  const segments = pathsOf(join(directory, 'spool'), /\.(jsonl|open)$/)
  t.ok(segments.length > 0 && segments.every(path => path.endsWith('.jsonl')), 'sealed')
  const spooled = segments.flatMap(path => fs.readFileSync(path, 'utf8').trimEnd().split('\n')).map(line => JSON.parse(line))
  t.match(audit(spooled, 'a', acked), { missing: [], duplicates: [] })
  t.match(await asked('verify', directory), { code: 0, answer: { damages: [] } })
  t.same(pathsOf(directory, /\.data\.blackbox/), [], 'the journal of the dataset is gone')
  t.match(await asked('recover', join(directory, 'app'), join(directory, 'data')), { code: 0, answer: { places: [{ torn: [] }] } }, 'once more: nothing to do')
})

t.test('the columns and partitions of the dataset are those that it had', async t => {
  const directory = copyOf(t, original)
  await asked('recover', join(directory, 'data'))
  t.ok(files(join(directory, 'data')).every(name => /^dt=.*\/hr=\d\d\//.test(name)))
  const [{ writers }] = await query(join(directory, 'data'), 'count(writer) as writers') as [{ writers: number }]
  t.ok(Number(writers) >= acked)
})

for (const [name, harm] of Object.entries<(checkpoint: string) => void>({
  'a byte flipped at its beginning': path => flip(path, 1),
  'a byte flipped in a footer': path => flip(path, fs.readFileSync(path, 'utf8').indexOf('"footer":"') + 14),
  'a length that is another one': path => fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/"length":(\d+)/, (_, length) => `"length":${Number(length) - 3}`)),
  'a key that is gone': path => fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('"converted"', '"convertee"')),
  'nothing in it': path => fs.truncateSync(path, 0)
})) {
  t.test(`a damaged checkpoint, ${name}: no line is lost`, async t => {
    const directory = copyOf(t, original)
    const [checkpoint] = pathsOf(directory, /checkpoint\.json$/)
    const staged = pathsOf(directory, /\.staged$/)
    t.ok(checkpoint && staged.length > 0, 'there is something to lose')
    harm(checkpoint!)
    const { answer, stderr } = await asked('recover', join(directory, 'data'))
    t.equal(stderr, '')
    t.match(JSON.stringify(answer.places.map(({ notes }: { notes: string[] }) => notes)), /checkpoint of writer \w+ is damaged; its copy is whole, and nothing is lost/)
    await whole(t, directory)
  })
}

t.test('a byte flipped in a line of a segment: that line alone is no record, and is kept as it is', async t => {
  const directory = copyOf(t, original)
  // The first ones may be converted already.
  const segment = pathsOf(directory, /\.data\.blackbox.*\d\.jsonl$/).at(-1)
  const { seq } = JSON.parse(fs.readFileSync(segment!, 'utf8').split('\n')[0]!) as { seq: number }
  const [sealed] = pathsOf(directory, /spool.*\.jsonl$/)
  for (const path of [segment!, sealed!]) flip(path, 0)
  const { code, answer } = await asked('recover', directory)
  t.equal(code, 1, 'the damage stays')
  const damages = answer.places.flatMap(({ damages }: { damages: unknown[] }) => damages)
  t.match(damages.find(({ path }: { path: string }) => path === segment), { offset: 0, line: 1, expected: 'a JSON object' })
  t.equal((await rowsIn(directory)).acked, seq < acked ? acked - 1 : acked, 'no other record is lost')
  const [{ corrupt }] = await query(join(directory, 'data'), 'count(_corrupt) as corrupt') as [{ corrupt: number }]
  t.equal(Number(corrupt), 1, 'but in _corrupt')
})

t.test('beside a process that lives: its files are left alone, and what a dead one left goes', async t => {
  const directory = t.testdir({})
  const transport = jsonl({ file: join(directory, 'app'), extension: 'jsonl', size: '1m' })
  const living = produce({ transport, writer: 'a', burst: 10, ackEvery: 10, pause: 20 })
  await living.reached(100)
  const dead = produce({ transport, writer: 'b', burst: 10, ackEvery: 10 })
  await dead.reached(100)
  dead.process.kill('SIGKILL')
  await dead.exited
  const { code, answer } = await asked('recover', directory)
  t.match({ code, answer }, { code: 0, answer: { places: [{ writers: 1 }] } })
  await living.reached(living.acked + 100)
  t.match((await asked('ls', directory)).answer.places, [{ writers: [{ alive: true }] }])
  t.same(living.errors, [])
  living.process.kill('SIGKILL')
  await living.exited
  await asked('recover', directory)
  const lines = await readLines(directory, 'app')
  for (const { acked, writer } of [{ ...living, writer: 'a' }, { ...dead, writer: 'b' }]) t.match(audit(lines, writer, acked), { missing: [], duplicates: [] })
})

t.test('a log without a sign that it is ours is cut only when it is named', async t => {
  const directory = t.testdir({ 'other.1.log': `{"a":1}\n${HALF}` })
  const path = join(directory, 'other.1.log')
  t.match(await asked('recover', directory), { code: 0, answer: { places: [{ torn: [] }] } })
  t.match(fs.readFileSync(path, 'utf8'), HALF)
  t.match(await asked('recover', join(directory, 'other')), { code: 0, answer: { places: [{ torn: [{ offset: 8, bytes: HALF.length }] }] } })
  t.equal(fs.readFileSync(path, 'utf8'), '{"a":1}\n')
  t.equal(fs.readFileSync(`${path}.damaged`, 'utf8'), HALF)
  t.same(fs.readdirSync(directory).sort(), ['other.1.log', 'other.1.log.damaged'], 'and nothing else is left')
})

t.test('a journal that is elsewhere says which dataset it is of; one that has lost that needs --dir', async t => {
  const directory = t.testdir({})
  const dir = join(directory, 'data')
  const producer = produce({ transport: parquet({ dir, size: '20k', columns: { seq: 'int32' }, journal: { dir: join(directory, 'journals') } }), writer: 'a', ackEvery: 100 })
  await producer.reached(300)
  producer.process.kill('SIGKILL')
  await producer.exited
  const copy = join(original, 'elsewhere')
  fs.cpSync(directory, copy, { recursive: true, filter: path => !fs.lstatSync(path).isSocket() })
  t.match(await command(['recover', join(directory, 'journals')]), { code: 0, stdout: /published/ })
  const found = async (columns: string) => (await query(dir, `count(distinct seq) filter (seq < ${producer.acked}) as acked${columns}`))[0]!
  t.equal(Number((await found('')).acked), producer.acked)

  fs.rmSync(directory, { recursive: true })
  fs.renameSync(copy, directory)
  const [home] = pathsOf(join(directory, 'journals'), /^parquet-\w+$/)
  for (const path of pathsOf(home!, /journal\.json$/)) flip(path, 0)
  t.match(await command(['recover', home!]), { code: 1, stderr: /Expected `dir` to name the dataset of .*parquet-/ })
  t.match(await command(['recover', home!, '--dir', join(directory, 'elsewhere')]), { code: 1, stderr: /Expected `dir` to be the dataset of/ })
  t.match(await command(['recover', home!, '--columns', 'seq']), { code: 2, stderr: /<name>=<value>/ })
  const options = ['--columns', 'seq=int32', '--columns', 'writer={"name":"who","type":"string"}', '--codec', 'snappy', '--partition', 'day']
  t.match(await command(['recover', home!, '--dir', dir, ...options]), { code: 0, stdout: /cannot be read from it[^]*published/ })
  t.match(await found(', count(distinct who) as writers'), { writers: 1 })
  t.equal(Number((await found('')).acked), producer.acked)
  t.match(await command(['recover', join(dir, files(dir)[0]!)]), { code: 1 })
})
