// What a path means to whoever follows it. Looked up again and again, because files come and go:
//
//   logs/app, logs/app.jsonl, logs/app.3.jsonl    the rotated files of that log, and a file of that very name
//   logs                                          every log in it
//   .blackbox, logs/parquet                       the segments of the journals in it, or of that dataset
import fs from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ID_PATTERN, parseId } from '../journal/segment-id.js'

export interface Found {
  path: string
  kind: Kind
}

/** A file of lines; one that is compressed, and was a file of lines before; or the segment of a journal. */
export type Kind = { kind: 'lines' } | { kind: 'archive', of: string, codec: 'gzip' | 'zstd' } | { kind: 'segment', writer: string, number: number }

export interface Place {
  directory: string
  /** What a file of this name is, so many levels below `directory`. */
  fits (name: string, level: number): Kind | undefined
  /** Are there more in a directory of this name? */
  leads (name: string, level: number): boolean
}

const SEGMENT = new RegExp(`^(${ID_PATTERN})(?:\\.open|\\.\\d+\\.jsonl)$`)
const ARCHIVE = /^(.+)\.(gz|zst)$/
const LOG = /^[^.].*\.(?:jsonl|ndjson|log)(?:\.\d+)?$/
/** Homes of outputs, their writers, those whom these have adopted, and a journal inside of its dataset. */
const JOURNAL = /^(?:[a-z]+-[\w.-]+|[0-9a-f]{16}|_blackbox)$/
const DEEPEST = 3

/** Of a path that may not be there yet. */
export function placesOf (path: string): Place[] {
  const absolute = resolve(path)
  const isDirectory = fs.statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true
  if (!isDirectory) return [{ directory: dirname(absolute), fits: fitting(familyOf(basename(absolute))), leads: () => false }]
  // The journal of a dataset is beside it.
  const beside = join(dirname(absolute), `.${basename(absolute)}.blackbox`)
  return [{ directory: absolute, fits: fitting(name => LOG.test(name)), leads }, { directory: beside, fits: fitting(() => false), leads }]
}

const leads = (name: string, level: number): boolean => level < DEEPEST && JOURNAL.test(name)

/** Segments, and at the top what `isLog` says. */
function fitting (isLog: (name: string) => boolean): Place['fits'] {
  return (name, level) => {
    const id = SEGMENT.exec(name)?.[1]
    if (id !== undefined) {
      const { writer, number } = parseId(id)
      return { kind: 'segment', writer, number }
    }
    if (level > 0) return undefined
    if (isLog(name)) return { kind: 'lines' }
    const [, of, ending] = ARCHIVE.exec(name) ?? []
    return of !== undefined && isLog(of) ? { kind: 'archive', of, codec: ending === 'gz' ? 'gzip' : 'zstd' } : undefined
  }
}

/** Names of the files of one log: `<base>[.<date>].<n><extension>`, by the name of one of them, or of the option `file`. */
function familyOf (name: string): (name: string) => boolean {
  const plain = ARCHIVE.exec(name)?.[1] ?? name
  const [, stem, numbered] = /^(.+?)(?:\.\d[^.]*)?\.[1-9]\d*(\.[A-Za-z]\w*)?$/.exec(plain) ?? []
  const [, own, ending] = stem === undefined ? /^(.+?)(\.[A-Za-z]\w*)?$/s.exec(plain)! : [undefined, stem, numbered]
  const extension = ending === undefined ? '(?:\\.[A-Za-z]\\w*)?' : escaped(ending)
  // A date has a digit in it; what has none is the name of another log.
  const family = new RegExp(`^${escaped(own!)}(?:\\.[^/]*\\d[^/]*?)?\\.[1-9]\\d{0,14}${extension}$`, 's')
  return other => other === plain || family.test(other)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Directories of a place, those that are there, each told to `enter` before it is read; and the files in them, in the order of their names. */
export function * filesOf ({ directory, fits, leads }: Place, enter: (directory: string, level: number) => void, level = 0): Generator<Found> {
  enter(directory, level)
  const entries = readDirectory(directory)
  for (const entry of entries) {
    const kind = entry.isDirectory() ? undefined : fits(entry.name, level)
    if (kind) yield { path: join(directory, entry.name), kind }
  }
  for (const entry of entries) {
    if (entry.isDirectory() && leads(entry.name, level)) yield * filesOf({ directory: join(directory, entry.name), fits, leads }, enter, level + 1)
  }
}

const { compare } = new Intl.Collator('en', { numeric: true })

function readDirectory (directory: string): fs.Dirent[] {
  try {
    return fs.readdirSync(directory, { withFileTypes: true }).sort((a, b) => compare(a.name, b.name))
  } catch {
    return []
  }
}
