// A13: a thousand dumps of one name at once are a thousand whole files, from one thread, from several, and from several processes.
import t, { type Test } from 'tap'
import { basename, join } from 'node:path'
import { beside, dumping, dumps, events, json, told, torn, type Dumping } from './fixtures/dump-files.js'

const MANY = 1000
const FOUR = [{}, {}, {}, {}]

async function dumpsOf (t: Test, job: Dumping, processes = 1, many = MANY): Promise<string> {
  const dumpPath = join(t.testdir(), 'dumps')
  const options = { enabled: true, dumpPath, rate: false as const, maxBackups: 2 * MANY }
  const children = Array.from({ length: processes }, () => dumping({ options, name: 'same', ...job }))
  for (const child of children) t.match(await child.exited, { code: 0 }, child.stderr)
  const paths = children.flatMap(told)
  t.equal(paths.length, many)
  t.equal(new Set(paths).size, many, 'each has a path of its own')
  t.strictSame(paths.map(path => basename(path!)).sort(), dumps(dumpPath), 'these files are there, and no others')
  t.strictSame(torn(dumpPath), [])
  t.strictSame(beside(dumpPath), dumps(dumpPath), 'beside them only their markers')
  return dumpPath
}

for (const [title, job, processes] of [
  ['one thread', { count: MANY }, 1], ['4 worker threads', { count: MANY / 4, threads: FOUR }, 1], ['4 processes', { count: MANY / 4 }, 4]
] as const) {
  t.test(`a thousand structs from ${title}`, async t => {
    const dumpPath = await dumpsOf(t, job, processes)
    const seen = dumps(dumpPath).map(name => json(join(dumpPath, name))).map(({ writer, seq }) => `${writer} ${seq}`)
    t.equal(new Set(seen).size, MANY, 'each is one of those that were dumped, and none is there twice')
  })
}

t.test('streams of events from 4 worker threads at the same time are not mixed', async t => {
  const dumpPath = await dumpsOf(t, { kinds: ['events'], count: 50, threads: FOUR }, 1, 200)
  const seen = new Set<string>()
  for (const name of dumps(dumpPath)) {
    const lines = events(join(dumpPath, name)).slice(0, -1)
    t.strictSame(lines.map(({ at }) => at), [0, 1, 2, 3, 4], name)
    seen.add(`${lines[0].writer} ${lines[0].seq}`)
  }
  t.equal(seen.size, 200)
})
