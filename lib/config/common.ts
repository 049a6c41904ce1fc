// Options that every output has.
import { moduleAt } from './module.js'
import { duration, either, flag, oneOf, optional, text } from './option.js'

/** pino gives a transport 10 s to close, in all, and freezes the main thread meanwhile (thread-stream, `end`). */
export const PINO_CLOSE_LIMIT = 10_000

export const fsyncOption = either(
  either(oneOf(['never', 'always'], ''), flag(''), ''), duration(''),
  "When lines are forced to the device: 'never' (safe against the death of the process, not of the machine), 'always' (after every write), or at most this long after they were written. `true` and `false` stand for 'always' and 'never'."
)

export const common = {
  name: optional(text('Label of this output in telemetry and messages. Defaults to its kind and destination.')),
  hooks: optional(text('Path, or file URL, of a module whose functions hear of every line and batch, in a thread of its own: `onRecordBuffered`, `onRecordDropped`, `onBatchWritten`, `onBatchFailed`, `onFlushCompleted`.')),
  closeTimeout: optional(duration('How long closing may take before what is left is given up (and counted, or kept on disk where there is a journal). pino ends a transport after 10 s.', PINO_CLOSE_LIMIT), 5000)
}

/** The path of the module. Throws an OptionError. */
export function hooksOf (output: string, hooks: string | undefined): string | undefined {
  return hooks === undefined ? undefined : moduleAt(output, 'hooks', hooks)
}

export type Fsync = 'never' | 'always' | number

export function fsyncPolicy (value: string | number | boolean): Fsync {
  if (value === true) return 'always'
  if (value === false) return 'never'
  return value as Fsync
}
