// The options of the flight recorder.
import { parseOptions } from './options.js'
import { count, group, optional, size, text, type Input } from './option.js'

export const recorderSchema = group({
  records: optional(count('Lines that are kept of one request; the oldest go.', 1, 100_000), 100),
  bytes: optional(size('What the lines of one request may take; the oldest go.'), '256k'),
  totalBytes: optional(size('What the lines of all requests that run at the same time may take together.'), '32m'),
  level: optional(text('Lowest level that is kept, by its label.'), 'trace')
})

export type RecorderOptions = Input<typeof recorderSchema>

/** Checks and fills; undefined without a recorder. Throws an OptionError. */
export function parseRecorder (input: unknown) {
  return input === false ? undefined : parseOptions('recorder', recorderSchema, input)
}

export type RecorderSettings = NonNullable<ReturnType<typeof parseRecorder>>
