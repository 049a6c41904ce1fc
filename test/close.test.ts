// B29: closing under load neither hangs nor loses a line, whatever was going on. ROUNDS=10000 for a long run.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import pino from 'pino'
import { flush, jsonl, shutdown, tee } from 'pino-blackbox'
import { readLines, seeded, stayAwake } from './fixtures/harness.js'

const ROUNDS = Number(process.env.ROUNDS ?? 20)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))
const random = seeded(SEED)
const pick = <T>(...values: T[]): T => values[Math.floor(random() * values.length)]!

stayAwake(t)

t.test(`${ROUNDS} closes under load (SEED=${SEED})`, { timeout: 60_000 + ROUNDS * 5000 }, async t => {
  const directory = t.testdir()
  for (let round = 0; round < ROUNDS; round++) {
    const file = jsonl({ file: join(directory, `${round}`, 'a'), size: pick('2k', '100k', '10m'), fsync: pick<'never' | 'always' | number>('never', 'always', 5) })
    const shape = pick('target', 'tee', 'targets', 'pipeline')
    const transport = pino.transport({
      target: file,
      tee: tee([file, jsonl({ file: join(directory, `${round}`, 'b') })]),
      targets: { targets: [{ ...file, level: 'trace' }, { target: 'pino/file', options: { destination: '/dev/null' } }] },
      pipeline: { pipeline: [file] }
    }[shape] as ReturnType<typeof jsonl>)
    const log = pino({ level: 'trace' }, transport)
    const errors: Error[] = []
    transport.on('error', (error: Error) => errors.push(error))
    const closed = new Promise(resolve => transport.once('close', resolve))

    const when = pick('at once', 'ready', 'turns', 'flushing', 'flushed')
    if (when === 'ready') await once(transport, 'ready')
    const lines = Math.floor(random() ** 3 * 5000)
    let seq = 0
    const write = (to: number): void => { while (seq < to) log.info({ seq: seq++ }, 'a line') }
    write(lines >> 1)
    if (when === 'turns') for (let i = 0; i < 5; i++) await turn()
    const flushing = when.startsWith('flush') ? flush(log).catch(() => {}) : undefined
    if (when === 'flushed') await flushing
    write(lines)
    const how = pick('end', 'shutdown')
    if (how === 'end') transport.end()
    else await shutdown(log)
    await closed
    await flushing

    const what = `round ${round}: ${shape}, ${lines} lines, ${how}, ${when}`
    const found = lines === 0 ? [] : (await readLines(join(directory, `${round}`), 'a')).map(({ seq }) => seq)
    t.strictSame([errors, found.length, found.every((seq, at) => seq === at)], [[], lines, true], what)
    fs.rmSync(join(directory, `${round}`), { recursive: true, force: true })
  }
})
