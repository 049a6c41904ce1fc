// F32, P16: a process that is killed at any step, or at any moment, leaves only whole files under the names of dumps; the next one
// sweeps what else is there.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { beside, dumping, dumps, json, torn, type Job } from '../fixtures/dump-files.js'
import { preloaded, until } from '../fixtures/harness.js'

const HOUR = 3_600_000
const OLD = 'old_20200101_000000.json'

/** A process with these directories, some hours later; resolves with what it had to say. */
async function later (base: string, dumpPaths: string[], maxBackups: number): Promise<string> {
  fs.writeFileSync(join(base, 'clock'), String(2 * HOUR))
  const child = dumping({ name: 'next', options: { enabled: true, maxBackups }, dumpPaths }, { env: { CLOCK: join(base, 'clock') }, ...preloaded('clock.js') })
  await child.exited
  return child.stderr
}

/** Calls that change something, of which the nth never returns, and whether the dump is there by then. */
const steps: Array<[kind: 'struct' | 'events' | 'bytes', call: string, nth: number, there: boolean]> = [
  ['struct', 'open', 1, false], ['struct', 'open', 2, false], ['struct', 'writeFile', 1, false], ['struct', 'open', 3, false], ['struct', 'rename', 1, false],
  ['struct', 'readdir', 1, true], ['struct', 'rm', 1, true], ['struct', 'rm', 2, true],
  ['events', 'open', 1, false], ['events', 'open', 2, false], ['events', 'writeFile', 1, false], ['events', 'writeFile', 2, false], ['events', 'open', 3, false],
  ['events', 'rename', 1, false], ['events', 'readdir', 1, true],
  ['bytes', 'writeFile', 1, false], ['bytes', 'rename', 1, false], ['bytes', 'readdir', 1, true]
]

t.test('killed at each step of a dump', async t => {
  const base = t.testdir()
  const places = steps.map(([kind, call, nth, there], at) => ({
    title: `${kind}, killed in ${call} ${nth}`, kind, there, dumpPath: join(base, `place${at}`), trace: join(base, `trace${at}`), faults: [{ call: `fsp.${call}`, at: [nth], how: 'hang' }]
  }))
  for (const { dumpPath } of places) {
    fs.mkdirSync(join(dumpPath, '.blackbox'), { recursive: true })
    fs.writeFileSync(join(dumpPath, OLD), '{"end":true}')
    fs.writeFileSync(join(dumpPath, '.blackbox', OLD), '')
    fs.utimesSync(join(dumpPath, OLD), 0, 0)
  }
  const threads = places.map(({ kind, dumpPath, trace, faults }): Job => ({ kinds: [kind], dumpPaths: [dumpPath], faults: { under: dumpPath, trace, faults } }))
  const child = dumping({ threads, options: { enabled: true }, name: 'killed', size: 15_000 })
  const hung = ({ trace }: { trace: string }): boolean => fs.existsSync(trace) && fs.readFileSync(trace, 'utf8').includes(' hangs')
  await until(() => child.process.exitCode !== null || places.every(hung))
  t.strictSame(places.filter(place => !hung(place)), [], `all have come to their step ${child.stderr}`)
  child.process.kill('SIGKILL')
  await child.exited

  for (const { title, there, dumpPath } of places) {
    t.strictSame(torn(dumpPath), [], title)
    t.equal(dumps(dumpPath).filter(name => name !== OLD).length, there ? 1 : 0)
  }
  t.equal(await later(base, places.map(({ dumpPath }) => dumpPath), 10), '')
  for (const { title, there, dumpPath } of places) {
    t.strictSame(beside(dumpPath), dumps(dumpPath), `${title}, then swept`)
    t.match(dumps(dumpPath), there ? [/^killed/, /^next/] : [/^next/])
    t.notOk(dumps(dumpPath).includes(OLD))
  }
})

t.test('killed at any moment', async t => {
  const base = t.testdir()
  const dumpPath = join(base, 'dumps')
  const options = { enabled: true, dumpPath, rate: false as const, maxBackups: 50 }
  const seen = new Set<string>()
  for (let round = 0; round < 4; round++) {
    const child = dumping({ options, kinds: ['struct', 'events', 'bytes'], count: 5, size: 15_000, name: 'same', endless: true, threads: [{}, {}] })
    await child.said('results')
    await new Promise(resolve => setTimeout(resolve, Math.random() * 100))
    child.process.kill('SIGKILL')
    await child.exited
    t.strictSame(torn(dumpPath), [])
    for (const name of beside(dumpPath)) seen.add(name.endsWith('.tmp') ? 'unfinished' : dumps(dumpPath).includes(name) ? 'whole' : 'marker only')
  }
  t.comment(`left behind: ${[...seen].join(', ')}`)
  t.equal(await later(base, [dumpPath], 50), '')
  t.strictSame(beside(dumpPath), dumps(dumpPath), 'the next process has swept what was left')
  t.equal(dumps(dumpPath).length, 50)
  t.match(json(join(dumpPath, dumps(dumpPath).find(name => name.startsWith('next'))!)), { end: true })
})
