// Outputs, opened from their targets as a list that one intake feeds. They are loaded by URL: lib imports no transport.
import { outputUrl } from './targets.js'
import type { Branch, Output } from './output.js'
import type { TeeOutput } from './config/tee.js'

/** Rejects with an OptionError, with no output left open. */
export async function openBranches (outputs: readonly TeeOutput[]): Promise<Branch[]> {
  const branches: Branch[] = []
  try {
    for (const { target, level, options } of outputs) {
      const { output } = await import(outputUrl(target)) as { output: (options: unknown) => Promise<Output> }
      branches.push({ level, output: await output(options) })
    }
    return branches
  } catch (error) {
    await Promise.all(branches.map(({ output }) => output.close()))
    throw error
  }
}
