// F25: outputs that are opened and closed leave no descriptor, no thread, no timer and nothing on the heap. OPENINGS=10000 in the soak.
import t from 'tap'
import fs from 'node:fs'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cleanEnv, fixture } from '../fixtures/harness.js'
import { receiver } from '../fixtures/receiver.js'

interface Held { descriptors: number, threads: number, resources: number, heap: number }

const OPENINGS = Number(process.env.OPENINGS ?? 80)
/** Bytes an output may leave on the heap: caches that fill, code that is compiled. */
const PER_OPENING = 512

t.test(`${OPENINGS} outputs opened and closed`, { skip: !fs.existsSync('/proc/self/task') && 'needs /proc', timeout: 60_000 + OPENINGS * 500 }, async t => {
  const place = await receiver(t, {}, { timeout: 60_000 + OPENINGS * 500 })
  const options = { rounds: OPENINGS, workers: Math.ceil(OPENINGS / 20), url: place.url, dir: t.testdir() }
  const child = fork(fixture('opening.js'), [JSON.stringify(options)], { execArgv: ['--expose-gc'], env: cleanEnv() })
  t.teardown(() => child.kill('SIGKILL'))
  const told: { before?: Held, after?: Held } = {}
  child.on('message', message => Object.assign(told, message))
  const [code] = await once(child, 'exit') as [number]
  t.equal(code, 0)
  const { before, after } = told as Required<typeof told>
  t.equal(after.descriptors, before.descriptors, 'descriptors')
  t.equal(after.threads, before.threads, 'threads')
  t.equal(after.resources, before.resources, 'timers and handles')
  t.ok(after.heap - before.heap < 2 * 2 ** 20 + OPENINGS * PER_OPENING, `heap: ${after.heap - before.heap} bytes more`)
})
