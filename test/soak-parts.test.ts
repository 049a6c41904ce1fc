// What the soak judges by, and the parts that it is made of.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { cleanEnv } from './fixtures/harness.js'
// @ts-expect-error plain JavaScript
import { line } from './soak/figures.js'
// @ts-expect-error plain JavaScript
import { Ledger, owed } from './soak/ledger.js'
// @ts-expect-error plain JavaScript
import { PARTS } from './soak/parts.js'
// @ts-expect-error plain JavaScript
import { plot } from './soak/plot.js'

const root = join(import.meta.dirname, '..')

t.test('its oracle: acknowledged, less what was found, deleted by us, or counted as dropped', async t => {
  const [found, deleted] = [new Ledger(), new Ledger()]
  t.equal(found.add('a', 0, 99_999), 0)
  t.equal(found.add('a', 99_990, 100_009), 10, 'lines that had been seen')
  t.equal(found.add('b', 3, 20), 0)
  t.strictSame([found.has('b', 2), found.has('b', 3), found.has('b', 21), found.has('c', 0)], [false, true, false, false])
  const judge = (excused: number) => owed({ acked: [['a', 100_010], ['b', 23]], found, deleted, excused })
  t.match(judge(0), { lost: 5, missing: 5, removed: 0, examples: [['b', 0, 2], ['b', 21, 22]] })
  t.match(judge(2), { lost: 3, missing: 5 })
  deleted.add('b', 0, 1)
  deleted.add('b', 10, 11)
  t.match(judge(2), { lost: 1, missing: 3, removed: 2, examples: [['b', 2, 2], ['b', 21, 22]] }, 'what was deleted and is there all the same is no matter')
  t.match(judge(9), { lost: 0 })
})

t.test('its slope, with the error of it', async t => {
  const points = Array.from({ length: 60 }, (_, at) => [at / 60, 100 + 5 * at / 60 + (at % 2 === 0 ? 1 : -1)])
  const { slope, error } = line(points)
  t.ok(Math.abs(slope - 5) < 2 * error && error > 0 && error < 1, `${slope} ± ${error}`)
})

t.test('its plot has a line for each life and a band for each fault', async t => {
  const sample = (at: number) => ({ at, rss: 1e8 + at, outputs: [{ kind: 'http', pendingRecords: at }] })
  const svg: string = plot({
    samples: [{ samples: [sample(0), sample(1000)] }, { samples: [] }, { samples: [sample(3000), sample(4000)] }],
    faults: [{ name: 'SIGKILL <hard>', from: 1500, to: 2500 }, { name: 'slow', from: 3000, to: 3500 }]
  })
  t.equal([...svg.matchAll(/<path fill="none"/g)].length, 10)
  t.equal([...svg.matchAll(/<rect x=/g)].length, 2)
  t.notMatch(svg, /NaN|undefined|<hard>/)
})

t.test('its parts are there, and nothing else is one', async t => {
  const names = (PARTS as Array<{ name: string }>).map(({ name }) => name)
  for (const file of (PARTS as Array<{ tests?: string[] }>).flatMap(({ tests = [] }) => tests)) t.ok(fs.existsSync(join(root, file)), file)
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'test/soak/run.js'), '--only', 'nonsense'], { encoding: 'utf8', env: cleanEnv() })
  t.equal(status, 1)
  t.match(stderr, `expected --only to name ${names.join(', ')}; got nonsense`)
})
