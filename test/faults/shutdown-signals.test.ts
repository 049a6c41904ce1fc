// F23, design 7: opt-in handling of signals. pino installs none; unhandled, a SIGTERM loses what is on its way.
import t from 'tap'
import { join } from 'node:path'
import { program, type Program } from '../fixtures/harness.js'
import { complete, found, places } from '../fixtures/places.js'

for (const [name, place] of Object.entries(places)) {
  if (name === 'targets') continue
  for (const signal of name === 'jsonl' ? ['SIGTERM', 'SIGINT', 'SIGHUP'] as const : ['SIGTERM'] as const) {
    t.test(`${name}: ${signal} while it logs, with shutdown.onSignals: nothing is lost, and the process ends by that signal`, async t => {
      const directory = t.testdir()
      const child = program('ending.js', { transport: place.transport(directory), lines: 100, how: 'signals' })
      await child.said('ready')
      child.process.kill(signal)
      const { took, ...ended } = await child.exited
      t.strictSame(ended, { code: null, signal }, child.stderr)
      t.equal(child.stderr, '')
      const logged = (await child.said('logged')).logged as number
      await complete(t, place, directory, child, logged)
      for (const [where, lines] of Object.entries(await found(place, directory, child))) {
        t.match(lines.at(-1), { writer: 'before', msg: signal }, `the last line of \`before\` is the last one in ${where}`)
      }
    })
  }
}

const signalled = (options: object): [Program, string] => {
  const directory = t.testdir()
  return [program('ending.js', { transport: places.jsonl.transport(directory), lines: 100, how: 'signals', options }), directory]
}

t.test('a `before` that fails does not keep the lines from being saved', async t => {
  const [child, directory] = signalled({ fail: true })
  await child.said('ready')
  child.process.kill('SIGTERM')
  t.match(await child.exited, { signal: 'SIGTERM' })
  t.match(child.stderr, /before fails/)
  await complete(t, places.jsonl, directory, child, (await child.said('logged')).logged as number)
})

t.test('signals that were not asked for do what they always do; asked for, others do', async t => {
  const [child, directory] = signalled({ signals: ['SIGUSR2'] })
  await child.said('ready')
  child.process.kill('SIGUSR2')
  t.match(await child.exited, { signal: 'SIGUSR2' })
  await complete(t, places.jsonl, directory, child, (await child.said('logged')).logged as number)

  const [other] = signalled({ signals: ['SIGUSR2'] })
  await other.said('ready')
  other.process.kill('SIGTERM')
  t.match(await other.exited, { signal: 'SIGTERM' })
  t.notOk(other.messages.some(message => 'logged' in message), 'before was not called')
})

t.test('handlers that were removed handle nothing', async t => {
  const [child] = signalled({ remove: true })
  await child.said('ready')
  child.process.kill('SIGTERM')
  t.match(await child.exited, { signal: 'SIGTERM' })
  t.notOk(child.messages.some(message => 'logged' in message), 'before was not called')
})

t.test('a `before` that waits for something that keeps no process alive is waited for', async t => {
  const [child, directory] = signalled({ unref: true })
  await child.said('ready')
  child.process.kill('SIGTERM')
  t.match(await child.exited, { code: null, signal: 'SIGTERM' })
  await complete(t, places.jsonl, directory, child, (await child.said('logged')).logged as number)
})

t.test('a second signal ends a process whose `before` is stuck', async t => {
  const [child] = signalled({ stuck: true })
  await child.said('ready')
  child.process.kill('SIGTERM')
  await child.said('stuck')
  child.process.kill('SIGTERM')
  t.match(await child.exited, { signal: 'SIGTERM' })
})

t.test('a handler of the application itself is called once, and what it decides is done', async t => {
  const [child] = signalled({ own: true })
  await child.said('ready')
  child.process.kill('SIGTERM')
  t.match(await child.exited, { code: 11 })
})

t.test('two loggers: the process ends when both are saved', async t => {
  const directory = t.testdir({ one: {}, two: {} })
  const [one, two] = [join(directory, 'one'), join(directory, 'two')]
  const second = { targets: [places.jsonl.transport(two)] }
  const child = program('ending.js', { transport: places.jsonl.transport(one), second, lines: 100, how: 'signals' })
  await child.said('ready')
  child.process.kill('SIGTERM')
  t.match(await child.exited, { code: null, signal: 'SIGTERM' }, child.stderr)
  await complete(t, places.jsonl, one, child, (await child.said('logged')).logged as number)
  await complete(t, places.jsonl, two, child, 20_000)
})
