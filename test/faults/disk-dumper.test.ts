// F31, P16: disks that are full, read-only, slow or broken, directories that vanish, loggers that fail. No dump throws or rejects, none
// is half there, and once the trouble is over dumps are written again.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { createDumper, type Dumper, type DumperOptions, type DumpResult } from 'pino-blackbox'
import { beside, dumping, dumps, json, told, torn } from '../fixtures/dump-files.js'
import { forbidden, inside, namespaced, smallDisk } from '../fixtures/faults.js'
import { stayAwake, until } from '../fixtures/harness.js'

stayAwake(t)

const quiet = { warn: () => {} }

function made (t: Test, options: DumperOptions = {}): Dumper {
  return createDumper({ enabled: true, dumpPath: join(t.testdir(), 'dumps'), rate: false, maxBackups: 1000, logger: quiet, limits: { time: '10s' }, ...options })
}

const codeOf = (result: DumpResult): string => result.ok ? 'ok' : result.error.code
const causeOf = (result: DumpResult): unknown => result.ok ? undefined : (result.error.cause as { code?: string }).code

/** Replaces a function of node:fs/promises for this test, or until the function that is returned is called. */
function patched<N extends 'open' | 'writeFile' | 'rename' | 'mkdir' | 'readdir' | 'rm' | 'lstat'> (t: Test, name: N, make: (real: typeof fsp[N]) => unknown): () => void {
  const real = fsp[name]
  fsp[name] = make(real) as typeof fsp[N]
  const restore = (): void => { fsp[name] = real }
  t.teardown(restore)
  return restore
}

/** Dumps of the three kinds, all at once. */
const three = async (dumper: Dumper): Promise<DumpResult[]> =>
  await Promise.all([dumper.dumpStruct({ end: true }, 'struct'), dumper.dumpStreamEvents([{ at: 1 }, { end: true }], 'events'), dumper.dumpBytes('xend', 'bytes')])

t.test('a full disk: dumps fail until there is room, and nothing half is left', { skip: forbidden('-rm') }, async t => {
  const disk = t.testdir()
  const dumpPath = join(disk, 'dumps')
  const options = { enabled: true, dumpPath, rate: false as const, maxBackups: 3 }
  const app = dumping({ options, kinds: ['struct', 'events', 'bytes'], size: 15_000, name: 'same', endless: true }, smallDisk(disk, 3500))
  await until(() => told(app).includes('BLACKBOX_DUMP'))
  const there = inside(app, disk)
  t.strictSame(torn(join(there, 'dumps')), [])
  const before = app.messages.length
  await until(() => app.messages.length > before + 5)
  t.match(app.stderr, /^pino-blackbox dumper: cannot write a dump to .*: ENOSPC/)
  t.equal(app.stderr.split('\n').filter(line => line.includes('ENOSPC')).length, 1, 'told once')
  fs.rmSync(join(there, 'ballast'))
  await until(() => app.messages.slice(-5).every(({ results }) => (results as string[][]).every(([what]) => what?.startsWith(dumpPath))))
  app.process.kill('SIGKILL')
  await app.exited
  t.strictSame(torn(join(there, 'dumps')), [])
})

t.test('a read-only disk: dumps fail, and the application goes on', { skip: forbidden('-rm') }, async t => {
  const disk = t.testdir()
  const settings = namespaced(['-rm'], 'mount -t tmpfs -o ro tmpfs "$0" && exec "$@"', disk)
  for (const dumpPath of [disk, join(disk, 'a', 'b')]) {
    const app = dumping({ options: { enabled: true, dumpPath }, kinds: ['struct', 'events', 'bytes'] }, settings)
    t.match(await app.exited, { code: 0 }, app.stderr)
    t.strictSame(told(app), ['BLACKBOX_DUMP', 'BLACKBOX_DUMP', 'BLACKBOX_DUMP'])
    t.match(app.stderr, /EROFS/)
  }
})

for (const call of ['open', 'writeFile', 'rename', 'mkdir', 'lstat'] as const) {
  t.test(`${call}() fails: so does the dump, and the next one is written`, async t => {
    const dumper = made(t)
    if (call !== 'mkdir') await dumper.dumpBytes('')
    for (const code of ['EIO', 'ENOSPC', 'EMFILE', 'EACCES', 'EROFS', 'EDQUOT']) {
      const restore = patched(t, call, () => async () => { throw Object.assign(new Error(`${code}: made to fail`), { code }) })
      const results = await three(dumper)
      restore()
      t.strictSame(results.map(codeOf), Array(3).fill('BLACKBOX_DUMP'), code)
      t.strictSame(results.map(causeOf), Array(3).fill(code))
      for (const result of results) t.match(result, { error: { name: 'DumpError', message: /^BLACKBOX_DUMP: cannot write a dump to / } })
      if (call === 'mkdir') continue
      t.strictSame((await three(dumper)).map(codeOf), ['ok', 'ok', 'ok'])
      t.strictSame(beside(dumper.dumpPath).filter(name => name.endsWith('.tmp')), [], 'nothing half is left')
    }
    if (call === 'mkdir') t.strictSame((await three(dumper)).map(codeOf), ['ok', 'ok', 'ok'])
    t.strictSame(torn(dumper.dumpPath).filter(name => !name.startsWith('dump_')), [])
  })
}

