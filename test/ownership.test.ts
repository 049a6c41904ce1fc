// Who may touch a file: the lease where sockets cannot tell, writers that start at the same moment, and trouble while looking
// at what the dead have left.
import t from 'tap'
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { RotatedNames } from '../lib/journal/naming.js'
import { isAlive, LEASE } from '../lib/journal/liveness.js'
import { claims, Owner } from '../lib/journal/ownership.js'
import { RotatedShelf } from '../lib/journal/rotated.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import { logFiles, readLines, until } from './fixtures/harness.js'
import { hidden, torn } from './fixtures/faults.js'
import { open, range, run, seqs } from './fixtures/jsonl.js'

const HOME = '.app.jsonl.blackbox'
const line = (seq: number): string => JSON.stringify({ seq })
const text = (from: number, to: number): string => range(to - from, from).map(seq => `${line(seq)}\n`).join('')
const options = (directory: string, more = {}): { file: string, extension: string } => ({ file: join(directory, 'app'), extension: 'jsonl', ...more })
const fail = (code: string): Error => Object.assign(new Error(`${code}: made to fail`), { code })

/** The directory of a writer on another machine, last heard of `ago` ms ago. */
function foreign (directory: string, claimed: string[], ago = 10 * LEASE, id = 'feedfacefeedface'): string {
  const own = join(directory, HOME, id)
  fs.mkdirSync(own, { recursive: true })
  fs.writeFileSync(join(own, 'owner.json'), JSON.stringify({ boot: 'another machine', host: 'elsewhere', pid: 1, socket: true }))
  const then = new Date(Date.now() - ago)
  fs.utimesSync(join(own, 'owner.json'), then, then)
  for (const name of claimed) fs.writeFileSync(join(own, name), '')
  return own
}

function shelf (directory: string, tell: (line: string) => void = () => {}): RotatedShelf {
  const names = new RotatedNames({ ...options(directory), utc: true })
  return new RotatedShelf({ names, monitor: new Monitor('test', tell), mkdir: true, symlink: false, mode: 0o644, maxBytes: 1e6 })
}

t.test('a writer on another machine is left alone while its lease is fresh', async t => {
  const directory = t.testdir({ 'app.1.jsonl': text(0, 10) + '{"seq": half a li' })
  const own = foreign(directory, ['app.1.jsonl'], LEASE / 2)
  await run(options(directory, { size: '1k', limit: { count: 1 } }), ...range(200, 10).map(line))
  t.equal(fs.readFileSync(join(directory, 'app.1.jsonl'), 'utf8'), text(0, 10) + '{"seq": half a li', 'its file is not cut, not written to, not removed')
  t.same((await claims(own)).map(({ claimed }) => claimed), ['app.1.jsonl'])
})

t.test('a writer on another machine whose lease has run out is taken over, its last line cut where it has no end', async t => {
  const directory = t.testdir({ 'app.1.jsonl': text(0, 10) + '{"seq": half a li' })
  foreign(directory, ['app.1.jsonl'], LEASE + 1000)
  await run(options(directory), line(10))
  t.equal(fs.readFileSync(join(directory, 'app.1.jsonl'), 'utf8'), text(0, 11))
  t.same(hidden(directory), [])
})

t.test('a writer that lives keeps its lease fresh', async t => {
  const owner = await Owner.create(join(t.testdir(), 'home'))
  t.teardown(() => owner.close())
  const path = join(owner.directory, 'owner.json')
  const then = new Date(Date.now() - 20_000)
  fs.utimesSync(path, then, then)
  await until(() => Date.now() - fs.statSync(path).mtimeMs < 10_000)
})

