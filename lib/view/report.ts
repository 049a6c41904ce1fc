// What a dump has to tell, in the order in which people ask: what failed, why, what happened before, and then the circumstances.
// The terminal and the page only give it their shape.
import { basename } from 'node:path'
import { faultOf, titleOf, type Fault } from './fault.js'
import { elapsed, instantOf, iso } from './time.js'
import { counted } from './text.js'
import { timelineOf, type Timeline } from './timeline.js'
import { entriesOf, inline, isObject, numberOf, textOf, type Fields } from './value.js'
import { FORM, type Dump } from './dump.js'

export interface Report {
  name: string
  /** Status of the reply. */
  badge: string | undefined
  title: string
  /** What is wrong, in a sentence. */
  summary: string | undefined
  facts: Array<[label: string, text: string]>
  fault: Fault | undefined
  timeline: Timeline | undefined
  sections: Array<{ title: string, value: unknown }>
  /** What is not in the dump, or not shown. */
  notes: string[]
}

export function reportOf (dump: Dump): Report {
  if (dump.kind === 'request') return ofRequest(dump.name, dump.document, dump.about)
  return dump.kind === 'events' ? ofEvents(dump) : ofValue(dump.name, dump.value, dump.about)
}

/** What a request failed by. */
const KINDS = new Map<unknown, string>([
  ['error', 'an error'], ['reply', 'the reply itself'], ['stream', 'a reply that broke off'], ['abort', 'a client that went away'], ['timeout', 'running out of time']
])

const fields = (value: unknown): Fields => isObject(value) ? value : {}

function ofRequest (name: string, document: Fields, about: Fields): Report {
  const { blackbox, time, failure, error, request, reply, timings, process, suppressed, logLeftOut, log, extra, stream, ...others } = document
  const { kind, statusCode, message, ...told } = fields(failure)
  const { method, url, params, query, body, ...asked } = fields(request)
  const { started, ms, failedAfterMs, ...measured } = fields(timings)
  const fault = faultOf(error)
  const [start, took, failedAt] = [instantOf(started), numberOf(ms), numberOf(failedAfterMs)]
  const facts: Array<[string, unknown]> = [
    kind === 'manual' ? ['dumped by', 'the application'] : ['failed by', KINDS.get(kind) ?? kind],
    ['when', start === undefined ? started ?? time : iso(start)],
    ['failed after', failedAt === undefined ? undefined : elapsed(failedAt)],
    ['took', took === undefined ? undefined : elapsed(took)],
    ['route', asked.route],
    ['request', asked.id],
    ['from', asked.remoteAddress],
    ['process', [fields(process).hostname, fields(process).pid].filter(part => part !== undefined).map(textOf).join(' · ') || undefined]
  ]
  const sections: Array<[string, unknown]> = [
    // An error says it better, if it says it.
    ['failure', { ...told, ...fault && !titleOf(fault).includes(textOf(message) ?? '') && { message } }],
    ['params', params], ['query', query], ['body', body], ['extra', extra], ['stream', stream],
    ['request', { method, url, ...asked }], ['reply', reply], ['timings', measured],
    ...Object.entries(others),
    ['process', processOf(process)]
  ]
  return {
    name,
    badge: statusOf(fields(reply), statusCode),
    title: [method, url].map(textOf).filter(Boolean).join(' ') || name,
    summary: fault ? titleOf(fault) : kind === 'manual' ? undefined : textOf(message),
    facts: facts.flatMap(([label, value]): Array<[string, string]> => value === undefined || value === null ? [] : [[label, textOf(value)!]]),
    fault,
    timeline: timelineOf(Array.isArray(log) ? log.map(record => withoutItself(record, name)) : [], { start, fault, failedAt }),
    sections: sections.filter(([, value]) => !isEmpty(value)).map(([title, value]) => ({ title, value })),
    notes: [
      ...blackbox === FORM ? [] : [`the dump has form ${textOf(blackbox)}, this viewer knows ${FORM}: another version of pino-blackbox may show more of it`],
      ...numberOf(logLeftOut) ? [`${counted(numberOf(logLeftOut)!, 'older line')} of the request did not fit into the dump`] : [],
      ...notesOf({ suppressed, ...about })
    ]
  }
}

