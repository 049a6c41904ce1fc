// The receiver of the log as the demo has it: a process that is started, killed at the worst moment and started again on its port,
// and the count of what it has told.
import { heard, freePort, inTime, start } from './processes.js'

/**
 * What one batch was, or one that came again (examples/receiver.js).
 *
 * @typedef {{ key: string, lines: number, bytes: number, status: number, repeat: boolean, answered: boolean }} Arrival
 */

export class Receiver {
  /** Different ones. */
  batches = 0
  lines = 0
  /** As they came over the wire. */
  bytes = 0
  /** Keys of batches that had been there already. @type {string[]} */
  repeats = []
  /** Of these, how many had other lines than before. */
  different = 0
  /** The process, while it is meant to live. @type {import('./processes.js').Program | undefined} */
  program
  #directory
  #port = 0

  /** @param {string} directory for what it receives */
  constructor (directory) {
    this.#directory = directory
  }

  get url () {
    return `http://127.0.0.1:${this.#port}/logs`
  }

  async open () {
    // Not one that the system picks: while the receiver is down, somebody else might get it.
    this.#port ||= await freePort()
    const program = start('receiver.js', { port: this.#port, directory: this.#directory }, { onMessage: message => this.#count(message) })
    await inTime(heard(program, ({ ready }) => ready, 'start the receiver'), 'start the receiver')
    this.program = program
    return program
  }

  /**
   * Kills it when a batch is written and its answer is not sent: the sender cannot know, and has to send that again. Resolves with
   * the key of that batch.
   *
   * @returns {Promise<string>}
   */
  async kill () {
    const program = this.#expectEnd()
    program.child.send('hold')
    const { key } = await inTime(heard(program, ({ answered }) => answered === false, 'wait for a batch'), 'wait for a batch')
    program.child.kill('SIGKILL')
    await inTime(program.closed, 'kill the receiver')
    return key
  }

  /** It has nothing to end: what it has answered is written. */
  async close () {
    const program = this.#expectEnd()
    program.child.kill()
    await inTime(program.closed, 'end the receiver')
  }

  #expectEnd () {
    const { program } = this
    if (!program) throw new Error('the receiver does not run')
    this.program = undefined
    return program
  }

  /** @param {Partial<Arrival>} message */
  #count ({ key, lines = 0, bytes = 0, status, repeat }) {
    if (key === undefined) return
    this.bytes += bytes
    if (repeat) {
      this.repeats.push(key)
      if (status !== 200) this.different++
    } else {
      this.batches++
      this.lines += lines
    }
  }
}
