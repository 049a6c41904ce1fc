// The world of the soak: an application under load, its receiver, and everything that is heard from them.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const script = name => fileURLToPath(new URL(name, import.meta.url))
/** ms in which an application has started, or ended. */
const PATIENCE = 180_000

export class Storm {
  paths
  smallDisk
  app
  /** One for each application: { writer, began, acked, samples: [...], flushes: [[at, lag]], failed: [...], dropped: { jsonl, ... } }. Times are ms since the start. */
  lives = []
  /** { name, from, to }. */
  faults = []
  #receiver
  #settings
  #began = performance.now()
  #count = 0

  /** `base` is a directory on a usual disk; `place` where outputs write. */
  constructor ({ base, place, smallDisk, rate, fileSize }) {
    this.smallDisk = smallDisk
    this.paths = { place, ...Object.fromEntries(['clock', 'down', 'received', 'exported'].map(name => [name, join(base, name)])) }
    this.#settings = { rate, fileSize, place, clock: this.paths.clock, down: this.paths.down, exported: this.paths.exported }
    fs.writeFileSync(this.paths.clock, '0')
  }

  now () {
    return performance.now() - this.#began
  }

  /** 1, 2, 3 ... for names. */
  count () {
    return ++this.#count
  }

  async open () {
    this.#receiver = fork(script('receiver.js'), [JSON.stringify({ file: this.paths.received })])
    this.#receiver.on('exit', () => { throw new Error('the receiver has ended') })
    const [{ port }] = await once(this.#receiver, 'message')
    this.#settings.url = `http://127.0.0.1:${port}/`
    await this.start()
  }

  async receiver (mood) {
    this.#receiver.send({ mood })
    await once(this.#receiver, 'message')
  }

  /** Another application, under a name of its own. */
  async start () {
    const writer = `life-${this.lives.length}`
    const life = { writer, began: this.now(), acked: 0, samples: [], flushes: [], failed: [], died: [], dropped: {}, stderr: '' }
    const child = fork(script('app.js'), [JSON.stringify({ writer, ...this.#settings })], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.lives.push(life)
    this.app = { process: child, life, exited: once(child, 'exit') }
    child.stderr.on('data', chunk => { life.stderr = (life.stderr + chunk).slice(-20_000) })
    child.on('message', message => this.#hear(life, message))
    child.on('exit', () => { life.ended = this.now() })
    await this.#said(child, 'ready')
  }

  async kill () {
    this.app.process.kill('SIGKILL')
    await this.app.exited
  }

  /** No more load; resolves when everything has been delivered, or given up. */
  async end () {
    this.app.process.send('end')
    await this.#said(this.app.process, 'ended')
    await this.app.exited
  }

  close () {
    this.#receiver?.removeAllListeners('exit')
    for (const child of [this.app?.process, this.#receiver]) child?.kill('SIGKILL')
  }

  #hear (life, { acked, lag, outputs, sample, failed, died }) {
    const at = this.now()
    if (outputs) life.dropped = Object.fromEntries(outputs.map(({ kind, droppedRecords, dropped }) => [kind, { records: droppedRecords, reasons: dropped }]))
    if (acked !== undefined) {
      life.acked = Math.max(life.acked, acked)
      life.flushes.push([at, lag])
    }
    if (sample) {
      life.samples.push({ at, ...sample })
      life.dropped = Object.fromEntries(sample.outputs.map(({ kind, droppedRecords, dropped }) => [kind, { records: droppedRecords, reasons: dropped }]))
    }
    if (failed) life.failed.push({ at, message: failed })
    if (died) life.died.push({ at, message: died })
  }

  async #said (child, key) {
    const { life } = this.app
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the application has not said ${key} within ${PATIENCE} ms: ${life.stderr}`)), PATIENCE)
      child.on('message', message => {
        if (!(key in message)) return
        clearTimeout(timer)
        resolve()
      })
      child.once('exit', code => {
        clearTimeout(timer)
        reject(new Error(`the application ended (${code}) before it said ${key}: ${life.stderr}`))
      })
    })
  }
}
