// What `recover` tells of one log or journal.
import type { Damage } from './damage.js'
import type { Torn } from './torn.js'

/** What has become of one log or journal, or would. */
export interface Recovered {
  path: string
  /** Dead writers that have left something. */
  writers: number
  torn: Torn[]
  /** Of a journal: what has been put in order or, of a dataset, published. */
  segments?: number
  records?: number
  published?: number
  /** What cannot be put right. */
  damages: Damage[]
  /** What was done about damage, in sentences. */
  notes: string[]
  /** Why not everything could be done. */
  failures: string[]
}

export function nothing (path: string): Recovered {
  return { path, writers: 0, torn: [], damages: [], notes: [], failures: [] }
}
