// What `replay` sends, in parcels. Each has the key under which it was, or would have been, sent before, so that a receiver that knows
// keys recognises what comes again.
//
//   journal        a segment that a dead writer left, under its id; removed when it is delivered
//   dead letters   those of one refused batch, under its key; a file is left with what could not be delivered
//   log, file      batches of lines, under a sum of their bytes; never removed
import fsp from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path'
import { blocksOf, linesOf } from './blocks.js'
import { adopt } from './recover-spool.js'
import { inhabitants } from './writers.js'
import { Block, countLines, fill } from '../journal/block.js'
import { formatId, parseId } from '../journal/segment-id.js'
import { DeadLetters, letterFiles, type Letter } from '../delivery/dead-letters.js'
import { Monitor } from '../telemetry/monitor.js'
import type { Sealed } from '../journal/journal.js'
import type { Place } from './places.js'

export interface Parcel extends Sealed {
  /** It is delivered, but for lines that are refused for good. */
  done (refused: readonly Letter[]): Promise<void>
}

export interface Source {
  path: string
  /** Bytes in all, as far as that is known before. */
  bytes: number
  parcels (): AsyncIterable<Parcel>
  /** Puts what was not delivered where it is found again. */
  close (): Promise<void>
  /** What is left out, in sentences. */
  notes: string[]
}

/** Of one batch. */
const BATCH = { records: 1000, bytes: 512 * 1024 }

/** With `keep` nothing is removed. Rejects for what cannot be replayed. */
export async function sourceOf (place: Place, keep: boolean): Promise<Source> {
  if (place.kind === 'journal') {
    if (place.output === 'parquet') throw new Error('it is the journal of a dataset: `pino-blackbox recover` publishes what is in it')
    return await journal(place.path, keep)
  }
  if (place.kind === 'log') return lines(place.path, (await place.folder.files()).map(name => place.folder.path(place.folder.names.format(name))))
  if (place.kind !== 'file') throw new Error(`${place.kind} cannot be replayed`)
  const home = dirname(dirname(place.path))
  return (await letterFiles(home)).includes(place.path) ? await letters(place.path, home, keep) : lines(place.path, [place.path])
}

async function journal (path: string, keep: boolean): Promise<Source> {
  const living = (await inhabitants(path)).filter(({ alive }) => alive).length
  const notes: string[] = []
  const { home, found } = await adopt(path, notes)
  const dead = new DeadLetters({ homes: [path], maxSize: Infinity, synced: true, monitor: new Monitor('replay') })
  if (living > 0) notes.push('what living writers have is left to them')
  return {
    path,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    async * parcels () {
      for (const segment of found) {
        const { id, records, bytes, path } = segment
        yield {
          id,
          records,
          bytes,
          read: () => segment.read(),
          async done (refused) {
            if (keep) return
            if (refused.length > 0) await dead.add(refused)
            await fsp.rm(path, { force: true })
          }
        }
      }
    },
    close: () => home.close(),
    notes
  }
}

async function letters (path: string, home: string, keep: boolean): Promise<Source> {
  const source: Source = { path, bytes: (await fsp.stat(path)).size, async * parcels () {}, close: async () => {}, notes: [] }
  const mine = parseId(basename(path)).writer
  const last = (await letterFiles(home)).findLast(other => parseId(basename(other)).writer === mine)
  if (last === path && (await inhabitants(home)).some(({ alive }) => alive)) {
    source.notes.push('somebody may be writing to it: left for later')
    return source
  }
  /** Lines of the file as they will be. */
  const left: string[] = []
  const groups: Array<{ key: string, records: string[], originals: string[] }> = []
  for await (const block of blocksOf(path)) {
    for (const { text } of linesOf(block)) {
      const original = text.toString()
      const letter = letterIn(original)
      if (!letter) {
        left.push(original)
        continue
      }
      if (groups.at(-1)?.key !== letter.key) groups.push({ key: letter.key, records: [], originals: [] })
      groups.at(-1)!.records.push(letter.record)
      groups.at(-1)!.originals.push(original)
    }
  }
  if (left.length > 0) source.notes.push(`${left.length} lines are no dead letters; they stay`)
  const open = new Set(groups)
  return {
    ...source,
    async * parcels () {
      for (const group of groups) {
        const bytes = Buffer.from(group.records.map(record => `${record}\n`).join(''))
        yield {
          id: group.key,
          records: group.records.length,
          bytes: bytes.length,
          read: async () => bytes,
          async done (refused) {
            open.delete(group)
            left.push(...refused.map(letter => JSON.stringify({ time: new Date().toISOString(), ...letter })))
          }
        }
      }
    },
    async close () {
      if (keep || open.size === groups.length) return
      const text = [...left, ...[...open].flatMap(({ originals }) => originals)].map(line => `${line}\n`).join('')
      if (text === '') return await fsp.rm(path, { force: true })
      await fsp.writeFile(`${path}.tmp`, text, { mode: 0o600 })
      await fsp.rename(`${path}.tmp`, path)
    }
  }
}

function letterIn (line: string): { key: string, record: string } | undefined {
  try {
    const { key, record } = JSON.parse(line) as Record<string, unknown>
    return typeof key === 'string' && typeof record === 'string' ? { key, record } : undefined
  } catch {
    return undefined
  }
}

function lines (path: string, files: readonly string[]): Source {
  return {
    path,
    bytes: 0,
    async * parcels () {
      let number = 0
      for await (const { bytes, records } of batches(files)) {
        const writer = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
        yield { id: formatId({ opened: 0, writer, number: ++number }), records, bytes: bytes.length, read: async () => bytes, done: async () => {} }
      }
    },
    close: async () => {},
    notes: []
  }
}

/** The lines of these files, `-` is the standard input; a last one without an end gets it. */
export async function * batches (files: readonly string[], seen?: (bytes: number) => void): AsyncGenerator<Block> {
  for (const file of files) {
    for await (const { bytes, whole } of blocksOf(file, seen)) {
      const all = whole ? bytes : Buffer.concat([bytes, Buffer.from('\n')])
      for (let rest: Block | undefined = new Block(all, countLines(all)); rest;) {
        const { head, tail } = fill(rest, BATCH, true)
        yield head!
        rest = tail
      }
    }
  }
}
