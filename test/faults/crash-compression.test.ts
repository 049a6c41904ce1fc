// F19: processes that are killed while they compress. Afterwards every line is there once, and nothing unfinished is left. At any moment:
// crash.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import { lineOf, others, range, remote, run, seqs, seqsByFile } from '../fixtures/jsonl.js'
import { logFiles, until } from '../fixtures/harness.js'

/** Text that takes its time to compress. */
const noise = (from: number, count: number): string =>
  range(count, from).map(seq => `${JSON.stringify({ seq, text: randomBytes(500).toString('base64') })}\n`).join('')

/** Names of everything in the directories of writers. */
const hidden = (directory: string): string[] => fs.readdirSync(directory, { recursive: true }).map(String).filter(name => name.startsWith('.'))

for (const [compress, suffix] of [['gzip', '.gz'], ['zstd', '.zst']] as const) {
  t.test(`${compress}: killed in the middle of a large file`, async t => {
    const directory = t.testdir({ 'app.1.log': noise(0, 30_000), 'app.2.log': `${lineOf(100, 30_000)}\n` })
    const options = { file: join(directory, 'app'), size: '1k', compress }
    for (const wait of [0, 20, 80]) {
      const log = remote(options)
      await until(() => hidden(directory).some(name => name.endsWith('.part')))
      await new Promise(resolve => setTimeout(resolve, wait))
      log.program.process.kill('SIGKILL')
      t.match(await log.program.exited, { signal: 'SIGKILL' })
      t.ok(hidden(directory).some(name => name.endsWith('.part')), 'it had not finished')
      t.strictSame(logFiles(directory, 'app'), ['app.1.log', 'app.2.log'], 'and nothing that has not is visible')
    }
    const log = remote(options)
    await until(() => fs.existsSync(join(directory, `app.1.log${suffix}`)) && !fs.existsSync(join(directory, 'app.1.log')))
    log.write(lineOf(100, 30_001))
    await log.end()
    const found = await seqs(directory)
    t.equal(found.length, 30_002)
    t.ok(found.every((seq, at) => seq === at), 'every line is there once, in order')
    t.same(others(directory), [], 'nothing unfinished is left')
  })
}

t.test('killed after the compressed file got its name and before the source went: the source is not written on', async t => {
  const directory = t.testdir()
  const options = { file: join(directory, 'app'), size: '1000b', compress: 'gzip' } as const
  // The writer's claim on app.1.log stays behind, as that of a writer that was compressing it does.
  const killed = remote(options)
  killed.write(...range(3).map(seq => lineOf(100, seq)))
  await killed.flush()
  killed.program.process.kill('SIGKILL')
  await killed.program.exited
  const first = join(directory, 'app.1.log')
  const { atime, mtime } = fs.statSync(first)
  fs.writeFileSync(`${first}.gz`, zlib.gzipSync(fs.readFileSync(first)))
  fs.utimesSync(`${first}.gz`, atime, mtime)

  const log = remote(options)
  for (const seq of range(20, 3)) {
    log.write(lineOf(100, seq))
    await log.flush()
  }
  await until(() => !fs.existsSync(first))
  await log.end()
  t.same(await seqs(directory), range(23), 'no line is lost or doubled')
})

t.test('killed while an older file is compressed: later lines go behind the newest one', async t => {
  const directory = t.testdir()
  const options = { file: join(directory, 'app'), size: '8m', compress: 'gzip' } as const
  const killed = remote(options)
  killed.write(noise(0, 7000).trimEnd())
  await killed.flush()
  // Longer than a file may be: it is alone in the second one, which is full with it, while the first has room left.
  killed.write(lineOf(9 * 1024 * 1024, 7000))
  await until(() => hidden(directory).some(name => name.endsWith('.part')))
  await killed.flush()
  killed.program.process.kill('SIGKILL')
  await killed.program.exited
  t.strictSame(logFiles(directory, 'app'), ['app.1.log', 'app.2.log'], 'it had not finished')
  await run(options, lineOf(100, 7001))
  const files = await seqsByFile(directory)
  t.ok(files.flat().every((seq, at) => seq === at), `files end with ${files.map(found => found.at(-1))}`)
})
