// From samples to Markdown: one table per style of logging, then the goals.
import { SIZE_MB } from './contenders.js'
import { goalsOf } from './questions.js'

const STYLES = {
  burst: 'As fast as the application can log',
  feed: 'As fast as the transport can: ready-made lines, no logger',
  long: 'The same for eight times as long',
  paced: 'At half of saturation',
  start: 'Start-up'
}

export function report (results, only) {
  const { machine, lines, rounds, rate, dir, samples } = results
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`).join(', ')
  const head = [
    `${machine.cpu}, ${machine.memory}, ${machine.system}, Node ${machine.node}; pino-blackbox ${machine.blackbox}, ${packages}; ${machine.date}.`,
    `${number(lines)} lines a run, ${rounds} rounds side by side, medians (lowest to highest). Files in ${dir}, rotation at ${SIZE_MB} MB; every line checked before a time counts.`,
    `Times from the first log call until the transport has closed. Main-thread CPU by ${machine.clock}.`
  ].join('\n')
  const tables = Object.keys(STYLES).filter(style => samples.some(sample => sample.style === style))
    .map(style => `### ${STYLES[style]}${style === 'paced' ? ` (${number(rate)} lines/s)` : ''}\n\n${style === 'start' ? startTable(samples) : table(style, samples)}`)
  return [head, ...tables, `### Goals\n\n${goals(samples, only)}`].join('\n\n') + '\n'
}

function table (style, samples) {
  return markdown(
    ['contender', 'lines/s', 'main CPU, µs/line', 'other threads, µs/line', 'peak RSS, MB', ''],
    byContender(samples, style).map(([contender, all]) => {
      const good = all.filter(({ wrong }) => !wrong)
      const cut = Math.max(...good.map(({ cut }) => cut))
      const remark = all.find(({ wrong }) => wrong)?.wrong ?? (cut > 0 ? `${cut} lines cut in two by rotation` : '')
      return [
        contender,
        spread(good.map(({ ms, lines }) => lines / ms * 1000), number),
        spread(good.map(({ mainUs, lines }) => mainUs / lines), value => value.toFixed(2)),
        spread(good.map(({ otherUs, lines }) => otherUs / lines), value => value.toFixed(2)),
        spread(good.map(({ peakRss }) => peakRss), value => value.toFixed(0)),
        remark
      ]
    })
  )
}

function startTable (samples) {
  return markdown(["pino.transport() to 'ready'", 'ms'],
    byContender(samples, 'start').map(([contender, all]) => [contender, spread(all.map(({ startMs }) => startMs), value => value.toFixed(1))]))
}

function goals (samples, only) {
  return markdown(['', 'measure', 'goal', 'measured', ''], goalsOf(only).map(({ name, what, style, contender, against, figure, compare, goal, unit = '' }) => {
    const of = who => samples.filter(sample => sample.style === style && sample.contender === who)
    const pairs = of(contender).flatMap(sample => {
      const other = of(against).find(({ round, repeat }) => round === sample.round && repeat === sample.repeat)
      return sample.wrong || !other || other.wrong ? [] : [compare(figure(sample), figure(other))]
    })
    if (pairs.length === 0) return [name.toUpperCase(), what, goal.text, '-', 'not measured']
    const value = median(pairs)
    return [name.toUpperCase(), what, goal.text, spread(pairs, value => value.toFixed(unit ? 1 : 2)) + unit, goal.ok(value) ? 'met' : '**missed**']
  }))
}

function byContender (samples, style) {
  const all = new Map()
  for (const sample of samples.filter(sample => sample.style === style)) {
    all.set(sample.contender, [...all.get(sample.contender) ?? [], sample])
  }
  return [...all].sort(([a], [b]) => a.localeCompare(b))
}

function markdown (head, rows) {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function spread (values, show) {
  if (values.length === 0) return '-'
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`
}

function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const number = value => Math.round(value).toLocaleString('en')
