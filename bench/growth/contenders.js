// The same outputs with more of something: of lines, of bytes in a line, of segments that wait when they start, of columns.
//
// `share` is how many times the lines of the style there are, `lineBytes` how long each is, `segments` and `columns` how many there are.

export const GROWING = ['blackbox jsonl, rotating', 'blackbox parquet', 'blackbox http']
/** How many times the lines of a run. */
export const TIMES = [0.1, 1, 10]
export const LINE_BYTES = [100, 1000, 10_000, 100_000, 1_000_000]
export const SEGMENTS = [1, 100, 10_000]
export const COLUMNS = [10, 30, 100, 300, 1000]

/** A line of the usual length; all runs of the sizes have as many bytes as the style has such lines. */
const USUAL_BYTES = 200

export const longer = (name, times) => `${name}, ${times} × the lines`
export const wider = (name, bytes) => `${name}, lines of ${bytes} B`
export const waiting = segments => `blackbox http, segments waiting: ${segments}`
export const promoting = columns => `blackbox parquet, ${columns} columns`

export function grown (contenders) {
  const of = (names, list, make) => names.flatMap(name => list.map(value => make(name, value)))
  return Object.fromEntries([
    ...of(GROWING, TIMES, (name, share) => [longer(name, share), { ...contenders[name], share }]),
    ...of(GROWING, LINE_BYTES, (name, lineBytes) => [wider(name, lineBytes), { ...contenders[name], lineBytes, share: USUAL_BYTES / lineBytes }]),
    ...SEGMENTS.map(segments => [waiting(segments), { ...contenders['blackbox http'], segments }]),
    ...COLUMNS.map(columns => [promoting(columns), { columns, share: 1 / columns }])
  ])
}
