// All outputs of one worker, whatever pino made of the configuration: one target, several, a pipeline. It answers the main
// thread's `flush()` and `watch()`. It hangs on globalThis, because one worker may load two copies of this package.
//
//   main -> worker   transport.emit('message', { blackbox: 'flush' | 'watch' | 'configure', id, ... })      thread-stream index.js
//   worker -> main   parentPort.postMessage({ code: 'EVENT', name, args })                      any other code is fatal there
import { parentPort, resourceLimits, workerData, type MessagePort } from 'node:worker_threads'
import { LEVELS } from './levels.js'
import { reason, show } from './errors.js'
import type { Counters } from './telemetry/counters.js'

/** Names of the events that reach the main thread. */
export const EVENTS = { answer: 'blackbox:answer', outputs: 'blackbox:outputs' } as const

export type Until = 'durable' | 'delivered'

/** What an output shows to the registry. */
export interface Registered {
  readonly kind: string
  readonly name: string
  readonly counters: Counters
  /** Those that somebody has asked for count in the metrics. */
  flush (until: Until, counts: boolean): Promise<void>
  /** Resolves when what earlier writers left has been taken over. */
  readonly inherited?: Promise<unknown> | undefined
  /** Takes other settings while it runs. Throws an OptionError. */
  configure? (settings: unknown): void
}

/** One output as the main thread sees it. */
export interface OutputInfo {
  /** Distinguishes the outputs of one worker. */
  id: number
  kind: string
  name: string
  /** The memory of its Counters. */
  memory: SharedArrayBuffer
}

/** What a worker was started with: enough to start another one like it. */
export interface Origin {
  /** File URL of what thread-stream loads. */
  filename: string
  workerData: unknown
  resourceLimits: unknown
  execArgv: string[]
  env: NodeJS.ProcessEnv
  /** pino's message about itself, if it has come. */
  config: unknown
}

export interface Request {
  /** 'inherited' is answered when what earlier writers left has been taken over. */
  blackbox: 'flush' | 'watch' | 'configure' | 'ping' | 'inherited'
  id: number
  /** Of a flush. */
  until?: Until
  /** For every output, or the one of this name, that can be configured. */
  settings?: unknown
  output?: string | undefined
  /** Of a watch: where to tell the Origin. It has secrets in it: events of a transport can be heard by anybody. */
  origin?: MessagePort | undefined
}

/** 'flush' and 'inherited' are answered twice: at once, and when it is done. */
export interface Answer { id: number, done: boolean, paused?: boolean, error?: string | undefined }

/** What pino tells its transports about itself (pino, lib/transport.js: `pinoWillSendConfig`). */
interface PinoConfig { levels?: { values?: Record<string, number> }, messageKey?: string, errorKey?: string }

const KEY = Symbol.for('pino-blackbox.registry')
/** Turns of the event loop without a new line after which none is on its way ... */
const QUIET_TURNS = 3
/** ... and how long a pipeline, whose transforms may be slow, is waited for, in ms. */
const PIPELINE_PATIENCE = 2000

export class Registry {
  readonly outputs = new Map<Registered, number>()
  /** Labels of levels; pino's configuration may bring more, after the first line. */
  readonly levels: Record<string, number> = { ...LEVELS }
  /** What pino calls message and error; its configuration may say otherwise, after the first line. */
  readonly keys = { messageKey: 'msg', errorKey: 'err' }
  #watched = false
  /** Who wants to know the Origin. */
  readonly #askers: MessagePort[] = []
  /** pino's message about itself. */
  #config: unknown
  /** Pauses that outputs have asked pino for. */
  readonly pauses = new Set<Promise<void>>()
  #count = 0

  static here (): Registry {
    const global = globalThis as { [KEY]?: Registry }
    if (!global[KEY]) {
      const registry = global[KEY] = new Registry()
      if (inTransportWorker()) registry.#listen()
    }
    return global[KEY]
  }

