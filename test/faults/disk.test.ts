// F4, P8: a disk that is full harms neither the application nor a line in the files, and writing goes on once there is room.
import t from 'tap'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import type { OutputMetrics } from 'pino-blackbox'
import { foreign, query } from '../fixtures/dataset.js'
import { fixture, readLines, until } from '../fixtures/harness.js'
import { accountedFor, controlled, forbidden, hidden, inside, smallDisk, torn, type Controlled } from '../fixtures/faults.js'

const skip = forbidden('-rm', '--map-root-user')
const PAD = 950

function jsonl (directory: string, options: Record<string, unknown> = {}): unknown {
  return { target: 'pino-blackbox/jsonl', options: { file: join(directory, 'logs/app'), extension: 'jsonl', size: '256k', maxLength: '1m', ...options } }
}

const seqs = async (directory: string): Promise<number[]> => (await readLines(directory, 'app')).map(({ seq }) => seq!)
const ascending = (numbers: number[]): boolean => numbers.every((number, at) => at === 0 || number > numbers[at - 1]!)
const said = ({ stderr }: Controlled, what: RegExp): number => stderr.split('\n').filter(line => what.test(line)).length

t.test('40 MiB into 4 MiB: whole lines only, drops counted and told once, and all is well again when there is room', { skip }, async t => {
  const base = t.testdir({ disk: {} })
  const [disk, report] = [join(base, 'disk'), join(base, 'report.json')]
  const app = controlled({ transport: jsonl(disk), report }, smallDisk(disk, 3000))
  await app.said('ready')
  const root = inside(app, disk)
  const logs = join(root, 'logs')
  await app.log(42_000, PAD)
  await until(() => app.metrics()[0]!.dropped.full > 30_000)

  // A write that hits the end of the disk leaves half a line. It may be seen, but not for as long as the disk stays full.
  let since = Date.now()
  let longest = 0
  const watchUntil = Date.now() + 5000
  await until(() => {
    if (torn(logs).length === 0) since = Date.now()
    longest = Math.max(longest, Date.now() - since)
    return Date.now() > watchUntil
  })
  t.ok(longest < 1000, `while the disk was full a file ended in half a line for ${longest} ms at a stretch`)
  t.ok(app.process.connected, 'the application lives')

  fs.rmSync(join(root, 'ballast'))
  await until(() => app.metrics()[0]!.pendingRecords === 0, 30_000)
  await app.log(500, PAD)
  await app.flush()
  await app.stop('end')

  const found = await seqs(logs)
  const [last] = JSON.parse(fs.readFileSync(report, 'utf8')) as [OutputMetrics]
  t.ok(ascending(found), 'each line once, in order')
  t.same(found.slice(-500), Array.from({ length: 500 }, (_, at) => 42_000 + at), 'every line that was logged after there was room')
  t.equal(found.length, last.deliveredRecords, 'as many lines as were counted as delivered')
  t.match(last, { acceptedRecords: 42_500, pendingRecords: 0, pendingBytes: 0 })
  t.same(app.unaccounted(), [], `every line accounted for, at each of ${app.messages.length} looks`)
  t.ok(accountedFor(last), 'and at the end')
  t.same(app.errors(), [], "no event 'error'")
  t.equal(said(app, /dropping lines \(full\)/), 1, 'the drops are told, once a minute')
  t.equal(said(app, /cannot write to the log: .*ENOSPC/), 1, 'so is their cause')
  t.same(hidden(logs), [], 'nothing hidden is left')
})

/** Outputs that keep a journal on the disk. `numbers` are those of the lines that have arrived, `left` what is left on the disk. */
const JOURNALED: Record<string, (root: string, base: string) => { transport: unknown, numbers: (there: string) => Promise<number[]>, left: (there: string) => string[] }> = {
  // Its bound leaves room for what the journal becomes.
  parquet: root => ({
    transport: { target: 'pino-blackbox/parquet', options: { dir: join(root, 'logs'), journal: { maxSize: '2m' } } },
    numbers: async there => (await query(join(there, 'logs'), "(attrs->>'$.seq')::int as seq", 'order by seq')).map(({ seq }) => seq as number),
    left: there => [...foreign(join(there, 'logs')), ...hidden(there)]
  }),
  exporter: (root, base) => ({
    transport: {
      target: 'pino-blackbox/exporter',
      options: {
        module: fixture('exporters/gated.js'),
        options: { file: join(base, 'arrived'), gate: join(root, 'ballast') },
        journal: { dir: join(root, 'spool'), maxSize: '6m' },
        retry: { minDelay: 10, maxDelay: 200 }
      }
    },
    numbers: async () => fs.readFileSync(join(base, 'arrived'), 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line).seq as number),
    left: there => fs.readdirSync(join(there, 'spool'), { recursive: true }).map(String)
  })
}

