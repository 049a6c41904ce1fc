// The worker of a transport dies, and another one takes its place.
//
//   alive     the transport's own stream, or that of the worker which took its place
//   standby   keeps lines until the dead thread is gone and another has come up; rescued lines go before those that came meanwhile
//
// Whoever holds the transport goes on holding it: loggers, their children, Fastify's requests, `pino.multistream()`, pino's exit
// hooks. So it is not swapped in one logger, which would miss the others, but becomes a face (face.ts) for whatever stands
// behind it now. Before the first death nothing is covered but `emit`: 'error' and 'close' of a death are not passed on.
import { MessageChannel } from 'node:worker_threads'
import { Attempts } from './attempts.js'
import { Changes } from './changes.js'
import { within } from '../deadline.js'
import { another, cover } from './face.js'
import { asError, follow } from './pulse.js'
import { rescue, unread } from './rescue.js'
import { DIED, Requests } from '../requests.js'
import { EVENTS, type Origin, type Request } from '../registry.js'
import { Standby } from './standby.js'
import { complaints, tellStderr } from '../telemetry/complaints.js'
import { Ledger } from '../telemetry/ledger.js'
import { reason } from '../errors.js'
import { Watchers, type Watcher } from './watchers.js'
import type { TransportStream } from '../logger.js'
import type { DropReason } from '../telemetry/counters.js'

/** What thread-stream says to each line that comes to a dead worker. */
const TOO_LATE = 'the worker has exited'

const say = complaints(line => tellStderr(`pino-blackbox: ${line}\n`))
/** Nobody waits for an answer: the worker tells what it is as soon as it can. */
const WATCH: Request = { blackbox: 'watch', id: 0 }
/** ms that its answer is waited for, at most. */
const PATIENCE = 2000
const silent = (): void => {}
const all = new WeakMap<TransportStream, Succession>()

export class Succession {
  readonly #face: TransportStream
  readonly #ledger: Ledger
  readonly #watchers = new Watchers()
  /** What another worker is to be configured with too. */
  readonly changes = new Changes()
  /** The face's own. */
  readonly #emit: TransportStream['emit']
  #unfollow: () => void = silent
  #answered: () => void = silent
  #origin: Origin | undefined
  #covered = false
  #wasReady: boolean
  /** The stream whose worker is up, or has died and is not replaced. */
  #alive: TransportStream | undefined
  #starting: TransportStream | undefined
  #standby: Standby | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #attempts = new Attempts()
  /** The application has ended the transport. */
  #over = false
  /** Bytes, from the first that is kept, in which there may be a line that ends whoever reads it. */
  #suspect = 0
  #lost = 0
  #mourned: TransportStream | undefined

  static of (transport: TransportStream): Succession {
    let succession = all.get(transport)
    if (!succession) all.set(transport, succession = new Succession(transport))
    return succession
  }

  private constructor (transport: TransportStream) {
    this.#face = this.#alive = transport
    this.#emit = transport.emit.bind(transport)
    this.#wasReady = transport.ready
    this.#ledger = Ledger.of(transport)
  }

