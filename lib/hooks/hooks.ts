// Hooks of an output: what becomes of its lines is told to a module of the user's, in a thread of its own, so that whatever happens
// there harms no line and delays none. What the thread has no time for waits in a queue, and beyond a bound it is left out, counted.
//
//   Monitor -> queue (blocks of lines as they are) -> thread: lines, records, calls
import { pathToFileURL } from 'node:url'
import { didYouMean } from '../config/options.js'
import { within } from '../deadline.js'
import { OptionError, reason, show } from '../errors.js'
import { HOOKS, type HookName, type Task } from './module.js'
import { HookThread } from './thread.js'
import { Monitor } from '../telemetry/monitor.js'
import type { DropReason, Kept } from '../telemetry/counters.js'
import type { Amount } from '../amount.js'
import type { Arrival, Effort, Witness } from '../telemetry/monitor.js'

/** Bytes that may wait for the hooks. */
const MOST = 8 * 1024 * 1024
/** What a task without lines is taken to be. */
const SMALL = 256
/** Bytes of lines that become one task. */
const BLOCK = 256 * 1024

type Waiting = { calls: number, bytes: number } & (
  { hook: 'onRecordBuffered', lines: Uint8Array[] } |
  { hook: 'onRecordDropped', reason: DropReason, amount: Amount, lines?: readonly Uint8Array[] | undefined } |
  { hook: 'onBatchWritten' | 'onBatchFailed' | 'onFlushCompleted', about: object }
)

/** The monitor of an output, with its hooks if it has some. Rejects with an OptionError. */
export async function openMonitor (kind: string, label: string, hooks: string | undefined): Promise<Monitor> {
  const monitor = new Monitor(label)
  if (hooks !== undefined) await Hooks.open(hooks, kind, monitor)
  return monitor
}

class Hooks implements Witness {
  readonly #monitor: Monitor
  readonly #thread: HookThread
  #names: ReadonlySet<string> = new Set()
  #queue: Waiting[] = []
  #bytes = 0
  #running: Waiting | undefined
  #idle: (() => void) | undefined
  #closed = false

  /** Loads the module at `path`, and has it hear of what `monitor` counts. Rejects with an OptionError. */
  static async open (path: string, kind: string, monitor: Monitor): Promise<void> {
    const hooks = new Hooks(path, kind, monitor)
    try {
      await hooks.#open(path, kind)
    } catch (error) {
      await hooks.#thread.end()
      throw error instanceof OptionError ? error : new OptionError(kind, 'hooks', `Expected \`hooks\` to be a module that can be loaded, got ${show(path)}: ${reason(error)}`)
    }
    monitor.witness = hooks
  }

  private constructor (path: string, kind: string, monitor: Monitor) {
    this.#monitor = monitor
    this.#thread = new HookThread({
      module: pathToFileURL(path).href,
      output: { output: monitor.output, kind },
      done: lost => this.#done(lost),
      trouble: (cause, message) => monitor.say(`hooks ${cause}`, message)
    })
  }

  async #open (path: string, kind: string): Promise<void> {
    const { hooks, others } = await this.#thread.open()
    if (others.length > 0) {
      const [wrong] = others as [string]
      const hint = (HOOKS as readonly string[]).includes(wrong) ? 'which is to be a function' : didYouMean(wrong, HOOKS)
      throw new OptionError(kind, 'hooks', `\`hooks\`: ${show(path, false)} exports ${wrong}; ${hint}`)
    }
    if (hooks.length === 0) throw new OptionError(kind, 'hooks', `Expected \`hooks\` to be a module that exports ${HOOKS.join(' or ')}, got ${show(path)}, which exports none`)
    this.#names = new Set(hooks)
  }

  buffered (arrival: Arrival): void {
    if (!this.#names.has('onRecordBuffered')) return
    const { bytes: lines, records } = arrival
    const last = this.#queue.at(-1)
    if (last?.hook !== 'onRecordBuffered' || last.bytes >= BLOCK) return this.#add({ hook: 'onRecordBuffered', lines: [lines], calls: records, bytes: lines.length })
    if (this.#full(lines.length)) return this.#skip(records)
    last.lines.push(lines)
    last.calls += records
    last.bytes += lines.length
    this.#bytes += lines.length
  }

  dropped (reason: DropReason, amount: Amount, lines?: readonly Uint8Array[]): void {
    this.#add({ hook: 'onRecordDropped', reason, amount, lines, calls: lines ? amount.records : 1, bytes: lines ? amount.bytes : SMALL })
  }

  written (amount: Amount, effort: Effort): void {
    this.#tell('onBatchWritten', { ...amountOf(amount), duration: effort.duration, attempts: effort.attempts })
  }

  failed (amount: Amount, kept: Kept, error: string, { duration, attempts }: Effort): void {
    this.#tell('onBatchFailed', { ...amountOf(amount), duration, attempts, error, kept })
  }

  flushed (records: number, duration: number): void {
    this.#tell('onFlushCompleted', { records, duration })
  }

  /** Gives the hooks what waits, for so many ms; what is left then is left out. */
  async close (ms: number): Promise<void> {
    if (this.#running) await within(new Promise<void>(resolve => { this.#idle = resolve }), ms)
    this.#closed = true
    const unfinished = await this.#thread.end()
    const left = this.#queue.reduce((sum, { calls }) => sum + calls, unfinished)
    if (left > 0) this.#skip(left)
  }

  #tell (hook: Exclude<HookName, 'onRecordBuffered' | 'onRecordDropped'>, about: object): void {
    this.#add({ hook, about, calls: 1, bytes: SMALL })
  }

  #add (waiting: Waiting): void {
    if (!this.#names.has(waiting.hook)) return
    if (this.#full(waiting.bytes)) return this.#skip(waiting.calls)
    this.#queue.push(waiting)
    this.#bytes += waiting.bytes
    this.#next()
  }

  #full (bytes: number): boolean {
    return this.#closed || this.#bytes + bytes > MOST
  }

  #next (): void {
    if (this.#running || this.#closed) return
    this.#running = this.#queue.shift()
    if (this.#running) this.#thread.run(taskOf(this.#running), this.#running.calls)
    else this.#idle?.()
  }

  #done (lost: number): void {
    if (lost > 0) this.#skip(lost)
    this.#bytes -= this.#running?.bytes ?? 0
    this.#running = undefined
    this.#next()
  }

  #skip (calls: number): void {
    this.#monitor.counters.change({ skippedHooks: calls })
    this.#monitor.say('hooks skipped', `calls of hooks left out: ${this.#monitor.counters.get('skippedHooks')} so far`)
  }
}

/** Lines are copied: the buffers of a journal are its own. */
function taskOf (waiting: Waiting): Task {
  switch (waiting.hook) {
    case 'onRecordBuffered':
      return { hook: waiting.hook, lines: joined(waiting.lines) }
    case 'onRecordDropped': {
      const { hook, reason, amount, lines } = waiting
      return { hook, reason, amount: amountOf(amount), ...lines && { lines: joined(lines) } }
    }
    default:
      return { hook: waiting.hook, about: waiting.about }
  }
}

/** An amount may be a whole segment. */
function amountOf ({ records, bytes }: Amount): Amount {
  return { records, bytes }
}

function joined (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