  add (output: Registered): void {
    this.outputs.set(output, ++this.#count)
    if (this.#watched) this.#announce()
  }

  remove (output: Registered): void {
    this.outputs.delete(output)
  }

  /** Every line that was written to this thread before the call is as safe as `until` asks, in every output. */
  async flush (until: Until, counts = false): Promise<void> {
    do {
      await Promise.all(this.pauses)
      await this.#quiet()
    } while (this.pauses.size > 0)
    const results = await Promise.allSettled([...this.outputs.keys()].map(output => output.flush(until, counts)))
    const failed = results.find(result => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** Lines may still be on their way through the streams between pino's and ours, a turn or two of the event loop. */
  async #quiet (): Promise<void> {
    const accepted = (): number => [...this.outputs.keys()].reduce((sum, { counters }) => sum + counters.get('acceptedRecords'), 0)
    const until = Date.now() + (workerData?.workerData?.pipelines?.length > 0 ? PIPELINE_PATIENCE : 0)
    let before = accepted()
    for (let turn = 0; turn < QUIET_TURNS; turn++) {
      await new Promise(resolve => setImmediate(resolve))
      const after = accepted()
      if (after !== before && Date.now() < until) turn = -1
      before = after
    }
  }

  /**
   * Our listener opens the port, and what pino sends first, its configuration, comes once: a transport of somebody else that
   * is loaded later and waits for it would wait for ever. It is repeated to whoever listens later.
   */
  #listen (): void {
    const port = parentPort!
    port.on('message', message => {
      if (message?.code === 'PINO_CONFIG') this.#config ??= message
      this.#receive(message)
    })
    const on = port.on.bind(port)
    const listen = (event: string, listener: (message: unknown) => void): typeof port => {
      on(event as 'message', listener)
      if (event === 'message' && this.#config !== undefined) setImmediate(listener, this.#config)
      return port
    }
    Object.assign(port, { on: listen, addListener: listen })
  }

  async #receive (message: unknown): Promise<void> {
    if (typeof message !== 'object' || message === null) return
    if ('code' in message && message.code === 'PINO_CONFIG') {
      const { levels, messageKey, errorKey } = (message as { config?: PinoConfig }).config ?? {}
      Object.assign(this.levels, levels?.values)
      if (messageKey) this.keys.messageKey = messageKey
      if (errorKey) this.keys.errorKey = errorKey
      if (this.#watched) this.#announce()
      return
    }
    if (!('blackbox' in message)) return
    const { blackbox, id, until = 'durable', settings, output, origin } = message as Request
    if (origin) this.#askers.push(origin)
    // Also while the outputs are still to come: each is announced when it is there.
    if (blackbox === 'watch') this.#watched = true
    if (this.outputs.size === 0) return
    if (blackbox === 'watch') this.#announce()
    if (blackbox === 'configure') return post(EVENTS.answer, { id, done: true, error: this.#configure(settings, output) } satisfies Answer)
    const work = blackbox === 'flush' ? this.flush(until, true) : blackbox === 'inherited' ? this.#inherited() : undefined
    post(EVENTS.answer, { id, done: work === undefined, paused: this.pauses.size > 0 } satisfies Answer)
    if (!work) return
    const error = await work.then(() => undefined, reason)
    post(EVENTS.answer, { id, done: true, error } satisfies Answer)
  }

  /** What was wrong with it. */
  #configure (settings: unknown, name: string | undefined): string | undefined {
    const takers = [...this.outputs.keys()].filter(output => output.configure && (name === undefined || output.name === name))
    if (takers.length === 0) return `no output${name === undefined ? '' : ` ${show(name)}`} can be configured`
    try {
      for (const output of takers) output.configure!(settings)
      return undefined
    } catch (error) {
      return reason(error)
    }
  }

  async #inherited (): Promise<void> {
    await Promise.all([...this.outputs.keys()].map(output => output.inherited))
  }

  #announce (): void {
    this.#tellOrigin()
    post(EVENTS.outputs, [...this.outputs].map(([{ kind, name, counters: { memory } }, id]): OutputInfo => ({ id, kind, name, memory })))
  }

  #tellOrigin (): void {
    const { filename, workerData: options } = workerData
    const origin: Origin = { filename, workerData: options, resourceLimits, execArgv: process.execArgv, env: { ...process.env }, config: this.#config }
    try {
      for (const asker of this.#askers) asker.postMessage(origin)
    } catch {
      // Something in the options can be given away only once (a MessagePort): there will be no other worker like this one.
    }
  }
}

function post (name: string, content: unknown): void {
  parentPort!.postMessage({ code: 'EVENT', name, args: [content] })
}

/** A worker that thread-stream made; in any other a listener would keep the user's own worker alive. */
function inTransportWorker (): boolean {
  return parentPort !== null && workerData?.dataBuf instanceof SharedArrayBuffer && workerData.stateBuf instanceof SharedArrayBuffer
}
