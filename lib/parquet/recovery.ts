// What a writer left when it died, put in order: the segments that are converted already are removed, the staged files completed
// and published as far as they were committed. It can be killed anywhere and simply be run again.
import { join } from 'node:path'
import { readCheckpoint, removeCheckpoint, STAGED, writeCheckpoint, writeCopy, type Checkpoint } from './checkpoint.js'
import { paths, remove, syncDirectory } from './disk.js'
import type { Dataset } from './dataset.js'

/** Returns what the next writer in this directory has to know. No file is begun after `deadline` (ms, Unix time); then it throws. */
export function recover (directory: string, dataset: Dataset, deadline = Infinity): Checkpoint {
  const left = readCheckpoint(directory) ?? { converted: [], count: 0, commits: 0, staged: [] }
  for (const id of left.converted) for (const path of segments(directory, id)) remove(path)
  syncDirectory(directory)
  for (const state of left.staged) {
    if (Date.now() >= deadline) throw new Error(`no time to publish ${state.final}; the next start does`)
    dataset.publish(join(directory, state.staged), state)
  }
  const writing = left.staged.length > 0
  const recovered: Checkpoint = { ...left, commits: left.commits + Number(writing), staged: [] }
  if (writing) {
    writeCheckpoint(directory, recovered)
    writeCopy(directory, recovered)
    syncDirectory(directory)
  }
  // Those that no checkpoint names hold nothing that is not in a segment too.
  for (const path of paths(directory, name => name.endsWith(STAGED))) remove(path)
  return recovered
}

/** Leaves nothing in the directory but segments, of a writer that does not write any more. Throws when there was not enough time. */
export function clear (directory: string, dataset: Dataset, deadline: number): void {
  const { converted } = recover(directory, dataset, deadline)
  // A staged file that comes back after a power cut must not come back alone.
  syncDirectory(directory)
  if (!converted.some(id => segments(directory, id).length > 0)) removeCheckpoint(directory)
}

/** A segment's file is called after its id and the number of its lines. */
function segments (directory: string, id: string): string[] {
  return paths(directory, name => name.startsWith(`${id}.`))
}
