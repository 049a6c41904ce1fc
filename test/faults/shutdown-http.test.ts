// F23, P14: however a process ends and whatever its receiver does, it ends in time, and what was not delivered is in the journal, for the
// next who starts.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { http, type HttpOptions } from 'pino-blackbox'
import { program, type Program } from '../fixtures/harness.js'
import { range } from '../fixtures/jsonl.js'
import { judge, receiver, type Receiver } from '../fixtures/receiver.js'
import { left, sender } from '../fixtures/sender.js'

const CLOSE_TIMEOUT = 2000
/** ms that the product may take beyond it, and what a signal, the threads and a busy machine take. */
const SLACK = 2000
/** ms for starting node and its worker on a busy machine. With all of it an end is far from pino's 10 s. */
const START = 3000
const LINES = 300

const dir = t.testdir()
/** What it is at its end; afterwards it goes to the one that works. */
const weather: Record<string, Receiver> = {
  up: await receiver(t),
  down: await receiver(t, { listening: false }),
  hanging: await receiver(t, { script: [{ fault: 'hang' }] })
}
const successors = await sender(t)

const options = (place: Receiver, name: string, more: Partial<HttpOptions> = {}): HttpOptions => ({
  url: `${place.url}/${name}`, name, journal: { dir }, closeTimeout: CLOSE_TIMEOUT, ...more
})

interface Ended { lines: number, code?: number, signal?: NodeJS.Signals, stderr?: RegExp, most: number, took: number }

const ending = (how: string, expected: Pick<Ended, 'code' | 'stderr'>) => async (transport: object): Promise<[Program, Ended]> => {
  const child = program('ending.js', { transport, lines: LINES, how })
  const { took } = await child.exited
  return [child, { lines: LINES, ...expected, most: START + CLOSE_TIMEOUT + SLACK, took }]
}

const signalled = (signal: NodeJS.Signals) => async (transport: object): Promise<[Program, Ended]> => {
  const child = program('ending.js', { transport, lines: LINES, how: 'signals' })
  await child.said('ready')
  const began = Date.now()
  child.process.kill(signal)
  await child.exited
  return [child, { lines: (await child.said('logged')).logged as number, signal, most: CLOSE_TIMEOUT + SLACK, took: Date.now() - began }]
}

const endings: Record<string, (transport: object) => Promise<[Program, Ended]>> = {
  end: ending('end', { code: 0 }),
  'natural exit': ending('drain', { code: 0 }),
  'process.exit': ending('exit', { code: 0 }),
  uncaughtException: ending('uncaught', { code: 1, stderr: /nobody catches this/ }),
  SIGTERM: signalled('SIGTERM'),
  SIGINT: signalled('SIGINT'),
  async 'fastify.close' (transport) {
    const service = program('service.js', { transport })
    const { port } = await service.said('port')
    for (const seq of range(20)) await (await fetch(`http://127.0.0.1:${port}/${seq}`)).text()
    const began = Date.now()
    service.process.send('close')
    await service.exited
    return [service, { lines: 20, code: 0, most: CLOSE_TIMEOUT + SLACK, took: Date.now() - began }]
  }
}

/** Ids of the numbered lines that a receiver has kept, in its order. */
const received = async (place: Receiver, name: string): Promise<number[]> => {
  const { accepted, altered, doubled } = judge(await place.requests(`/${name}`))
  if (altered.length + doubled.length > 0) throw new Error(`altered: ${altered}, doubled: ${doubled}`)
  return accepted.get('w') ?? []
}

const spooled = (name: string): number[] => left(dir, name).segments.flatMap(({ lines }) => lines.map(line => JSON.parse(line))).filter(({ writer }) => writer === 'w').map(({ seq }) => seq)

/** A journal with nothing in it is not there. */
const gone = (t: Test, name: string): unknown => t.notOk(fs.existsSync(join(dir, `http-${name}`)), 'nothing is left of the journal')

async function successor (t: Test, name: string, waiting: number): Promise<void> {
  const outlet = await successors.open(options(weather.up!, name))
  await outlet.reaches(({ recoveredRecords, pendingRecords }) => recoveredRecords >= waiting && pendingRecords === 0)
  await outlet.end()
  gone(t, name)
}

