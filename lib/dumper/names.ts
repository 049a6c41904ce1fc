// From a name that anybody may have chosen to the name of a file that is safe on every system. Pure but for the random part.
import { randomBytes } from 'node:crypto'

export type Extension = 'json' | 'jsonl' | 'bin'

/** Bytes: with stamp, suffix and `.tmp` a name stays below the 255 that file systems take. */
const LONGEST = 120
/** Devices of Windows, whatever follows a dot. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i
const OURS = /_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)(?:_\d{3}-[0-9a-f]{8})?\.(?:json|jsonl|bin)$/
const TRIES = 10

/** The part of a file name that was asked for: no path, never empty, at most 120 bytes. */
export function baseOf (name: string): string {
  const safe = name.slice(0, 1000).normalize('NFC').replace(/[^\p{L}\p{N}._-]/gu, '_').replace(/^\.+/, '').replace(RESERVED, '$1_')
  // A character that the cut went through reads as U+FFFD, which no safe name has.
  return Buffer.from(safe).subarray(0, LONGEST).toString().replace(/\ufffd+$/, '') || 'dump'
}

/** `20261120_214356`, UTC. */
function stamp (time: number): string {
  return new Date(time).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15)
}

/** A name that nobody else makes: for a path that is told before its file is there. */
export function uniqueName (base: string, extension: Extension, time: number): string {
  const ms = String(new Date(time).getMilliseconds()).padStart(3, '0')
  return `${base}_${stamp(time)}_${ms}-${randomBytes(4).toString('hex')}.${extension}`
}

/** Names to try one after the other: the plain one first. */
export function * namesOf (base: string, extension: Extension, time: number): Generator<string> {
  yield `${base}_${stamp(time)}.${extension}`
  for (let at = 1; at < TRIES; at++) yield uniqueName(base, extension, time)
}

/** Unix time in ms that stands in a name, or undefined when it is none of ours. */
export function timeOf (name: string): number | undefined {
  const [, year, month, ...rest] = (OURS.exec(name) ?? []).map(Number)
  return year === undefined ? undefined : Date.UTC(year, month! - 1, ...rest)
}
