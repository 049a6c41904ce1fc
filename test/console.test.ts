// B11: lines to stdout and stderr, and readers that go away, stall, or never were there. None of it harms the application or
// the output beside it.
import t from 'tap'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import type { OutputMetrics } from 'pino-blackbox'
import { until, type ProgramOptions } from './fixtures/harness.js'
import { controlled, type Controlled } from './fixtures/faults.js'
import { range, seqs } from './fixtures/jsonl.js'

interface Started { app: Controlled, directory: string, console: () => OutputMetrics, last: () => OutputMetrics[] }

/** An application with a console and, beside it, a file that has to be complete whatever happens to the console. */
function start (base: string, options: Record<string, unknown> = {}, settings: ProgramOptions = {}): Started {
  const report = join(base, 'report.json')
  const outputs = [{ target: 'pino-blackbox/console', options: { closeTimeout: 1000, ...options } }, { target: 'pino-blackbox/jsonl', options: { file: join(base, 'logs/app') } }]
  const app = controlled({ transport: { target: 'pino-blackbox/tee', options: { outputs } }, report }, settings)
  return {
    app,
    directory: join(base, 'logs'),
    console: () => app.metrics().find(({ kind }) => kind === 'console')!,
    last: () => JSON.parse(fs.readFileSync(report, 'utf8')) as OutputMetrics[]
  }
}

/** Settings that put the application into a shell's command line. */
const inShell = (script: string): ProgramOptions => ({ execPath: 'sh', execArgv: ['-c', script, 'sh', process.execPath] }) as ProgramOptions
const printed = (text: string): number[] => text.split('\n').filter(Boolean).map(line => JSON.parse(line).seq)
const numbers = (lines: OutputMetrics[]): Array<Record<string, number>> =>
  lines.map(({ acceptedRecords, deliveredRecords, droppedRecords, pendingRecords }) => ({ acceptedRecords, deliveredRecords, droppedRecords, pendingRecords }))

for (const stream of ['stdout', 'stderr'] as const) {
  t.test(`every line goes to ${stream}, in order, and to nothing else`, async t => {
    const { app, directory } = start(t.testdir(), { stream })
    await app.said('ready')
    await app.log(3000)
    await app.flush()
    await app.stop('end')
    t.same(printed(app[stream]), range(3000))
    t.equal(app[stream === 'stdout' ? 'stderr' : 'stdout'], '')
    t.same(await seqs(directory), range(3000))
  })
}

t.test('a reader that goes away (`app | head -1`): dropped, counted, told once, and quickly over', async t => {
  const { app, directory, last } = start(t.testdir(), { closeTimeout: 5000 }, inShell('"$@" | head -1'))
  await app.said('ready')
  await app.log(100)
  await until(() => app.stdout !== '')
  await app.log(4000)
  await until(() => app.metrics().some(({ dropped }) => dropped.gone > 0))
  t.ok(await app.stop('leave') < 4000, 'nothing waits for a reader that is gone')
  t.match(await app.exited, { code: 0 })
  t.same(printed(app.stdout), [0])
  t.same(await seqs(directory), range(4100), 'the file beside it has every line')
  const [metrics] = last()
  t.equal(metrics!.deliveredRecords + metrics!.dropped.gone, 4100)
  t.equal(app.stderr.split('\n').filter(line => /dropping lines \(gone\)/.test(line)).length, 1)
  t.same(app.errors(), [])
  t.same(app.unaccounted(), [])
})

t.test('a reader that stalls and then reads on gets every line, in order', async t => {
  const { app, console, directory } = start(t.testdir())
  await app.said('ready')
  app.process.stdout!.pause()
  await app.log(6000, 300)
  await until(async () => console().acceptedRecords === 6000 && (await seqs(directory)).length === 6000)
  const stalled = console().pendingRecords
  t.ok(stalled > 1000, `${stalled} lines wait`)
  await app.log(500, 300)
  await until(async () => console().acceptedRecords === 6500 && (await seqs(directory)).length === 6500)
  t.equal(console().pendingRecords, stalled + 500, 'it takes nothing')
  app.process.stdout!.resume()
  await app.flush()
  await app.stop('end')
  t.same(printed(app.stdout), range(6500))
  t.same(app.unaccounted(), [])
})

