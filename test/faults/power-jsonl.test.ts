// F2, F19, P3, P11: the machine stops at every change that rotated files make to the disk. What was acknowledged is there, once and in
// order, no line is torn, and nothing is left over, whoever was killed and wherever the power went.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import type { JsonlOptions } from 'pino-blackbox'
import { output } from 'pino-blackbox/jsonl'
import { blackout, doubled, Source, type Left, type Log, type World } from '../fixtures/blackout.js'
import { logFiles, readFile, stayAwake, until } from '../fixtures/harness.js'
import { Disk } from '../fixtures/machine.js'

stayAwake(t)

/** The line that the recovery writes. */
const NEW = 1_000_000
const FOREIGN = { 'logs/foreign.txt': 'not ours', 'logs/app.old.jsonl': 'half a li', 'logs/other.1.jsonl': '{"seq":0}\n{"se', 'logs/.hidden': '' }

const open = async (root: string, options: Partial<JsonlOptions>): Promise<Awaited<ReturnType<typeof output>>> =>
  await output({ file: join(root, 'logs/app'), extension: 'jsonl', size: '1k', ...options })

/** Everything that is wrong with the files. */
async function faults (root: string, { promised, cut }: Left, { foreign, limit, lasting }: { foreign: object, limit?: number | undefined, lasting: boolean }): Promise<string[]> {
  const wrong: string[] = []
  const logs = join(root, 'logs')
  const files = logFiles(logs, 'app')
  const seqs: number[] = []
  for (const name of files) {
    const text = await readFile(join(logs, name))
    if ((lasting || !cut) && text !== '' && !text.endsWith('\n')) wrong.push(`${name} is torn`)
    for (const line of text.split('\n').slice(0, -1)) {
      try {
        seqs.push(JSON.parse(line).seq)
      } catch {
        // What was not synced may be anything after a power cut; what was synced is asked for below.
        if (!cut) wrong.push(`${name} holds ${line.slice(0, 40)}`)
      }
    }
  }
  const oldest = limit === undefined ? 0 : Math.min(...seqs)
  // The newest line cannot have been removed.
  if (promised > 0 && !seqs.includes(promised - 1)) wrong.push(`${promised - 1} is missing`)
  const missing = Array.from({ length: promised }, (_, seq) => seq).filter(seq => seq >= oldest && !seqs.includes(seq))
  if (missing.length > 0) wrong.push(`missing: ${missing}`)
  if (!seqs.includes(NEW)) wrong.push('the new line is missing')
  if (limit !== undefined && files.length > limit + 1) wrong.push(`${files.length} files`)
  // Of what was never synced the times may be lost, too, by which files are known that were compressed.
  if (cut && !lasting) return wrong
  if (doubled(seqs).length > 0) wrong.push(`twice: ${doubled(seqs)}`)
  if (seqs.some((seq, at) => seq < seqs[at - 1]!)) wrong.push(`order: ${seqs}`)
  for (const [path, text] of Object.entries(foreign)) if (fs.readFileSync(join(root, path), 'utf8') !== text) wrong.push(`${path} was changed`)
  const ours = [...files, ...Object.keys(foreign).map(path => path.slice('logs/'.length)), ...files.length > 0 ? ['current.log'] : []]
  for (const name of fs.readdirSync(logs)) if (!ours.includes(name)) wrong.push(`${name} is left over`)
  return wrong
}

/** Two runs, the first of which does not end by itself when `killed`. */
function world (options: Partial<JsonlOptions>, { foreign = {}, lasting = true, run = twoRuns }: { foreign?: Record<string, string>, lasting?: boolean, run?: typeof twoRuns } = {}): World {
  return {
    start: Disk.with(foreign, Object.keys(foreign).length > 0 ? ['logs'] : []),
    lasting,
    run: (root, log) => run(root, log, options),
    async recover (root, left) {
      const again = new Source(await open(root, options), { from: NEW })
      again.append(1)
      await again.safe()
      if (lasting || !left.cut) await tidy(root, options)
      await again.output.close()
      return await faults(root, left, { foreign, limit: options.limit?.count, lasting })
    }
  }
}

/** Resolves when all that is to be compressed or removed has been. */
async function tidy (root: string, { compress, limit }: Partial<JsonlOptions>): Promise<void> {
  const most = compress ? 1 : limit ? limit.count! + 1 : Infinity
  await until(() => fs.readdirSync(join(root, 'logs')).filter(name => /^app\.\d+\.jsonl$/.test(name)).length <= most, 5000)
}

async function twoRuns (root: string, log: Log, options: Partial<JsonlOptions>): Promise<void> {
  let from = 0
  for (const rounds of [5, 3]) {
    const source = new Source(await open(root, options), { from })
    for (let round = 0; round < rounds; round++) {
      source.append(4)
      await source.safe(log)
    }
    // What is tidied up has its stops too.
    await tidy(root, options)
    await source.output.close()
    from = source.seq
  }
}

/** Nobody asks: what is safe is safe after a while. */
async function unasked (root: string, log: Log, options: Partial<JsonlOptions>): Promise<void> {
  const source = new Source(await open(root, options))
  for (let round = 0; round < 4; round++) {
    source.append(4)
    await until(() => source.output.counters.get('deliveredRecords') === source.seq)
    log.promise(source.seq)
  }
  await source.output.close()
}

const WORLDS: Record<string, World> = {
  "fsync: 'always', rotated and compressed": world({ fsync: 'always', compress: 'gzip' }, { foreign: FOREIGN }),
  "fsync: 'always', in a directory that is not there yet, with a symlink and retention": world({ fsync: 'always', symlink: true, limit: { count: 2 } }),
  'fsync: 10 ms': world({ fsync: '10ms' }, { run: unasked }),
  "fsync: 'never', rotated and compressed": world({ compress: 'gzip', symlink: true }, { foreign: FOREIGN, lasting: false })
}

for (const [name, world] of Object.entries(WORLDS)) t.test(name, t => blackout(t, world))
