// What is asked, of whom, and what the answer has to be.
//
// A goal compares one figure of one contender with that of another (or of itself, in `againstStyle`) in the same round, and takes
// the median of the rounds. Of both is taken away first what it is of a third one, if `less` says which.
import { atLeast, atMost, difference, itself, open, ratio } from './goal.js'
import { questions as growth } from './growth/questions.js'
import { questions as requests } from './requests/questions.js'

const FILE = 'pino/file'
const JSONL = 'blackbox jsonl'
const ROTATING = 'blackbox jsonl, rotating'
const CONSOLE = 'blackbox console'
const STDOUT = 'pino/file, stdout'
const RFS = 'rotating-file-stream'
const RFS_LINES = 'rotating-file-stream, by line'
const WINSTON = 'winston-daily-rotate-file'
const TEE = 'blackbox tee: 3 × jsonl'
const TEE_LEVELS = 'blackbox tee: 3 × jsonl, levels'
const TARGETS = 'pino targets: 3 × blackbox jsonl'
const FILES = 'pino targets: 3 × pino/file'
const PARQUET = 'blackbox parquet'
const TEE_PARQUET = 'blackbox tee: jsonl + parquet'
const TARGETS_PARQUET = 'pino targets: blackbox jsonl + parquet'
const ROW_API = 'parquetjs-lite, appendRow, gzip'
const HTTP = 'blackbox http'
const SCRIPT = 'script: gzip, fetch'
const LOKI = 'pino-loki, no gzip'
const HTTP_PLAIN = 'blackbox http, no gzip'
const HTTP_ZSTD = 'blackbox http, zstd'
const HTTP_SEND = 'pino-http-send, no gzip'
const COPY = 'DuckDB COPY'

const speed = ({ ms }) => 1 / ms
const durable = ({ durableMs }) => 1 / durableMs
const delivered = ({ deliveredMs }) => 1 / deliveredMs
const warm = ({ warmMs }) => 1 / warmMs
const mainCpu = ({ mainUs }) => mainUs
const loggedCpu = ({ loggedUs }) => loggedUs
const allCpu = ({ mainUs, otherUs }) => mainUs + otherUs
const size = ({ bytes }) => bytes
const peak = ({ peakRss }) => peakRss
const linesASecond = ({ lines, ms }) => lines / ms * 1000
const megabytesOnDisk = ({ onDisk }) => onDisk / 1e6
const start = ({ startMs }) => startMs

const cpuGoal = (style, contender, against) => ({
  what: `main-thread CPU per line, ${style}, ${contender} : ${against}`, style, contender, against, figure: mainCpu, compare: ratio, goal: atMost(1.05)
})
/** Without the flush() before closing, which pino/file is spared. */
const logCpuGoal = (style, contender, against) => ({
  ...cpuGoal(style, contender, against), what: `main-thread CPU per line while it logs, ${style}, ${contender} : ${against}`, figure: loggedCpu
})
const rssGoal = (contender, against) => ({
  what: `peak RSS, ${contender} less ${against}`, style: 'burst', contender, against, figure: peak, compare: difference, goal: atMost(100, ' MB'), unit: ' MB'
})
const speedGoal = (contender, against, limit, style = 'burst') => ({
  what: `lines/s, ${style}, ${contender} : ${against}`, style, contender, against, figure: speed, compare: ratio, goal: atLeast(limit)
})
/** A heap that grows with the number of lines would show in the second half. */
const flatGoal = contender => ({
  what: `peak RSS after all lines less that after half of them, ${contender}`,
  style: 'long',
  contender,
  against: contender,
  figure: sample => sample,
  compare: ({ peakRss, halfRss }) => peakRss - halfRss,
  goal: atMost(32, ' MB'),
  unit: ' MB'
})
const grownGoal = contender => ({
  what: `peak RSS, ${contender}, less that with 30 % of the lines`,
  style: 'burst',
  againstStyle: 'part',
  contender,
  against: contender,
  figure: peak,
  compare: difference,
  goal: atMost(64, ' MB'),
  unit: ' MB'
})
const teeGoals = style => {
  const goal = (what, figure, goal, against = TARGETS_PARQUET) => ({
    what: `${what}, ${style}, ${TEE_PARQUET} : ${against}`, style, contender: TEE_PARQUET, against, figure, compare: ratio, goal
  })
  return [
    goal("lines/s until flush() ('durable')", durable, atLeast(1.7)), goal("lines/s until published ('delivered')", delivered, atLeast(1.6)),
    goal('CPU of the process per line', allCpu, atMost(0.6)), goal('peak RSS', peak, atMost(0.6)),
    goal("lines/s until flush() ('durable')", durable, open, JSONL)
  ]
}
const httpGoals = style => [
  {
    what: `lines/s, ${style}, ${HTTP}`,
    style,
    contender: HTTP,
    against: HTTP,
    figure: linesASecond,
    compare: itself,
    goal: atLeast(150_000),
    show: value => value.toFixed(0)
  },
  speedGoal(HTTP, SCRIPT, 1.6, style), speedGoal(HTTP, LOKI, 4, style), { ...speedGoal(HTTP, HTTP_SEND, 0, style), goal: open },
  // Both of these as they are: neither can compress.
  speedGoal(HTTP_PLAIN, LOKI, 4, style), { ...speedGoal(HTTP_PLAIN, HTTP_SEND, 0, style), goal: open },
  {
    what: `written to disk, ${style}, ${HTTP}`,
    style,
    contender: HTTP,
    against: HTTP,
    figure: megabytesOnDisk,
    compare: itself,
    goal: atMost(1, ' MB'),
    unit: ' MB'
  }
]
/** pino-http-send sends the same lines as they are. */
const reductionGoal = (contender, limit) => ({
  what: `bytes sent, http, varied, ${contender} : ${HTTP_SEND}`, style: 'http, varied', contender, against: HTTP_SEND, figure: size, compare: ratio, goal: atMost(limit)
})
const share = ({ loggedUs, loggedMs }) => loggedUs / loggedMs / 10
const shareGoals = contender => {
  const about = { style: 'calm', contender, figure: share, unit: ' %', show: value => value.toFixed(2) }
  const what = `main thread's share of a processor at 1,000 lines/s, ${contender}`
  return [
    { ...about, what, against: contender, compare: itself, goal: open },
    // What making the lines takes, and the timer, is the same for everybody.
    ...contender === FILE ? [] : [{ ...about, what: `${what} less ${FILE}`, against: FILE, compare: difference, goal: atMost(1, ' %') }]
  ]
}
const convertGoal = (what, figure) => (against, goal, contender = PARQUET) => ({
  what: `${what}, ${contender} : ${against}`, style: 'convert', contender, against, figure, compare: ratio, goal
})
const coldGoal = convertGoal('rows/s, fresh process', speed)
const warmGoal = convertGoal('rows/s, warm', warm)
const sizeGoal = convertGoal('size', size)
const startGoal = contender => ({
  what: `pino.transport() to 'ready', ${contender} less 1.5 × ${FILE}`,
  style: 'start',
  contender,
  against: FILE,
  figure: start,
  compare: (a, b) => a - 1.5 * b,
  goal: atMost(30, ' ms'),
  unit: ' ms'
})

