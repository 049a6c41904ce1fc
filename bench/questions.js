// What is asked, of whom, and what the answer has to be.
//
// A goal compares one figure of one contender with that of another in the same round, and takes the median of the rounds.
const FILE = 'pino/file'
const JSONL = 'blackbox jsonl'
const ROTATING = 'blackbox jsonl, rotating'
const CONSOLE = 'blackbox console'
const STDOUT = 'pino/file, stdout'
const RFS = 'rotating-file-stream'
const RFS_LINES = 'rotating-file-stream, by line'
const TEE = 'blackbox tee: 3 × jsonl'
const TEE_LEVELS = 'blackbox tee: 3 × jsonl, levels'
const TARGETS = 'pino targets: 3 × blackbox jsonl'
const FILES = 'pino targets: 3 × pino/file'

const speed = ({ ms }) => 1 / ms
const mainCpu = ({ mainUs }) => mainUs
const peak = ({ peakRss }) => peakRss
const start = ({ startMs }) => startMs
const ratio = (a, b) => a / b
const difference = (a, b) => a - b

const atLeast = limit => ({ text: `≥ ${limit}`, ok: value => value >= limit })
const atMost = (limit, unit = '') => ({ text: `≤ ${limit}${unit}`, ok: value => value <= limit })

const cpuGoal = (style, contender, against) => ({
  what: `main-thread CPU per line, ${style}, ${contender} : ${against}`, style, contender, against, figure: mainCpu, compare: ratio, goal: atMost(1.05)
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
  q1: [speedGoal(ROTATING, FILE, 0.95), speedGoal(ROTATING, 'pino-roll', 1), speedGoal(ROTATING, RFS_LINES, 2), speedGoal(ROTATING, RFS, 2)],
  q2: [
    ...['burst', 'paced'].flatMap(style => [cpuGoal(style, JSONL, FILE), cpuGoal(style, ROTATING, FILE), cpuGoal(style, CONSOLE, STDOUT)]),
    cpuGoal('paced', TEE, FILE)
  ],
  q10: [startGoal(JSONL), startGoal(ROTATING), startGoal(CONSOLE), startGoal(TEE)],
  e6: [
    speedGoal(TEE, TARGETS, 3, 'feed'), speedGoal(TEE_LEVELS, TARGETS, 3, 'feed'), speedGoal(TEE, FILES, 3, 'feed'), speedGoal(TEE, FILES, 3),
    flatGoal(TEE), flatGoal(TEE_LEVELS)
  ],
  rss: [rssGoal(JSONL, FILE), rssGoal(ROTATING, FILE), rssGoal(TEE, FILE)]
}

/** Every measurement that the questions `only` need, once. */
export function plan (only) {
  const needed = new Map()
  for (const { style, contender, against } of goalsOf(only)) {
    for (const who of [against, contender]) needed.set(`${style} ${who}`, { style, contender: who })
  }
  return [...needed.values()]
}

export function goalsOf (only) {
  return only.flatMap(name => {
    if (!questions[name]) throw new Error(`unknown question ${name}; there are ${Object.keys(questions).join(', ')}`)
    return questions[name].map(goal => ({ name, ...goal }))
  })
}
