// F18: files are renamed, removed or truncated from outside while they are written, as logrotate does in its modes.
import t from 'tap'
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { claimed, lineOf, open, others, range, seqs, type Opened } from '../fixtures/jsonl.js'
import { until } from '../fixtures/harness.js'

/** A new file has to be there within about a second; the rest is for a slow machine. */
const SOON = 5000

const linesOf = (path: string): number[] => fs.readFileSync(path, 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line).seq)
const filled = (path: string): boolean => (fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0

/** Lines without pause while `work` goes on; gives their number. All of them have been flushed when it resolves. */
async function busy (log: Opened, work: (count: () => number) => Promise<void>): Promise<number> {
  const state = { seq: 0, over: false }
  const writing = (async () => {
    while (!state.over) {
      log.write(...range(20, state.seq).map(seq => lineOf(100, seq)))
      state.seq += 20
      await log.flush()
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  })()
  try {
    await work(() => state.seq)
  } finally {
    state.over = true
    await writing
  }
  return state.seq
}

t.test('rename: a new file takes the place within a second, no line is lost', async t => {
  const directory = t.testdir()
  const active = join(directory, 'app.1.log')
  const log = open({ file: join(directory, 'app') })
  const count = await busy(log, async () => {
    for (const at of [1, 2, 3]) {
      await until(() => filled(active), SOON)
      fs.renameSync(active, `${active}-${at}`)
    }
    await until(() => filled(active), SOON)
  })
  await log.end()
  const files = [1, 2, 3].map(at => `${active}-${at}`)
  t.same([...files, active].flatMap(linesOf), range(count), 'each once, in order, over the renamed files')
  t.same(others(directory), ['app.1.log-1', 'app.1.log-2', 'app.1.log-3'])
})

t.test('rename into another directory, without traffic', async t => {
  const directory = t.testdir({ old: {} })
  const active = join(directory, 'app.1.log')
  const log = open({ file: join(directory, 'app') })
  log.write(lineOf(100, 0))
  await log.flush()
  fs.renameSync(active, join(directory, 'old', 'app.1.log'))
  await until(() => fs.existsSync(active), SOON)
  log.write(lineOf(100, 1))
  await log.end()
  t.same(linesOf(join(directory, 'old', 'app.1.log')), [0])
  t.same(linesOf(active), [1])
})

t.test('rename and create: the file that was put there is written on', async t => {
  const directory = t.testdir()
  const active = join(directory, 'app.1.log')
  const log = open({ file: join(directory, 'app') })
  const created: number[] = []
  const count = await busy(log, async () => {
    for (const at of [1, 2, 3]) {
      await until(() => filled(active), SOON)
      fs.renameSync(active, `${active}-${at}`)
      fs.writeFileSync(active, '', { mode: 0o600, flag: 'wx' })
      created.push(fs.statSync(active).ino)
    }
    await until(() => filled(active), SOON)
  })
  await log.end()
  t.equal(fs.statSync(active).ino, created[2])
  t.equal(fs.statSync(active).mode & 0o777, 0o600)
  t.same([...[1, 2, 3].map(at => `${active}-${at}`), active].flatMap(linesOf), range(count))
})

t.test('unlink: a new file takes the place within a second, no line is lost to those who still hold the old one', async t => {
  const directory = t.testdir({ held: {} })
  const active = join(directory, 'app.1.log')
  const log = open({ file: join(directory, 'app') })
  const held = [1, 2, 3].map(at => join(directory, 'held', String(at)))
  const count = await busy(log, async () => {
    for (const link of held) {
      await until(() => filled(active), SOON)
      fs.linkSync(active, link)
      fs.unlinkSync(active)
    }
    await until(() => filled(active), SOON)
  })
  await log.end()
  t.same([...held, active].flatMap(linesOf), range(count))
})

t.test('copytruncate: no NUL bytes, nothing is lost but between the copy and the cut', async t => {
  const directory = t.testdir()
  const active = join(directory, 'app.1.log')
  const log = open({ file: join(directory, 'app') })
  const cuts: Array<{ before: number, after: number }> = []
  const count = await busy(log, async count => {
    for (const at of [1, 2, 3]) {
      await until(() => filled(active) && fs.statSync(active).size > 20_000, SOON)
      // Lines before this one had been flushed when the copying began (the last 20 may be on their way).
      const before = count() - 20
      await fsp.copyFile(active, `${active}-${at}`)
      await fsp.truncate(active)
      cuts.push({ before, after: count() })
    }
    await until(() => fs.statSync(active).size > 20_000, SOON)
  })
  await log.end()
  const texts = [1, 2, 3].map(at => `${active}-${at}`).concat(active).map(path => fs.readFileSync(path, 'utf8'))
  t.notOk(texts.some(text => text.includes('\0')), 'no hole where the old text was')
  // A copy may end within a line that was just being written.
  const found = texts.flatMap(text => text.slice(0, text.lastIndexOf('\n') + 1).split('\n').slice(0, -1)).map(line => JSON.parse(line).seq as number)
  t.same(found, [...new Set(found)].sort((a, b) => a - b), 'in order, none twice')
  const lost = range(count).filter(seq => !new Set(found).has(seq))
  t.same(lost.filter(seq => !cuts.some(({ before, after }) => seq >= before && seq < after)), [], `${lost.length} lines lost in the windows`)
})

t.test('copytruncate of a file that nobody writes to loses nothing, and `size` counts from the cut', async t => {
  const directory = t.testdir()
  const active = join(directory, 'app.1.log')
  const log = open({ file: join(directory, 'app'), size: '10000b' })
  log.write(...range(90).map(seq => lineOf(100, seq)))
  await log.flush()
  fs.copyFileSync(active, `${active}-1`)
  fs.truncateSync(active)
  // It takes half a second to notice; until then there would be room for ten lines.
  for (const seq of range(30, 90)) {
    log.write(lineOf(100, seq))
    await log.flush()
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  log.write(...range(100, 120).map(seq => lineOf(100, seq)))
  await log.end()
  t.same(linesOf(`${active}-1`), range(90))
  t.same(linesOf(active), range(100, 90), 'filled to the byte')
  t.same(linesOf(join(directory, 'app.2.log')), range(30, 190))
})

t.test('rotation goes on after files have been taken away', async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), size: '1000b', symlink: true, limit: { count: 100 } })
  log.write(...range(5).map(seq => lineOf(100, seq)))
  await log.flush()
  fs.renameSync(join(directory, 'app.1.log'), join(directory, 'app.1.log-1'))
  await until(() => fs.existsSync(join(directory, 'app.1.log')), SOON)
  log.write(...range(25, 5).map(seq => lineOf(100, seq)))
  await log.flush()
  t.equal(fs.readlinkSync(join(directory, 'current.log')), 'app.3.log')
  await log.end()
  t.same(await seqs(directory), range(25, 5))
  t.same([1, 2, 3].map(number => fs.statSync(join(directory, `app.${number}.log`)).size), [1000, 1000, 500])
})

