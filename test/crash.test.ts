// P2 for files, E3, P4, P11: what flush() acknowledged survives SIGKILL, exactly once and in order.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { audit, logFiles, produce, readLines } from './fixtures/harness.js'

const KILLS = Number(process.env.KILLS ?? 20)

t.test(`${KILLS} SIGKILLs during heavy writes: acknowledged lines are there once, in order, in whole files`, async t => {
  const directory = join(t.testdir(), 'logs')
  const size = 256 * 1024
  const transport = {
    target: 'pino-blackbox/jsonl',
    options: { file: join(directory, 'app'), extension: 'jsonl', size: '256k', limit: { count: 100_000 } }
  }
  const runs: Array<{ writer: string, acked: number }> = []
  let highest = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = `run-${kill}`
    const producer = produce({ transport, writer, ackEvery: 500 })
    await producer.reached(500)
    await new Promise(resolve => setTimeout(resolve, Math.random() * 60))
    producer.process.kill('SIGKILL')
    await producer.exited
    runs.push({ writer, acked: producer.acked })
    const numbers = logFiles(directory, 'app').map(name => Number(name.split('.')[1]))
    t.ok(Math.max(...numbers) >= highest, 'numbering goes on')
    t.same(numbers, numbers.map((_, at) => at + 1), 'no number is left out or used twice')
    highest = Math.max(...numbers)
  }
  const last = produce({ transport, writer: 'last', count: 1000 })
  t.match(await last.exited, { code: 0 })
  runs.push({ writer: 'last', acked: 1000 })
  const lines = await readLines(directory, 'app')
  for (const { writer, acked } of runs) {
    t.match(audit(lines, writer, acked), { missing: [], duplicates: [], unordered: 0 }, `${writer}: ${acked} acknowledged`)
  }
  for (const name of logFiles(directory, 'app')) t.ok(fs.statSync(join(directory, name)).size <= size, `${name} is not over size`)
  t.equal(fs.readdirSync(directory).filter(name => name.startsWith('.')).length, 0, 'nothing hidden is left after a clean end')
})