t.test('rename() does its work and says that it failed: the file is ours all the same', async t => {
  const dumper = made(t)
  const restore = patched(t, 'rename', real => async (...args: Parameters<typeof real>) => {
    await real(...args)
    throw Object.assign(new Error('EIO: made to fail'), { code: 'EIO' })
  })
  t.strictSame((await three(dumper)).map(codeOf), Array(3).fill('BLACKBOX_DUMP'))
  restore()
  t.equal(dumps(dumper.dumpPath).length, 3)
  t.strictSame([torn(dumper.dumpPath), beside(dumper.dumpPath)], [[], dumps(dumper.dumpPath)])
})

for (const call of ['readdir', 'rm'] as const) {
  t.test(`${call}() fails where old dumps are to be removed: that is told, and the dump is there`, async t => {
    const warned: string[] = []
    const dumper = made(t, { maxBackups: 1, logger: { warn: (_, message) => { warned.push(message) } } })
    await dumper.dumpBytes('')
    const restore = patched(t, call, () => async () => { throw Object.assign(new Error('EIO: made to fail'), { code: 'EIO' }) })
    for (let times = 0; times < 3; times++) t.equal(codeOf(await dumper.dumpStruct({ times }, `dump ${times}`)), 'ok')
    restore()
    t.equal(dumps(dumper.dumpPath).length, 4)
    t.equal(warned.length, 1)
    t.match(warned[0], /^pino-blackbox dumper: cannot remove what is too much in .*: EIO/)
    await dumper.dumpBytes('', 'last')
    t.match(dumps(dumper.dumpPath), [/^last_/])
  })
}

t.test('one old dump that cannot be removed does not keep the others', async t => {
  const dumper = made(t, { maxBackups: 100 })
  await three(dumper)
  const [stuck] = dumps(dumper.dumpPath)
  patched(t, 'rm', real => async (...args: Parameters<typeof real>) => {
    if (String(args[0]).endsWith(stuck!)) throw Object.assign(new Error('EBUSY: made to fail'), { code: 'EBUSY' })
    await real(...args)
  })
  const strict = createDumper({ enabled: true, dumpPath: dumper.dumpPath, maxBackups: 1, logger: quiet })
  t.equal(codeOf(await strict.dumpBytes('', 'last')), 'ok')
  t.match(dumps(dumper.dumpPath), [stuck, /^last_/])
})

t.test('a slow disk: at most 4 files at once, and when 64 MB wait further dumps are refused', async t => {
  let open: () => void = () => {}
  const opened = new Promise<void>(resolve => { open = resolve })
  let writing = 0
  let most = 0
  patched(t, 'writeFile', real => async (...args: Parameters<typeof real>) => {
    most = Math.max(most, ++writing)
    await opened
    await real(...args)
    writing--
  })
  const warned: string[] = []
  const dumper = made(t, { logger: { warn: (_, message) => { warned.push(message) } } })
  const bytes = Buffer.alloc(1024 ** 2, 'x')
  const results = Array.from({ length: 100 }, () => dumper.dumpBytes(bytes))
  let touched = false
  const refused = await dumper.dumpStruct({ get data () { touched = true; return 1 } })
  t.equal(codeOf(refused), 'BLACKBOX_DUMP_BUSY')
  t.notOk(touched, 'what is refused is not read')
  t.equal(codeOf(await dumper.dumpStreamEvents([1])), 'BLACKBOX_DUMP_BUSY')
  t.equal(codeOf(await results.at(-1)!), 'BLACKBOX_DUMP_BUSY')
  open()
  const codes = (await Promise.all(results)).map(codeOf)
  t.strictSame(codes, [...Array(63).fill('ok'), ...Array(37).fill('BLACKBOX_DUMP_BUSY')])
  t.ok(most <= 4, `${most} at once`)
  t.strictSame(warned, ['pino-blackbox dumper: too much waits for the disk; dumps are left out'])
  t.equal(codeOf(await dumper.dumpStruct({})), 'ok')
  await dumper.close()
})