for (const [name, made] of Object.entries(JOURNALED)) {
  t.test(`40 MiB into 4 MiB, ${name}: the journal is full, drops are counted, and all is well again when there is room`, { skip }, async t => {
    const base = t.testdir({ disk: {} })
    const [disk, report] = [join(base, 'disk'), join(base, 'report.json')]
    const { transport, numbers, left } = made(disk, base)
    const app = controlled({ transport, report }, smallDisk(disk, 4096))
    await app.said('ready')
    const root = inside(app, disk)
    await app.log(42_000, PAD)
    await until(() => app.metrics()[0]!.failures > 0 && app.metrics()[0]!.droppedRecords > 0)
    t.ok(app.process.connected, 'the application lives')
    const { deliveredRecords } = app.metrics()[0]!
    fs.rmSync(join(root, 'ballast'))
    await until(() => app.metrics()[0]!.deliveredRecords > deliveredRecords, 30_000)
    await app.log(500, PAD)
    await app.flush()
    await until(() => name === 'parquet' || app.metrics()[0]!.pendingRecords === 0, 30_000)
    await app.stop('end')

    const found = await numbers(root)
    const [last] = JSON.parse(fs.readFileSync(report, 'utf8')) as [OutputMetrics]
    t.equal(new Set(found).size, found.length, 'each line once')
    t.same(found.slice(-500), Array.from({ length: 500 }, (_, at) => 42_000 + at), 'every line that was logged after there was room')
    t.equal(found.length, last.deliveredRecords, 'as many lines as were counted as delivered')
    t.match(last, { acceptedRecords: 42_500, pendingRecords: 0 })
    t.same(app.unaccounted(), [], `every line accounted for, at each of ${app.messages.length} looks`)
    t.ok(accountedFor(last), 'and at the end')
    t.same(app.errors(), [], "no event 'error'")
    t.same(left(root), [], 'nothing is left over')
  })
}

t.test('no descriptors are left (prlimit): lines wait, and every output goes on when there are some again', { skip: spawnSync('prlimit', ['--version']).status !== 0 }, async t => {
  const base = t.testdir()
  const report = join(base, 'report.json')
  const outputs = [jsonl(base, { size: '16k' }), ...Object.values(JOURNALED).map(made => made(join(base, 'disk'), base).transport)]
  const app = controlled({ transport: { target: 'pino-blackbox/tee', options: { outputs } }, report })
  await app.said('ready')
  await app.log(500, 100)
  await app.flush()
  const limit = (most: number): void => { spawnSync('prlimit', ['--pid', String(app.process.pid), `--nofile=${most}:`]) }
  limit(5)
  await app.log(500, 100)
  await until(() => app.metrics().some(({ failures }) => failures > 0))
  t.ok(app.process.connected, 'the application lives')
  limit(1000)
  await app.log(500, 100)
  await app.flush()
  await app.stop('end')
  const all = Array.from({ length: 1500 }, (_, seq) => seq)
  for (const metrics of JSON.parse(fs.readFileSync(report, 'utf8')) as OutputMetrics[]) {
    t.match(metrics, { acceptedRecords: 1500, deliveredRecords: 1500, droppedRecords: 0, pendingRecords: 0 }, metrics.kind)
  }
  t.same(await seqs(join(base, 'logs')), all)
  t.same(app.unaccounted(), [])
  t.same(app.errors(), [], "no event 'error'")
})

for (const how of ['end', 'exit', 'leave'] as const) {
  const means = { end: 'transport.end()', exit: 'process.exit()', leave: 'an idle event loop' }[how]
  t.test(`${means} while the disk is full: gone within closeTimeout, whole lines, every line counted`, { skip }, async t => {
    const base = t.testdir({ disk: {} })
    const [disk, report] = [join(base, 'disk'), join(base, 'report.json')]
    const app = controlled({ transport: jsonl(disk, { closeTimeout: 1000 }), report }, smallDisk(disk, 3000))
    await app.said('ready')
    const logs = join(inside(app, disk), 'logs')
    await app.log(3000, PAD)
    await until(() => app.metrics()[0]!.failures > 1)
    const took = await app.stop(how)
    t.match(await app.exited, { code: 0, signal: null })
    t.ok(took < 5000, `ended after ${took} ms`)
    const found = await seqs(logs)
    const [last] = JSON.parse(fs.readFileSync(report, 'utf8')) as [OutputMetrics]
    t.same(torn(logs), [], 'no file ends in half a line')
    t.ok(found.length > 300 && ascending(found), `${found.length} lines, in order`)
    t.match(last, { acceptedRecords: 3000, deliveredRecords: found.length, droppedRecords: 3000 - found.length, pendingRecords: 0 })
    t.same(app.unaccounted(), [])
    t.same(app.errors(), [])
    t.same(hidden(logs), [], 'nothing hidden is left')
  })
}

t.test('a disk that is full at the start: lines wait, and are written once there is room', { skip }, async t => {
  const disk = t.testdir()
  const app = controlled({ transport: jsonl(disk) }, smallDisk(disk, 8000))
  await app.said('ready')
  const root = inside(app, disk)
  await app.log(500, PAD)
  await until(() => app.metrics()[0]!.failures > 4)
  fs.rmSync(join(root, 'ballast'))
  await app.flush()
  await app.stop('end')
  t.same(await seqs(join(root, 'logs')), Array.from({ length: 500 }, (_, seq) => seq))
  t.same(app.errors(), [])
  t.same(app.unaccounted(), [])
  t.same(hidden(join(root, 'logs')), [], 'nothing is left of the attempts to start')
})
