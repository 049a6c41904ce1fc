// The thread in which hooks run: it loads the module, and makes one call after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { HOOKS, type Answer, type HookName, type Order, type Task, type ThreadData } from './module.js'
import { reason } from '../errors.js'
import { recordOf } from '../record.js'

type Hook = (...args: unknown[]) => unknown
type Errors = Map<HookName, { message: string, times: number }>

const NEWLINE = 0x0a
const { module, output, progress } = workerData as ThreadData
const port = parentPort!
const done = new Int32Array(progress)
const say = (answer: Answer): void => port.postMessage(answer)

import(module).then(loaded => {
  // What a CommonJS module exports is its default, too.
  const exported: Record<string, unknown> = { ...typeof loaded.default === 'object' && loaded.default, ...loaded }
  const names = Object.keys(exported).filter(name => name.startsWith('on'))
  const isHook = (name: string): boolean => (HOOKS as readonly string[]).includes(name) && typeof exported[name] === 'function'
  let tasks: Promise<void> = Promise.resolve()
  port.on('message', (order: Order) => { tasks = tasks.then(() => run(exported[order.task.hook] as Hook, order)) })
  say({ hooks: names.filter(isHook), others: names.filter(name => !isHook(name)) })
}, error => say({ unusable: reason(error) }))

async function run (hook: Hook, { task, from }: Order): Promise<void> {
  const errors: Errors = new Map()
  let call = 0
  for (const args of calls(task)) {
    if (call++ < from) continue
    try {
      const result = hook(...args())
      // Not for every line: what is no promise needs no waiting.
      if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') await result
    } catch (error) {
      const before = errors.get(task.hook)
      errors.set(task.hook, { message: before?.message ?? reason(error), times: (before?.times ?? 0) + 1 })
    }
    Atomics.store(done, 0, call)
  }
  say({ done: true, errors: [...errors].map(([hook, error]) => ({ hook, ...error })) })
}

/** The arguments of each call, made when it is its turn. */
function * calls (task: Task): Generator<() => unknown[]> {
  switch (task.hook) {
    case 'onRecordBuffered':
      for (const line of linesOf(task.lines)) yield () => [told(line), output]
      return
    case 'onRecordDropped': {
      const { lines, reason, amount } = task
      if (!lines) return yield () => [undefined, reason, { ...output, ...amount }]
      for (const line of linesOf(lines)) yield () => [told(line), reason, { ...output, records: 1, bytes: line.length + 1 }]
      return
    }
    default:
      yield () => [{ ...output, ...task.about }]
  }
}

function * linesOf ({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Generator<Buffer> {
  const bytes = Buffer.from(buffer, byteOffset, length)
  for (let at = 0, end = bytes.indexOf(NEWLINE); end !== -1; at = end + 1, end = bytes.indexOf(NEWLINE, at)) yield bytes.subarray(at, end)
}

function told (line: Buffer): unknown {
  const text = line.toString()
  return recordOf(text) ?? text
}