  /** Looks after the worker until the function that it returns is called. */
  join (watcher: Watcher): () => void {
    if (this.#watchers.none) this.#begin()
    this.#watchers.add(watcher)
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.none) this.#leave()
    }
  }

  #begin (): void {
    const face = this.#face
    face.on('error', silent)
    if (this.#covered || face.destroyed) return
    face.emit = (event, ...args) => this.#heard(face, event, args)
    this.#unfollow = this.#follow(face)
    // At once, not when it is up: it may die before.
    this.#ask(face)
  }

  /** Has the worker tell what it is, and what it was started with. */
  #ask ({ worker }: TransportStream): void {
    const { port1, port2 } = new MessageChannel()
    port1.on('message', (origin: Origin) => { this.#origin = origin })
    port1.unref()
    worker.postMessage({ ...WATCH, origin: port2 } satisfies Request, [port2])
  }

  #leave (): void {
    this.#face.off('error', silent)
    if (this.#timer) this.#abandon()
    if (this.#covered) return
    this.#unfollow()
    delete (this.#face as Partial<TransportStream>).emit
  }

  #follow (stream: TransportStream): () => void {
    return follow(stream, { died: error => this.#died(stream, error), gone: () => this.#gone(stream) })
  }

  readonly #heard = (stream: TransportStream, event: string | symbol, args: unknown[]): boolean => {
    if (event === 'ready' && stream === this.#starting) {
      this.#greet(stream)
      return true
    }
    if (event === EVENTS.answer && stream === this.#starting) this.#answered()
    if (event === 'ready') this.#wasReady = true
    if (event === 'error') return this.#failed(stream, args[0])
    if (event === 'close' && stream !== this.#alive) return false
    return this.#emit(event as string, ...args)
  }

  #failed (stream: TransportStream, error: unknown): boolean {
    if (error instanceof Error && error.message === TOO_LATE && !this.#watchers.none && !stream.writableEnded) {
      this.#drop('crashed', 1)
      return false
    }
    // thread-stream may give a worker up that has not exited (it hangs).
    this.#died(stream, asError(error))
    return stream === this.#alive && this.#emit('error', error)
  }

  #died (stream: TransportStream, error: Error): void {
    if (stream === this.#starting) say('start', `a worker that was to take the place of a dead one has died: ${reason(error)}`)
    if (stream !== this.#alive || stream === this.#mourned || stream.writableEnded || this.#over || this.#watchers.none) return
    this.#mourned = stream
    const replaced = this.#replaces()
    say('died', `the worker of a logger has died: ${reason(error)}. ${replaced ? 'Another one takes its place' : 'Its lines are lost from now on'}`)
    if (replaced) this.#standBy()
    this.#watchers.tell('workerDied', { error, at: Date.now() })
  }

  #replaces (): boolean {
    return !this.#over && this.#origin !== undefined && this.#watchers.replace
  }

  #standBy (): void {
    this.#alive = undefined
    this.#standby = new Standby({
      maxBytes: this.#watchers.keep,
      dropped: (why, records, bytes) => this.#drop(why, records, bytes),
      ended: () => this.#ended()
    })
    if (!this.#covered) cover(this.#face, () => (this.#alive ?? this.#standby)!)
    this.#covered = true
    this.#emit(DIED)
  }

  #gone (stream: TransportStream): void {
    const standby = this.#standby
    if (!standby || (stream !== this.#starting && stream !== this.#mourned)) return
    // One that was fed line by line died of the line in progress.
    const careful = stream === this.#starting && this.#suspect > 0
    this.#starting = undefined
    this.#ledger.died()
    const rescued = rescue(stream, { careful })
    if (!rescued) say('rescue', 'lines that the dead worker had not read are lost: this version of thread-stream is not known')
    if (!careful) this.#suspect = rescued?.suspect ?? 0
    this.#drop('crashed', rescued?.lost ?? 0)
    standby.putBefore(rescued?.buffers ?? [])
    this.#attempts.died()
    this.#again()
  }

  #again (): void {
    if (!this.#replaces()) return this.#abandon()
    const delay = this.#attempts.next()
    if (delay === 0) this.#start()
    else this.#timer = setTimeout(() => this.#start(), delay).unref()
  }

  #start (): void {
    this.#timer = undefined
    try {
      const stream = this.#starting = another(this.#face, this.#origin!, this.#heard)
      this.#follow(stream)
      this.#ask(stream)
      this.changes.repeat(stream.worker)
    } catch (error) {
      say('start', `cannot start another worker: ${reason(error)}`)
      this.#again()
    }
  }

  /** Lines come by another way than messages, and could be there before pino's levels are: nothing until it has answered. */
  async #greet (stream: TransportStream): Promise<void> {
    const answer = new Promise<void>(resolve => { this.#answered = resolve })
    // Once more: not every output was there when it started.
    this.changes.repeat(stream.worker)
    stream.worker.postMessage(WATCH)
    await within(answer, PATIENCE)
    if (stream === this.#starting) await this.#feed(stream)
  }

  /** Line by line what is suspect, so that the line is known if this worker dies too; then everything. */
  async #feed (stream: TransportStream): Promise<void> {
    const standby = this.#standby!
    let fed = 0
    for (; this.#suspect > 0; fed++) {
      const bytes = await standby.feed(stream)
      if (stream !== this.#starting) return
      this.#suspect = bytes === 0 ? 0 : this.#suspect - bytes
    }
    this.#takeOver(stream, fed)
  }

  #takeOver (stream: TransportStream, fed: number): void {
    const rescuedRecords = fed + this.#handOver(stream)
    this.#attempts.cameUp()
    this.#watchers.tell('workerReplaced', { at: Date.now(), attempts: this.#attempts.count, rescuedRecords, lostRecords: this.#lost })
    this.#lost = 0
    // pino keeps a worker from holding the process when it is ready, and ends it at exit: once for the face.
    if (this.#wasReady) stream.unref()
    else this.#heard(this.#face, 'ready', [])
    this.#emit('drain')
    this.#settle(stream)
  }

  #handOver (stream: TransportStream): number {
    const standby = this.#standby!
    this.#alive = stream
    this.#starting = this.#standby = undefined
    return standby.handOver(stream)
  }

  async #settle (stream: TransportStream): Promise<void> {
    const requests = Requests.of(this.#face)
    requests.inherited = requests.ask({ blackbox: 'inherited' }).catch(silent)
    if (await requests.inherited && stream === this.#alive) this.#ledger.settle()
  }

  /** The application ends the stream while there is no worker, or at its own end, when nothing is heard of one any more. */
  #ended (): void {
    this.#over = true
    // One more that does not come up would cost 10 s.
    if (!this.#starting || this.#attempts.stillborn > 0) return this.#abandon()
    const stream = this.#starting
    this.#handOver(stream)
    try {
      // As pino does it: with lines on their way `end` alone would wait for a turn of the event loop.
      stream.flushSync()
      stream.end()
    } catch {
      // Nobody has read them in 10 s.
      stream.worker.terminate()
    }
    if (!stream.writableEnded || stream.destroyed) this.#drop('closed', unread(stream))
  }

  /** There will be no other worker. */
  #abandon (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#standby!.destroy()
    process.nextTick(() => {
      this.#emit('finish')
      this.#emit('close')
    })
  }

  #drop (why: DropReason, records: number, bytes = 0): void {
    if (records === 0) return
    this.#lost += records
    this.#ledger.lose(why, records, bytes)
    say(why, `lines of a logger without a worker are lost (${why})`)
  }
}
