// The faults of the soak. Each is done to a running `Storm` (storm.js), lasts for so many ms, and leaves the world as it was. A fault that
// ends the application starts another one.
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const HOUR = 3_600_000
const CHUNK = Buffer.alloc(2 ** 20)

const receiver = mood => async (storm, ms) => {
  if (mood !== 'slow') fs.writeFileSync(storm.paths.down, '')
  await storm.receiver(mood)
  await sleep(ms)
  fs.rmSync(storm.paths.down, { force: true })
  await storm.receiver('up')
}

/** Removes a directory under the hands of its writer. What was in it stays readable for the oracle under names that the writer does not know. */
const removed = output => async (storm, ms) => {
  const from = join(storm.paths.place, output)
  const kept = join(storm.paths.place, 'deleted', output, `${storm.count()}`)
  if (!fs.existsSync(from)) return
  // In one step: whatever comes later goes to a new directory, or into a file that has no name there any more.
  const away = join(storm.paths.place, `away-${output}`)
  fs.renameSync(from, away)
  link(away, kept)
  fs.rmSync(away, { recursive: true })
  await sleep(ms)
}

function link (from, to) {
  fs.mkdirSync(to, { recursive: true })
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [path, copy] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) link(path, copy)
    else if (entry.isFile()) fs.linkSync(path, copy)
  }
}

const clock = (name, offset) => ({
  name,
  async strike (storm, ms) {
    fs.writeFileSync(`${storm.paths.clock}.new`, `${offset}`)
    fs.renameSync(`${storm.paths.clock}.new`, storm.paths.clock)
    await sleep(ms)
    fs.writeFileSync(`${storm.paths.clock}.new`, '0')
    fs.renameSync(`${storm.paths.clock}.new`, storm.paths.clock)
  }
})

/** `skip` says why a fault cannot be brought about here; one that `restarts` has memory begin anew. */
export const FAULTS = [
  {
    name: 'SIGKILL, restart',
    restarts: true,
    async strike (storm) {
      await storm.kill()
      await storm.start()
    }
  },
  {
    name: 'SIGKILL after flush()',
    restarts: true,
    async strike (storm) {
      storm.app.process.send('die')
      await storm.app.exited
      await storm.start()
    }
  },
  { name: 'receiver down', strike: receiver('down') },
  { name: 'receiver hanging', strike: receiver('hanging') },
  { name: 'receiver answers 503', strike: receiver('503') },
  { name: 'receiver slow', strike: receiver('slow') },
  {
    name: 'disk full',
    skip: storm => !storm.smallDisk && 'no mount namespace can be made here',
    async strike (storm, ms) {
      const ballast = join(storm.paths.place, 'ballast')
      const fd = fs.openSync(ballast, 'w')
      const until = performance.now() + ms
      // Whatever becomes free meanwhile is taken as well.
      while (performance.now() < until) {
        try {
          for (let at = 0; at < 64; at++) fs.writeSync(fd, CHUNK)
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error
        }
        await sleep(20)
      }
      fs.closeSync(fd)
      fs.unlinkSync(ballast)
    }
  },
  { name: 'rm -rf of the log', strike: removed('jsonl') },
  { name: 'rm -rf of the journal of http', strike: removed('http') },
  { name: 'rm -rf of the dataset', strike: removed('parquet') },
  {
    name: 'SIGSTOP, SIGCONT',
    async strike (storm, ms) {
      storm.app.process.kill('SIGSTOP')
      await sleep(ms)
      storm.app.process.kill('SIGCONT')
    }
  },
  {
    name: 'log renamed',
    async strike (storm, ms) {
      const directory = join(storm.paths.place, 'jsonl')
      const number = name => Number(/^app\.(\d+)\.jsonl$/.exec(name)?.[1] ?? 0)
      const [name] = fs.readdirSync(directory).sort((a, b) => number(b) - number(a))
      if (number(name) === 0) return
      const to = join(storm.paths.place, 'moved', `${storm.count()}-${name}`)
      fs.mkdirSync(dirname(to), { recursive: true })
      fs.renameSync(join(directory, name), to)
      await sleep(ms)
    }
  },
  clock('clock an hour back', -HOUR),
  clock('clock a day ahead', 24 * HOUR),
  {
    name: 'worker terminated',
    restarts: true,
    async strike (storm, ms) {
      storm.app.process.send('terminate')
      await sleep(ms)
    }
  }
]