t.test('whatever goes wrong while looking, nobody is taken for dead who may live', async t => {
  const owner = await Owner.create(join(t.testdir(), 'home'))
  t.teardown(() => owner.close())
  for (const code of ['EMFILE', 'EIO', 'EACCES', 'ENOMEM']) {
    const { readFile } = fsp
    fsp.readFile = (async () => { throw fail(code) }) as unknown as typeof readFile
    t.equal(await isAlive(owner.directory), true, `owner.json: ${code}`)
    fsp.readFile = readFile
  }
})

t.test('a name is not claimed by someone who cannot look at what others claim', async t => {
  const home = join(t.testdir(), 'home')
  const [living, other] = [await Owner.create(home), await Owner.create(home)]
  t.teardown(() => Promise.all([living.close(), other.close()]))
  t.equal(await living.claim('app.1.jsonl'), true)
  for (const unreadable of [home, living.directory]) {
    const { readdir } = fsp
    fsp.readdir = (async (path: string, ...rest: []) => {
      if (path === unreadable) throw fail('EMFILE')
      return await readdir(path, ...rest)
    }) as unknown as typeof readdir
    t.not(await other.claim('app.1.jsonl').catch(() => 'rejected'), true, `EMFILE at ${unreadable === home ? 'the home' : 'the directory of the other writer'}`)
    fsp.readdir = readdir
    t.same(await claims(other.directory), [], 'and withdrawn')
  }
  t.equal(await other.claim('app.1.jsonl'), false)
  t.same(await claims(other.directory), [], 'and withdrawn')
})

t.test('two that claim one name at the same moment never both get it', async t => {
  const home = join(t.testdir(), 'home')
  const owners = await Promise.all(range(3).map(() => Owner.create(home)))
  t.teardown(() => Promise.all(owners.map(owner => owner.close())))
  for (const round of range(30)) {
    const got = await Promise.all(owners.map(owner => owner.claim(`app.${round}.jsonl`)))
    if (got.filter(Boolean).length > 1) t.fail(`round ${round}: claimed ${got.filter(Boolean).length} times`)
  }
})

t.test('several that start at the same moment: the half line of a dead writer is cut, whoever of them does it', async t => {
  const directory = t.testdir()
  for (const round of range(20)) {
    const inside = join(directory, String(round))
    fs.mkdirSync(inside)
    foreign(inside, ['app.1.jsonl'])
    fs.writeFileSync(join(inside, 'app.1.jsonl'), text(0, 3) + '{"seq": half')
    const shelves = range(3).map(() => shelf(inside))
    const opened = await Promise.all(shelves.map(shelf => shelf.open(Date.now())))
    await Promise.all(opened.map(active => active.close()))
    await Promise.all(shelves.map(shelf => shelf.close()))
    if (torn(inside).length > 0) return t.fail(`round ${round}: ${torn(inside)} ends in half a line, and nothing remembers it`)
  }
  t.pass('in 20 rounds')
})

t.test('what could not be mended is still known to the next who starts', async t => {
  const directory = t.testdir({ 'app.1.jsonl': text(0, 3) + '{"seq": half', 'app.2.jsonl': text(3, 4) })
  foreign(directory, ['app.1.jsonl', 'app.2.jsonl'])
  const { open: real } = fs
  fs.open = ((path: string, ...rest: [number, number, () => void]) => {
    if (!path.endsWith('app.1.jsonl')) return real(path, ...rest)
    setImmediate(rest.at(-1) as (error: Error) => void, fail('EIO'))
  }) as unknown as typeof fs.open
  const first = shelf(directory)
  const active = await first.open(Date.now()).finally(() => { fs.open = real })
  await active.close()
  await first.close()
  t.same(torn(directory), ['app.1.jsonl'], 'it could not be opened')
  await run(options(directory), line(4))
  t.same(torn(directory), [])
  t.same(await seqs(directory), range(5))
})

