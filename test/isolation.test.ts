// B2, P7: an output that fails, or hangs, neither loses nor delays lines of the outputs beside it, and does not keep the
// application from ending.
import t from 'tap'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import type { OutputMetrics } from 'pino-blackbox'
import { preloaded, logFiles, until } from './fixtures/harness.js'
import { controlled, forbidden, hidden, inside, smallDisk, torn, type Controlled } from './fixtures/faults.js'
import { range, seqs } from './fixtures/jsonl.js'
import { judge, receiver, type Receiver } from './fixtures/receiver.js'
import { left } from './fixtures/sender.js'

type Outputs = Array<{ target: string, options: Record<string, unknown> }>

const jsonl = (directory: string, options = {}): Outputs[number] =>
  ({ target: 'pino-blackbox/jsonl', options: { file: join(directory, 'app'), name: directory, closeTimeout: 1000, ...options } })

const http = (url: string, spool: string, name: string, options = {}): Outputs[number] =>
  ({ target: 'pino-blackbox/http', options: { url, name, journal: { dir: spool }, closeTimeout: 1000, ...options } })

const arrived = async (place: Receiver): Promise<number[] | undefined> => judge(await place.requests()).accepted.get('w')

const SHAPES: Record<string, (outputs: Outputs) => unknown> = {
  tee: outputs => ({ target: 'pino-blackbox/tee', options: { outputs } }),
  "pino's targets": outputs => ({ targets: outputs.map(output => ({ ...output, level: 'trace' })) })
}

const of = (app: Controlled, directory: string): OutputMetrics => app.metrics().find(({ name }) => name === directory)!

/** Ends when the application has gone, or at the limit, when it is killed. */
async function gone (app: Controlled, limit: number): Promise<number> {
  const began = Date.now()
  app.process.send({ leave: true })
  const timer = setTimeout(() => app.process.kill('SIGKILL'), limit)
  await app.exited
  clearTimeout(timer)
  return Date.now() - began
}

for (const [shape, transport] of Object.entries(SHAPES)) {
  t.test(`${shape}: an output whose directory has become a file fails alone, and catches up`, async t => {
    const base = t.testdir()
    const [broken, healthy] = [join(base, 'broken'), join(base, 'healthy')] as const
    const app = controlled({ transport: transport([jsonl(broken), jsonl(healthy)]) })
    await app.said('ready')
    await app.log(500)
    await app.flush()
    fs.renameSync(broken, join(base, 'before'))
    fs.writeFileSync(broken, 'in the way')
    await until(() => of(app, broken).failures > 0)
    await app.log(1000)
    await until(() => of(app, healthy).deliveredRecords === 1500, 3000)
    t.same(await seqs(healthy), range(1500), 'the other one has every line, at once')
    t.match(of(app, broken), { deliveredRecords: 500, pendingRecords: 1000, droppedRecords: 0 })
    fs.rmSync(broken)
    await app.flush()
    t.same([...await seqs(join(base, 'before')), ...await seqs(broken)], range(1500), 'and so has this one, now that it can be written again')
    await app.stop('end')
    t.same(app.errors(), [])
    t.same(app.unaccounted(), [])
  })

  t.test(`${shape}: an output on a full disk fails alone`, { skip: forbidden('-rm') }, async t => {
    const base = t.testdir({ disk: {} })
    const [full, healthy] = [join(base, 'disk'), join(base, 'healthy')] as const
    const app = controlled({ transport: transport([jsonl(full, { maxLength: '512k' }), jsonl(healthy)]) }, smallDisk(full, 3500))
    await app.said('ready')
    const disk = inside(app, full)
    await app.log(8000, 200)
    await until(() => of(app, healthy).deliveredRecords === 8000, 5000)
    await until(() => of(app, full).dropped.full > 0)
    t.ok(await gone(app, 8000) < 5000, 'it ends within its closeTimeout')
    t.match(await app.exited, { code: 0 })
    t.same(await seqs(healthy), range(8000))
    t.same(torn(disk), [])
    t.same(app.errors(), [])
    t.same(app.unaccounted(), [])
  })

  t.test(`${shape}: a receiver that hangs, and one that is not there, hold up nobody, and their lines are kept`, async t => {
    const base = t.testdir()
    const [healthy, spool] = [join(base, 'healthy'), join(base, 'spool')] as const
    const [there, hanging, away] = await Promise.all([receiver(t), receiver(t, { script: [{ fault: 'hang' }] }), receiver(t, { listening: false })])
    const app = controlled({
      transport: transport([
        http(hanging.url, spool, 'hanging'), http(away.url, spool, 'away'), http(hanging.url, spool, 'in memory', { journal: 'memory' }), jsonl(healthy), http(there.url, spool, 'there')
      ])
    })
    await app.said('ready')
    await app.log(1000)
    await until(() => of(app, healthy).deliveredRecords === 1000 && of(app, 'there').deliveredRecords === 1000, 5000)
    await until(async () => (await hanging.requests()).length >= 2 && of(app, 'away').failures > 0)
    for (const name of ['hanging', 'away', 'in memory']) t.match(of(app, name), { deliveredRecords: 0, pendingRecords: 1000 }, name)
    t.ok(await gone(app, 9000) < 5000, 'it ends within the closeTimeout of one')
    t.match(await app.exited, { code: 0 })
    t.same(await seqs(healthy), range(1000))
    t.same(await arrived(there), range(1000))
    for (const name of ['hanging', 'away']) t.same(left(spool, name).segments.flatMap(({ lines }) => lines.map(line => JSON.parse(line).seq)), range(1000), `${name}: what waits is there for the next start`)
    t.match(app.stderr, 'pino-blackbox in memory: closed; of the lines taken 1000 were dropped (1000 closed)')
    t.same(app.errors(), [])
    t.same(app.unaccounted(), [])
  })
}

