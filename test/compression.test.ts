// Compression of closed files: what comes out is what went in, whatever else happens meanwhile. Crashes: faults/crash-compression.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { clocked, HOUR, lineOf, others, range, remote, seqs, settled, texts } from './fixtures/jsonl.js'
import { logFiles, until } from './fixtures/harness.js'

const text = (from: number, count: number): string => range(count, from).map(seq => `${lineOf(100, seq, 'é')}\n`).join('')

/** A compressed file beside the one with this number, made of it unless another text is given. */
function twin (directory: string, number: number, own?: string, written?: number): void {
  const path = join(directory, `app.${number}.log`)
  fs.writeFileSync(`${path}.gz`, zlib.gzipSync(own ?? fs.readFileSync(path)))
  const time = written ?? fs.statSync(path).mtime
  fs.utimesSync(`${path}.gz`, time, time)
}

const closed = (directory: string): string[] => logFiles(directory, 'app').slice(0, -1)

for (const [compress, suffix] of [['gzip', '.gz'], ['zstd', '.zst']] as const) {
  t.test(`${compress}: closed files are compressed, the source goes, time and mode stay`, async t => {
    const directory = t.testdir({ 'app.1.log': text(0, 5), 'app.2.log': text(5, 5) })
    const first = join(directory, 'app.1.log')
    fs.chmodSync(first, 0o640)
    fs.utimesSync(first, 1_700_000_000, 1_700_000_000.5)
    const log = remote({ file: join(directory, 'app'), size: '1k', compress })
    log.write(...range(10, 10).map(seq => lineOf(100, seq, 'é')))
    await log.flush()
    await settled(directory, () => fs.readdirSync(directory).filter(name => name.endsWith(suffix)).length === 2 && !fs.existsSync(join(directory, 'app.2.log')), log)
    t.strictSame(logFiles(directory, 'app'), [`app.1.log${suffix}`, `app.2.log${suffix}`, 'app.3.log'])
    const { mtimeMs, mode } = fs.statSync(first + suffix)
    t.equal(mtimeMs, 1_700_000_000_500)
    t.equal(mode & 0o777, 0o640)
    t.same(await seqs(directory), range(20))
    await log.end()
    t.strictSame(logFiles(directory, 'app'), [`app.1.log${suffix}`, `app.2.log${suffix}`, 'app.3.log'], 'the last one is not compressed, though the run is over')
    t.same(others(directory), [])
  })

  t.test(`${compress}: a file of 10 MB, and an empty one`, async t => {
    const directory = t.testdir({ 'app.1.log': text(0, 100_000), 'app.2.log': '', 'app.3.log': text(100_000, 20) })
    const log = remote({ file: join(directory, 'app'), size: '2k', compress })
    await settled(directory, () => fs.existsSync(join(directory, `app.2.log${suffix}`)) && !fs.existsSync(join(directory, 'app.2.log')), log)
    await log.end()
    t.strictSame(closed(directory).slice(0, 2), [`app.1.log${suffix}`, `app.2.log${suffix}`])
    t.ok(fs.statSync(join(directory, `app.1.log${suffix}`)).size < 2_000_000, 'it has become smaller')
    const found = await texts(directory)
    t.ok(found[0] === text(0, 100_000), 'the same text')
    t.equal(found[1], '')
  })
}

t.test('rotating much faster than compressing loses nothing', async t => {
  const directory = t.testdir()
  const log = remote({ file: join(directory, 'app'), size: '1000b', compress: 'gzip' })
  const count = 1500
  for (let from = 0; from < count; from += 5) {
    log.write(...range(5, from).map(seq => lineOf(250, seq)))
    await log.flush()
  }
  await log.flush()
  await log.end()
  const found = (await seqs(directory)).sort((a, b) => a - b)
  const missing = new Set(range(count))
  for (const seq of found) missing.delete(seq)
  t.same([...missing], [], 'no line is lost')
  t.equal(found.length, count, 'none is doubled')
  t.same(others(directory), [], 'nothing unfinished is left')
})

t.test('a file that was begun while the directory was read is not taken for a closed one', async t => {
  const directory = t.testdir()
  const log = remote({ file: join(directory, 'app'), size: '1000b', compress: 'gzip' }, { env: { PRELOAD: 'slow-listing.js' } })
  let seq = 0
  // Every round rotates once and goes on in the new file, while the one before is compressed.
  for (let round = 0; round < 12; round++) {
    log.write(lineOf(700, seq++))
    await log.flush()
    for (let small = 0; small < 7; small++) {
      log.write(lineOf(40, seq++))
      await log.flush()
      // From here on everything in the list is compressed, one file after the other.
      if (small === 2 && round > 0) await until(() => fs.existsSync(join(directory, `app.${round}.log.gz`)))
    }
  }
  await log.end()
  const found = new Set(await seqs(directory))
  t.same(range(seq).filter(each => !found.has(each)), [], 'no line is lost')
  t.equal((await seqs(directory)).length, seq, 'none is doubled')
})

t.test('a file beside its compressed twin, as a crash before the removal leaves them, is removed', async t => {
  const directory = t.testdir({ 'app.1.log': text(0, 5), 'app.2.log': text(5, 5) })
  for (const number of [1, 2]) twin(directory, number)
  const log = remote({ file: join(directory, 'app'), size: '1k', compress: 'gzip' })
  await until(() => [1, 2].every(number => !fs.existsSync(join(directory, `app.${number}.log`))))
  log.write(lineOf(100, 10))
  await log.end()
  t.strictSame(logFiles(directory, 'app'), ['app.1.log.gz', 'app.2.log.gz', 'app.3.log'], 'and not written on, though it has room')
  t.same(await seqs(directory), range(11))
})