t.test('rm -rf of the whole directory: it comes back, with a claim on the file, and later lines are safe', async t => {
  const directory = join(t.testdir(), 'logs')
  const log = open({ file: join(directory, 'app'), size: '1000b', compress: 'gzip', limit: { count: 2 } })
  const back = (): boolean => claimed(directory).some(name => fs.existsSync(join(directory, name)))
  for (const round of range(3)) {
    log.write(...range(5, round * 5).map(seq => lineOf(500, seq)))
    await log.flush()
    await until(back, SOON)
    // The writer may put something into it meanwhile.
    fs.rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 10 })
    await until(back, SOON)
  }
  log.write(lineOf(500, 100), lineOf(500, 101))
  await log.flush()
  t.same(await seqs(directory), [100, 101])
  await log.end()
  t.same(await seqs(directory), [100, 101])
  t.same(others(directory), [])
})

t.test('the whole directory renamed: what was written stays with it, a new one takes its place', async t => {
  const root = t.testdir()
  const directory = join(root, 'logs')
  const log = open({ file: join(directory, 'app') })
  const count = await busy(log, async () => {
    await until(() => filled(join(directory, 'app.1.log')), SOON)
    fs.renameSync(directory, join(root, 'old'))
    await until(() => filled(join(directory, 'app.1.log')), SOON)
  })
  await log.end()
  t.same([join(root, 'old', 'app.1.log'), join(directory, 'app.1.log')].flatMap(linesOf), range(count))
  t.same(others(directory), [])
})