t.test('killed after a file was compressed and before it was removed: neither what it holds nor what comes next is lost', async t => {
  for (const { when, claimed } of [{ when: 'claimed by the dead writer', claimed: ['app.1.jsonl'] }, { when: 'claimed by nobody', claimed: [] }]) {
    const directory = join(t.testdir(), String(claimed.length))
    foreign(directory, claimed)
    for (const [name, content] of [['app.1.jsonl', text(0, 10)], ['app.1.jsonl.gz', zlib.gzipSync(text(0, 10))]] as const) {
      fs.writeFileSync(join(directory, name), content)
      fs.utimesSync(join(directory, name), 1000, 1000)
    }
    const log = open(options(directory, { size: '1k', compress: 'gzip' }))
    for (const batch of range(10)) {
      log.write(...range(50, 10 + batch * 50).map(line))
      await log.flush()
    }
    await until(() => !logFiles(directory, 'app').includes('app.1.jsonl'))
    await log.end()
    const found = await seqs(directory)
    t.same([found.length, found.at(0), found.at(-1)], [510, 0, 509], when)
    t.ok(found.every((seq, at) => seq === at), 'in order')
  }
})

t.test('a compressed file that is not made of the file beside it: both are kept', async t => {
  const directory = t.testdir({ 'app.1.jsonl': text(10, 12), 'app.1.jsonl.gz': zlib.gzipSync(text(0, 10)), 'app.2.jsonl': text(12, 13) })
  fs.utimesSync(join(directory, 'app.1.jsonl.gz'), 1000, 1000)
  const log = open(options(directory, { size: '1k', compress: 'gzip' }))
  log.write(...range(200, 13).map(line))
  await log.flush()
  await until(() => logFiles(directory, 'app').includes('app.2.jsonl.gz'))
  await log.end()
  t.same((await seqs(directory)).sort((a, b) => a - b), range(213))
})

t.test('a file that another process has compressed just now is not begun again', async t => {
  const directory = t.testdir({ 'app.1.jsonl': text(0, 10) })
  const { writeFile } = fsp
  fsp.writeFile = (async (path: string, ...rest: [string]) => {
    await writeFile(path, ...rest)
    if (!path.endsWith('app.1.jsonl')) return
    fs.writeFileSync(join(directory, 'app.1.jsonl.gz'), zlib.gzipSync(text(0, 10)))
    fs.rmSync(join(directory, 'app.1.jsonl'))
    fsp.writeFile = writeFile
  }) as unknown as typeof writeFile
  const late = shelf(directory)
  const active = await late.open(Date.now()).finally(() => { fsp.writeFile = writeFile })
  await active.close()
  await late.close()
  t.same(logFiles(directory, 'app'), ['app.1.jsonl.gz', 'app.2.jsonl'])
})

t.test('a file left by a writer that died meanwhile is mended before it is compressed', async t => {
  const directory = t.testdir()
  const log = open(options(directory, { size: '1k', compress: 'gzip' }))
  log.write(line(0))
  await log.flush()
  fs.writeFileSync(join(directory, 'app.50.jsonl'), text(1, 3) + '{"seq": half')
  foreign(directory, ['app.50.jsonl'])
  log.write(...range(200, 3).map(line))
  await log.flush()
  await until(() => logFiles(directory, 'app').includes('app.50.jsonl.gz'))
  await log.end()
  await run(options(directory), line(203))
  t.same((await readLines(directory, 'app')).map(({ seq }) => seq).sort((a, b) => a! - b!), range(204))
})

t.test('a writer whose hidden directory is removed under it goes on, owned again', async t => {
  const directory = t.testdir()
  const log = open(options(directory))
  for (const round of range(3)) {
    log.write(line(round))
    await log.flush()
    fs.rmSync(join(directory, HOME), { recursive: true })
    await until(() => fs.existsSync(join(directory, HOME)) && hidden(join(directory, HOME)).length === 0 && fs.readdirSync(join(directory, HOME)).length === 1)
  }
  log.write(line(3))
  await log.end()
  t.same(await seqs(directory), range(4))
  t.same(hidden(directory), [])
})
