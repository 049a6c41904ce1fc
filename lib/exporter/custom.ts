// A user's exporter, guarded: whatever it does, a batch is delivered, refused, or tried again.
import { pathToFileURL } from 'node:url'
import { PartBatch } from './batch.js'
import { defineExporter, type Exporter, type ExporterModule } from './define.js'
import { AttemptError, errno, OptionError, reason } from '../errors.js'
import type { Part, Refusal } from '../delivery/batches.js'

/** Loads the module at `path`. Rejects with an OptionError. */
export async function load (path: string, options: unknown): Promise<Exporter> {
  try {
    const { default: made } = await import(pathToFileURL(path).href) as { default: ExporterModule }
    return defineExporter(typeof made === 'function' ? await made(options) : made)
  } catch (error) {
    throw new OptionError('exporter', 'module', `Expected \`module\` to give an exporter, got ${path}: ${reason(error)}`)
  }
}

export class Custom {
  readonly #exporter: Exporter
  readonly #timeout: number
  readonly #calls = new Set<AbortController>()

  /** `timeout` of a call, in ms. */
  constructor (exporter: Exporter, timeout: number) {
    this.#exporter = exporter
    this.#timeout = timeout
  }

  /** Undefined when the receiver has it, else why it never will. Rejects with an AttemptError when it is to be tried again. */
  async send (part: Part): Promise<Refusal | undefined> {
    const batch = new PartBatch(part)
    const call = new AbortController()
    this.#calls.add(call)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => call.abort(new Error(`not done within ${this.#timeout} ms`)), this.#timeout)
      call.signal.addEventListener('abort', () => reject(call.signal.reason))
    })
    try {
      await Promise.race([late, (async () => { await this.#exporter.deliver(batch, { signal: call.signal }) })()])
      return undefined
    } catch (error) {
      if (errno(error) !== 'BLACKBOX_REFUSED') throw new AttemptError(reason(error))
      return { status: null, why: reason(error), ...linesOf(error, batch.size) }
    } finally {
      clearTimeout(timer)
      this.#calls.delete(call)
    }
  }

  /** Aborts what is under way. */
  async close (): Promise<void> {
    for (const call of this.#calls) call.abort(new Error('the output is closing'))
    await this.#exporter.close?.()
  }
}

/** Those that there are; an error may come from another copy of this package. */
function linesOf (error: unknown, size: number): { lines?: number[] } {
  const { lines } = error as { lines?: unknown }
  const known = Array.isArray(lines) ? lines.filter(line => Number.isInteger(line) && line >= 0 && line < size) as number[] : []
  return known.length > 0 ? { lines: known } : {}
}
