// F4, F5, P1, P8: every call of node:fs that an output makes fails, with every code that a disk may give: once, for a while, and while it
// closes. Nothing that was acknowledged is lost, nothing is doubled, every line is accounted for, and nothing is left over.
//
// Each case has a directory of its own and an output of its own, all in this thread under one shim. Which calls there are is found
// by running the same without a fault. CASES says how many are tried of each output (all: Infinity), SEED which.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import type { Output } from '../../lib/output.js'
import { doubled, mute, Source } from '../fixtures/blackout.js'
import { accountedFor } from '../fixtures/faults.js'
import { seeded, stayAwake, until } from '../fixtures/harness.js'
import { shim, type Flaw } from '../fixtures/shim.js'
import { threadsHere } from '../fixtures/threads-here.js'
import { OUTPUTS, type Batch, type Troubled } from '../fixtures/troubled.js'

const CODES = ['EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EMFILE']
const MODES = ['once', 'for a while', 'at the end', 'half'] as const
const SEED = Number(process.env.SEED ?? 7)
const CASES = Number(process.env.CASES ?? 60)
const AT_ONCE = 12
/** A directory that could not be removed at the end: whoever starts half a minute later does it. */
const LEAVING = '.new-'

interface Case {
  call: string
  code: string
  mode: typeof MODES[number]
  /** Which of the calls fails first, from 1. */
  at: number
}

/** How the calls of one directory fail. */
class Trouble {
  readonly calls = new Map<string, number>()
  failed = 0
  over = false
  readonly #case: Case | undefined
  #ending = false

  constructor (found: Case | undefined) {
    this.#case = found
  }

