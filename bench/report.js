// From samples to Markdown: the goals, then one table per style of logging.
import { SIZE_MB } from './contenders.js'
import { answers, median } from './answers.js'
import { styles } from './styles.js'

/** `drawn` are the files of the drawings. */
export function report (results, only, drawn) {
  const { machine, lines, rows, rounds, rates, dir, samples } = results
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`).join(', ')
  const head = [
    '`npm run bench` repeats all of this on your machine and writes this page; `-- --only q1,q4` a part of it, `-- --quick` in little time, with little meaning.\n',
    `${machine.cpu}, ${machine.memory}, ${machine.system}, Node ${machine.node}; pino-blackbox ${machine.blackbox}, ${packages}; ${machine.date}.`,
    `${number(lines)} lines a run, ${rounds} rounds side by side, medians (lowest to highest). Files in ${dir}, rotation at ${SIZE_MB} MB; every line checked before a time counts.`,
    `Times from the first log call until the transport has closed; with parquet it is closed after \`flush({ until: 'delivered' })\`. Main-thread CPU by ${machine.clock}.`
  ].join('\n')
  const remarks = {
    paced: ({ rate }) => ` (${number(rate)} lines/s)`,
    growth: () => ` (1 × is ${number(lines)})`,
    errors: ({ rate, most }) => ` of ${number(rate)} a second (without the plugin the server can take ${number(most)})`,
    convert: () => ` (${number(rows)} lines of a made-up service)`
  }
  const tables = Object.entries(styles).filter(([style]) => samples.some(sample => sample.style === style))
    .map(([style, { title, table, note }]) => [`### ${title}${remarks[style]?.(rates[style]) ?? ''}`, TABLES[table](style, samples), note].filter(Boolean).join('\n\n'))
  const shown = drawn.map(name => `![${name}](benchmarks/${name})`)
  return ['# Benchmarks', head, `## Goals\n\n${goals(samples, only)}`, ...shown, '## All figures', ...tables].join('\n\n') + '\n'
}

const number = value => Math.round(value).toLocaleString('en')
const cpu = value => value.toFixed(2)
const megabytes = value => value.toFixed(0)
const tenths = value => value.toFixed(1)
const perSecond = name => sample => sample.lines / sample[name] * 1000
const LINES_A_SECOND = ['lines/s', perSecond('ms'), number]
const MAIN_CPU = ['main CPU, µs/line', ({ mainUs, lines }) => mainUs / lines, cpu]
const OTHER_CPU = ['other threads, µs/line', ({ otherUs, lines }) => otherUs / lines, cpu]
/** Of these the figures are per request already. */
const REQUESTS = [
  ['requests/s', ({ answered, ms }) => answered / ms * 1000, number],
  ['p50, ms', ({ p50Ms }) => p50Ms, cpu],
  ['p99, ms', ({ p99Ms }) => p99Ms, cpu],
  ['main CPU, µs/request', ({ mainUs }) => mainUs, tenths],
  ['other threads, µs/request', ({ otherUs }) => otherUs, tenths]
]
const PEAK = ['peak RSS, MB', ({ peakRss }) => peakRss, megabytes]

/** Each column: its head, its figure of a sample, and how that is shown. */
const TABLES = {
  lines: table([LINES_A_SECOND, MAIN_CPU, OTHER_CPU, PEAK]),
  flush: table([['durable lines/s', perSecond('durableMs'), number], ['published lines/s', perSecond('deliveredMs'), number], MAIN_CPU, OTHER_CPU, PEAK]),
  http: table([
    LINES_A_SECOND,
    MAIN_CPU,
    OTHER_CPU,
    PEAK,
    ['requests', ({ requests }) => requests, number],
    ['sent, bytes/line', ({ bytes, lines }) => bytes / lines, tenths],
    ['written to files, MB', ({ written }) => written / 1e6, megabytes],
    ['of that on disk, MB', ({ onDisk }) => onDisk / 1e6, tenths]
  ]),
  convert: table([
    ['rows/s, fresh process', perSecond('ms'), number],
    ['rows/s, warm', perSecond('warmMs'), number],
    ['CPU, µs/row', ({ cpuUs, lines }) => cpuUs / lines, cpu],
    ['CPU, warm, µs/row', ({ warmUs, lines }) => warmUs / lines, cpu],
    ['size, kB', ({ bytes }) => bytes / 1000, number],
    ['bytes/row', ({ bytes, lines }) => bytes / lines, tenths],
    PEAK
  ]),
  children: table([['child loggers/s', perSecond('ms'), number], ['main CPU, µs/child', ({ mainUs, lines }) => mainUs / lines, cpu], PEAK]),
  requests: table([...REQUESTS, PEAK]),
  errors: table([
    ...REQUESTS,
    PEAK,
    ['dumps', ({ dumps }) => dumps, number],
    ['kB of dumps', ({ dumpBytes }) => dumpBytes / 1000, number],
    ['left out, counted', ({ suppressed }) => suppressed, number]
  ]),
  sizes: table([['MB/s', ({ lines, lineBytes, ms }) => lines * lineBytes / ms / 1000, tenths], LINES_A_SECOND, MAIN_CPU, OTHER_CPU, PEAK]),
  pending: table([
    ['first new line durable, ms', ({ durableMs }) => durableMs, number],
    ['first old batch received, ms', ({ receivedMs }) => receivedMs, number],
    ['all received, ms', ({ ms }) => ms, number],
    ['peak RSS at the start, MB', ({ peakRss }) => peakRss, megabytes]
  ]),
  wide: table([['rows/s', perSecond('ms'), number], ['cells/s', ({ lines, columns, ms }) => lines * columns / ms * 1000, number], PEAK]),
  start: startTable
}

function table (columns) {
  return (style, samples) => markdown(
    ['contender', ...columns.map(([head]) => head), ''],
    byContender(samples, style).map(([contender, all]) => {
      const good = all.filter(({ wrong }) => !wrong)
      const cut = Math.max(...good.map(({ cut }) => cut))
      const remark = all.find(({ wrong }) => wrong)?.wrong ?? (cut > 0 ? `${cut} lines cut in two by rotation` : '')
      return [contender, ...columns.map(([, figure, show]) => spread(good.map(figure), show)), remark]
    })
  )
}

function startTable (_style, samples) {
  return markdown(["pino.transport() to 'ready'", 'ms'],
    byContender(samples, 'start').map(([contender, all]) => [contender, spread(all.map(({ startMs }) => startMs), value => value.toFixed(1))]))
}

function goals (samples, only) {
  return markdown(['', 'measure', 'goal', 'measured', ''], answers(samples, only).map(({ name, what, goal, values, median, unit = '', show = value => value.toFixed(unit ? 1 : 2) }) =>
    values.length === 0
      ? [name.toUpperCase(), what, goal.text, '-', 'not measured']
      : [name.toUpperCase(), what, goal.text, spread(values, show) + unit, VERDICTS.get(goal.ok(median))]))
}

const VERDICTS = new Map([[true, 'met'], [false, '**missed**'], [undefined, '']])

function byContender (samples, style) {
  const all = new Map()
  for (const sample of samples.filter(sample => sample.style === style)) {
    all.set(sample.contender, [...all.get(sample.contender) ?? [], sample])
  }
  return [...all].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
}

function markdown (head, rows) {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function spread (all, show) {
  const values = all.filter(Number.isFinite)
  if (values.length === 0) return '-'
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`
}
