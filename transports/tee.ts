// pino-blackbox/tee: one intake, several outputs. Every line is read once, however many outputs there are; each has its own
// level and journal and fails alone.
//
//   lines -> level -> output, output, ...
import { parseTee, type TeeOptions } from '../lib/config/tee.js'
import { transport, type Branch, type Output } from '../lib/output.js'
import { outputUrl } from '../lib/targets.js'
import type { Writable } from 'node:stream'

export type { TeeOptions }

/** pino target: several outputs behind one intake. Rejects with an OptionError, with no output left open. */
export default async function tee (options: TeeOptions): Promise<Writable> {
  const branches: Branch[] = []
  try {
    for (const { target, level, options: own } of parseTee(options)) {
      const { output } = await import(outputUrl(target)) as { output: (options: unknown) => Promise<Output> }
      branches.push({ level, output: await output(own) })
    }
  } catch (error) {
    await Promise.all(branches.map(({ output }) => output.close()))
    throw error
  }
  return transport(branches)
}
