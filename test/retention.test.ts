// Which closed files go, P12: over restarts, by count, age and total size; never a file of somebody else, never one being written.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { clocked, DAY, HOUR, claimed, lineOf, open, others, range, remote, run, seqs } from './fixtures/jsonl.js'
import { logFiles, until } from './fixtures/harness.js'
import type { JsonlOptions } from 'pino-blackbox'

const numbers = (directory: string): number[] => logFiles(directory, 'app').map(name => Number(name.split('.')[1]))
const total = (directory: string): number => logFiles(directory, 'app').reduce((sum, name) => sum + (fs.statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0), 0)

/** `count` closed files of 1000 bytes, as an earlier run leaves them; number 1 is the oldest, by a minute each. */
function earlier (directory: string, count: number): void {
  for (const number of range(count, 1)) {
    const path = join(directory, `app.${number}.log`)
    fs.writeFileSync(path, range(10).map(at => `${lineOf(100, number * 10 + at)}\n`).join(''))
    const written = Date.now() / 1000 - (count - number) * 60
    fs.utimesSync(path, written, written)
  }
}

t.test('without a limit nothing is removed', async t => {
  const directory = t.testdir()
  earlier(directory, 30)
  await run({ file: join(directory, 'app'), size: '1000b' }, ...range(30).map(seq => lineOf(500, seq)))
  t.same(numbers(directory), range(45, 1))
})

t.test('count: that many closed files beside the one being written, those of earlier runs included', async t => {
  const directory = t.testdir()
  const options = { file: join(directory, 'app'), size: '1000b', limit: { count: 3 } }
  earlier(directory, 6)
  for (const start of range(3)) {
    const log = open(options)
    log.write(lineOf(1000, start))
    await log.flush()
    await until(() => numbers(directory).length === 4)
    await log.end()
    t.same(numbers(directory), range(4, 4 + start), `start ${start + 1}`)
  }
})

t.test('count: the limit holds through many rotations, the newest lines stay', async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { count: 5 } })
  for (const from of range(30)) {
    log.write(...range(10, from * 10).map(seq => lineOf(1000, seq)))
    await log.flush()
  }
  await until(() => numbers(directory).length === 6)
  await log.end()
  t.same(numbers(directory), range(6, 295))
  t.same(await seqs(directory), range(6, 294))
  t.same(others(directory), [])
})

t.test('compressed files count', async t => {
  const directory = t.testdir()
  earlier(directory, 6)
  for (const number of [1, 3, 4]) {
    const path = join(directory, `app.${number}.log`)
    const { atime, mtime } = fs.statSync(path)
    fs.writeFileSync(`${path}.gz`, zlib.gzipSync(fs.readFileSync(path)))
    fs.utimesSync(`${path}.gz`, atime, mtime)
    fs.rmSync(path)
  }
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { count: 3 } })
  await until(() => logFiles(directory, 'app').length === 4)
  await log.end()
  t.strictSame(logFiles(directory, 'app'), ['app.4.log.gz', 'app.5.log', 'app.6.log', 'app.7.log'])
})

t.test('age: what was last written longer ago goes, compressed or not', async t => {
  const directory = t.testdir()
  earlier(directory, 10)
  const old = join(directory, 'app.2.log')
  const { mtime } = fs.statSync(old)
  fs.writeFileSync(`${old}.gz`, zlib.gzipSync(fs.readFileSync(old)))
  fs.utimesSync(`${old}.gz`, mtime, mtime)
  fs.rmSync(old)
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { age: '4.5m' } })
  await until(() => !fs.existsSync(join(directory, 'app.5.log')))
  await log.end()
  t.strictSame(logFiles(directory, 'app'), range(6, 6).map(number => `app.${number}.log`))
})

t.test('age: the file that is written on is not removed, however old it is', async t => {
  const directory = t.testdir()
  earlier(directory, 2)
  fs.truncateSync(join(directory, 'app.2.log'), 100)
  for (const number of [1, 2]) fs.utimesSync(join(directory, `app.${number}.log`), 1e9, 1e9)
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { age: '1d' } })
  await until(() => !fs.existsSync(join(directory, 'app.1.log')))
  log.write(lineOf(100, 99))
  await log.end()
  t.same(numbers(directory), [2])
  t.same(await seqs(directory), [20, 99])
})

t.test('totalSize: holds with the file being written, before and after every rotation', async t => {
  const directory = t.testdir()
  earlier(directory, 9)
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { totalSize: '5000b' } })
  await until(() => numbers(directory).length === 5)
  t.same(numbers(directory), [6, 7, 8, 9, 10], 'room is kept for what the last one may grow to')
  for (const seq of range(40)) {
    log.write(lineOf(250, seq))
    await log.flush()
    await until(() => total(directory) <= 5000)
  }
  await log.end()
  t.same(numbers(directory), range(5, 15), 'no more is removed than has to be')
})

