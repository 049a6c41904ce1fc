// pino-blackbox/tee: one intake, several outputs. Every line is read once, however many outputs there are; each has its own
// level and journal and fails alone.
//
//   lines -> level -> output, output, ...
import { openBranches } from '../lib/branches.js'
import { parseTee, type TeeOptions } from '../lib/config/tee.js'
import { transport } from '../lib/output.js'
import type { Writable } from 'node:stream'

export type { TeeOptions }

/** pino target: several outputs behind one intake. Rejects with an OptionError, with no output left open. */
export default async function tee (options: TeeOptions): Promise<Writable> {
  return transport(await openBranches(parseTee(options)))
}