t.test('a single dump may be larger than what may wait together', async t => {
  const dumper = made(t)
  const results = await Promise.all([dumper.dumpBytes(Buffer.alloc(70 * 1024 ** 2)), dumper.dumpBytes('')])
  t.strictSame(results.map(codeOf), ['ok', 'BLACKBOX_DUMP_BUSY'])
})

t.test('a directory that is removed again and again while dumps are written', async t => {
  const dumper = made(t)
  let gone = 0
  // At one blow: what removes file by file may itself fail when more are made meanwhile.
  const remove = (): void => { if (fs.existsSync(dumper.dumpPath)) fs.renameSync(dumper.dumpPath, `${dumper.dumpPath}.gone${gone++}`) }
  for (let round = 0; round < 10; round++) {
    const results = Array.from({ length: 10 }, () => three(dumper)).map(async results => (await results).map(codeOf))
    remove()
    for (let turns = 0; turns < 3; turns++) {
      await new Promise(resolve => setImmediate(resolve))
      remove()
    }
    for (const code of (await Promise.all(results)).flat()) if (code !== 'ok' && code !== 'BLACKBOX_DUMP') t.fail(code)
    t.strictSame((await three(dumper)).map(codeOf), ['ok', 'ok', 'ok'])
    t.strictSame(torn(dumper.dumpPath), [])
  }
})

t.test('something in the way of the directory, and out of it again', async t => {
  const dumper = made(t)
  t.strictSame((await three(dumper)).map(codeOf), ['ok', 'ok', 'ok'])
  fs.renameSync(dumper.dumpPath, `${dumper.dumpPath}.before`)
  fs.writeFileSync(dumper.dumpPath, 'in the way')
  t.strictSame((await three(dumper)).map(codeOf), Array(3).fill('BLACKBOX_DUMP'))
  fs.rmSync(dumper.dumpPath)
  t.strictSame((await three(dumper)).map(codeOf), ['ok', 'ok', 'ok'])
  t.strictSame([torn(dumper.dumpPath), dumps(dumper.dumpPath).length], [[], 3])
})

t.test('a path with NUL is a failed dump, not a thrown error', async t => {
  for (const result of await three(made(t, { dumpPath: join(t.testdir(), 'a\0b') }))) t.equal(codeOf(result), 'BLACKBOX_DUMP')
})

t.test('a logger that throws, rejects or hangs harms nothing; when it fails, stderr is told', async t => {
  const base = t.testdir({ file: 'in the way' })
  const loggers: Array<[title: string, warn: () => unknown, onStderr: number]> = [
    ['throws', () => { throw new Error('of its own') }, 1],
    ['rejects', async () => { throw new Error('of its own') }, 1],
    ['hangs', () => new Promise(() => {}), 0],
    ['is fine', () => {}, 0]
  ]
  for (const [title, warn, onStderr] of loggers) {
    const stderr = t.capture(fs, 'writeSync', () => 0)
    const dumper = createDumper({ enabled: true, dumpPath: join(base, 'file'), logger: { warn } as DumperOptions['logger'] })
    for (const result of await three(dumper)) t.equal(codeOf(result), 'BLACKBOX_DUMP', title)
    await new Promise(resolve => setImmediate(resolve))
    t.equal(stderr.args().length, onStderr, title)
    stderr.restore()
  }
})

t.test('a storm of dumps leaves as many as `rate` allows, and does not read the others', async t => {
  const dumper = made(t, { rate: { perKey: 10, total: 60 } })
  let read = 0
  const data = { get part () { return ++read } }
  const results = await Promise.all(Array.from({ length: 10_000 }, (_, at) => dumper.dumpStruct(data, `route ${at % 3}`)))
  t.equal(results.filter(({ ok }) => ok).length, 30)
  t.equal(dumps(dumper.dumpPath).length, 30)
  t.equal(read, 30)
  t.strictSame(json(join(dumper.dumpPath, dumps(dumper.dumpPath)[0]!)), { part: json(join(dumper.dumpPath, dumps(dumper.dumpPath)[0]!)).part })
})

t.test('an event source that throws while the disk is full is left, too', async t => {
  const dumper = made(t)
  let left = false
  patched(t, 'writeFile', () => async () => { throw Object.assign(new Error('ENOSPC: made to fail'), { code: 'ENOSPC' }) })
  const result = await dumper.dumpStreamEvents((function * () {
    try {
      for (;;) yield 'x'.repeat(1000)
    } finally {
      left = true
    }
  })())
  t.equal(codeOf(result), 'BLACKBOX_DUMP')
  t.ok(left)
  t.strictSame([dumps(dumper.dumpPath), beside(dumper.dumpPath)], [[], []])
})
