// Rotation by size, P11 and F17: exact to the byte, on line boundaries, in order, whatever way the lines come.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { shutdown } from 'pino-blackbox'
import { filled, lineOf, open, others, range, run, seqs, texts } from '../fixtures/jsonl.js'
import { logFiles } from '../fixtures/harness.js'

const MIB = 1024 * 1024
const LINES = Number(process.env.ROTATION_LINES ?? 50_000)

const sizes = (directory: string): number[] => logFiles(directory, 'app').map(name => fs.statSync(join(directory, name)).size)

t.test('a file is filled to the last byte that `size` allows', async t => {
  const directory = t.testdir()
  await run({ file: join(directory, 'app'), size: '1000b' }, ...range(35).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [1000, 1000, 1000, 500])
  t.same(await seqs(directory), range(35))
})

t.test('one byte more than `size` goes to the next file', async t => {
  const directory = t.testdir()
  await run({ file: join(directory, 'app'), size: '999b' }, ...range(20).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [900, 900, 200])
})

t.test('`size` counts bytes, not characters', async t => {
  for (const fill of ['é', '漢', '😀']) {
    const directory = t.testdir({})
    await run({ file: join(directory, 'app'), size: '1000b' }, ...range(25).map(seq => lineOf(100, seq, fill)))
    t.same(sizes(directory), [1000, 1000, 500], fill)
    t.same(await seqs(directory), range(25))
  }
})

t.test('chunks of several MiB are cut between lines, the files are what a line at a time would have made', async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), size: '200k' })
  // Lengths without a pattern that could fit the size by luck, text of one to four bytes a character.
  const lines = range(6000).map(seq => lineOf(50 + (seq * 7919) % 1999, seq, ['x', 'é', '漢', '😀'][seq % 4]))
  for (let at = 0; at < lines.length; at += 3000) log.write(...lines.slice(at, at + 3000))
  await log.end()
  t.strictSame(await texts(directory), filled(lines, 200 * 1024))
})

t.test('a line longer than `size` is alone in its file, wherever it stands', async t => {
  const long = 5000
  for (const [where, lengths] of Object.entries({
    first: [long, 100, 100], middle: [100, 100, long, 100], last: [100, long], two: [100, long, long, 100], only: [long]
  })) {
    const directory = t.testdir({})
    const lines = lengths.map((bytes, seq) => lineOf(bytes, seq))
    await run({ file: join(directory, 'app'), size: '1000b' }, ...lines)
    t.strictSame(await texts(directory), filled(lines, 1000), where)
  }
})

t.test('a line of 9 MiB among small ones goes round the 4 MiB ring whole', async t => {
  const directory = t.testdir()
  const lines = range(3000).map(seq => lineOf(seq === 1500 ? 9 * MIB : 150, seq, seq === 1500 ? '漢' : 'é'))
  await run({ file: join(directory, 'app'), size: '64k' }, ...lines)
  t.strictSame(await texts(directory), filled(lines, 64 * 1024))
  t.equal(sizes(directory).filter(size => size > 64 * 1024).length, 1)
})

t.test('lines that come one by one, through pino\'s `targets`, fill the files to the byte', async t => {
  const directory = t.testdir()
  const options = (name: string) => ({ file: join(directory, name), size: '10k' })
  const stream = pino.transport({
    targets: [
      { target: 'pino-blackbox/jsonl', level: 'info', options: options('app') },
      { target: 'pino-blackbox/jsonl', level: 'debug', options: options('all') }
    ]
  })
  const log = pino({ level: 'debug', base: null, timestamp: false }, stream)
  const expected = { app: [] as string[], all: [] as string[] }
  for (const seq of range(3000)) {
    const level = seq % 3 === 0 ? 20 : 30
    const line = JSON.stringify({ level, seq, text: '漢'.repeat(seq % 60) })
    log[level === 20 ? 'debug' : 'info']({ seq, text: '漢'.repeat(seq % 60) })
    expected.all.push(line)
    if (level === 30) expected.app.push(line)
    if (seq % 100 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  await shutdown(log)
  t.strictSame(await texts(directory, 'app'), filled(expected.app, 10 * 1024))
  t.strictSame(await texts(directory, 'all'), filled(expected.all, 10 * 1024))
})

t.test(`${LINES} lines under full load are in order, no file is over \`size\``, async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), size: '256k' })
  for (let from = 0; from < LINES; from += 1000) {
    log.write(...range(1000, from).map(seq => lineOf(80 + seq % 40, seq)))
    await new Promise(resolve => setImmediate(resolve))
  }
  await log.end()
  t.ok(sizes(directory).every(size => size <= 256 * 1024 && size > 0))
  t.ok(sizes(directory).slice(0, -1).every(size => size > 256 * 1024 - 120), 'and none is closed before it is full')
  const found = await seqs(directory)
  t.equal(found.length, LINES)
  t.ok(found.every((seq, at) => seq === at), 'each once, in order')
})

t.test('1,000 rotations as fast as they go: every line has a file with a name of its own, in order', async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), size: '10b' })
  log.write(...range(1000).map(seq => lineOf(40, seq)))
  await log.flush()
  await log.end()
  t.strictSame(logFiles(directory, 'app'), range(1000, 1).map(number => `app.${number}.log`))
  t.strictSame(await seqs(directory), range(1000))
  t.same(others(directory), [], 'nothing else is left')
})

t.test('a restart goes on with the last file until it is full, then with the next number', async t => {
  const directory = t.testdir()
  const options = { file: join(directory, 'app'), size: '1000b' }
  await run(options, ...range(13).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [1000, 300])
  await run(options, ...range(4, 13).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [1000, 700], 'the last file is written on')
  await run(options, ...range(5, 17).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [1000, 1000, 200], 'and filled to the byte')
  await run(options, ...range(8, 22).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [1000, 1000, 1000])
  await run(options, lineOf(100, 30))
  t.same(sizes(directory), [1000, 1000, 1000, 100], 'a full one is not')
  t.same(await seqs(directory), range(31))
})

t.test('a restart with a smaller `size` does not touch files that are over it', async t => {
  const directory = t.testdir()
  await run({ file: join(directory, 'app'), size: '1000b' }, ...range(6).map(seq => lineOf(100, seq)))
  await run({ file: join(directory, 'app'), size: '300b' }, ...range(4, 6).map(seq => lineOf(100, seq)))
  t.same(sizes(directory), [600, 300, 100])
  t.same(await seqs(directory), range(10))
})

t.test('runs that log nothing add no files', async t => {
  const directory = t.testdir()
  for (let runs = 0; runs < 3; runs++) await run({ file: join(directory, 'app'), size: '1k' })
  t.same(sizes(directory), [0])
})

t.test('numbering goes on after the highest number, whatever gaps there are', async t => {
  const directory = t.testdir({ 'app.2.log': 'x'.repeat(1023) + '\n', 'app.11.log': 'x'.repeat(1023) + '\n' })
  await run({ file: join(directory, 'app'), size: '1k' }, lineOf(100, 0))
  t.strictSame(logFiles(directory, 'app'), ['app.2.log', 'app.11.log', 'app.12.log'])
})
