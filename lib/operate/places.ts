// What of ours there is below a path, found by the names that the outputs and the dumper give.
//
//   logs/app.3.jsonl                                    a log: all files of one name, and .app.jsonl.blackbox beside them
//   .blackbox/http-<identity>/<writer>/<segment>.jsonl  a journal of an output, with its dead letters
//   logs_20261120_214356_001-....parquet in logs/       a dataset; its journal is .logs.blackbox beside it, or _blackbox in it
//   dumps/.blackbox/<marker>                            dumps
import fsp from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { letterFiles } from '../delivery/dead-letters.js'
import { homeOf } from '../dumper/files.js'
import { timeOf } from '../dumper/names.js'
import { errno } from '../errors.js'
import { writers } from '../journal/ownership.js'
import { RotatedFolder } from '../journal/rotated-folder.js'
import { Dataset } from '../parquet/dataset.js'
import { looksLikeLog } from './log-look.js'
import { logNames, namesOf } from './log-names.js'
import type { RotatedNames } from '../journal/naming.js'

/** `named`: it was asked for by its name, or its writers have left their directory; otherwise only its look says that it is one. */
export interface LogPlace { kind: 'log', path: string, folder: RotatedFolder, named: boolean }
/** `output` is the kind of the output that it is of; `dataset` the directory, where it is known, of one of parquet. */
export interface JournalPlace { kind: 'journal', path: string, output: string, dataset?: string }
export interface DatasetPlace { kind: 'dataset', path: string, dataset: Dataset }
export interface DumpsPlace { kind: 'dumps', path: string }
/** A file that was named by itself. */
export interface FilePlace { kind: 'file', path: string }
export type Place = LogPlace | JournalPlace | DatasetPlace | DumpsPlace | FilePlace

const HOME = /^\.(.+)\.blackbox$/
const WRITER = /^[0-9a-f]{16}$/
const PARTITION = /^(dt|hr)=/
/** Directories with many files of others. */
const FOREIGN = ['node_modules', '.git']

/** Rejects when there is nothing at one of the paths. `dateFormat` is that of logs whose dates are in another format than the usual ones. */
export async function findPlaces (paths: readonly string[], { dateFormat }: { dateFormat?: string | undefined } = {}): Promise<Place[]> {
  const found = new Map<string, Place>()
  for (const path of paths.map(path => resolve(path))) {
    for (const place of await placesAt(path, dateFormat)) found.set(`${place.kind} ${place.path}`, place)
  }
  return [...found.values()]
}

/** The directory of `path`, for what is found there, where the path is the hidden one of a log. */
async function placesAt (path: string, dateFormat: string | undefined): Promise<Place[]> {
  const stat = await fsp.stat(path).catch(error => {
    if (errno(error) !== 'ENOENT') throw error
    return undefined
  })
  if (stat?.isDirectory()) {
    const journal = await journalAt(path)
    if (journal) return [journal]
    if (!HOME.test(basename(path)) || (await writers(path)).length === 0) {
      // The journal of a dataset is beside it.
      const beside = await journalAt(join(dirname(path), `.${basename(path)}.blackbox`))
      return [...beside ? [beside] : [], ...await below(path, dateFormat)]
    }
  } else if (stat) {
    return [{ kind: 'file', path }]
  }
  // As the option `file` names a log, or as its hidden directory is called.
  const name = HOME.exec(basename(path))?.[1] ?? basename(path)
  const logs = stat || await exists(dirname(path)) ? await logsIn(dirname(path), dateFormat, name) : []
  if (logs.length === 0) throw new Error(`there is nothing at ${path}`)
  return logs
}

async function below (directory: string, dateFormat: string | undefined): Promise<Place[]> {
  const entries = await fsp.readdir(directory, { withFileTypes: true }).catch(error => {
    // It may go while others are looked at, and some are nobody's to look at.
    if (['ENOENT', 'EACCES', 'EPERM'].includes(errno(error) ?? '')) return []
    throw error
  })
  const places: Place[] = await logsIn(directory, dateFormat)
  const dataset = new Dataset(directory, basename(directory))
  if (isDataset(dataset)) places.push({ kind: 'dataset', path: directory, dataset })
  if ((await fsp.readdir(homeOf(directory)).catch((): string[] => [])).some(name => timeOf(name) !== undefined)) places.push({ kind: 'dumps', path: directory })
  for (const { name } of entries.filter(entry => entry.isDirectory() && !FOREIGN.includes(entry.name) && !PARTITION.test(entry.name))) {
    const path = join(directory, name)
    const journal = await journalAt(path)
    if (journal) places.push(journal)
    else if (!await isLogHome(path)) places.push(...await below(path, dateFormat))
  }
  return places
}

