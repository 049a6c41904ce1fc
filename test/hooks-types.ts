// What TypeScript must accept and refuse of hooks. Only compiled (tsc -p tsconfig.test.json), never run.
import { console, http, jsonl, parquet, type DroppedAbout, type DropReason, type HookBatch, type HookFailure, type HookFlush, type HookOutput, type HooksModule } from 'pino-blackbox'

/** Compiles only when A and B are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

const hooks = './hooks.js'
jsonl({ file: 'a', hooks })
parquet({ dir: 'a', hooks })
http({ url: 'a', hooks })
console({ hooks })
// @ts-expect-error a module is named, not given
jsonl({ file: 'a', hooks: { onFlushCompleted () {} } })

interface Line { msg: string }
const all: HooksModule<Line> = {
  onRecordBuffered (record, about) { same<[typeof record, typeof about], [Line, HookOutput]>(true) },
  async onRecordDropped (record, reason, about) { same<[typeof record, typeof reason, typeof about], [Line | undefined, DropReason, DroppedAbout]>(true) },
  onBatchWritten (batch) { same<typeof batch, HookBatch>(true) },
  onBatchFailed ({ kept, ...batch }) {
    same<typeof kept, 'journal' | 'dead letters' | 'dropped'>(true)
    const error: string = batch.error
    return error
  },
  onFlushCompleted (flush) { same<typeof flush, HookFlush>(true) }
}
// @ts-expect-error no such hook
const typo: HooksModule = { onRecordBufered () {} }
// @ts-expect-error hooks are functions
const flag: HooksModule = { onFlushCompleted: true }
const failure = (batch: HookBatch, flush: HookFlush) => {
  // @ts-expect-error what was written has no error
  const error = batch.error
  // @ts-expect-error a flush has no bytes
  return [error, flush.bytes]
}
export { all, typo, flag, failure }
export type { HookFailure }
