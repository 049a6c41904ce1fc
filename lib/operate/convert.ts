// The verb `convert`: lines into a dataset, or a dataset back into lines. As many records come out as go in, and it is told when not.
import fsp from 'node:fs/promises'
import { once } from 'node:events'
import { batches } from './parcels.js'
import { findPlaces, type Place } from './places.js'
import { progress, type Progress } from './progress.js'
import { complain, count, short, tell, WELL, WRONG, type Answering } from './result.js'
import { look } from './writers.js'
import { awake } from '../deadline.js'
import { reason } from '../errors.js'
import { openParquet } from '../parquet/reading.js'
import { restore } from '../parquet/restore.js'
import { outputUrl } from '../targets.js'
import type { ParquetOptions } from '../config/parquet.js'
import { Block } from '../journal/block.js'
import type { Output } from '../output.js'

export interface ConvertOptions extends Answering {
  dateFormat?: string
  to: 'parquet' | 'jsonl'
  /** A file that is not there yet; without it, stdout. */
  file?: string
  parquet: Partial<ParquetOptions>
}

/** Where records go. */
interface Target {
  name: string
  add (block: Block): Promise<void>
  /** Everything has arrived: how many records. */
  end (): Promise<number>
}

/** Records that are made to lines at once. */
const CHUNK = 1000

export async function convert (paths: readonly string[], { to, file, parquet, ...options }: ConvertOptions): Promise<number> {
  const places = await findPlaces(paths.filter(path => path !== '-'), options)
  const inputs = [...paths.includes('-') ? ['-'] : [], ...(await Promise.all(places.map(filesOf))).flat()]
  const sizes = await Promise.all(inputs.map(async path => path === '-' ? 0 : (await look(path))?.bytes ?? 0))
  const target = to === 'parquet' ? await intoDataset(parquet) : await intoLines(file)
  const bar = progress(sizes.reduce((sum, bytes) => sum + bytes, 0))
  const failures: string[] = []
  let records = 0
  await awake(async () => {
    for (const path of inputs) {
      bar.now(short(path))
      try {
        for await (const block of path.endsWith('.parquet') ? rows(path, failures, bar) : batches([path], bytes => bar.add(bytes))) {
          await target.add(block)
          records += block.records
        }
      } catch (error) {
        failures.push(`${short(path)}: ${reason(error)}; what comes after that is not there`)
      }
    }
  })
  const written = await awake(() => target.end())
  bar.stop()
  if (written !== records) failures.push(`${count(records, 'record')} went in, ${written} came out`)
  for (const failure of failures) complain(failure)
  const summary = `${count(inputs.length, 'file')} with ${count(records, 'record')} converted; ${count(written, 'record')} written to ${target.name}`
  // Where lines go to stdout there is no room for anything else.
  if (to === 'parquet' || file !== undefined) await tell(options, { files: inputs.length, records, written, failures }, [summary])
  return failures.length === 0 ? WELL : WRONG
}

async function filesOf (place: Place): Promise<string[]> {
  if (place.kind === 'file') return [place.path]
  if (place.kind === 'log') return (await place.folder.files()).map(name => place.folder.path(place.folder.names.format(name)))
  if (place.kind === 'dataset') return place.dataset.newest(Infinity)
  return []
}

/** Records of a Parquet file as lines. Of a row group with a damaged page the other columns are left. */
async function * rows (path: string, failures: string[], bar: Progress): AsyncGenerator<Block> {
  const file = openParquet(path)
  const { columns } = file.schema
  if (columns.length === 0) throw new Error('it does not say what its columns mean: another program has written it')
  const bytes = (await look(path))?.bytes ?? 0
  let from = 0
  for (const [group, rows] of file.groups.entries()) {
    const found = await file.readable(group)
    const known = columns.map(({ name, type, path }) => ({ name, type, path, required: false, statistics: false, unique: false }))
    if (found.lost.length > 0) failures.push(`${short(path)}: rows ${from} to ${from + rows - 1} are without what was in ${found.lost.join(', ')}: it cannot be read`)
    for (let at = 0; at < found.rows.length; at += CHUNK) {
      const lines = found.rows.slice(at, at + CHUNK).map(row => restore(row, known)).map(record => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`)
      yield new Block(lines.join(''), lines.length)
    }
    from += rows
    bar.add(bytes / file.groups.length)
  }
}

/** Through the parquet output, with a journal of its own beside the dataset. */
async function intoDataset (options: Partial<ParquetOptions>): Promise<Target> {
  const { output: open } = await import(outputUrl('pino-blackbox/parquet')) as { output: (options: unknown) => Promise<Output> }
  // Whoever reads a file can wait for as long as it takes.
  const output = await open({ frequency: false, ...options, journal: { whenFull: 'block', blockTimeout: '24d' }, name: 'convert' })
  return {
    name: short(options.dir ?? 'the dataset'),
    add: async block => { await output.append(block) },
    async end () {
      await output.flush('delivered', false)
      await output.close()
      return output.counters.read().deliveredRecords
    }
  }
}

async function intoLines (path: string | undefined): Promise<Target> {
  const file = path === undefined ? undefined : await fsp.open(path, 'wx')
  let written = 0
  return {
    name: path === undefined ? 'the standard output' : short(path),
    async add ({ bytes, records }) {
      if (file) await file.appendFile(bytes)
      else if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
      written += records
    },
    async end () {
      await file?.close()
      return written
    }
  }
}
