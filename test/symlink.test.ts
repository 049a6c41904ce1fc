// current.log leads to the file being written, always, and is never in the way of anything.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { clocked, HOUR, lineOf, open, range, remote, run, seqs, type Opened } from './fixtures/jsonl.js'
import { logFiles, until } from './fixtures/harness.js'

const target = (directory: string): string => fs.readlinkSync(join(directory, 'current.log'))
/** What is there besides log files, the link and the hidden directory of living writers. */
const strange = (directory: string): string[] =>
  fs.readdirSync(directory).filter(name => !/^app\.\d+\.log$|^current\.log$|^\.app\.log\.blackbox$/.test(name))

t.test('it follows every rotation and every start', async t => {
  const directory = t.testdir()
  const options = { file: join(directory, 'app'), size: '1000b', symlink: true }
  const log = open(options)
  for (const seq of range(10)) {
    log.write(lineOf(600, seq))
    await log.flush()
    t.equal(target(directory), `app.${seq + 1}.log`)
    t.match(fs.readFileSync(join(directory, 'current.log'), 'utf8'), `"seq":${seq}`)
  }
  await log.end()
  t.equal(target(directory), 'app.10.log', 'it stays when the run is over')
  fs.rmSync(join(directory, 'current.log'))
  await run(options)
  t.equal(target(directory), 'app.10.log', 'and is there again after a start')
  await run(options, lineOf(600, 10))
  t.equal(target(directory), 'app.11.log')
  t.same(strange(directory), [])
})

t.test('without the option there is none', async t => {
  const directory = t.testdir()
  await run({ file: join(directory, 'app') }, lineOf(100, 0))
  t.same(fs.readdirSync(directory), ['app.1.log'])
})

t.test('a link that leads elsewhere or nowhere is replaced', async t => {
  for (const elsewhere of ['other.log', 'missing.log', '/nowhere/at/all']) {
    const directory = t.testdir({ 'other.log': 'other\n' })
    fs.symlinkSync(elsewhere, join(directory, 'current.log'))
    await run({ file: join(directory, 'app'), symlink: true }, lineOf(100, 0))
    t.equal(target(directory), 'app.1.log')
    t.equal(fs.readFileSync(join(directory, 'other.log'), 'utf8'), 'other\n', 'what it led to is not')
  }
})

t.test('a file or directory of that name is left alone, and logging goes on', async t => {
  for (const there of ['mine\n', { file: 'mine\n' }]) {
    const directory = t.testdir({ 'current.log': there })
    const log = remote({ file: join(directory, 'app'), size: '1000b', symlink: true })
    log.write(...range(5).map(seq => lineOf(600, seq)))
    await log.end()
    t.same(await seqs(directory), range(5))
    t.equal(fs.readFileSync(join(directory, 'current.log', typeof there === 'string' ? '' : 'file'), 'utf8'), 'mine\n')
    t.match(log.program.stderr, /current\.log is there and is not a symbolic link/)
    t.equal(log.program.stderr.trim().split('\n').length, 1, 'told once, not at every rotation')
    t.same(strange(directory), [])
  }
})

t.test('it leads to a log file at every moment, while two processes rotate', async t => {
  const directory = t.testdir()
  const options = { file: join(directory, 'app'), size: '1000b', symlink: true, limit: { count: 20 } }
  const logs = [remote(options), remote(options)]
  const work = async (log: Opened): Promise<void> => {
    for (const seq of range(120)) {
      log.write(lineOf(600, seq))
      await log.flush()
    }
  }
  t.teardown(() => { for (const log of logs) log.program.process.kill('SIGKILL') })
  await until(() => fs.existsSync(join(directory, 'current.log')))
  const state = { over: false }
  const working = Promise.all(logs.map(work)).finally(() => { state.over = true })
  const wrong: string[] = []
  let looks = 0
  while (!state.over) {
    // Both writers may well have gone on between reading the link and following it; following it is one step.
    if (!fs.existsSync(join(directory, 'current.log'))) wrong.push(target(directory))
    looks++
    await new Promise(resolve => setImmediate(resolve))
  }
  await working
  t.ok(looks > 100, `${looks} looks`)
  t.same(wrong, [])
  t.ok(logFiles(directory, 'app').slice(-2).includes(target(directory)))
  for (const log of logs) await log.end()
  t.same(strange(directory), [], 'no half-made links are left')
})

t.test('after a boundary at which nothing was logged it leads to the last file, which is not compressed before there is another', async t => {
  const directory = t.testdir()
  const half = HOUR / 2 - Date.now() % HOUR
  const log = clocked(directory, { file: join(directory, 'app'), frequency: 'hourly', compress: 'gzip', limit: { count: 5 }, symlink: true }, half)
  log.write(lineOf(100, 0))
  await log.flush()
  fs.writeFileSync(join(directory, 'app.5.log'), lineOf(100, 1) + '\n')
  log.shift(half + HOUR)
  await until(() => fs.existsSync(join(directory, 'app.5.log.gz')))
  t.ok(fs.existsSync(join(directory, 'current.log')), `it leads to ${target(directory)}, there is ${logFiles(directory, 'app')}`)
  t.equal(target(directory), 'app.1.log')
  log.write(lineOf(100, 1))
  await log.flush()
  t.equal(target(directory), 'app.6.log')
  await until(() => fs.existsSync(join(directory, 'app.1.log.gz')) && !fs.existsSync(join(directory, 'app.1.log')))
  t.ok(fs.existsSync(join(directory, 'current.log')))
  await log.end()
})