t.test('totalSize: holds after a boundary at which nothing was logged', async t => {
  const directory = t.testdir()
  const half = HOUR / 2 - Date.now() % HOUR
  const log = clocked(directory, { file: join(directory, 'app'), size: '1000b', frequency: 'hourly', limit: { totalSize: '2500b' } }, half)
  log.write(...range(4).map(seq => lineOf(500, seq)))
  await log.flush()
  log.shift(half + HOUR)
  await until(() => claimed(directory).length === 0)
  log.write(lineOf(900, 4))
  await log.flush()
  await until(() => total(directory) <= 2500, 3000).catch(() => {})
  t.ok(total(directory) <= 2500, `${logFiles(directory, 'app')}: ${total(directory)} bytes`)
  await log.end()
})

t.test('removeOtherLogFiles: false leaves the files of earlier runs alone', async t => {
  const directory = t.testdir()
  earlier(directory, 4)
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { count: 2, removeOtherLogFiles: false } })
  log.write(...range(6).map(seq => lineOf(1000, seq)))
  await log.flush()
  await until(() => numbers(directory).length === 7)
  await log.end()
  t.same(numbers(directory), [1, 2, 3, 4, 8, 9, 10])
})

t.test('files and directories of others are never removed', async t => {
  const foreign = [
    'app.x.log', 'app.1.log.bak', 'app.1.log.1', 'other.1.log', 'application.1.log', 'app-1.log', 'app.01.log', 'app.0.log', 'app.log', '.app.1.log',
    'app.2026-05-05.1.log', 'app.1.txt', 'app.1.log.xz', 'notes.txt'
  ]
  const dated = ['app.1.log', 'app.2026-02-30.1.log', 'app.20260505.1.log', 'app.2026-05-05.01.log', 'app.2026-05-05-10.1.log', 'app.2026-05-05.1.log.bak']
  const cases: Array<[JsonlOptions & object, string[]]> = [
    [{ file: 'app', size: '1000b' }, foreign], [{ file: 'app', size: '1000b', frequency: 'daily', dateFormat: 'yyyy-MM-dd' }, dated]
  ]
  for (const [options, names] of cases) {
    const directory = t.testdir(Object.fromEntries(names.map(name => [name, 'x\n'])))
    fs.mkdirSync(join(directory, options.dateFormat ? 'app.2026-05-05.7.log' : 'app.1.log'))
    for (const name of names) fs.utimesSync(join(directory, name), 1e9, 1e9)
    const before = fs.readdirSync(directory)
    const log = open({ ...options, file: join(directory, 'app'), limit: { count: 1, age: '1h', totalSize: '2500b' } })
    log.write(...range(6).map(seq => lineOf(1000, seq)))
    await log.flush()
    await until(() => fs.readdirSync(directory).filter(name => !name.endsWith('.blackbox')).length === before.length + 2)
    await log.end()
    t.same(before.filter(name => !fs.existsSync(join(directory, name))), [])
  }
})

t.test('files that are being written are never removed, nor counted as closed, whoever writes them', async t => {
  const directory = t.testdir()
  const other = remote({ file: join(directory, 'app') })
  other.write(lineOf(100, 1))
  await other.flush()
  fs.utimesSync(join(directory, 'app.1.log'), 1e9, 1e9)
  const log = open({ file: join(directory, 'app'), size: '1000b', limit: { count: 1, age: '1h', totalSize: '3500b' } })
  log.write(lineOf(1000, 2))
  await log.flush()
  for (const number of range(20, 3)) {
    log.write(lineOf(1000, number))
    await log.flush()
    await until(() => numbers(directory).length <= 3)
    t.same(numbers(directory), [1, number - 1, number])
  }
  other.write(lineOf(100, 0))
  await other.end()
  await log.end()
})

t.test('the oldest goes, also when the dates in names cannot be told apart in order', async t => {
  const directory = t.testdir()
  // pino-roll's own example for hourly files: on a 12-hour clock one in the afternoon comes before eleven.
  const at = (hour: number): number => hour * HOUR + HOUR / 2 - Date.now() % DAY
  const log = clocked(directory, { file: join(directory, 'app'), frequency: 'hourly', dateFormat: 'yyyy-MM-dd-hh', limit: { count: 2 } }, at(10))
  for (const hour of range(5, 10)) {
    log.shift(at(hour))
    log.write(lineOf(100, hour))
    await log.flush()
  }
  await until(() => logFiles(directory, 'app').length === 3)
  await log.end()
  t.same((await seqs(directory)).sort(), [12, 13, 14])
})

t.test('a restart goes on with the file of today, though one of last month has a later date in its name', async t => {
  const directory = t.testdir({ 'app.31.1.log': 'x\n' })
  const options: JsonlOptions = { file: join(directory, 'app'), frequency: 'daily', dateFormat: 'dd' }
  const before = fs.statSync(join(directory, 'app.31.1.log')).mtimeMs / 1000 - 20 * 86_400
  fs.utimesSync(join(directory, 'app.31.1.log'), before, before)
  const today = `app.${new Date().toISOString().slice(8, 10)}.1.log`
  await run(options, lineOf(100, 0))
  await run(options, lineOf(100, 1))
  t.same(logFiles(directory, 'app').sort(), [...new Set([today, 'app.31.1.log'])].sort())
})
