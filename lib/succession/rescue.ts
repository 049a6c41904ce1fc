// What a dead worker has not read any more: lines in the memory that it shared with the main thread, and those that wait to be
// copied there. thread-stream has no way to ask for them, so this looks at its state (thread-stream, index.js: `kImpl`) and
// takes nothing unless that looks as expected.
//
//   shared  [ read ... | READ_INDEX  the chunk in progress, unread  WRITE_INDEX | ... ]   then   buf [ line, line, ... ]
//
// READ_INDEX moves on when the destination has taken a chunk, in the same turn: of a chunk in progress nothing has reached a
// disk or a receiver. Only where it was taken and reading paused (`whenFull: 'block'`) may its lines come twice.
import { countLines } from '../journal/block.js'

export interface Rescued {
  /** Whole lines, in their order; a buffer may end within one. */
  buffers: Buffer[]
  /** Lines that are lost: one of which the dead worker had read the beginning, or those that were given up. */
  lost: number
  /** Length of the first chunk that it got, if it died with that in progress: something in it may be why. */
  suspect: number
}

/** State of a thread-stream, as far as it is used here; `buf` was text before 4.0. */
interface State {
  state: Int32Array
  data: Buffer
  buf: Buffer[] | string
  bufHead?: number
  bufLen?: number
  sync?: boolean
}

/** thread-stream, lib/indexes.js */
const WRITE_INDEX = 4
const READ_INDEX = 8
const NEWLINE = 0x0a

/**
 * Takes the lines away from a stream whose worker has exited; with `careful` (it was fed line by line) without the one in
 * progress. Undefined when they cannot be found.
 */
export function rescue (stream: object, { careful = false } = {}): Rescued | undefined {
  const inside = stateOf(stream)
  if (!inside) return undefined
  const [read, written] = [inside.state[READ_INDEX]!, inside.state[WRITE_INDEX]!]
  // Negative after an error of the destination, which leaves no trace of how far it had read, and after an ordinary end.
  const chunk = read >= 0 && written > read ? Buffer.from(inside.data.subarray(read, written)) : Buffer.alloc(0)
  const waiting = typeof inside.buf === 'string' ? [Buffer.from(inside.buf)] : inside.buf.slice(inside.bufHead ?? 0)
  empty(inside, Math.max(read, written))
  const { buffers, torn } = withoutTornHead([...careful ? [] : [chunk], ...waiting].filter(({ length }) => length > 0))
  return { buffers, suspect: read === 0 && !careful ? chunk.length : 0, lost: torn + (careful ? countLines(chunk) : 0) }
}

/** Lines that its worker will not read. */
export function unread (stream: object): number {
  return (rescue(stream)?.buffers ?? []).reduce((lines, buffer) => lines + countLines(buffer), 0)
}

/** Has its worker read everything? */
export function hasRead (stream: object): boolean {
  const inside = stateOf(stream)
  if (!inside) return true
  const waiting = typeof inside.buf === 'string' ? inside.buf.length : inside.buf.length - (inside.bufHead ?? 0)
  return waiting === 0 && inside.state[READ_INDEX]! >= inside.state[WRITE_INDEX]!
}

/** Was this stream made with pino's `sync: true`? */
export function isSync (stream: object): boolean {
  return stateOf(stream)?.sync === true
}

function stateOf (stream: object): State | undefined {
  const symbol = Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kImpl')
  const inside = symbol && (stream as Record<symbol, Partial<State> | undefined>)[symbol]
  const { state, data, buf, bufHead = 0 } = inside ?? {}
  const known = state instanceof Int32Array && state.length > READ_INDEX && Buffer.isBuffer(data) && Number.isSafeInteger(bufHead) &&
    (typeof buf === 'string' || (Array.isArray(buf) && buf.slice(bufHead).every(Buffer.isBuffer)))
  return known ? inside as State : undefined
}

/** What thread-stream had begun ends: nothing waits to be copied, and whoever waits for the dead worker to have read everything goes on. */
function empty (inside: State, read: number): void {
  inside.buf = typeof inside.buf === 'string' ? '' : []
  inside.bufHead = 0
  inside.bufLen = 0
  Atomics.store(inside.state, READ_INDEX, read)
  Atomics.notify(inside.state, READ_INDEX)
}

/** Chunks end anywhere. The rest of a line is never a JSON object: the brace that ends it has its beginning in the part that is gone. */
function withoutTornHead (buffers: Buffer[]): { buffers: Buffer[], torn: number } {
  if (buffers.length === 0) return { buffers, torn: 0 }
  const last = buffers.findIndex(buffer => buffer.includes(NEWLINE))
  if (last === -1) return { buffers: [], torn: 1 }
  const end = buffers[last]!.indexOf(NEWLINE) + 1
  const first = Buffer.concat([...buffers.slice(0, last), buffers[last]!.subarray(0, end)])
  if (isObject(first)) return { buffers, torn: 0 }
  const rest = [buffers[last]!.subarray(end), ...buffers.slice(last + 1)]
  return { buffers: rest.filter(({ length }) => length > 0), torn: 1 }
}

function isObject (line: Buffer): boolean {
  try {
    return typeof JSON.parse(line.toString()) === 'object'
  } catch {
    return false
  }
}