export const questions = {
  q1: [speedGoal(ROTATING, FILE, 0.95), speedGoal(ROTATING, 'pino-roll', 1), speedGoal(ROTATING, RFS_LINES, 2), speedGoal(ROTATING, RFS, 2), speedGoal(ROTATING, WINSTON, 2)],
  q2: [
    ...['burst', 'paced'].flatMap(style => [cpuGoal(style, JSONL, FILE), cpuGoal(style, ROTATING, FILE), cpuGoal(style, CONSOLE, STDOUT)]),
    cpuGoal('paced', TEE, FILE),
    ...['burst', 'paced'].flatMap(style => [PARQUET, TEE_PARQUET].flatMap(contender => [cpuGoal(style, contender, FILE), logCpuGoal(style, contender, FILE)]))
  ],
  calm: [FILE, JSONL, ROTATING, PARQUET, HTTP, TEE].flatMap(shareGoals),
  q3: ['flush', 'flush, feed'].flatMap(teeGoals),
  q4: [
    ...[coldGoal, warmGoal].flatMap(goal => [
      goal(ROW_API, atLeast(8)), goal('hyparquet-writer, parquetWriteRows, snappy', open), goal(ROW_API, open, 'blackbox parquet, engine parquetjs-lite')
    ]),
    sizeGoal(COPY, atMost(1)), sizeGoal(`${COPY}, zstd 3`, atMost(1)), sizeGoal(ROW_API, open)
  ],
  q5: [coldGoal, warmGoal].flatMap(goal => [
    goal(COPY, atLeast(1.1)), goal(`${COPY}, fields extracted at once`, atLeast(1.1)), goal(`${COPY}, schema by hand`, atLeast(0.5))
  ]),
  log: [
    ...[coldGoal, warmGoal].flatMap(goal => [goal(COPY, atLeast(1.1)), goal(`${COPY}, fields extracted at once`, atLeast(1.1))]),
    sizeGoal(COPY, atMost(1)), sizeGoal(`${COPY}, zstd 3`, atMost(1))
  ].map(goal => ({ ...goal, what: `real log: ${goal.what}`, style: 'convert, real' })),
  q6: [...['http', 'http, feed', 'http, varied'].flatMap(httpGoals), reductionGoal(HTTP, 0.4), reductionGoal(HTTP_ZSTD, 0.3)],
  ...requests,
  ...growth,
  q10: [startGoal(JSONL), startGoal(ROTATING), startGoal(CONSOLE), startGoal(TEE)],
  e6: [
    speedGoal(TEE, TARGETS, 3, 'feed'), speedGoal(TEE_LEVELS, TARGETS, 3, 'feed'), speedGoal(TEE, FILES, 3, 'feed'), speedGoal(TEE, FILES, 3),
    flatGoal(TEE), flatGoal(TEE_LEVELS)
  ],
  rss: [rssGoal(JSONL, FILE), rssGoal(ROTATING, FILE), rssGoal(TEE, FILE), grownGoal(PARQUET)]
}

/** Who is compared with whom, each comparison once: measurements that have to be made side by side. */
export function plan (only) {
  const groups = goalsOf(only).map(({ style, contender, against, againstStyle = style, less }) => {
    const members = [{ style: againstStyle, contender: against }, ...less ? [{ style, contender: less }] : [], { style, contender }]
    return [...new Map(members.map(member => [`${member.style} ${member.contender}`, member])).values()]
  })
  return [...new Map(groups.map(group => [JSON.stringify(group), group])).values()]
}

export function goalsOf (only) {
  return only.flatMap(name => {
    if (!questions[name]) throw new Error(`unknown question ${name}; there are ${Object.keys(questions).join(', ')}`)
    return questions[name].map(goal => ({ name, ...goal }))
  })
}