t.test('a compressed file of the same name that was not made of it costs no line', async t => {
  const directory = t.testdir({ 'app.1.log': text(0, 5), 'app.2.log': text(5, 5) })
  twin(directory, 1, 'another text\n', 1_700_000_000)
  const log = remote({ file: join(directory, 'app'), size: '1k', compress: 'gzip' })
  log.write(...range(10, 10).map(seq => lineOf(100, seq)))
  await log.flush()
  await until(() => fs.existsSync(join(directory, 'app.2.log.gz')) && !fs.existsSync(join(directory, 'app.2.log')))
  await log.end()
  t.equal(fs.readFileSync(join(directory, 'app.1.log'), 'utf8'), text(0, 5))
  t.equal(zlib.gunzipSync(fs.readFileSync(join(directory, 'app.1.log.gz'))).toString(), 'another text\n')
})

t.test('a directory under the name of a log file keeps nothing else from being compressed and removed', async t => {
  const directory = t.testdir({ 'app.1.log': { keep: 'x' }, 'app.2.log': text(0, 5), 'app.3.log': text(5, 5), 'app.4.log': text(10, 5) })
  const log = remote({ file: join(directory, 'app'), size: '1k', compress: 'gzip', limit: { count: 2 } })
  log.write(...range(10, 15).map(seq => lineOf(100, seq)))
  await log.flush()
  await until(() => fs.existsSync(join(directory, 'app.4.log.gz')) && [2, 4].every(number => !fs.existsSync(join(directory, `app.${number}.log`))), 5000).catch(() => {})
  t.strictSame(logFiles(directory, 'app'), ['app.1.log', 'app.3.log.gz', 'app.4.log.gz', 'app.5.log'])
  t.ok(fs.existsSync(join(directory, 'app.1.log', 'keep')))
  await log.end()
})

t.test('a file is compressed after its boundary, without traffic', async t => {
  const directory = t.testdir()
  const half = HOUR / 2 - Date.now() % HOUR
  const log = clocked(directory, { file: join(directory, 'app'), frequency: 'hourly', compress: 'gzip' }, half)
  log.write(lineOf(100, 0))
  await log.flush()
  log.shift(half + HOUR)
  await until(() => fs.existsSync(join(directory, 'app.1.log.gz')) && !fs.existsSync(join(directory, 'app.1.log')))
  log.write(lineOf(100, 1))
  await log.end()
  t.strictSame(logFiles(directory, 'app'), ['app.1.log.gz', 'app.2.log'])
  t.same(await seqs(directory), [0, 1])
})

t.test('`removeOtherLogFiles: false`: files of earlier runs are compressed, and one that this run went on with is its own to remove', async t => {
  const directory = t.testdir({ 'app.1.log': text(0, 9), 'app.2.log': text(9, 5) })
  const log = remote({ file: join(directory, 'app'), size: '1000b', compress: 'gzip', limit: { count: 1, removeOtherLogFiles: false } })
  log.write(...range(20, 14).map(seq => lineOf(100, seq)))
  await log.flush()
  await until(() => fs.existsSync(join(directory, 'app.3.log.gz')) && !fs.existsSync(join(directory, 'app.3.log')) && !fs.existsSync(join(directory, 'app.2.log.gz')))
  await log.end()
  t.strictSame(logFiles(directory, 'app'), ['app.1.log.gz', 'app.3.log.gz', 'app.4.log'])
})

t.test('an end in the middle of compressing is clean and silent; the next start does the rest', async t => {
  const directory = t.testdir({ 'app.1.log': text(0, 200_000), 'app.2.log': text(200_000, 1) })
  const options = { file: join(directory, 'app'), size: '1k', compress: 'gzip' } as const
  const log = remote(options)
  await until(() => fs.readdirSync(directory, { recursive: true }).some(name => String(name).endsWith('.part')))
  // However long these take, none of it is compressed meanwhile.
  log.program.process.kill('SIGSTOP')
  log.write(lineOf(100, 200_001))
  const ended = log.end()
  log.program.process.kill('SIGCONT')
  await ended
  t.equal(log.program.stderr, '')
  t.same(others(directory), [], 'nothing unfinished is left')
  t.strictSame(logFiles(directory, 'app'), ['app.1.log', 'app.2.log'])
  const next = remote(options)
  await until(() => !fs.existsSync(join(directory, 'app.1.log')))
  await next.end()
  t.ok((await seqs(directory)).every((seq, at) => seq === at))
  t.same(others(directory), [])
})

t.test('several writers that rotate while files are compressed lose nothing', async t => {
  const directory = t.testdir()
  const logs = range(4).map(() => remote({ file: join(directory, 'app'), size: '1000b', compress: 'gzip' }))
  let seq = 0
  // Each rotates once and goes on slowly in its new file, while the closed ones are compressed.
  for (let round = 0; round < 8; round++) {
    for (const log of logs) {
      log.write(lineOf(700, seq++))
      await log.flush()
      for (let small = 0; small < 5; small++) {
        log.write(lineOf(40, seq++))
        await log.flush()
        await new Promise(resolve => setTimeout(resolve, 15))
      }
    }
  }
  for (const log of logs) await log.end()
  const found = new Set(await seqs(directory))
  t.same(range(seq).filter(each => !found.has(each)), [], 'no line is lost')
  t.equal((await seqs(directory)).length, seq, 'none is doubled')
  t.same(others(directory), [])
})
