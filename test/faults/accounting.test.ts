// A8: what comes in is delivered, waits, is a dead letter or was dropped, and nothing else: at every look of somebody who looks as fast
// as he can, through restarts, full journals, refusals, repeats and SIGKILL; and what the figures say is in the files and at the receiver.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { exporter, http, jsonl, parquet, tee, type OutputMetrics } from 'pino-blackbox'
import { inDataset, inTable } from '../fixtures/evidence.js'
import { fixture, program, seeded, stayAwake, until } from '../fixtures/harness.js'
import type { Evidence } from '../fixtures/oracle.js'
import { receiver } from '../fixtures/receiver.js'

stayAwake(t)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const HISTORIES = Number(process.env.RUNS ?? 2)
const RUNS = 4

interface News { looks: number, wrong: object[], metrics?: OutputMetrics[], logged?: number, last?: OutputMetrics[] }

/** Wherever an output has them, each once. */
function linesOf ({ delivered, pending, dead }: Evidence): number {
  return new Set([delivered, pending, dead].flatMap(lines => [...lines].flatMap(([writer, seqs]) => seqs.map(seq => `${writer} ${seq}`)))).size
}

/** Lines of all files below `directory` of which the path fits. */
function linesBelow (directory: string, fits: (path: string) => boolean): number {
  if (!fs.existsSync(directory)) return 0
  return fs.readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name)).filter(fits)
    .reduce((sum, path) => sum + fs.readFileSync(path, 'latin1').split('\n').length - 1, 0)
}

for (let history = 0; history < HISTORIES; history++) {
  const seed = SEED + history
  t.test(`a history of ${RUNS} processes (SEED=${seed})`, async t => {
    const next = seeded(seed)
    const pick = <T>(...values: T[]): T => values[Math.floor(next() * values.length)]!
    const directory = t.testdir()
    const [journal, logs, rows, table] = ['journal', 'logs', 'rows', 'table'].map(name => join(directory, name)) as [string, string, string, string]
    const waitingRows = join(directory, '.rows.blackbox')
    const held = async (): Promise<number[]> => [await inDataset(rows, waitingRows), inTable(table, join(directory, 'batches/exporter-table'))].map(linesOf)
    const waiting = (): number => linesBelow(journal, path => /\.(jsonl|open)$/.test(path) && !path.includes('/dead/'))
    const dead = (): number => linesBelow(journal, path => path.includes('/dead/'))
    const target = await receiver(t, { seed })
    let received = 0
    for (let run = 0; run < RUNS; run++) {
      const down = run < RUNS - 1 && pick(true, false)
      const killed = run < RUNS - 1 && pick(true, true, false)
      const lines = 1000 + Math.floor(next() * 1500)
      await target.script(down ? [{ status: 503 }] : [{ status: 400, when: { contains: 'poison' } }, { status: 503, when: { share: 0.3 } }, { status: 200 }])
      const before = { waiting: waiting(), dead: dead(), file: linesBelow(logs, () => true), held: await held() }
      const transport = tee([
        jsonl({ file: join(logs, 'app'), size: '100k', name: 'file' }),
        http({
          url: target.url,
          name: 'net',
          journal: { dir: journal, maxSize: pick('60k', '200k', '10m'), whenFull: pick('drop-oldest', 'drop-newest') },
          batch: { flushRecords: 50, maxRecords: pick(50, 500) },
          retry: { minDelay: 1, maxDelay: 20 },
          concurrency: pick(1, 3)
        }),
        http({ url: `${target.url}/memory`, name: 'memory', journal: { dir: false, maxBufferRecords: 500 }, retry: { minDelay: 1, maxDelay: 20 }, closeTimeout: 500 }),
        parquet({ dir: rows, size: '200k', columns: { writer: 'string', seq: 'int32' }, name: 'rows', closeTimeout: '9s' }),
        exporter({ module: fixture('exporters/table.js'), options: { file: table, forget: pick(0, 0.3) }, name: 'table', journal: { dir: join(directory, 'batches') }, batch: { flushRecords: 50 }, retry: { minDelay: 1, maxDelay: 20 } })
      ])
      const child = program('conserving.js', { transport, writer: `${seed}r${run}`, lines, poison: 0.005, finish: run === RUNS - 1, seed: 1 + Math.floor(next() * 1e6) })
      const enough = killed ? Math.floor(next() * lines * 0.9) : Infinity
      child.process.on('message', ({ logged = 0 }: News) => { if (logged >= enough) child.process.kill('SIGKILL') })
      const { code, signal } = await child.exited
      t.strictSame({ code, signal }, killed ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null }, child.stderr)
      const { wrong, looks, last, metrics } = child.messages.at(-1) as unknown as News
      const what = `run ${run}${down ? ', receiver down' : ''}${killed ? ', killed' : ''}`
      t.strictSame(wrong, [], `${what}: ${looks} looks`)
      // Of a process that was killed there may be a request that nobody has read yet.
      await until(async () => (await target.connections()).open === 0)
      const requests = (await target.requests('/')).filter(({ stored }) => stored)
      const arrived = requests.reduce((sum, { lines }) => sum + lines, 0) - received
      received += arrived
      const after = { waiting: waiting(), dead: dead(), file: linesBelow(logs, () => true) }
      const [file, net, memory, dataset, batches] = (last ?? metrics) as Array<OutputMetrics | undefined>
      // Killed before anything was known.
      if (!file || !net || !memory || !dataset || !batches) continue
      t.ok(net.recoveredRecords <= before.waiting, `${what}: ${net.recoveredRecords} recovered`)
      if (killed) {
        t.ok(file.deliveredRecords <= after.file - before.file, `${what}: ${file.deliveredRecords} in the file`)
        t.ok(net.deliveredRecords <= arrived && net.deadRecords <= after.dead - before.dead, `${what}: ${net.deliveredRecords} received`)
        continue
      }
      t.match(file, { acceptedRecords: lines, deliveredRecords: after.file - before.file, pendingRecords: 0, droppedRecords: 0 }, what)
      t.match(net, { acceptedRecords: lines, recoveredRecords: before.waiting, pendingRecords: after.waiting }, what)
      // A batch of which a part is done waits as a whole, and is done again by the next process.
      const begun = net.pendingRecords
      const [unsettled, unburied] = [arrived - net.deliveredRecords, after.dead - before.dead - net.deadRecords]
      t.ok(unsettled >= 0 && unburied >= 0 && unsettled + unburied <= begun, `${what}: ${arrived} received, ${net.deliveredRecords} delivered, ${begun} pending`)
      if (last && run === RUNS - 1) t.equal(begun, 0, 'in the end everything is somewhere')
      const added = (await held()).map((lines, at) => lines - before.held[at]!)
      t.strictSame(added, [lines, lines], `${what}: rows and batches`)
      for (const metrics of [dataset, batches]) t.match(metrics, { acceptedRecords: lines, droppedRecords: 0, deadRecords: 0, ...last && run === RUNS - 1 && { pendingRecords: 0 } }, what)
      t.match(memory, { acceptedRecords: lines, pendingRecords: 0, pendingBytes: 0, pendingSegments: 0, deadRecords: 0 }, what)
      t.comment(`${what}: ${looks} looks, ${net.droppedRecords} + ${memory.droppedRecords} dropped, ${net.deadRecords} dead, ${net.recoveredRecords} recovered, ${net.retries} retries`)
    }
  })
}
