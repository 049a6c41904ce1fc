// What the receiver has got, read from its files alone; and what it would not take.
import fs from 'node:fs'
import { join } from 'node:path'
import { Audit } from './audit.js'
import { LineSplitter } from './lines.js'

const ARRIVAL = 9

/**
 * @typedef {object} Batch
 * @property {number} arrival
 * @property {string} path
 */

/**
 * @param {string} directory
 * @returns {Batch[]} first come first
 */
export function batches (directory) {
  const names = fs.existsSync(directory) ? fs.readdirSync(directory).filter(name => name.endsWith('.jsonl')).sort() : []
  return names.map(name => ({ arrival: Number(name.slice(0, ARRIVAL)), path: join(directory, name) }))
}

/** @param {Batch} batch */
export function linesOf ({ path }) {
  const splitter = new LineSplitter()
  const lines = splitter.push(fs.readFileSync(path))
  const rest = splitter.rest()
  return rest.length > 0 ? [...lines, rest] : lines
}

/**
 * @typedef {object} Outage
 * @property {number} arrivals batches that had come before
 * @property {number} lines likewise
 * @property {number} from Unix time in ms
 * @property {number} until
 * @property {number[]} logged lines of each run when it ended
 */

/**
 * Counts lines as in the files; and those that waited for the outage to end, with the time at which the last of these came.
 *
 * @param {string} directory
 * @param {number[]} logged for each run, how many lines it may have logged
 * @param {Outage} outage
 */
export function auditReceived (directory, logged, outage) {
  const audit = new Audit(logged)
  const found = { ...audit, batches: 0, text: 0, waited: logged.map(() => 0), through: 0 }
  for (const batch of batches(directory)) {
    const { mtimeMs, size } = fs.statSync(batch.path)
    found.batches++
    found.text += size
    for (const line of linesOf(batch)) {
      const of = audit.add(line, batch.path)
      if (!of || batch.arrival <= outage.arrivals || of.seq > (outage.logged[of.run - 1] ?? 0)) continue
      found.waited[of.run - 1]++
      found.through = Math.max(found.through, mtimeMs)
    }
  }
  return found
}

/**
 * Lines that the receiver would never have taken, as the output has put them aside.
 *
 * @param {string} journal
 * @returns {string[]}
 */
export function deadLetters (journal) {
  const files = fs.existsSync(journal) ? fs.readdirSync(journal, { recursive: true, encoding: 'utf8' }) : []
  return files.filter(name => /(^|[/\\])dead[/\\][^/\\]+\.jsonl$/.test(name))
    .flatMap(name => fs.readFileSync(join(journal, name), 'utf8').split('\n').filter(Boolean))
    .map(letter => JSON.parse(letter).record)
}

/** Compares lines with what has come over HTTP, one after the other in their order: each was received, or is a dead letter. */
export class Comparison {
  received = 0
  dead = 0
  /** Lines that are neither, or that came too early or too late. */
  astray = 0
  #expected
  #next
  /** @type {Map<string, number>} */
  #letters = new Map()

  /**
   * @param {string} directory of the receiver
   * @param {string} journal
   */
  constructor (directory, journal) {
    this.#expected = all(directory)
    this.#next = this.#expected.next()
    for (const record of deadLetters(journal)) this.#letters.set(record, (this.#letters.get(record) ?? 0) + 1)
  }

  /**
   * @param {Buffer} line with its newline
   * @returns {'received' | 'dead' | 'astray'}
   */
  add (line) {
    const end = this.#judge(line)
    this[end]++
    return end
  }

  /** @param {Buffer} line */
  #judge (line) {
    if (!this.#next.done && line.equals(this.#next.value)) {
      this.#next = this.#expected.next()
      return 'received'
    }
    const record = line.toString().slice(0, -1)
    const left = this.#letters.get(record) ?? 0
    if (left === 0) return 'astray'
    this.#letters.set(record, left - 1)
    return 'dead'
  }

  /** The end: what was received, or is a dead letter, and is none of the lines. */
  figures () {
    let foreign = 0
    for (; !this.#next.done; this.#next = this.#expected.next()) foreign++
    for (const left of this.#letters.values()) foreign += left
    const { received, dead, astray } = this
    return { received, dead, astray, foreign }
  }
}

/** @param {string} directory */
function * all (directory) {
  for (const batch of batches(directory)) yield * linesOf(batch)
}
