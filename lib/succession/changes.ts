// What was configured while the worker ran (`watch().configure()`): another worker begins with the options and has to hear it again.
import type { Request } from '../registry.js'

export class Changes {
  readonly #requests: Request[] = []

  add (settings: object, output: string | undefined): void {
    const last = this.#requests.at(-1)
    // The same again, only later, as a key that is changed every hour: what it replaces need not be kept.
    if (last && last.output === output && names(last.settings as object) === names(settings)) this.#requests.pop()
    this.#requests.push({ blackbox: 'configure', id: 0, settings, output })
  }

  /** Nobody waits for an answer. */
  repeat (worker: { postMessage (request: Request): void }): void {
    for (const request of this.#requests) worker.postMessage(request)
  }
}

function names (settings: object): string {
  return Object.keys(settings).sort().join()
}
