// F23, B29: however a process ends, every line is there, and it ends in time.
import t from 'tap'
import { program } from '../fixtures/harness.js'
import { complete, places } from '../fixtures/places.js'

const LINES = 2000
const CLOSE_TIMEOUT = 5000
/** For starting node on a busy machine. */
const SLACK = 15_000

const endings: Record<string, { code: number, stderr?: RegExp }> = {
  drain: { code: 0 },
  exit: { code: 0 },
  uncaught: { code: 1, stderr: /nobody catches this/ },
  rejection: { code: 1, stderr: /nobody handles this/ },
  end: { code: 0 },
  shutdown: { code: 0 },
  awaited: { code: 0 }
}

for (const [name, place] of Object.entries(places)) {
  for (const [how, { code, stderr = /^$/ }] of Object.entries(endings)) {
    if (['targets', 'pipeline'].includes(name) && !['drain', 'exit', 'end'].includes(how)) continue
    t.test(`${name}: nothing is lost when a process ends by ${how}`, async t => {
      const directory = t.testdir()
      const child = program('ending.js', { transport: place.transport(directory), lines: LINES, how })
      const { took, ...ended } = await child.exited
      t.strictSame(ended, { code, signal: null }, child.stderr)
      t.match(child.stderr, stderr)
      t.ok(took < CLOSE_TIMEOUT + SLACK, `${took} ms`)
      await complete(t, place, directory, child, LINES)
    })
  }

  if (!['jsonl', 'console'].includes(name)) continue
  t.test(`${name}: shutdown is idempotent, and may run beside flush`, async t => {
    for (const how of ['twice', 'flushAndShutdown']) {
      const directory = t.testdir()
      const child = program('ending.js', { transport: place.transport(directory), lines: LINES, how })
      t.match(await child.exited, { code: 0 }, child.stderr)
      t.equal(child.stderr, '')
      const [first, second, third] = (await child.said('result')).result as string[]
      t.strictSame([first, second], ['fulfilled', 'fulfilled'], how)
      // A flush that began when the end had begun may be too late to be answered.
      if (how === 'twice') t.equal(third, 'fulfilled')
      else t.match(third, /^fulfilled$|^BLACKBOX_CLOSED/)
      await complete(t, place, directory, child, LINES)
    }
  })
}
