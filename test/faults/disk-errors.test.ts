// F4, F5, B31: calls of the file system that fail now and then, together with others, in an application of its own: they cost no line and
// double none; a failed fsync is never taken for a successful one. Each call by itself is in disk-calls.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { preloaded, readLines, until } from '../fixtures/harness.js'
import { controlled, hidden, type Controlled } from '../fixtures/faults.js'

interface Fault { call: string, at: number[], codes?: string[], how?: 'half' | 'done' | 'hang' }

const CODES = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EMFILE']
const SOMETIMES = [1, 2, 4, 7, 11, 16]

/** An application whose jsonl output meets these faults. */
function faulty (directory: string, faults: Fault[], options: Record<string, unknown> = {}): Controlled {
  const trace = join(directory, 'trace')
  const transport = {
    target: 'pino-blackbox/jsonl',
    options: { file: join(directory, 'logs/app'), extension: 'jsonl', ...options },
    worker: preloaded('failing-fs.js')
  }
  fs.mkdirSync(join(directory, 'logs'), { recursive: true })
  return controlled({ transport }, { env: { FAULTS: JSON.stringify({ under: join(directory, 'logs'), trace, faults }) } })
}

const traced = (directory: string): string[] => fs.readFileSync(join(directory, 'trace'), 'utf8').split('\n').slice(0, -1)
const failures = (directory: string): number => traced(directory).filter(line => / E[A-Z]+ /.test(line)).length
const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const seqs = async (directory: string): Promise<number[]> => (await readLines(join(directory, 'logs'), 'app')).map(({ seq }) => seq!)

/** Log files that the application has open; one that was opened twice is there twice. */
function opened ({ process: { pid } }: Controlled, directory: string): string[] {
  return fs.readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      return [fs.readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return []
    }
  }).filter(path => path.startsWith(join(directory, 'logs/app.')))
}

const CALLS: Array<{ name: string, faults: Fault[], options?: Record<string, unknown> }> = [
  { name: 'a write that is cut short, then fails', faults: [{ call: 'write', at: [2, 5, 9, 14], codes: CODES, how: 'half' }] },
  { name: 'a write cut short, then ftruncate', faults: [{ call: 'write', at: [2, 7], how: 'half' }, { call: 'ftruncate', at: [1, 3, 4], codes: CODES }] },
  { name: 'a synchronous write', faults: [{ call: 'writeSync', at: SOMETIMES, codes: CODES }], options: { sync: true } },
  { name: 'a synchronous write cut short twice, then fails', faults: [{ call: 'writeSync', at: [2, 3, 8, 9], how: 'half' }], options: { sync: true } },
  { name: 'close', faults: [{ call: 'close', at: SOMETIMES, codes: CODES }] },
  { name: 'stat and fstat, while the last file is looked at', faults: [{ call: 'write', at: [3, 6, 9] }, { call: 'stat', at: SOMETIMES, codes: CODES }, { call: 'fstat', at: SOMETIMES, codes: CODES }] },
  { name: 'read, while the last file is looked at', faults: [{ call: 'write', at: [3, 6, 9] }, { call: 'read', at: [1, 2, 4], codes: CODES }] },
  { name: 'fdatasync and ftruncate, synced now and then', faults: [{ call: 'fdatasync', at: [1, 5] }, { call: 'ftruncate', at: [1, 2, 3, 5] }], options: { fsync: 20 } }
]

for (const [at, { name, faults, options }] of CALLS.entries()) {
  t.test(`failing calls: ${name}`, { buffered: true }, async t => {
    const directory = join(t.testdir(), String(at))
    const app = faulty(directory, faults, { size: '16k', ...options })
    await app.said('ready')
    for (let batch = 0; batch < 12; batch++) {
      await app.log(50)
      await app.flush()
    }
    if (fs.existsSync('/proc/self/fd')) await until(() => opened(app, directory).length <= 1, 5000).catch(() => t.fail(`descriptors left open: ${opened(app, directory)}`))
    await app.stop('end')
    t.match(await app.exited, { code: 0 })
    t.ok(failures(directory) >= faults[0]!.at.length / 2, `${failures(directory)} calls failed`)
    t.same(await seqs(directory), range(600), 'every line once, in order')
    t.same(app.errors(), [])
    t.same(app.unaccounted(), [])
    t.same(hidden(join(directory, 'logs')), [], 'nothing hidden is left')
  })
}
t.jobs = 2

for (const fsync of ['always', 30] as const) {
  t.test(`a failed fsync (fsync: ${fsync}): the lines are cut off and written again before flush() calls them safe`, async t => {
    const directory = t.testdir()
    const app = faulty(directory, [{ call: 'fdatasync', at: [2, 4] }], { fsync })
    await app.said('ready')
    for (let batch = 0; batch < 4; batch++) {
      await app.log(100)
      await app.flush()
      fs.appendFileSync(join(directory, 'trace'), 'acknowledged\n')
    }
    await app.stop('end')
    t.same(await seqs(directory), range(400))

    let synced = 0
    let length = 0
    let failed = false
    let seen = 0
    for (const [call, result, size] of traced(directory).map(line => line.split(' '))) {
      if (call === 'write' && result === 'ok') length += Number(size)
      if (call === 'ftruncate' && result === 'ok') length = Number(size)
      if (call === 'fdatasync' && result !== 'ok') {
        failed = true
        seen++
      }
      if (failed && length === synced) failed = false
      if (call === 'fdatasync' && result === 'ok') {
        t.notOk(failed, 'what a failed sync may have lost was cut off before the next sync')
        synced = length
      }
      if (call === 'acknowledged') t.equal(length, synced, `acknowledged at ${length} bytes, all of them synced`)
    }
    t.equal(seen, 2, 'both syncs were made to fail')
  })
}

t.test('flush() waits for lines that reading was stopped for, because the disk took nothing and memory was full', async t => {
  const directory = t.testdir()
  const app = faulty(directory, [{ call: 'write', at: [2, 3, 4, 5] }], { maxLength: '128k' })
  await app.said('ready')
  await app.log(10)
  await app.flush()
  await app.log(4000, 100)
  await app.flush()
  t.equal((await seqs(directory)).length, 4010, 'all of them are there when it resolves')
  t.match(app.metrics()[0], { droppedRecords: 0 })
  await app.stop('end')
  t.same(await seqs(directory), range(4010))
})