t.test('outputs whose calls never return: the others have every line, and the application ends within closeTimeout', async t => {
  const base = t.testdir()
  const hangs = ['write', 'open', 'close', 'fdatasync', 'fstat', 'fsp.mkdir', 'fsp.writeFile', 'fsp.readdir', 'fsp.access'].map((call, at) => ({
    directory: join(base, `hanging-${at}`), call, from: 2
  }))
  const faults = hangs.map(({ directory, call, from }) => ({ under: directory, faults: [{ call, from, how: 'hang' }] }))
  const healthy = join(base, 'healthy')
  const place = await receiver(t)
  const app = controlled({
    transport: {
      ...SHAPES.tee!([...hangs.map(({ directory }) => jsonl(directory, { fsync: 'always', size: '16k' })), jsonl(healthy), http(place.url, join(base, 'spool'), 'sender')]) as object,
      worker: preloaded('failing-fs.js')
    }
  }, { env: { FAULTS: JSON.stringify(faults) } })
  await app.said('ready')
  await app.log(1000)
  await until(() => of(app, healthy).deliveredRecords === 1000 && of(app, 'sender').deliveredRecords === 1000, 5000)
  const stuck = hangs.filter(({ directory }) => of(app, directory).pendingRecords > 0)
  t.ok(stuck.length >= 7, `stuck in ${stuck.map(({ call }) => call).join(', ')}`)
  t.ok(await gone(app, 9000) < 5000, 'closed side by side, in the time of one')
  t.match(await app.exited, { code: 0 })
  t.same(await seqs(healthy), range(1000))
  t.same(await arrived(place), range(1000))
  t.same(hidden(healthy), [])
  t.same(app.errors(), [])
  t.same(app.unaccounted(), [])
})

for (const call of ['fsp.rename', 'fsp.rm', 'fsp.rmdir']) {
  t.test(`a disk that hangs while the output is given up, in ${call}: the application ends within closeTimeout`, async t => {
    const directory = join(t.testdir(), 'logs')
    const app = controlled({
      transport: { ...jsonl(directory), worker: preloaded('failing-fs.js') }
    }, { env: { FAULTS: JSON.stringify({ under: directory, faults: [{ call, from: call === 'fsp.rename' ? 2 : 1, how: 'hang' }] }) } })
    await app.said('ready')
    await app.log(100)
    await app.flush()
    t.ok(await gone(app, 9000) < 5000)
    t.match(await app.exited, { code: 0 })
    t.same(await seqs(directory), range(100))
    t.same(app.errors(), [])
  })
}

const fifos = spawnSync('mkfifo', ['--version']).status === 0
t.test('a pipe that nobody reads in the place of a file: passed over, or it would hold the process for ever', { skip: !fifos && 'needs mkfifo' }, async t => {
  const base = t.testdir({ piped: {} })
  const [piped, healthy] = [join(base, 'piped'), join(base, 'healthy')] as const
  spawnSync('mkfifo', [join(piped, 'app.1.log')])
  const app = controlled({ transport: SHAPES.tee!([jsonl(piped), jsonl(healthy)]) })
  await app.said('ready')
  await app.log(2000)
  await until(() => of(app, healthy).deliveredRecords === 2000, 5000)
  t.ok(await gone(app, 9000) < 5000)
  t.match(await app.exited, { code: 0 })
  t.same(await seqs(healthy), range(2000))
  t.same(logFiles(piped, 'app'), ['app.1.log', 'app.2.log'])
  fs.rmSync(join(piped, 'app.1.log'))
  t.same(await seqs(piped), range(2000))
})
