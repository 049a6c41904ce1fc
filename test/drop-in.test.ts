// A pino-roll user changes only the target's name: the same options, the same file names, the last file goes on.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { lineOf, range, remote, seqs } from './fixtures/jsonl.js'
import { logFiles, until } from './fixtures/harness.js'
import type { JsonlOptions } from 'pino-blackbox'

interface Settings { env?: NodeJS.ProcessEnv }

/** Logs `count` lines from `from` on, in a run of its own, with pauses in which pino-roll gets to rotate. */
async function log (target: string, options: JsonlOptions, from: number, count: number, bytes: number, { env = {} }: Settings = {}): Promise<void> {
  const output = remote(options, { target, env })
  for (let seq = from; seq < from + count; seq += 10) {
    output.write(...range(Math.min(10, from + count - seq), seq).map(seq => lineOf(bytes, seq)))
    await output.flush()
  }
  await output.end()
}

/** pino-roll, then this package; `count` lines each. Gives the names that pino-roll left, and what is there now. */
async function change (options: JsonlOptions, directory: string, { count = 20, bytes = 100, env = {} as NodeJS.ProcessEnv, base = 'app' } = {}) {
  await log('pino-roll', options, 0, count, bytes, { env })
  const before = logFiles(directory, base)
  const sizes = before.map(name => fs.statSync(join(directory, name)).size)
  await log('pino-blackbox/jsonl', options, count, count, bytes, { env })
  return { before, sizes, after: logFiles(directory, base), found: await seqs(directory, base) }
}

const day = (zone = 'UTC'): string => new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short' }).format(new Date())
/** One of these two has another date than UTC at any time. */
const elsewhere = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'].find(zone => day(zone) !== day())!

t.test('the last file goes on under its name', async t => {
  const cases: Record<string, { options: (directory: string) => JsonlOptions, name: string, base?: string, env?: NodeJS.ProcessEnv }> = {
    'file and mkdir': { options: d => ({ file: join(d, 'app'), mkdir: true }), name: 'app.1.log' },
    'a directory': { options: d => ({ file: join(d, '/'), mkdir: true }), name: 'app.1.log' },
    'an extension in the path': { options: d => ({ file: join(d, 'app.jsonl'), mkdir: true }), name: 'app.1.jsonl' },
    'several dots': { options: d => ({ file: join(d, 'app.prod.log'), mkdir: true }), name: 'app.prod.1.log', base: 'app.prod' },
    'daily with a date': { options: d => ({ file: join(d, 'app'), mkdir: true, frequency: 'daily', dateFormat: 'yyyy-MM-dd' }), name: `app.${day()}.1.log` },
    'daily with a local date': {
      options: d => ({ file: join(d, 'app'), mkdir: true, frequency: 'daily', dateFormat: 'yyyy-MM-dd', utc: false }),
      env: { TZ: elsewhere },
      name: `app.${day(elsewhere)}.1.log`
    }
  }
  const root = t.testdir()
  await Promise.all(Object.entries(cases).map(async ([title, { options, name, base = 'app', env = { TZ: 'UTC' } }]) => {
    const directory = join(root, title)
    const { before, after, found } = await change(options(directory), directory, { base, env })
    t.strictSame(before, [name], `${title}: pino-roll made ${name}`)
    t.strictSame(after, [name], `${title}: and it goes on`)
    t.strictSame(found, range(40), title)
  }))
})

t.test('a date without a frequency is none, as pino-roll has it', async t => {
  const directory = join(t.testdir(), 'logs')
  const { before, after, found } = await change({ file: join(directory, 'app'), mkdir: true, size: '1m', dateFormat: 'yyyy-MM-dd' }, directory)
  t.strictSame(before, ['app.1.log'])
  t.strictSame(after, ['app.1.log'])
  t.strictSame(found, range(40))
})

t.test('the date in a name is that of the beginning of the period, as pino-roll has it', async t => {
  const directory = join(t.testdir(), 'logs')
  const { before, after, found } = await change(
    { file: join(directory, 'app'), mkdir: true, frequency: 'daily', dateFormat: 'yyyy-MM-dd-HH-mm' }, directory, { env: { TZ: 'UTC' } })
  t.strictSame(before, [`app.${day()}-00-00.1.log`])
  t.strictSame(after, before)
  t.strictSame(found, range(40))
})

t.test('by size: numbers go on, full files are left alone', async t => {
  const directory = join(t.testdir(), 'logs')
  const count = 130
  const { before, sizes, after, found } = await change({ file: join(directory, 'app'), mkdir: true, size: '1m' }, directory, { count, bytes: 20_000 })
  const full = before.slice(0, -1)
  const last = before.length - 1
  t.ok(last >= 1, before.join(' '))
  t.strictSame(after, range(after.length, 1).map(number => `app.${number}.log`))
  t.strictSame(full.map(name => fs.statSync(join(directory, name)).size), sizes.slice(0, -1), 'full ones have not changed')
  t.ok(sizes[last]! >= 1024 * 1024 || fs.statSync(join(directory, before[last]!)).size > sizes[last]!, 'the last one has been written on')
  t.strictSame(found, range(2 * count))
})

t.test('a symlink goes on, and so does `limit.count`, over the files that pino-roll left', async t => {
  // pino-roll makes the symlink without waiting for the directory.
  const directory = join(t.testdir({ logs: {} }), 'logs')
  const options: JsonlOptions = { file: join(directory, 'app'), mkdir: true, size: '100k', symlink: true, limit: { count: 3 } }
  await log('pino-roll', options, 0, 60, 10_000)
  const before = logFiles(directory, 'app')
  t.equal(fs.readlinkSync(join(directory, 'current.log')), before.at(-1))
  await log('pino-blackbox/jsonl', options, 60, 60, 10_000)
  // What it had no time for at its end is done at the next start.
  const next = remote(options)
  await until(() => logFiles(directory, 'app').length <= 4)
  await next.end()
  const after = logFiles(directory, 'app')
  t.equal(fs.readlinkSync(join(directory, 'current.log')), after.at(-1))
  t.equal(after.length, 4, 'three closed ones and the last')
  const number = (name: string): number => Number(name.split('.')[1])
  t.strictSame(after.map(number), range(4, number(after[0]!)), 'the newest ones')
  t.ok(number(after[0]!) > number(before.at(-1)!) - 3)
  const found = await seqs(directory)
  t.strictSame(found, range(found.length, 120 - found.length), 'and the newest lines')
})

t.test('`extension` is honoured where pino-roll 4.0.0 ignores it; its files are then another log\'s', async t => {
  const directory = join(t.testdir(), 'logs')
  const { before, after } = await change({ file: join(directory, 'app'), mkdir: true, extension: '.jsonl', limit: { count: 1 } }, directory)
  t.strictSame(before, ['app.1.log'])
  t.strictSame(after, ['app.1.jsonl', 'app.1.log'])
})
