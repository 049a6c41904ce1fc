// What went wrong with a request, whether that is dumped, and how a dump tells it. Errors may be anything, and may throw when they are looked at.
import { STATUS_CODES } from 'node:http'
import { types } from 'node:util'
import { messageOf } from './exotic.js'
import type { FailureKind, When } from '../config/requests.js'

/** Why a request may have to be dumped. */
export interface Failure {
  kind: FailureKind
  /** What was thrown; undefined where nobody knows. */
  error: unknown
  /** Of the reply, or what it is about to be. */
  statusCode: number
  /** Those of Fastify, or of node:http. */
  request: object
  reply: object
}

const MESSAGES = {
  error: 'an error without a message',
  stream: 'the reply broke off',
  abort: 'the client went away before the reply was complete',
  timeout: 'the connection was idle for too long',
  manual: 'asked for by the application'
}

/** Throws what a function throws that is asked. */
export function counts (when: When, failure: Failure): boolean {
  if (typeof when === 'function') return when(failure) === true
  return when.includes(failure.kind) && !(failure.kind === 'error' && failure.statusCode >= 400 && failure.statusCode < 500)
}

/** What Fastify and Express make of an error: its own status, else one that says so already, else 500. */
export function statusOf (error: unknown, statusCode: number): number {
  try {
    const { statusCode: own, status } = Object(error) as { statusCode?: unknown, status?: unknown }
    return [own, status, statusCode].find((code): code is number => typeof code === 'number' && code >= 400 && code <= 599) ?? 500
  } catch {
    return 500
  }
}

export function messageFor (kind: FailureKind | 'manual', statusCode: number, error: unknown): string {
  const told = error === undefined ? '' : messageOf(error)
  return told || (kind === 'reply' ? `answered with ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trimEnd() : MESSAGES[kind])
}

/** `ECONNRESET`, or `TypeError`: what errors are told apart by. */
export function labelOf (error: unknown): string {
  try {
    const { code, name } = Object(error) as { code?: unknown, name?: unknown }
    return [code, name].find(label => typeof label === 'string')?.slice(0, 100) ?? typeof error
  } catch {
    return typeof error
  }
}

/** Is this what an operation says that was given up, or that nobody listens to any more? */
export function isGivenUp (error: unknown): boolean {
  try {
    const { name, code } = Object(error) as { name?: unknown, code?: unknown }
    return name === 'AbortError' || code === 'ERR_STREAM_PREMATURE_CLOSE'
  } catch {
    return false
  }
}

/** An error as it is, and anything else that was thrown with what is said of an error. */
export function described (thrown: unknown): unknown {
  return thrown === undefined || isError(thrown) ? thrown : { type: labelOf(thrown), message: messageOf(thrown), value: thrown }
}

/** Those of Fastify are no native ones, those of other contexts no instances. */
function isError (thrown: unknown): boolean {
  try {
    return types.isNativeError(thrown) || thrown instanceof Error
  } catch {
    return false
  }
}
