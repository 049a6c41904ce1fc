// The drawings of the report, by their names as files.
import { answers, median } from './answers.js'
import { COLUMNS, GROWING, LINE_BYTES, longer, promoting, SEGMENTS, TIMES, waiting, wider } from './growth/contenders.js'
import { curvesPlot, goalsPlot } from './plot.js'

/** Name -> SVG. What was not measured has none. */
export function drawings ({ samples, lines }, only) {
  const goals = goalRows(samples, only)
  const charts = growthCharts(samples, lines).map(chart => ({ ...chart, curves: chart.curves.filter(({ points }) => points.length > 0) })).filter(({ curves }) => curves.length > 0)
  return Object.fromEntries([
    ...goals.length > 0 ? [['goals.svg', goalsPlot('Measured against the goals: further right is better', goals)]] : [],
    ...charts.length > 0 ? [['growth.svg', curvesPlot(charts)]] : []
  ])
}

function goalRows (samples, only) {
  return answers(samples, only).filter(({ goal, values }) => goal.times && values.length > 0).map(({ what, goal, values, median, unit = '', show = value => value.toFixed(unit ? 1 : 2) }) => {
    const times = values.map(goal.times).sort((a, b) => a - b)
    return { what, shown: `${show(median)}${unit} (${goal.text})`, times: [goal.times(median), times[0], times.at(-1)] }
  })
}

function growthCharts (samples, lines) {
  const points = (xs, contenderOf, figure) => xs.flatMap(([x, name]) => {
    const all = samples.filter(({ contender, wrong }) => contender === contenderOf(name) && !wrong).map(figure)
    return all.length > 0 ? [[x, median(all)]] : []
  })
  const same = list => list.map(value => [value, value])
  const growing = (xs, contenderOf, figure) => GROWING.map(name => ({ name, points: points(xs, value => contenderOf(name, value), figure) }))
  return [
    { title: 'Lines a second', unit: 'lines of a run', curves: growing(TIMES.map(times => [times * lines, times]), longer, ({ lines, ms }) => lines / ms * 1000) },
    { title: 'MB a second', unit: 'bytes of a line', curves: growing(same(LINE_BYTES), wider, ({ lines, lineBytes, ms }) => lines * lineBytes / ms / 1000) },
    {
      title: 'A start, ms',
      unit: 'segments waiting',
      curves: [
        { name: 'first new line durable', points: points(same(SEGMENTS), waiting, ({ durableMs }) => durableMs) },
        { name: 'first old batch received', points: points(same(SEGMENTS), waiting, ({ receivedMs }) => receivedMs) }
      ]
    },
    { title: 'Cells of Parquet a second', unit: 'promoted columns', curves: [{ name: 'blackbox parquet', points: points(same(COLUMNS), promoting, ({ lines, columns, ms }) => lines * columns / ms * 1000) }] }
  ]
}
