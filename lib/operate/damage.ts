// What is wrong with a file, found by reading all of it.
import fsp from 'node:fs/promises'
import { blocksOf, linesOf } from './blocks.js'
import { count, short } from './result.js'
import { errno, reason, show } from '../errors.js'
import { openParquet, type ParquetFile } from '../parquet/reading.js'

export interface Damage {
  path: string
  /** The byte at which it begins; in what was decompressed, where the file is compressed. */
  offset?: number
  /** From 1. */
  line?: number
  column?: string
  /** Rows of a Parquet file that cannot be read, counted from 0. */
  rows?: { from: number, count: number }
  /** Bytes that it takes, where that is known. */
  bytes?: number
  expected: string
  found: string
}

/** What was read without any damage. */
export interface Tally { files: number, records: number, bytes: number }

export interface LineRules {
  /** So many lines there should be. */
  records?: number | undefined
  /** It is being written: a last line without its end is not damaged. */
  growing?: boolean
  /** What every line has to be besides a JSON object. */
  extra?: (value: Record<string, unknown>) => string | undefined
  seen?: (bytes: number) => void
}

export async function * damagedLines (path: string, tally: Tally, { records, growing = false, extra, seen }: LineRules = {}): AsyncGenerator<Damage> {
  let lines = 0
  let end = 0
  tally.files++
  try {
    for await (const block of blocksOf(path, bytes => {
      tally.bytes += bytes
      seen?.(bytes)
    })) {
      end = block.offset + block.bytes.length
      if (!block.whole) {
        const { offset, line, bytes: { length } } = block
        if (!growing) yield { path, offset, line, bytes: length, expected: 'a newline at the end', found: `a last line that breaks off after ${count(length, 'byte')}` }
        continue
      }
      for (const { text, offset, line } of linesOf(block)) {
        lines++
        const problem = problemOf(text, extra)
        if (problem === undefined) tally.records++
        else yield { path, offset, line, bytes: text.length, ...problem }
      }
    }
  } catch (error) {
    if (errno(error) === 'ENOENT') throw error
    yield { path, offset: end, line: lines + 1, expected: 'a file that can be read to its end', found: reason(error) }
    return
  }
  if (records !== undefined && records !== lines) yield { path, expected: `${count(records, 'line')}, as its name says`, found: count(lines, 'line') }
}

function problemOf (line: Buffer, extra: LineRules['extra']): Pick<Damage, 'expected' | 'found'> | undefined {
  const text = line.toString()
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return { expected: 'a JSON object', found: show(text, false) }
    const problem = extra?.(value as Record<string, unknown>)
    return problem === undefined ? undefined : { expected: problem, found: show(text, false) }
  } catch (error) {
    return { expected: 'a JSON object', found: `${show(text, false)} (${reason(error)})` }
  }
}

/** `staged`: as its checkpoint has it. */
export async function * damagedParquet (path: string, tally: Tally, staged?: { length: number, footer: Uint8Array }): AsyncGenerator<Damage> {
  tally.files++
  let file: ParquetFile
  try {
    file = openParquet(path, staged)
  } catch (error) {
    if (errno(error) === 'ENOENT') throw error
    yield { path, expected: 'a Parquet file with a footer', found: reason(error) }
    return
  }
  let lost = 0
  let last = -1
  for await (const flaw of file.flaws()) {
    // Several columns of a row group are the same rows.
    if (flaw.rows && flaw.rows.from !== last) lost += flaw.rows.count
    last = flaw.rows?.from ?? last
    yield { path, ...flaw }
  }
  tally.records += file.rows - lost
  tally.bytes += (await fsp.stat(path)).size
}

/** One value of JSON. */
export async function * damagedDocument (path: string, tally: Tally): AsyncGenerator<Damage> {
  tally.files++
  const text = await fsp.readFile(path, 'utf8')
  tally.bytes += Buffer.byteLength(text)
  try {
    JSON.parse(text)
    tally.records++
  } catch (error) {
    yield { path, expected: 'a JSON document', found: text === '' ? 'an empty file' : reason(error) }
  }
}

export function sentence ({ path, offset, line, column, rows, expected, found }: Damage): string {
  const place = [
    offset !== undefined && `byte ${offset}`,
    line !== undefined && `line ${line}`,
    rows !== undefined && `rows ${rows.from} to ${rows.from + rows.count - 1}`,
    column !== undefined && `column ${column}`
  ].filter(Boolean).join(', ')
  return `${short(path)}: ${place && `${place}: `}expected ${expected}, found ${found}`
}
