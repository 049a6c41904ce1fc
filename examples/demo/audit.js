// What is in the files, counted from the files alone.
import { LineSplitter, readBack } from './lines.js'

/** Level of pino from which on lines go to the console output too. */
const ERROR = 50
/** That of the shop's logger. A lower line is in no output. */
export const LOWEST = 20

/**
 * What was found of one run of the shop.
 *
 * @typedef {object} Found
 * @property {number} lines different ones
 * @property {number} highest sequence number
 * @property {number} duplicates
 * @property {number} unordered
 * @property {number} completed lines that end a request
 * @property {Array<{ route: string, dump?: string }>} failures requests that were answered with 5xx, with the dump that they name
 * @property {number} below lines below the level of the shop's logger
 * @property {number[]} errors sequence numbers of what the console output gets too
 * @property {Uint8Array} seen how often, by sequence number
 */

/** Counts lines of the shop, wherever they are read from. */
export class Audit {
  /** @type {Found[]} */
  runs
  /** Lines that are none of the shop's. @type {string[]} */
  strange = []

  /** @param {number[]} logged for each run, how many lines it may have logged */
  constructor (logged) {
    this.runs = logged.map(most => ({ lines: 0, highest: 0, duplicates: 0, unordered: 0, completed: 0, failures: [], below: 0, errors: [], seen: new Uint8Array(most + 1) }))
  }

  /**
   * @param {Buffer} line
   * @param {string} place
   * @returns {{ run: number, seq: number } | undefined} what it is, when it is one of the shop's
   */
  add (line, place) {
    const found = parse(line)
    const run = this.runs[found?.run - 1]
    if (!run || !(found.seq >= 1 && found.seq < run.seen.length)) {
      this.strange.push(`${place}: ${line.toString().slice(0, 200).trimEnd()}`)
      return undefined
    }
    if (run.seen[found.seq]++ > 0) run.duplicates++
    else run.lines++
    if (found.seq < run.highest) run.unordered++
    run.highest = Math.max(run.highest, found.seq)
    if (found.msg === 'request completed') {
      run.completed++
      if (found.res?.statusCode >= 500) run.failures.push({ route: found.route, dump: found.dump })
    }
    if (found.level < LOWEST) run.below++
    if (found.level >= ERROR) run.errors.push(found.seq)
    return found
  }
}

/**
 * @param {string} directory
 * @param {string} base
 * @param {number[]} logged for each run, how many lines it may have logged
 * @param {(bytes: number) => void} [onRead]
 */
export async function auditShop (directory, base, logged, onRead) {
  const audit = new Audit(logged)
  const files = await readBack(directory, base, (line, { name }) => { audit.add(line, name) }, onRead)
  return { files, runs: audit.runs, strange: audit.strange }
}

/**
 * Sequence numbers up to `acknowledged` that were not found.
 *
 * @param {Found} run
 * @param {number} acknowledged
 */
export function missing ({ seen }, acknowledged) {
  const numbers = []
  for (let seq = 1; seq <= acknowledged; seq++) if (!seen[seq]) numbers.push(seq)
  return numbers
}

/** Collects the sequence numbers of the JSON lines that a process wrote to stdout. */
export function consoleReader () {
  const splitter = new LineSplitter()
  /** @type {Set<number>} */
  const numbers = new Set()
  return {
    numbers,
    /** @param {Buffer} piece */
    read (piece) {
      for (const line of splitter.push(piece)) numbers.add(parse(line)?.seq)
    }
  }
}

/** @param {Buffer} line */
function parse (line) {
  try {
    return JSON.parse(line.toString())
  } catch {
    return undefined
  }
}
