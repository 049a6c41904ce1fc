// Log lines as rows: when, how serious, what was said, and the fields that not all lines have in common. Any logger's JSON is
// good: what a line does not have stays empty, and what is not understood is an ordinary field.
import { faultOf, isSame, type Fault } from './fault.js'
import { instantOf } from './time.js'
import { entriesOf, inline, isObject, textOf, type Entry, type Fields } from './value.js'
import { LEVELS } from '../levels.js'
import type { Tone } from './text.js'

export interface Row {
  /** ms since the start; undefined for a line without a time. */
  at: number | undefined
  /** ms since the row before, where that is long for this timeline. */
  gap: number | undefined
  level: string
  tone: Tone
  message: string
  entries: Entry[]
  /** Fields that there was no room for. */
  more: number
  fault: Fault | undefined
  /** Its error has been shown already. */
  known: boolean
}

export interface Timeline {
  /** Unix ms that times are relative to. */
  start: number | undefined
  /** Fields that all lines have in common. */
  shared: Entry[]
  rows: Row[]
}

export interface Circumstances {
  /** Unix ms; the first line's time, if nothing else is known. */
  start?: number | undefined
  /** The error that is shown before the timeline. */
  fault?: Fault | undefined
  /** When it failed, in ms since the start. */
  failedAt?: number | undefined
}

const TIME = ['time', 'timestamp', '@timestamp', 'ts']
const LEVEL = ['level', 'severity', 'lvl']
const MESSAGE = ['msg', 'message', '@message', 'short_message']
/** What an event that is no log line is called by. */
const EVENT = ['type', 'event']
const ERROR = ['err', 'error', 'exception']
/** Of a single line it cannot be seen what others would have in common with it. */
const BINDINGS = ['pid', 'hostname', 'name', 'reqId', 'requestId', 'req_id']

const MOST_ENTRIES = 60
const ROUNDING = 2
/** A gap stands out from so many ms and this part of the whole on. */
const GAP = 100
const PART = 0.1

export function timelineOf (records: readonly unknown[], { start, fault, failedAt }: Circumstances = {}): Timeline {
  const lines = records.map(partsOf)
  const shared = sharedOf(lines.map(({ rest }) => rest))
  const first = lines.find(({ time }) => time !== undefined)?.time
  // Of whole ms one may be less than another that is a little earlier.
  const origin = start === undefined || (first !== undefined && first < start && start - first <= ROUNDING) ? first : start
  const seen = fault ? family(fault) : []
  const repeated = new Map<string, string>()
  const rows = lines.map(({ time, level, message, rest, fault }): Row => {
    const own = Object.fromEntries(Object.entries(rest).filter(([key]) => !Object.hasOwn(shared, key)))
    const { entries, more } = entriesOf(own, MOST_ENTRIES, repeated)
    const known = fault !== undefined && seen.some(other => isSame(other, fault))
    if (fault && !known) seen.push(...family(fault))
    const at = time === undefined || origin === undefined ? undefined : time - origin
    return { at, gap: undefined, ...levelOf(level), message, entries, more, fault, known }
  })
  if (failedAt !== undefined) insert(rows, failedAt)
  findGaps(rows)
  return { start: origin, shared: entriesOf(shared, MOST_ENTRIES).entries, rows }
}

function family (fault: Fault): Fault[] {
  return [fault, ...fault.causes.flatMap(({ fault }) => family(fault))]
}

interface Parts {
  time: number | undefined
  level: unknown
  message: string
  fault: Fault | undefined
  rest: Fields
}

function partsOf (record: unknown): Parts {
  if (!isObject(record)) return { time: undefined, level: undefined, message: inline(record), fault: undefined, rest: {} }
  if (isObject(record._blackbox) && Object.keys(record).length === 1) return { time: undefined, level: 'warn', message: 'pino-blackbox', fault: undefined, rest: record._blackbox }
  const rest = { ...record }
  const take = (keys: readonly string[], fits: (value: unknown) => boolean): unknown => {
    const key = keys.find(key => Object.hasOwn(rest, key) && fits(rest[key]))
    if (key === undefined) return undefined
    const value = rest[key]
    delete rest[key]
    return value
  }
  const isText = (value: unknown): boolean => typeof value === 'string'
  const time = instantOf(take(TIME, value => instantOf(value) !== undefined))
  const level = take(LEVEL, value => typeof value === 'string' || typeof value === 'number')
  const message = take(MESSAGE, isText) ?? (level === undefined ? take(EVENT, isText) : undefined)
  const error = take(ERROR, value => isObject(value) && faultOf(value) !== undefined)
  return { time, level, message: textOf(message) ?? '', fault: faultOf(error), rest }
}

function sharedOf (all: readonly Fields[]): Fields {
  const [first = {}, ...others] = all
  return Object.fromEntries(Object.entries(first).filter(([key, value]) => {
    if (others.length === 0) return BINDINGS.includes(key)
    const text = inline(value)
    return others.every(other => Object.hasOwn(other, key) && inline(other[key]) === text)
  }))
}

const LABELS = Object.entries(LEVELS)
const ALIASES = new Map<string, Tone>([
  ['silly', 'trace'], ['verbose', 'debug'], ['notice', 'info'], ['warning', 'warn'], ['err', 'error'],
  ['critical', 'fatal'], ['crit', 'fatal'], ['alert', 'fatal'], ['emergency', 'fatal']
])

function levelOf (level: unknown): { level: string, tone: Tone } {
  const number = typeof level === 'number' ? level : Number.NaN
  if (Number.isNaN(number)) {
    const text = textOf(level) ?? ''
    const label = text.toLowerCase()
    return { level: text, tone: Object.hasOwn(LEVELS, label) ? label as Tone : ALIASES.get(label) ?? 'plain' }
  }
  const label = LABELS.find(([, value]) => value === number)?.[0]
  // A level of the application's own is as serious as the next one below it.
  const tone = LABELS.findLast(([, value]) => value <= number)?.[0] ?? 'trace'
  return { level: label ?? String(number), tone: tone as Tone }
}

/** Lines know whole ms only: of the same one, those that tell the error come after it. */
function insert (rows: Row[], failedAt: number): void {
  const later = rows.findIndex(({ at, fault }) => at !== undefined && (at > failedAt || (fault && at >= Math.floor(failedAt))))
  const mark: Row = { at: failedAt, gap: undefined, level: '✖', tone: 'fatal', message: 'failed here', entries: [], more: 0, fault: undefined, known: false }
  rows.splice(later < 0 ? rows.length : later, 0, mark)
}

function findGaps (rows: Row[]): void {
  const times = rows.map(({ at }) => at).filter(at => at !== undefined)
  const whole = times.reduce((most, at) => Math.max(most, at), 0) - times.reduce((least, at) => Math.min(least, at), 0)
  let before = times.length > 0 ? Math.min(0, times[0]!) : 0
  for (const row of rows) {
    if (row.at === undefined) continue
    const gap = row.at - before
    if (gap >= GAP && gap >= whole * PART) row.gap = gap
    before = row.at
  }
}
