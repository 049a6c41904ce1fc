// What a dump tells of a request, its reply and its process besides the failure. Each fact is read on its own: getters of the
// application and of its framework may throw.
import { hostname } from 'node:os'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance, type EventLoopUtilization } from 'node:perf_hooks'
import { threadId } from 'node:worker_threads'
import { messageOf } from './exotic.js'
import { copy } from './snapshot.js'

/** What a framework knows of a request beyond node:http. */
export interface Known {
  id: unknown
  url: unknown
  route: unknown
  remoteAddress: unknown
  params: unknown
  query: unknown
  body: unknown
}

export function requestFacts (raw: IncomingMessage, known: { [fact in keyof Known]: () => unknown }, body: number | false): Record<string, unknown> {
  return {
    id: read(known.id),
    method: raw.method,
    url: read(known.url),
    route: read(known.route),
    httpVersion: raw.httpVersion,
    remoteAddress: read(known.remoteAddress),
    params: read(known.params),
    query: read(known.query),
    headers: raw.headers,
    body: body === false ? undefined : read(() => within(known.body(), body))
  }
}

export function replyFacts (raw: ServerResponse, headers: () => unknown): Record<string, unknown> {
  return { statusCode: raw.statusCode, headers: read(headers), headersSent: raw.headersSent, finished: raw.writableEnded }
}

export function processFacts (): Record<string, unknown> {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  return {
    pid: process.pid,
    thread: threadId,
    hostname: hostname(),
    node: process.version,
    uptime: round(process.uptime()),
    memory: { rss, heapTotal, heapUsed, external },
    eventLoop: { utilization: round(performance.eventLoopUtilization(load).utilization) }
  }
}

/** Where the measured stretch of the event loop begins: before the request began, by a second at most. */
let load: EventLoopUtilization = performance.eventLoopUtilization()
let measured = -Infinity
const STRETCH = 1000

/** A request begins at this time of `performance.now()`. */
export function mark (now: number): void {
  if (now - measured < STRETCH) return
  measured = now
  load = performance.eventLoopUtilization()
}

export function round (value: number): number {
  return Math.round(value * 1000) / 1000
}

function read (fact: () => unknown): unknown {
  try {
    return fact()
  } catch (thrown) {
    return `[Throws: ${messageOf(thrown)}]`
  }
}

/** A body, or as much of it as may be held. */
function within (body: unknown, bytes: number): unknown {
  if (body === null || body === undefined) return undefined
  if (typeof body === 'string') return body.length <= bytes ? body : `${body.slice(0, bytes)}[+ ${body.length - bytes} characters]`
  if (typeof body !== 'object' || ArrayBuffer.isView(body)) return body
  for (let part = bytes; part >= 1; part /= 4) {
    const small = copy(body, { depth: 16, breadth: part, string: part, nodes: part })
    if (Buffer.byteLength(JSON.stringify(small) ?? '') <= bytes) return small
  }
  return '[Object]'
}
