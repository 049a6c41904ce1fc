// E7, B28: flush() resolves only when every line logged before is in every output, whatever the logger is made of.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { console, jsonl, tee } from 'pino-blackbox'
import { fixture, program, readLines, type Line, type Program } from './fixtures/harness.js'

const LINES = 5000
const stamp = { target: fixture('stamp.js') }

interface Case {
  title: string
  shape?: string
  transports: (to: (name: string) => ReturnType<typeof jsonl>) => object[]
  /** Lowest level that each file gets. */
  expected: Record<string, number>
  until?: 'durable' | 'delivered'
}

const cases: Case[] = [
  { title: 'one target', transports: to => [to('a')], expected: { a: 10 } },
  { title: 'one target, until delivered', transports: to => [to('a')], expected: { a: 10 }, until: 'delivered' },
  { title: 'one target by name', transports: to => [{ ...to('a'), target: 'pino-blackbox/jsonl' }], expected: { a: 10 } },
  { title: 'one of targets without a level', transports: to => [{ targets: [to('a')] }], expected: { a: 10 } },
  { title: 'one of targets with a level', transports: to => [{ targets: [{ ...to('a'), level: 'debug' }] }], expected: { a: 20 } },
  { title: 'three targets', transports: to => [{ targets: [to('a'), to('b'), to('c')] }], expected: { a: 30, b: 30, c: 30 } },
  {
    title: 'targets with levels, one of them of another package',
    transports: to => [{ targets: [{ ...to('a'), level: 'trace' }, { target: 'pino/file', level: 'trace', options: { destination: '/dev/null' } }, { ...to('b'), level: 'error' }] }],
    expected: { a: 10, b: 50 }
  },
  { title: 'a tee', transports: to => [tee([to('a'), { ...to('b'), level: 'warn' }])], expected: { a: 10, b: 40 } },
  { title: 'a tee among targets', transports: to => [{ targets: [{ ...tee([to('a'), { ...to('b'), level: 'warn' }]), level: 'trace' }, to('c')] }], expected: { a: 10, b: 40, c: 30 } },
  { title: 'the console', transports: () => [console()], expected: { stdout: 10 } },
  { title: 'the console by name, alone in targets', transports: () => [{ targets: [{ target: 'pino-blackbox/console' }] }], expected: { stdout: 10 } },
  { title: 'the console with a level in targets', transports: to => [{ targets: [{ ...console(), level: 'error' }, to('a')] }], expected: { stdout: 50, a: 30 } },
  { title: 'the console at the end of a pipeline', transports: () => [{ pipeline: [stamp, console()] }], expected: { stdout: 10 } },
  {
    title: 'a tee by name, of names',
    transports: to => [{ target: 'pino-blackbox/tee', options: { outputs: [{ target: 'pino-blackbox/console', level: 30 }, { target: 'pino-blackbox/jsonl', options: to('a').options }] } }],
    expected: { stdout: 30, a: 10 }
  },
  { title: 'a tee at the end of a pipeline', transports: to => [{ pipeline: [stamp, tee([to('a'), { ...console(), level: 'warn' }])] }], expected: { a: 10, stdout: 40 } },
  { title: 'a pipeline', transports: to => [{ pipeline: [stamp, to('a')] }], expected: { a: 10 } },
  { title: 'a pipeline whose transform takes a turn for each line', transports: to => [{ pipeline: [{ ...stamp, options: { later: true } }, to('a')] }], expected: { a: 10 } },
  { title: 'a pipeline of nothing else', transports: to => [{ pipeline: [to('a')] }], expected: { a: 10 } },
  { title: 'a pipeline among targets', transports: to => [{ targets: [{ level: 'trace', pipeline: [stamp, to('a')] }, to('b')] }], expected: { a: 10, b: 30 } },
  { title: 'pino.multistream of two transports', shape: 'multistream', transports: to => [to('a'), tee([to('b'), to('c')])], expected: { a: 10, b: 10, c: 10 } },
  { title: 'a child of a child', shape: 'child', transports: to => [to('a')], expected: { a: 10 } },
  { title: 'a logger that made its transport itself', shape: 'inline', transports: to => [to('a')], expected: { a: 10 } },
  { title: "fastify's app.log", shape: 'fastify', transports: to => [to('a')], expected: { a: 10 } },
  { title: 'the stream of pino.transport()', shape: 'stream', transports: to => [to('a')], expected: { a: 10 } }
]

for (const { title, shape, transports, expected, until } of cases) {
  t.test(`flush with ${title}: a SIGKILL right after it loses nothing`, async t => {
    const directory = t.testdir()
    const to = (name: string): ReturnType<typeof jsonl> => jsonl({ file: join(directory, name), size: '1m' })
    const child = program('acknowledge.js', { transports: transports(to), shape, lines: LINES, until })
    t.match(await child.exited, { signal: 'SIGKILL' }, child.stderr)
    await there(t, directory, expected, child)
    if (title === 'a pipeline') t.ok((await readLines(directory, 'a')).every(({ stamped }) => stamped), 'and every line went through the transform')
  })
}

async function there (t: Test, directory: string, expected: Record<string, number>, { stdout }: Program): Promise<void> {
  for (const [name, lowest] of Object.entries(expected)) {
    const lines = name === 'stdout' ? stdout.split('\n').slice(0, -1).map(line => JSON.parse(line) as Line) : await readLines(directory, name)
    t.strictSame(lines.map(({ seq }) => seq), [...Array(LINES).keys()].filter(seq => (seq % 5 + 1) * 10 >= lowest), `all lines from level ${lowest} on are in ${name}`)
  }
}

t.test('flush with a logger from another copy of pino', async t => {
  const directory = t.testdir()
  const copy = join(directory, 'node_modules', 'pino')
  fs.cpSync(dirname(createRequire(import.meta.url).resolve('pino/package.json')), copy, { recursive: true })
  const transports = [tee([jsonl({ file: join(directory, 'a') }), console()])]
  const child = program('acknowledge.js', { transports, lines: LINES, pino: copy })
  t.match(await child.exited, { signal: 'SIGKILL' }, child.stderr)
  await there(t, directory, { a: 10, stdout: 10 }, child)
})
