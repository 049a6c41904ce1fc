// What the main thread asks the registry of a worker, and hears from it: one set of listeners per transport, however many
// questions are open.
import { within } from './deadline.js'
import { FlushError } from './errors.js'
import { EVENTS, type Answer, type Request } from './registry.js'
import type { TransportStream } from './logger.js'

/** An application that logs in every turn of the event loop keeps pino's flush from ever starting (thread-stream, `flushBuffer`). */
const STARVED = 250
/** ms after which a worker that has never answered is asked through pino's flush whether it is up. */
const GRACE = 500
/** ms after which such a worker is not waited for any longer if pino's flush does not come back. */
const SILENCE = 3000

/** What a transport emits when its worker has died and is to be replaced (succession.ts). */
export const DIED = 'blackbox:died'

let lastId = 0
const all = new WeakMap<TransportStream, Requests>()

export class Requests {
  /** Called when there may be news: a flush is over, or the worker. */
  readonly news = new Set<() => void>()
  /** Settled when a worker that has taken the place of a dead one has also taken over what that left. */
  inherited: Promise<Answer | void | undefined> = Promise.resolve()
  readonly #transport: TransportStream
  readonly #open = new Map<number, (answer: Answer | Error) => void>()
  #bringing: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** A flush of pino's that has not come back. */
  #flushing = false
  /** Whether there are outputs of ours in this worker; one that has answered once has some, however long it stands still later. */
  #ours: boolean | undefined

  static of (transport: TransportStream): Requests {
    let requests = all.get(transport)
    if (!requests) all.set(transport, requests = new Requests(transport))
    return requests
  }

  private constructor (transport: TransportStream) {
    this.#transport = transport
    transport.on(EVENTS.answer, (answer: Answer) => {
      this.#ours = true
      this.#open.get(answer.id)?.(answer)
      for (const look of this.news) look()
    })
    transport.on('close', () => this.#settleAll())
    transport.on(DIED, () => this.#settleAll())
  }

  /** Every line logged so far has reached the worker, and the worker is up. Calls that come meanwhile share the one after. */
  bring (): Promise<void> {
    if (!this.#bringing) {
      this.#bringing = this.#bring().finally(() => { this.#bringing = undefined })
      return this.#bringing
    }
    this.#next ??= this.#bringing.catch(() => {}).then(() => {
      this.#next = undefined
      return this.bring()
    })
    return this.#next
  }

  async #bring (): Promise<void> {
    // One that is still under way may have begun before the last lines.
    const flushed = this.#flushing ? new Promise<void>(() => {}) : this.#flush().then(() => this.#up())
    while (!await within(flushed, STARVED)) {
      if (this.#transport.destroyed) throw closed()
      if (!this.#transport.ready) continue
      const answer = await this.ask({ blackbox: 'ping' })
      // It takes what comes at once, so this is a matter of milliseconds.
      if (answer && !answer.paused) return this.#transport.flushSync()
    }
  }

  /** Nobody will answer any more. */
  #settleAll (): void {
    for (const settle of [...this.#open.values()]) settle(closed())
    for (const look of this.news) look()
  }

  /** Undefined when the worker has no outputs, or `signal` ends the waiting. Rejects with a FlushError when it is closed. */
  async ask (request: Omit<Request, 'id'>, signal?: AbortSignal): Promise<Answer | undefined> {
    if (this.#transport.destroyed) throw closed()
    if (signal?.aborted || this.#ours === false) return undefined
    const id = ++lastId
    return await new Promise<Answer | undefined>((resolve, reject) => {
      const settle = (answer?: Answer | Error): void => {
        clearTimeout(silence)
        clearTimeout(grace)
        this.#open.delete(id)
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
      const silence = setTimeout(() => { if (!this.#ours) settle() }, SILENCE)
      signal?.addEventListener('abort', () => settle(), { once: true })
      this.#open.set(id, answer => {
        clearTimeout(silence)
        clearTimeout(grace)
        if (answer instanceof Error || answer.done) settle(answer)
      })
      this.#transport.emit('message', { ...request, id } satisfies Request)
      // The worker answers in order: when it has answered pino and not us, there is nobody to answer.
      const deaf = (): void => {
        if (this.#ours) return
        this.#ours = false
        settle()
      }
      // Not before it is needed: pino keeps the process alive until its flush has come back, which a dead disk may prevent.
      const grace = setTimeout(() => { if (!this.#ours && !this.#flushing) this.#flush().then(deaf, settle) }, GRACE)
    })
  }

  /** Before thread-stream 4.1 a flush may come back while the worker is still starting. */
  async #up (): Promise<void> {
    if (this.#transport.ready || this.#transport.destroyed) return
    await new Promise<void>((resolve, reject) => {
      this.#transport.once('ready', resolve)
      this.#transport.once('close', () => reject(closed()))
    })
  }

  async #flush (): Promise<void> {
    this.#flushing = true
    try {
      await new Promise<void>((resolve, reject) => {
        this.#transport.flush(error => error ? reject(closed(error)) : resolve())
      })
    } finally {
      this.#flushing = false
    }
  }
}

function closed (cause?: Error): FlushError {
  return new FlushError('BLACKBOX_CLOSED', cause?.message ?? 'the worker has exited', { cause })
}
