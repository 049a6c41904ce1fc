// D5: the machine stops at every change that converting makes to the disk, and at every one that recovery makes: each row is in the
// dataset exactly once in the end, and what readers see is whole at any moment.
//
// Every stop of the run is tried, killed (SIGKILL of the process; death of the thread alone) and with the power gone (nothing of
// what was not synced is left; any part of it, MIXTURES of them). Of the stops of all recoveries, a seeded sample: PAIRS says how many.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { adopt, ask, close, diskOf, faults, look, tasksOf, type Task, type World } from '../fixtures/wreck.js'
import { seeded } from '../fixtures/harness.js'
import type { Change, Disk } from '../fixtures/machine.js'
import { record } from '../fixtures/recorder.js'
import { powerCuts, stops } from '../fixtures/stops.js'

const PAIRS = Number(process.env.PAIRS ?? 30)
const MIXTURES = Math.ceil(Number(process.env.MIXTURES ?? 1))

/** A disk on which somebody has to recover. */
interface Stop {
  where: string
  disk: Disk
  /** Tasks that the thread had answered before it died, when it died alone. */
  answered?: number
}

interface Recovered { wrong: string[], changes: Change[] }

for (const [name, world] of Object.entries<World>({
  'journal beside the dataset': { dataset: 'logs', home: '.logs.blackbox', segments: 4, rows: 8, size: 9000 },
  'journal elsewhere': { dataset: 'data/logs', home: 'journal/parquet-logs', segments: 2, rows: 4, size: 1 }
})) {
  t.test(name, async t => {
    const scratch = t.testdir()
    const random = seeded(7)
    let runs = 0

    async function recover ({ disk, answered }: Stop): Promise<Recovered> {
      const root = join(scratch, String(++runs))
      disk.writeTo(root)
      const { wrong } = await look(root, world)
      const changes = await record(root, async () => {
        if (answered !== undefined) {
          for (const task of tasksOf(root, world).slice(answered)) {
            const { gone } = await ask(root, world, task)
            if (gone) wrong.push('what was converted is taken for removed by somebody')
          }
        }
        await adopt(root, world)
      }).catch((error: unknown) => {
        wrong.push(String(error))
        return []
      })
      wrong.push(...await faults(root, world))
      fs.rmSync(root, { recursive: true })
      return { wrong, changes }
    }

    const root = join(scratch, 'run')
    const start = diskOf(world)
    start.writeTo(root)
    const ends: number[] = []
    const changes = await record(root, async done => {
      fs.mkdirSync(join(root, world.dataset), { recursive: true })
      for (const task of tasksOf(root, world)) {
        await ask(root, world, task)
        ends.push(done.length)
      }
      await close(root, world, tasksOf(root, world)[0]!.directory)
    })
    await adopt(root, world)
    t.same(await faults(root, world), [], `undisturbed, with ${changes.length} changes`)

    /** What recovery makes of the same disk is the same. */
    const seen = new Set<string>()
    const isNew = ({ disk, answered }: Stop): boolean => {
      const key = `${disk.signature()} ${answered}`
      if (seen.has(key)) return false
      seen.add(key)
      return true
    }
    const first: Array<Stop & Recovered> = []
    for (const { at, torn, disk } of stops(start, changes, random)) {
      const where = `${torn ? 'in' : 'before'} ${at} ${changes[at]?.do} ${changes[at]?.path}`
      const found: Stop[] = [
        { where: `killed ${where}`, disk: disk.copy() },
        { where: `thread killed ${where}`, disk: disk.copy(), answered: ends.filter(end => end <= at).length },
        ...powerCuts(disk, at, torn ? 0 : MIXTURES).map((disk, mixture) => ({ where: `power cut ${mixture} ${where}`, disk }))
      ]
      for (const stop of found.filter(isNew)) first.push({ ...stop, ...await recover(stop) })
    }
    const broken = (stops: Array<Stop & Recovered>): string[] => stops.filter(({ wrong }) => wrong.length > 0).map(({ where, wrong }) => `${where}: ${wrong.join(', ')}`)
    t.same(broken(first).slice(0, 10), [], `${first.length} disks recovered`)

    const second: Array<Stop & Recovered> = []
    const all = first.reduce((sum, { changes }) => sum + changes.length, 0)
    for (const { where: before, disk: start, changes } of first) {
      for (const { at, torn, disk } of stops(start, changes, random)) {
        if (random() > PAIRS / all) continue
        const where = `${before}; then ${torn ? 'in' : 'before'} ${at} ${changes[at]?.do} ${changes[at]?.path}`
        const found: Stop[] = [{ where: `killed ${where}`, disk: disk.copy() }, ...powerCuts(disk, at, 1).map((disk, mixture) => ({ where: `power cut ${mixture} ${where}`, disk }))]
        for (const stop of found.filter(isNew)) second.push({ ...stop, ...await recover(stop) })
      }
    }
    t.same(broken(second).slice(0, 10), [], `${second.length} disks recovered a second time, of ${all} stops of recoveries`)
  })
}

t.test('files of other settings, begun in the same second by the same writer, have names of their own', async t => {
  const root = t.testdir()
  const world: World = { dataset: 'logs', home: 'journal', segments: 2, rows: 4, size: 1_000_000 }
  diskOf(world).writeTo(root)
  fs.mkdirSync(join(root, world.dataset))
  const [first, second] = tasksOf(root, world) as [Task, Task]
  await ask(root, world, first)
  t.match(await ask(root, world, second, { keys: { messageKey: 'message', errorKey: 'err' } }), { gone: false })
  await ask(root, world, { do: 'close', directory: first.directory }, { keys: { messageKey: 'message', errorKey: 'err' } })
  await adopt(root, world)
  t.same(await faults(root, world), [])
})
