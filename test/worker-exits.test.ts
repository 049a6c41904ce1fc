// The application ends, in every way there is, while its worker is dead, starting or replaced; and worker deaths without `watch()`.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jsonl, type OutputMetrics } from 'pino-blackbox'
import { audit, fixture, program, readLines, stayAwake, type Line, type Program } from './fixtures/harness.js'

stayAwake(t)

type Step = [step: string, argument?: unknown]

interface Survived {
  child: Program
  code: number | null
  signal: NodeJS.Signals | null
  took: number
  lines: Line[]
  missing: number[]
  duplicates: number[]
  failed: unknown[]
  metrics: OutputMetrics | undefined
}

/** A process with one output, through these steps to its end. */
async function live (t: Test, steps: Step[], { targets = [] as object[], ...options }: { targets?: object[], watch?: object | false } = {}): Promise<Survived> {
  const directory = t.testdir()
  const own = { ...jsonl({ file: join(directory, 'app') }), level: 'trace' }
  const child = program('survivor.js', { transport: targets.length > 0 ? { targets: [own, ...targets] } : own, steps, ...options })
  const { code, signal, took } = await child.exited
  const lines = await readLines(directory, 'app')
  const logged = steps.reduce((sum, [step, lines]) => sum + (step === 'log' ? lines as number : step === 'fatal' ? 1 : 0), 0)
  const { missing, duplicates } = audit(lines, 'w', logged)
  const told = child.stderr.split('\n').find(line => line.startsWith('[{'))
  return { child, code, signal, took, lines, missing, duplicates, failed: child.messages.flatMap(({ failed }) => failed ? [failed] : []), metrics: told ? JSON.parse(told)[0] : undefined }
}

/** ms that ending may take: pino gives up after 10 s. */
const SOON = 8000

const ENDS: Array<[title: string, steps: Step[], code: number | null, signal?: NodeJS.Signals]> = [
  ['the loop drains after it was replaced', [['replaced'], ['log', 100]], 0],
  ['process.exit() after it was replaced', [['replaced'], ['log', 100], ['exit', 7]], 7],
  ['the loop drains while another one starts', [['died'], ['log', 100]], 0],
  ['process.exit() while another one starts', [['died'], ['log', 100], ['exit', 7]], 7],
  ['shutdown() while another one starts', [['died'], ['log', 100], ['shutdown']], 0],
  ['the transport is ended while another one starts', [['died'], ['log', 100], ['end']], 0],
  ['a fatal line while another one starts, and process.exit()', [['died'], ['log', 100], ['fatal'], ['exit', 7]], 7],
  ['a signal with handlers while another one starts', [['signals'], ['died'], ['log', 100], ['raise', 'SIGTERM']], null, 'SIGTERM'],
  ['replaced, and replaced again', [['replaced'], ['log', 100], ['flush'], ['kill'], ['replaced'], ['log', 100], ['exit', 0]], 0]
]
for (const [title, steps, code, signal] of ENDS) {
  t.test(`${title}: every line is there`, async t => {
    const survived = await live(t, [['log', 100], ['flush'], ['kill'], ...steps])
    t.match(survived, { code, signal: signal ?? null }, survived.child.stderr)
    t.strictSame(survived.missing, [])
    t.strictSame(survived.duplicates, [])
    t.strictSame(survived.failed, [])
    t.equal(survived.child.stderr.match(/has died/g)?.length, 1, 'told once')
    t.ok(survived.took < SOON)
  })
}

t.test('process.exit() while workers die one after the other: it ends at once, and says what is lost', async t => {
  const births = join(t.testdir(), 'births')
  const survived = await live(t, [['log', 10], ['flush'], ['kill'], ['died'], ['until', `${births}.3`], ['log', 100], ['exit', 7]], {
    targets: [{ target: fixture('deadly.js'), level: 'trace', options: { births, stillborn: [2, 3, 4, 5, 6, 7, 8, 9] } }]
  })
  t.match(survived, { code: 7, duplicates: [], failed: [] })
  t.equal(survived.missing.length, 100)
  t.match(survived.child.stderr, /lines of a logger without a worker are lost/)
  t.match(survived.metrics, { acceptedRecords: 110, deliveredRecords: 10, droppedRecords: 100, pendingRecords: 0 })
  t.ok(survived.took < SOON)
})

t.test('several die in their start, at first as well: lines wait, and arrive in their order', async t => {
  const births = join(t.testdir(), 'births')
  const survived = await live(t, [['early'], ['log', 100], ['replaced'], ['log', 100], ['flush'], ['exit', 0]], {
    targets: [{ target: fixture('deadly.js'), level: 'trace', options: { births, stillborn: [1, 2], patience: 300 } }]
  })
  t.match(survived, { code: 0, duplicates: [], failed: [], missing: [] }, survived.child.stderr)
  t.strictSame(survived.lines.map(({ seq }) => seq), survived.lines.map((_, at) => at))
  t.match(survived.child.messages.find(({ replaced }) => replaced), { replaced: { attempts: 2, rescuedRecords: 100, lostRecords: 0 } })
})

t.test('replace: false: the application lives on, hears of it once, and its lines are counted as lost', async t => {
  const survived = await live(t, [['log', 100], ['flush'], ['kill'], ['died'], ['log', 100], ['flush'], ['exit', 0]], { watch: { replace: false } })
  t.match(survived, { code: 0, missing: { length: 100 } }, survived.child.stderr)
  t.match(survived.failed, [['flush', /BLACKBOX_CLOSED/]])
  t.match(survived.child.stderr, /has died: its thread exited with code 1. Its lines are lost from now on/)
  t.equal(survived.child.messages.filter(({ died }) => died).length, 1)
})

t.test('without watch(), and after close(), a dead worker ends the application as pino has it', async t => {
  for (const [watch, steps] of [[false, []], [{}, [['close']]]] as Array<[object | false, Step[]]>) {
    const survived = await live(t, [['log', 100], ['flush'], ...steps, ['kill'], ['log', 1], ['until', '/nowhere']], { watch })
    t.equal(survived.code, 1)
    t.match(survived.child.stderr, /Error: the worker (thread exited|has exited)/)
    t.notMatch(survived.child.stderr, /pino-blackbox:/)
  }
})

t.test('what docs/operating.md shows of it runs', async t => {
  const page = fs.readFileSync(fileURLToPath(new URL('../docs/operating.md', import.meta.url)), 'utf8')
  const [, snippet] = /## When the worker dies\n.*?```js\n(.*?)```/s.exec(page)!
  const directory = t.testdir({ 'snippet.mjs': snippet!, node_modules: {} })
  const root = fileURLToPath(new URL('..', import.meta.url))
  fs.symlinkSync(join(root, 'node_modules', 'pino'), join(directory, 'node_modules', 'pino'))
  fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
  const child = program(join(directory, 'snippet.mjs'), {}, { cwd: directory })
  t.match(await child.exited, { code: 0 }, child.stderr)
  t.match(child.stderr, /its thread exited with code 1.*attempts: 1, rescuedRecords: 1, lostRecords: 0/s)
  t.strictSame((await readLines(join(directory, 'logs'), 'app')).map(({ msg }) => msg), ['before', 'meanwhile'])
})
