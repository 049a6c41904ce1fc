// The dumps of requests that failed: whether each is there and whole, whether it tells what no output has, and nothing that it must not.
import fs from 'node:fs'
import { join } from 'node:path'
import { LOWEST } from './audit.js'

/** What every customer of the load pays with. Neither log nor dump may show it. */
export const CARD = '4111111111111111'
/** Dumps of one kind, in a minute and in each process: few, so that the limit is seen at work. */
const PER_KIND = 5

/**
 * Options of the shop's dumper. More are kept than a demo has time for; and on a machine that has its hands full with shop, load and
 * receiver, the first dump of a process takes longer than one would allow elsewhere.
 *
 * @param {string} dumpPath
 */
export const dumperOptions = dumpPath => ({ dumpPath, rate: { perKey: PER_KIND }, maxBackups: 1000, limits: { time: '1s' } })

/**
 * One file.
 *
 * @typedef {object} Dump
 * @property {string} name
 * @property {number} bytes
 * @property {boolean} whole
 * @property {boolean} secret the card's number stands in it
 * @property {string} [route]
 * @property {number} lines of the request's log
 * @property {number} unwritten those of them below the logger's level that are of this request and route
 * @property {boolean} cause the error has one
 */

/**
 * What became of the failed requests of one process.
 *
 * @typedef {object} Failed
 * @property {number} failed
 * @property {number} dumped
 * @property {number} leftOut without a dump, because the limit was reached
 * @property {number} missed without a dump, and the limit was not reached
 * @property {number} absent their dump is named in the log, and is not there
 */

/**
 * @param {string} directory
 * @param {import('./audit.js').Found[]} runs
 */
export function auditDumps (directory, runs) {
  const names = dumpFiles(directory)
  const files = names.map(name => readDump(directory, name))
  const there = new Set(names.map(name => join(directory, name)))
  return { directory, files, runs: runs.map(({ failures }) => judge(failures, there)), inOutputs: runs.reduce((sum, { below }) => sum + below, 0) }
}

/**
 * @param {string} directory
 * @returns {string[]} names
 */
export function dumpFiles (directory) {
  if (!fs.existsSync(directory)) return []
  return fs.readdirSync(directory, { withFileTypes: true }).filter(entry => entry.isFile()).map(({ name }) => name).sort()
}

/** @returns {Dump} */
function readDump (directory, name) {
  const text = fs.readFileSync(join(directory, name), 'utf8')
  const { blackbox, request, log = [], error } = parse(text) ?? {}
  const route = request && `${request.method} ${request.route}`
  return {
    name,
    bytes: Buffer.byteLength(text),
    whole: blackbox === 1,
    secret: text.includes(CARD),
    route,
    lines: log.length,
    unwritten: log.filter(line => line.level < LOWEST && line.route === route && line.reqId === request.id).length,
    cause: error?.cause !== undefined
  }
}

/**
 * @param {import('./audit.js').Found['failures']} failures
 * @param {Set<string>} there
 * @returns {Failed}
 */
function judge (failures, there) {
  const found = { failed: failures.length, dumped: 0, leftOut: 0, missed: 0, absent: 0 }
  for (const route of new Set(failures.map(({ route }) => route))) {
    const same = failures.filter(failure => failure.route === route)
    const named = same.flatMap(({ dump }) => dump ?? [])
    const dumped = named.filter(path => there.has(path)).length
    found.dumped += dumped
    found.absent += named.length - dumped
    found[named.length < PER_KIND ? 'missed' : 'leftOut'] += same.length - named.length
  }
  return found
}

/**
 * The one to show: an error with a cause, and short.
 *
 * @param {Dump[]} files
 */
export function telling (files) {
  return files.filter(({ whole }) => whole).sort((a, b) => Number(b.cause) - Number(a.cause) || a.bytes - b.bytes).at(0)
}

function parse (text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
