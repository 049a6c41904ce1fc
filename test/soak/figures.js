// What a soak has shown: figures, and verdicts on them. A verdict that a run is too short for is `undefined`.
import os from 'node:os'
import { owed } from './ledger.js'
import { OUTPUTS } from './sweep.js'

const MB = 2 ** 20
const MINUTE = 60_000
/** Bound of the growth of a process, MiB an hour, and the life after its warm-up that is needed to tell that from noise. */
const BOUND = 1
const ENOUGH = 25 * MINUTE
/** A shorter one says nothing at all. */
const LEAST = 3 * MINUTE
/** At most, and at most a fifth of a short life. */
const WARM_UP = 3 * MINUTE
/** What a flush says whose worker has died under it. */
const CLOSED = 'BLACKBOX_CLOSED'
/** ms after a fault in which a flush still belongs to it. */
const AFTERMATH = 1000

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]

/** Of sorted numbers. */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0

/** Straight line through points, by least squares: { slope, error: <its standard error> }. */
export function line (points) {
  const mean = at => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  const slope = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread
  const residue = points.reduce((sum, point) => sum + (point[1] - y - slope * (point[0] - x)) ** 2, 0)
  return { slope, error: points.length > 2 ? Math.sqrt(residue / (points.length - 2) / spread) : Infinity }
}

/** Growth of the resident memory of a life, since its last worker was started, in MiB/h, over the medians of twenty or more stretches after its warm-up; undefined when that is too short. */
function growth ({ began, ended, samples, died }) {
  const since = died.at(-1)?.at ?? began
  const from = since + Math.min(WARM_UP, (ended - since) / 5)
  if (ended - from < LEAST) return undefined
  const stretch = Math.min(MINUTE, (ended - from) / 20)
  const groups = new Map()
  for (const { at, rss } of samples) {
    if (at < from) continue
    const key = Math.floor((at - from) / stretch)
    groups.set(key, [...groups.get(key) ?? [], rss / MB])
  }
  const { slope, error } = line([...groups].map(([key, values]) => [key * stretch / 3_600_000, median(values)]))
  return { minutes: (ended - from) / MINUTE, slope, error, judged: ended - from >= ENOUGH }
}

function lags (storm) {
  const flushes = storm.lives.flatMap(({ flushes }) => flushes)
  const calm = flushes.filter(([at, lag]) => !storm.faults.some(({ from, to }) => at >= from && at - lag <= to + AFTERMATH))
  const [all, quiet] = [flushes, calm].map(some => some.map(([, lag]) => lag).sort((a, b) => a - b))
  const told = sorted => ({ flushes: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 })
  return { all: told(all), calm: told(quiet) }
}

const course = values => values.length === 0 ? {} : { start: values[0], end: values.at(-1), max: values.reduce((most, value) => Math.max(most, value)) }

function life ({ writer, began, ended, acked, samples, failed, died, stderr }) {
  const descriptors = samples.map(({ descriptors }) => descriptors)
  const [first, last] = [samples[0], samples.at(-1)]
  const rss = samples.map(({ rss }) => rss / MB)
  return {
    writer,
    seconds: (ended - began) / 1000,
    // Not all of it comes to a sample.
    logged: Math.max(acked, last?.logged ?? 0),
    acknowledged: acked,
    // The first sample has the start in it.
    cpu: samples.length > 1 ? (last.cpu - first.cpu) / (last.at - first.at) : undefined,
    rss: course(rss),
    descriptors: course(descriptors),
    eventLoop: median(samples.map(({ delay }) => delay)) ?? 0,
    failedFlushes: failed,
    workersDied: died.length,
    growth: samples.length > 0 ? growth({ began, ended, samples, died }) : undefined,
    stderr: stderr.split('\n').slice(-10).join('\n')
  }
}

export function judge ({ storm, sweep, waiting, settings }) {
  const acked = storm.lives.map(({ writer, acked }) => [writer, acked])
  const acknowledged = acked.reduce((sum, [, lines]) => sum + lines, 0)
  const outputs = OUTPUTS.map(output => {
    const { found, deleted, duplicates, repeats, repeatedLines, damaged } = sweep.accounts[output]
    const drops = storm.lives.map(({ dropped }) => dropped[output]).filter(Boolean)
    const dropped = drops.reduce((sum, { records }) => sum + records, 0)
    // 'gone' are lines in files that we have removed: those are known by their numbers.
    const excused = dropped - drops.reduce((sum, { reasons }) => sum + reasons.gone, 0)
    const reasons = {}
    for (const { reasons: some } of drops) for (const [reason, records] of Object.entries(some)) if (records > 0) reasons[reason] = (reasons[reason] ?? 0) + records
    return { output, ...owed({ acked, found, deleted, excused }), dropped, reasons, duplicates, repeats, repeatedLines, damaged, waiting: waiting[output] ?? 0 }
  })
  const lives = storm.lives.map(life)
  const judged = lives.filter(({ growth }) => growth?.judged)
  const sum = field => outputs.reduce((sum, output) => sum + output[field], 0)
  return {
    settings,
    machine: `${os.cpus().length} × ${os.cpus()[0]?.model}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, Node ${process.version}`,
    load: os.loadavg()[1],
    logged: lives.reduce((sum, { logged }) => sum + logged, 0),
    acknowledged,
    outputs,
    lags: lags(storm),
    lives,
    faults: storm.faults,
    samples: storm.lives.map(({ writer, samples }) => ({ writer, samples })),
    skipped: settings.smallDisk ? [] : ['disk full'],
    verdicts: [
      { promise: 'no acknowledged line is lost', kept: sum('lost') === 0 },
      { promise: 'no line is there twice', kept: sum('duplicates') === 0 },
      { promise: 'no line and no batch is damaged', kept: sum('damaged') === 0 },
      { promise: 'flush() fails only when its worker dies', kept: lives.every(({ failedFlushes }) => failedFlushes.every(({ message }) => message.includes(CLOSED))) },
      { promise: 'nothing waits when all is over', kept: sum('waiting') === 0 },
      { promise: `memory grows by at most ${BOUND} MiB/h`, kept: judged.length === 0 ? undefined : judged.every(({ growth }) => growth.slope - 2 * growth.error <= BOUND) }
    ]
  }
}
