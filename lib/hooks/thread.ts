// The thread of hooks as its worker sees it: one task at a time. When it dies of one, or stalls in it, another thread goes on behind the
// call that it died of.
import { Worker } from 'node:worker_threads'
import type { Answer, HookOutput, Order, Task, ThreadData } from './module.js'

/** MB of heap after which the thread, and not the process, dies. */
const HEAP = 256
/** ms without the end of a call after which the thread is ended ... */
const STALL = 30_000
/** ... looked at so often ... */
const LOOK = 3000
/** ... and ms until there is another one. */
const RESTART = 1000
/** ms that loading the module may take. */
const LOADING = 20_000

export interface HookThreadOptions {
  module: string
  output: HookOutput
  /** The task is done, but for `lost` calls. */
  done: (lost: number) => void
  /** A hook has failed, or the thread. */
  trouble: (cause: string, message: string) => void
}

interface Job {
  task: Task
  /** Calls that it is made of. */
  calls: number
  from: number
  lost: number
  /** A thread has got it. */
  sent: boolean
}

export class HookThread {
  readonly #o: HookThreadOptions
  readonly #progress = new SharedArrayBuffer(4)
  readonly #done = new Int32Array(this.#progress)
  #worker: Worker | undefined
  #job: Job | undefined
  #watchdog: NodeJS.Timeout | undefined
  #restart: NodeJS.Timeout | undefined
  #opened = false
  /** A call has not ended in time. */
  #stuck = false
  #ended = false

  constructor (options: HookThreadOptions) {
    this.#o = options
  }

  /** The names of the hooks, and of what else begins with 'on'. Rejects when the module cannot be loaded. */
  async open (): Promise<{ hooks: string[], others: string[] }> {
    const worker = this.#start()
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        worker.once('message', (answer: Answer) => {
          this.#opened = true
          if ('hooks' in answer) resolve(answer)
          else reject(new Error('unusable' in answer ? answer.unusable : 'it answered out of turn'))
        })
        worker.once('error', reject)
        worker.once('exit', code => reject(new Error(`its thread ended with code ${code}`)))
        timer = setTimeout(() => reject(new Error(`it was not loaded within ${LOADING} ms`)), LOADING)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  /** One at a time. Made of so many calls. */
  run (task: Task, calls: number): void {
    this.#job = { task, calls, from: 0, lost: 0, sent: false }
    if (!this.#restart) this.#send()
  }

  /** How many calls of the task under way have not come to an end. */
  async end (): Promise<number> {
    this.#ended = true
    clearInterval(this.#watchdog)
    clearTimeout(this.#restart)
    // Until it is ended the thread makes calls, and may end its task: looked at before, those would count as left out.
    await this.#worker?.terminate()
    const job = this.#job
    const made = job?.sent ? Atomics.load(this.#done, 0) : 0
    return job ? job.calls - made + job.lost : 0
  }

  #send (): void {
    const job = this.#job
    if (!job) return
    job.sent = true
    Atomics.store(this.#done, 0, job.from)
    this.#start().postMessage({ task: job.task, from: job.from } satisfies Order)
    let [seen, since] = [job.from, performance.now()]
    this.#watchdog = setInterval(() => {
      const now = Atomics.load(this.#done, 0)
      if (now !== seen) [seen, since] = [now, performance.now()]
      else if (performance.now() - since >= STALL) this.#interrupt()
    }, LOOK).unref()
  }

  #interrupt (): void {
    this.#stuck = true
    this.#worker?.terminate()
  }

  #start (): Worker {
    if (this.#worker) return this.#worker
    const { module, output, done, trouble } = this.#o
    const worker = new Worker(new URL('./hook-thread.js', import.meta.url), {
      execArgv: [], name: 'pino-blackbox hooks', resourceLimits: { maxOldGenerationSizeMb: HEAP }, workerData: { module, output, progress: this.#progress } satisfies ThreadData
    })
    worker.unref()
    let cause = 'it ended itself'
    worker.on('error', error => { cause = error.message })
    worker.on('message', (answer: Answer) => {
      if ('unusable' in answer) cause = answer.unusable
      if (!('done' in answer)) return
      clearInterval(this.#watchdog)
      for (const { hook, message, times } of answer.errors) trouble(hook, `${hook} failed${times > 1 ? `, ${times} times` : ''}: ${message}`)
      const lost = this.#job?.lost ?? 0
      this.#job = undefined
      done(lost)
    })
    worker.on('exit', () => {
      this.#worker = undefined
      clearInterval(this.#watchdog)
      if (this.#ended || !this.#opened) return
      trouble('thread', `the thread of the hooks was ended: ${this.#stuck ? `a call took more than ${STALL / 1000} s` : cause}`)
      this.#stuck = false
      this.#restart = setTimeout(() => this.#resume(), RESTART).unref()
    })
    this.#worker = worker
    return worker
  }

  /** Behind the call that the thread has died of. */
  #resume (): void {
    this.#restart = undefined
    const job = this.#job
    if (!job?.sent) return this.#send()
    job.from = Atomics.load(this.#done, 0) + 1
    job.lost++
    if (job.from < job.calls) return this.#send()
    this.#job = undefined
    this.#o.done(job.lost)
  }
}
