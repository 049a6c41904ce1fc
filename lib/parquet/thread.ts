// The converting thread as its worker sees it: one for all outputs, started early, because a cold one is a third slower, and
// started again when it has died.
import { Worker } from 'node:worker_threads'
import type { Answer, Job, Outcome } from './settings.js'

/** MB of heap after which the thread, and not the process, dies. */
const HEAP = 1024

/** The thread ended in the middle of a job. */
export class ThreadDeath extends Error {}

interface Waiting {
  resolve: (outcome: Outcome) => void
  reject: (error: Error) => void
}

export class ConvertThread {
  static #shared: ConvertThread | undefined
  static #users = 0
  #worker: Worker | undefined
  #asked = 0
  readonly #waiting = new Map<number, Waiting>()

  /** The one of this worker; to be released by everybody who has acquired it. */
  static acquire (): ConvertThread {
    this.#users++
    this.#shared ??= new ConvertThread()
    this.#shared.#start()
    return this.#shared
  }

  /** Ended with its last user, or for `stuck`, whoever else there is: then those have to ask again. Resolves when it has ended. */
  async release (stuck: boolean): Promise<void> {
    ConvertThread.#users--
    if (ConvertThread.#users > 0 && !stuck) return
    if (ConvertThread.#users === 0) ConvertThread.#shared = undefined
    await this.#worker?.terminate()
  }

  /** Rejects when the job failed, with a ThreadDeath when the thread has died of it, or beside it. */
  ask (job: Job): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked
      this.#waiting.set(id, { resolve, reject })
      this.#start().postMessage({ id, job })
    })
  }

  #start (): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./convert-thread.js', import.meta.url), {
      execArgv: [], name: 'pino-blackbox parquet', resourceLimits: { maxOldGenerationSizeMb: HEAP }
    })
    worker.unref()
    worker.on('message', ({ id, outcome, error }: Answer) => {
      const { resolve, reject } = this.#waiting.get(id)!
      this.#waiting.delete(id)
      if (outcome) resolve(outcome)
      else reject(new Error(error))
    })
    let cause = 'it ended'
    worker.on('error', error => { cause = error.message })
    worker.on('exit', () => {
      this.#worker = undefined
      for (const { reject } of this.#waiting.values()) reject(new ThreadDeath(`the converting thread has died: ${cause}`))
      this.#waiting.clear()
    })
    this.#worker = worker
    return worker
  }
}
