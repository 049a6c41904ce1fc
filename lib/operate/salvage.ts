// A checkpoint that is damaged, made again from the staged files: each carries the footer that completes it behind its rows.
import { join } from 'node:path'
import { openParquet } from '../parquet/reading.js'
import { readCheckpoint, writeCheckpoint, type StagedState } from '../parquet/checkpoint.js'
import { STAGED } from '../parquet/recovery.js'
import { partitionDirectory, partitionNumber, type Partition } from '../parquet/naming.js'
import { count } from './result.js'
import { reason } from '../errors.js'
import type { Estate } from './writers.js'

/** Sentences on what was done. Nobody else may be at work in the directory. */
export async function salvage ({ directory, staged, segments }: Estate, partition: Partition): Promise<string[]> {
  const notes: string[] = []
  const states: StagedState[] = []
  for (const { path } of staged) {
    const name = path.slice(directory.length + 1)
    try {
      const file = openParquet(path)
      const [first] = await file.read(0, ['time'])
      const below = partitionDirectory(partitionNumber(first!.time as bigint, partition), partition)
      states.push({ staged: name, final: join(below, name.slice(0, -STAGED.length) + '.parquet'), length: file.end, footer: file.footer })
      notes.push(`${name}: ${count(file.rows, 'row')} found by its own footer`)
    } catch (error) {
      notes.push(`${name}: without its checkpoint it cannot be read: ${reason(error)}`)
    }
  }
  const numbers = staged.map(({ path }) => Number(/_(\d{3,})-\d{3}-[0-9a-f]+\.staged$/.exec(path)?.[1] ?? 0))
  const converted = convertedIn(directory)
  if (!converted && segments.some(({ records }) => records !== undefined)) {
    notes.push(`the checkpoint did not tell whether segment ${segments[0]!.id} was in a staged file already: its rows may be there twice`)
  }
  writeCheckpoint(directory, { converted: converted ?? [], count: Math.max(0, ...numbers), staged: states })
  return notes
}

/** What the damaged one still says. */
function convertedIn (directory: string): string[] | undefined {
  try {
    return readCheckpoint(directory)?.converted
  } catch {
    return undefined
  }
}
