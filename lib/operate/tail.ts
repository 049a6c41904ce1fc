// The verb `tail`: the last lines of outputs, and then what comes, as JSON lines or for people to read.
import { once } from 'node:events'
import { Follower } from './follow.js'
import { filterOf, type Filter } from './tail-filter.js'
import { recordOf } from '../record.js'
import { complaints } from '../telemetry/complaints.js'
import { rowLines } from '../view/layout.js'
import { paintLines, wantsColor } from '../view/terminal.js'
import { harmless } from '../view/text.js'
import { timelineOf } from '../view/timeline.js'
import { instantOf } from '../view/time.js'
import type { FollowedFile } from './follow-file.js'

export interface TailOptions {
  /** How many lines of what is there already. */
  lines: number
  level?: string | undefined
  /** Conditions; all must be met. */
  where?: readonly string[] | undefined
  follow: boolean
  /** Lines as they are; otherwise for people. Default: when stdout is no terminal. */
  json?: boolean | undefined
}

/** Bytes that are looked through for the last lines. */
const MOST_BACK = 64 * 1024 * 1024
/** The same for all processes on a machine; of no interest line by line. */
const DULL = ['pid', 'hostname']

/** Exit code: 1 when there was nothing to be shown. Throws an OptionError. */
export async function tail (paths: readonly string[], { lines, follow, json, ...conditions }: TailOptions): Promise<number> {
  const wanted = filterOf(conditions)
  const form = json ?? !process.stdout.isTTY ? (line: string) => `${line}\n` : forPeople()
  const print = async (lines: readonly string[]): Promise<void> => {
    const text = lines.map(form).join('')
    if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
  }
  const complain = complaints(message => process.stderr.write(`pino-blackbox: ${message}\n`))
  const follower = new Follower({ paths, take: async lines => await print(lines.filter(wanted)), tell: trouble => complain(trouble, trouble) })
  const files = follower.start()
  await print(lastLines(files, lines, wanted))
  if (!follow) {
    follower.close()
    if (files.length === 0) complain('nothing', `there is no log at ${paths.map(harmless).join(' ')}`)
    return files.length === 0 ? 1 : 0
  }
  if (files.length === 0) complain('nothing', `there is no log at ${paths.map(harmless).join(' ')} yet; waiting for it`)
  await follower.run()
  return 0
}

/** The last lines of all files together, by their time. */
function lastLines (files: readonly FollowedFile[], most: number, wanted: Filter): string[] {
  const found: string[] = []
  let room = MOST_BACK
  for (const file of files.toReversed()) {
    if (room <= 0) break
    const own: string[] = []
    let rest = Buffer.alloc(0)
    for (const piece of file.backwards()) {
      const bytes = Buffer.concat([piece, rest])
      // The first line of it may have begun before.
      const begin = bytes.indexOf('\n') + 1
      rest = bytes.subarray(0, begin)
      own.push(...linesOf(bytes.subarray(begin)).filter(wanted).reverse())
      room -= piece.length
      if (own.length >= most || room <= 0) break
    }
    if (own.length < most && room > 0) own.push(...linesOf(rest).filter(wanted))
    found.push(...own.slice(0, most))
  }
  return most === 0 ? [] : inOrder(found.reverse()).slice(-most)
}

/** A line without a time stays behind the one before it. */
function inOrder (lines: string[]): string[] {
  let latest = 0
  const timed = lines.map(line => {
    latest = instantOf(recordOf(line)?.time) ?? latest
    return { line, time: latest }
  })
  return timed.sort((a, b) => a.time - b.time).map(({ line }) => line)
}

function linesOf (bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString('utf8').replace(/\n$/, '').split('\n')
}

/** Time of day, level, message and fields. What is no log line stays as it is, made harmless. */
function forPeople (): (line: string) => string {
  const { stdout, env } = process
  const color = wantsColor(env, stdout.isTTY === true)
  return line => {
    const record = recordOf(line)
    if (!record) return `${harmless(line)}\n`
    const { start, shared, rows: [row] } = timelineOf([record])
    const entries = [...shared.filter(({ key }) => !DULL.includes(key)), ...row!.entries]
    return [...paintLines(rowLines({ ...row!, entries }, timeOfDay(start), 5, stdout.columns || Number(env.COLUMNS) || 80), color)].join('')
  }
}

/** Local; empty for a line without a time. */
function timeOfDay (ms: number | undefined): string {
  const date = new Date(ms ?? NaN)
  return Number.isNaN(date.getTime()) ? '' : `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