t.test('a reader that never reads: bounded memory, over within closeTimeout, whatever is dropped is counted', async t => {
  const { app, directory, console, last } = start(t.testdir(), { maxLength: '256k' })
  await app.said('ready')
  app.process.stdout!.pause()
  await app.log(6000, 300)
  await until(() => console().dropped.full > 0 && console().acceptedRecords === 6000)
  const held = app.messages.flatMap(({ metrics = [] }) => (metrics as OutputMetrics[]).filter(({ kind }) => kind === 'console')).map(({ pendingBytes }) => pendingBytes)
  t.ok(Math.max(...held) <= 256 * 1024, `${Math.max(...held)} bytes in memory at most`)
  app.process.send({ leave: true })
  const began = Date.now()
  await new Promise(resolve => { app.process.once('exit', resolve) })
  t.ok(Date.now() - began < 4000, 'it ends all the same')
  t.same(await seqs(directory), range(6000), 'the file beside it has every line')
  t.match(numbers(last()), [{ acceptedRecords: 6000, pendingRecords: 0 }, { acceptedRecords: 6000, deliveredRecords: 6000 }])
  t.same(app.errors(), [])
  t.same(app.unaccounted(), [])
  app.process.stdout!.destroy()
})

t.test('a reader that keeps up gets every line, also of an application that ends at once', async t => {
  const { app, last } = start(t.testdir(), { closeTimeout: 5000 }, inShell('"$@" | cat'))
  await app.said('ready')
  await app.log(40_000, 700)
  await app.stop('leave')
  t.match(numbers(last()), [{ acceptedRecords: 40_000, deliveredRecords: 40_000, droppedRecords: 0 }, { deliveredRecords: 40_000 }])
  t.same(printed(app.stdout).length, 40_000)
})

t.test('a console that was never there (closed descriptors) harms nothing', async t => {
  for (const [name, script] of [['closed', 'exec "$@" >&- 2>&-'], ['/dev/null', 'exec "$@" > /dev/null'], ['a full device', 'exec "$@" > /dev/full']] as const) {
    for (const stream of ['stdout', 'stderr']) {
      const { app, directory, last } = start(join(t.testdir(), `${name.replaceAll('/', '')}-${stream}`), { stream }, inShell(script))
      fs.mkdirSync(join(directory, '..'), { recursive: true })
      await app.said('ready')
      await app.log(500)
      const took = await app.stop('leave')
      t.match(await app.exited, { code: 0 })
      t.ok(took < 4000, `${name}: ${stream}, ended after ${took} ms`)
      t.same(await seqs(directory), range(500))
      t.match(numbers(last()), [{ acceptedRecords: 500, pendingRecords: 0 }, { deliveredRecords: 500 }])
      t.same(app.errors(), [])
    }
  }
})

const terminals = spawnSync('script', ['-qec', 'setsid -w true', '/dev/null']).status === 0
t.test('a terminal that is closed harms nothing', { skip: !terminals && 'needs script(1) to make a terminal' }, async t => {
  const base = t.testdir()
  const script = 'A="$1" B="$2" C="$3"; export A B C; script -qfec \'setsid -w "$A" "$B" "$C"\' /dev/null & echo $! > "$0"; wait'
  const { app, directory, console, last } = start(base, {}, { execPath: 'sh', execArgv: ['-c', script, join(base, 'pid'), process.execPath] } as ProgramOptions)
  await app.said('ready')
  await app.log(100)
  await app.flush()
  // script(1) is between the terminal and here, and hands on in its own time.
  const shown = (): number[] => printed(app.stdout.replaceAll('\r', '').replace(/[^\n]*$/, ''))
  await until(() => shown().length >= 100)
  t.same(shown(), range(100), 'it shows every line')
  process.kill(Number(fs.readFileSync(join(base, 'pid'), 'utf8')), 'SIGKILL')
  await until(async () => {
    await app.log(1)
    return console().dropped.gone > 0
  })
  await app.log(1000)
  app.process.send({ leave: true })
  await until(() => fs.existsSync(join(base, 'report.json')))
  const [, file] = last()
  t.same(await seqs(directory), range(file!.acceptedRecords), 'the file beside it has every line')
  t.same(app.errors(), [])
})
