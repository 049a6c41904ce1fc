// F2, F8, P2, P3: the machine stops at every change that the spool of an output makes to the disk, which is that of http and exporter: while
// the receiver is down, while it refuses, while a dead process' lines are taken over. What was acknowledged arrives, again only under
// the key that it had, or is a dead letter; nothing is left over.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { RefusedError, type ExporterOptions } from 'pino-blackbox'
import { output } from 'pino-blackbox/exporter'
import type { Output } from '../../lib/output.js'
import { blackout, Source, type Left, type Log, type World } from '../fixtures/blackout.js'
import { fixture, stayAwake, until } from '../fixtures/harness.js'
import { Disk } from '../fixtures/machine.js'

stayAwake(t)

interface Batch { key: string, text: string }

const FOREIGN = { 'spool/notes.txt': 'not ours', 'spool/exporter-handed/notes.txt': 'nor this' }
const POISON = 'poison'

const seqsIn = (text: string): number[] => text.split('\n').slice(0, -1).map(line => JSON.parse(line).seq as number)

/** A receiver that is up or down, and never takes poison. */
class Receiver {
  up = true
  readonly #arrived: (batch: Batch) => void

  constructor (arrived: (batch: Batch) => void) {
    this.#arrived = arrived
  }

  readonly hand = async ({ key, text }: Batch): Promise<void> => {
    if (!this.up) throw new Error('down')
    if (text.includes(POISON)) throw new RefusedError('poison')
    this.#arrived({ key, text })
  }
}

const open = async (root: string, { hand }: Receiver, journal: ExporterOptions['journal']): Promise<Output> => await output({
  module: fixture('exporters/handed.js'),
  options: { hand },
  journal: { dir: join(root, 'spool'), ...journal as object },
  batch: { flushRecords: 4, flushAge: false, maxRecords: 8 },
  retry: { minDelay: 1, maxDelay: 2, jitter: false },
  closeTimeout: 200
})

/** Two processes: the first one ends while the receiver is down. */
async function run (root: string, log: Log, journal: ExporterOptions['journal']): Promise<void> {
  const receiver = new Receiver(({ key, text }) => log.deliver(key, text))
  const first = new Source(await open(root, receiver, journal))
  const round = async (source: Source, more?: object): Promise<void> => {
    source.append(3, more)
    await source.safe(log)
  }
  for (let rounds = 0; rounds < 2; rounds++) await round(first)
  await first.output.flush('delivered', false)
  await round(first, { poison: POISON })
  await first.output.flush('delivered', false)
  receiver.up = false
  for (let rounds = 0; rounds < 4; rounds++) await round(first)
  await first.output.close()

  const second = new Source(await open(root, receiver, journal), { from: first.seq })
  await second.output.inherited
  await round(second)
  receiver.up = true
  await second.output.flush('delivered', false)
  await round(second, { poison: POISON })
  await second.output.close()
}

async function recover (root: string, { promised, delivered, cut }: Left, journal: ExporterOptions['journal'], lasting: boolean): Promise<string[]> {
  const wrong: string[] = []
  const batches = [...delivered]
  const receiver = new Receiver(batch => { batches.push(batch) })
  const heir = await open(root, receiver, journal)
  await heir.inherited
  await heir.flush('delivered', false)
  await until(() => heir.counters.get('pendingRecords') === 0, 5000)
  await heir.close()

  // What a dead process was writing when it died may end in half a letter; the lines of it are in a whole one, too.
  const dead = join(root, 'spool/exporter-handed/dead')
  const letters = (fs.existsSync(dead) ? fs.readdirSync(dead) : []).flatMap(name => fs.readFileSync(join(dead, name), 'utf8').split('\n').slice(0, -1))
  const refused = letters.flatMap(letter => {
    try {
      return seqsIn(`${JSON.parse(letter).record}\n`)
    } catch {
      if (!cut) wrong.push(`a letter is ${letter}`)
      return []
    }
  })
  if (cut && !lasting) return wrong

  const keys = new Map<number, Set<string>>()
  for (const { key, text } of batches) {
    for (const seq of seqsIn(text)) keys.set(seq, (keys.get(seq) ?? new Set()).add(`${key} ${text}`))
  }
  const missing = Array.from({ length: promised }, (_, seq) => seq).filter(seq => !keys.has(seq) && !refused.includes(seq))
  if (missing.length > 0) wrong.push(`missing: ${missing}`)
  const changed = [...keys].filter(([, batches]) => batches.size > 1).map(([seq]) => seq)
  if (changed.length > 0) wrong.push(`again in another batch: ${changed}`)
  for (const [path, text] of Object.entries(FOREIGN)) if (fs.readFileSync(join(root, path), 'utf8') !== text) wrong.push(`${path} was changed`)
  for (const name of fs.readdirSync(join(root, 'spool'), { recursive: true }).map(String)) {
    if (!/^(notes\.txt|exporter-handed(\/notes\.txt|\/dead(\/[\w-]+\.jsonl)?)?)$/.test(name)) wrong.push(`${name} is left over`)
  }
  return wrong
}

const world = (journal: ExporterOptions['journal'], lasting = true): World => ({
  start: Disk.with(FOREIGN, ['spool', 'spool/exporter-handed']),
  lasting,
  run: (root, log) => run(root, log, journal),
  recover: (root, left) => recover(root, left, journal, lasting)
})

for (const [name, machine] of Object.entries<World>({
  "fsync: 'always'": world({ fsync: 'always' }),
  'fsync: 20 ms': world({ fsync: '20ms' }),
  "fsync: 'never'": world({}, false)
})) t.test(name, t => blackout(t, machine))