/** The logs of a directory; with `wanted` only the one whose files have this name, with or without its extension. */
async function logsIn (directory: string, dateFormat: string | undefined, wanted?: string): Promise<LogPlace[]> {
  const entries = await fsp.readdir(directory, { withFileTypes: true }).catch(() => [])
  const owned = entries.filter(entry => entry.isDirectory()).map(({ name }) => HOME.exec(name)?.[1]).filter(name => name !== undefined)
  const known: RotatedNames[] = []
  const strange = new Set<string>()
  for (const name of entries.filter(entry => entry.isFile()).map(({ name }) => name).sort()) {
    if (known.some(names => names.parse(name))) continue
    const names = namesOf(directory, name, dateFormat)
    if (!names) continue
    const own = names.base + names.extension
    if (wanted === undefined ? strange.has(own) : wanted !== own && wanted !== names.base) continue
    if (owned.includes(own) || wanted !== undefined || await looksLikeLog(join(directory, name), names.extension)) known.push(names)
    else strange.add(own)
  }
  // A log that has no file yet, or none any more.
  for (const own of owned.filter(own => wanted === undefined || own === wanted)) {
    if (known.some(names => names.base + names.extension === own) || !await isLogHome(join(directory, `.${own}.blackbox`))) continue
    const dot = own.lastIndexOf('.')
    known.push(dot > 0 ? logNames(directory, own.slice(0, dot), own.slice(dot)) : logNames(directory, own, ''))
  }
  return known.map(names => {
    const own = names.base + names.extension
    return { kind: 'log', path: join(directory, own), folder: new RotatedFolder({ names, symlink: true }), named: wanted !== undefined || owned.includes(own) }
  })
}

/** The journal whose home this directory is; undefined where it is none. */
async function journalAt (path: string): Promise<JournalPlace | undefined> {
  if (!await isHome(path) || await isLogHome(path)) return undefined
  const name = basename(path)
  const beside = HOME.exec(name)?.[1]
  const dataset = beside !== undefined ? join(dirname(path), beside) : name === '_blackbox' ? dirname(path) : undefined
  const output = dataset === undefined ? /^[a-z]+/.exec(name)?.[0] ?? 'custom' : 'parquet'
  return { kind: 'journal', path, output, ...dataset !== undefined && { dataset } }
}

/** Do, or did, writers live here, or is there what they left? */
async function isHome (path: string): Promise<boolean> {
  const names = await fsp.readdir(path).catch((): string[] => [])
  return names.some(name => WRITER.test(name)) || (names.includes('dead') && (await letterFiles(path)).length > 0)
}

/** The hidden directory of a log: its writers claim files, and have no segments. One of a dataset has that beside it. */
async function isLogHome (path: string): Promise<boolean> {
  const own = HOME.exec(basename(path))?.[1]
  if (own === undefined || !await isHome(path)) return false
  const names = (await Promise.all((await writers(path)).map(({ directory }) => fsp.readdir(directory).catch(() => [])))).flat()
  if (names.some(name => /\.(open|staged)$/.test(name) || /^(checkpoint\.json|\d{15}-.*\.jsonl)$/.test(name))) return false
  return names.some(name => name.startsWith(`${own.replace(/\.[^.]*$/, '')}.`)) || !await isDirectory(join(dirname(path), own))
}

function isDataset (dataset: Dataset): boolean {
  try {
    return dataset.newest(1).length > 0
  } catch {
    return false
  }
}

async function isDirectory (path: string): Promise<boolean> {
  return await fsp.stat(path).then(stat => stat.isDirectory(), () => false)
}

async function exists (path: string): Promise<boolean> {
  return await fsp.access(path).then(() => true, () => false)
}