  next (call: string): Flaw | undefined {
    const count = (this.calls.get(call) ?? 0) + 1
    this.calls.set(call, count)
    if (!this.#case || this.over || call !== this.#case.call) return undefined
    const { mode, at, code } = this.#case
    if (mode === 'at the end' ? !this.#ending : mode === 'for a while' ? count < at : count !== at) return undefined
    this.failed++
    return { code, how: mode === 'half' ? 'half' : undefined }
  }

  end (): void {
    this.#ending = true
  }
}

stayAwake(t)
t.teardown(threadsHere())
t.teardown(mute())
const scratch = t.testdir()
const troubles = new Map<string, Trouble>()
t.teardown(shim(scratch, { fault: (call, path) => troubles.get(path.slice(scratch.length + 1).split('/')[0]!)?.next(call), unsynced: true }))
let runs = 0

const balanced = ({ kind, name, counters }: Output): boolean => accountedFor({ kind, name, ...counters.read() })
const openFiles = (root: string): string[] => fs.readdirSync('/proc/self/fd').flatMap(fd => {
  try {
    return [fs.readlinkSync(`/proc/self/fd/${fd}`)]
  } catch {
    return []
  }
}).filter(path => path.startsWith(`${root}/`))

/** What is wrong in the end. */
async function attempt ({ inherit, open, look, home, repeats = false }: Troubled, found?: Case): Promise<{ wrong: string[], trouble: Trouble }> {
  const wrong: string[] = []
  const arrived: Batch[] = []
  const name = String(++runs)
  const root = join(scratch, name)
  inherit(root)
  const output = await open(root, arrived)
  const trouble = new Trouble(found)
  troubles.set(name, trouble)
  const source = new Source(output)
  for (let round = 0; round < 4; round++) {
    source.append(3, round === 1 ? { poison: true } : undefined)
    if (found?.mode === 'for a while') continue
    await source.safe()
  }
  if (found?.mode === 'for a while') await until(() => trouble.failed > 1 || output.counters.get('pendingRecords') === 0, 400).catch(() => {})
  trouble.over = found?.mode === 'for a while'
  await source.safe()
  // It says when it could not.
  if (found?.mode !== 'at the end') await output.flush('delivered', false).catch(() => {})
  trouble.end()
  await output.close()
  trouble.over = true
  if (!balanced(output)) wrong.push(`figures: ${JSON.stringify(output.counters.read())}`)
  const { droppedRecords } = output.counters.read()
  if (droppedRecords > 0) wrong.push(`dropped: ${droppedRecords}`)
  // What was given up in time may end a little later.
  if (fs.existsSync('/proc/self/fd')) await until(() => openFiles(root).length === 0, 2000).catch(() => { wrong.push(`open: ${openFiles(root)}`) })

  const heir = await open(root, arrived)
  await heir.inherited
  await heir.flush('delivered', false)
  await until(() => heir.counters.get('pendingRecords') === 0, 5000)
  await heir.close()
  if (!balanced(heir)) wrong.push(`figures of the next: ${JSON.stringify(heir.counters.read())}`)
  const { seqs, changed } = await look(root, arrived)
  const missing = Array.from({ length: source.seq + 4 }, (_, at) => at - 4).filter(seq => !seqs.includes(seq))
  if (missing.length > 0) wrong.push(`missing: ${missing}`)
  if (!repeats && doubled(seqs).length > 0) wrong.push(`twice: ${doubled(seqs)}`)
  if (changed.length > 0) wrong.push(`again in another batch: ${changed}`)
  const left = fs.existsSync(join(root, home)) ? fs.readdirSync(join(root, home)).filter(name => name !== 'dead' && !name.startsWith(LEAVING)) : []
  if (left.length > 0) wrong.push(`left over: ${left}`)
  troubles.delete(name)
  fs.rmSync(root, { recursive: true })
  return { wrong, trouble }
}

t.test('a file that cannot be looked at just now is not taken for removed', async t => {
  const arrived: Batch[] = []
  const root = join(scratch, 'looked-at')
  const { open } = OUTPUTS.exporter!
  fs.mkdirSync(root)
  const source = new Source(await open(root, arrived))
  source.append(3)
  await source.safe()
  const trouble = new Trouble({ call: 'stat', code: 'EIO', mode: 'once', at: 1 })
  troubles.set('looked-at', trouble)
  await until(() => trouble.failed === 1)
  await source.output.flush('delivered', false)
  await source.output.close()
  t.match(source.output.counters.read(), { acceptedRecords: 3, deliveredRecords: 3, droppedRecords: 0, recoveredRecords: 0 })
})

for (const [name, output] of Object.entries(OUTPUTS)) {
  t.test(name, async t => {
    const { wrong, trouble: { calls } } = await attempt(output)
    t.same(wrong, [], 'undisturbed')
    const random = seeded(SEED)
    const all = [...calls].flatMap(([call, count]) => CODES.flatMap(code => MODES.filter(mode => mode !== 'half' || /write/i.test(call)).map(
      (mode): Case => ({ call, code, mode, at: 1 + Math.floor(random() * count) })
    )))
    // Every call at least, then more of them.
    const chosen = all.map(found => ({ found, luck: random() })).sort((a, b) => a.luck - b.luck).map(({ found }) => found)
    const first = [...calls.keys()].map(call => chosen.find(found => found.call === call)!)
    const cases = [...new Set([...first, ...chosen])].slice(0, Math.max(first.length, CASES))
    const broken: string[] = []
    let failed = 0
    const queue = [...cases]
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let found = queue.shift(); found; found = queue.shift()) {
        const told = `${found.call} ${found.at} ${found.code} ${found.mode}`
        const { wrong, trouble } = await attempt(output, found).catch((error: Error) => ({ wrong: [error.stack ?? String(error)], trouble: undefined }))
        if (wrong.length > 0) broken.push(`${told}: ${wrong.join('; ')}`)
        if (trouble && trouble.failed > 0) failed++
      }
    }))
    t.same(broken.slice(0, 20), [], `${cases.length} cases of ${all.length}, ${calls.size} calls; ${failed} met their fault; SEED=${SEED}`)
  })
}