function ofValue (name: string, value: unknown, about: Fields): Report {
  const root = fields(value)
  const whole = 'stack' in root ? faultOf(root) : undefined
  // What programs dump when something has failed: the error, and what belongs to it.
  const key = ['error', 'err'].find(key => isObject(root[key]) && faultOf(root[key]))
  const fault = whole ?? faultOf(key && root[key])
  const shown = whole ? undefined : key ? Object.fromEntries(Object.entries(root).filter(([other]) => other !== key)) : value
  return {
    name,
    badge: undefined,
    title: name,
    summary: fault ? titleOf(fault) : undefined,
    facts: [],
    fault,
    timeline: undefined,
    sections: whole || (fault && isEmpty(shown)) ? [] : [{ title: 'value', value: shown }],
    notes: notesOf(about)
  }
}

function ofEvents ({ name, events, unreadable, more }: Dump & { kind: 'events' }): Report {
  const timeline = timelineOf(events)
  const last = timeline.rows.findLast(({ at }) => at !== undefined)?.at ?? 0
  const times: Report['facts'] = timeline.start === undefined ? [] : [['since', iso(timeline.start) ?? ''], ['span', elapsed(last)]]
  return {
    name,
    badge: undefined,
    title: name,
    summary: undefined,
    facts: [['events', counted(events.length + more, 'line')], ...times],
    fault: undefined,
    timeline,
    sections: [],
    notes: [
      ...more > 0 ? [`${counted(more, 'earlier line')} left out here; --log prints all`] : [],
      ...unreadable > 0 ? [`${counted(unreadable, 'line')} without JSON`] : []
    ]
  }
}

/** What the client has got, or would have. Before headers are sent, 200 means nothing. */
function statusOf ({ statusCode, headersSent }: Fields, failed: unknown): string | undefined {
  const status = textOf(statusCode ?? failed)
  return headersSent === false && Number(status) < 400 ? undefined : status
}

/** Lines after the failure name the dump: this very file. */
function withoutItself (record: unknown, name: string): unknown {
  if (!isObject(record) || typeof record.dump !== 'string' || basename(record.dump) !== name) return record
  const { dump, ...rest } = record
  return rest
}

function isEmpty (value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.values(value).every(inner => inner === undefined))
}

/** What the dumper has to say about the dump. */
function notesOf ({ suppressed, truncated, ...others }: Fields): string[] {
  const { total, key } = fields(suppressed)
  const dumps = numberOf(total)
  const alike = numberOf(key)
  const more: Fields = { ...others, ...suppressed !== undefined && dumps === undefined && { suppressed } }
  return [
    ...dumps ? [`${counted(dumps, 'dump')} before this one ${dumps === 1 ? 'was' : 'were'} left out by the rate limit${alike && alike < dumps ? `, ${alike} of them like this one` : ''}`] : [],
    ...truncated ? [`not everything is in the dump: it was cut at its limits (${wordsOf(truncated)})`] : [],
    ...Object.entries(more).map(([key, value]) => `${key}: ${wordsOf(value)}`)
  ]
}

function wordsOf (value: unknown): string {
  return isObject(value) ? entriesOf(value, 10).entries.map(({ key, text }) => `${key} ${text}`).join(', ') : inline(value)
}

const bytes = (value: unknown): unknown => numberOf(value) === undefined ? value : `${(value as number / 1024 / 1024).toFixed(1)} MB`

function processOf (process: unknown): unknown {
  if (!isObject(process)) return process
  const { uptime, memory, eventLoop, ...rest } = process
  const seconds = numberOf(uptime)
  const { utilization, ...measured } = fields(eventLoop)
  const busy = isEmpty(measured) ? numberOf(utilization) : undefined
  return {
    ...rest,
    ...uptime === undefined ? {} : { uptime: seconds === undefined ? uptime : elapsed(seconds * 1000) },
    ...memory === undefined ? {} : { memory: isObject(memory) ? Object.fromEntries(Object.entries(memory).map(([key, value]) => [key, bytes(value)])) : memory },
    ...eventLoop === undefined ? {} : { eventLoop: busy === undefined ? eventLoop : `${Math.round(busy * 100)} % busy` }
  }
}