t.jobs = 2

for (const [sky, place] of Object.entries(weather)) {
  for (const [how, end] of Object.entries(endings)) {
    t.test(`${how} with the receiver ${sky}: nothing is lost, and the process ends in time`, async t => {
      const name = `${sky}-${how.replace(/\W/g, '-')}`
      const [child, { lines, code = null, signal = null, stderr, most, took }] = await end(http(options(place, name)))
      t.match(await child.exited, { code, signal }, child.stderr)
      t.ok(took <= most, `${took} ms, ${most} at most`)
      const said = child.stderr.split('\n').filter(line => !line.startsWith('pino-blackbox '))
      t.match(said.join('\n'), stderr ?? /^$/)
      t.notMatch(child.stderr, /_flushSync took too long|dropped|dropping/)
      if (sky === 'up') t.notMatch(child.stderr, /pino-blackbox/, 'nothing to tell')

      const before = await received(place, name)
      const waiting = spooled(name)
      t.strictSame([...before, ...waiting], range(lines), `${before.length} delivered, ${waiting.length} in the journal`)
      if (sky === 'up') return t.strictSame(before, range(lines)) && gone(t, name)
      t.strictSame(before, [])
      await successor(t, name, waiting.length)
      t.strictSame(await received(weather.up!, name), range(lines), 'delivered after a restart')
    })
  }
}

for (const how of ['drain', 'exit', 'end', 'uncaught']) {
  t.test(`an app that logs one line and ends at once by ${how}: the line arrives`, async t => {
    const name = `short-${how}`
    const child = program('ending.js', { transport: http(options(weather.up!, name)), lines: 1, how })
    t.match(await child.exited, { code: how === 'uncaught' ? 1 : 0 })
    t.strictSame(await received(weather.up!, name), [0])
    gone(t, name)
  })
}

t.test('closeTimeout: an answer that comes within it is waited for, a later one is not', async t => {
  const slow = await receiver(t, { script: [{ delay: 1500 }] })
  const end = async (name: string, closeTimeout: number | string): Promise<number> => {
    const child = program('ending.js', { transport: http(options(slow, name, { closeTimeout })), lines: LINES, how: 'signals' })
    // Nothing is under way, and nothing will be before the end.
    await child.said('ready')
    const began = Date.now()
    child.process.kill('SIGTERM')
    t.match(await child.exited, { signal: 'SIGTERM' }, child.stderr)
    const took = Date.now() - began
    const lines = (await child.said('logged')).logged as number
    const waiting = spooled(name)
    if (closeTimeout === '6s') {
      t.strictSame([waiting, await received(slow, name)], [[], range(lines)], 'delivered')
      gone(t, name)
    } else {
      t.ok(waiting.length > 0, `${waiting.length} lines wait for the next who starts`)
      t.same(waiting.at(-1), lines - 1)
      await successor(t, name, waiting.length)
    }
    return took
  }
  const patient = await end('patient', '6s')
  t.ok(patient >= 1000 && patient <= 6000 + SLACK, `${patient} ms of 6000`)
  const hurried = await end('hurried', 300)
  t.ok(hurried <= 300 + SLACK, `${hurried} ms of 300`)
})

t.test('a journal in memory has until closeTimeout; what is left then is counted, and told', async t => {
  for (const [sky, place] of Object.entries(weather)) {
    const name = `memory-${sky}`
    const child = program('ending.js', { transport: http(options(place, name, { journal: 'memory' })), lines: LINES, how: 'end' })
    const { took, ...ended } = await child.exited
    t.strictSame(ended, { code: 0, signal: null }, child.stderr)
    t.ok(took <= START + CLOSE_TIMEOUT + SLACK, `${sky}: ${took} ms`)
    if (sky === 'up') t.strictSame([await received(place, name), child.stderr], [range(LINES), ''])
    else t.match(child.stderr, `closed; of the lines taken ${LINES} were dropped (${LINES} closed)`)
    gone(t, name)
  }
})
