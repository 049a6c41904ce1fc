// What more of something costs: of lines, of bytes in a line, of segments that wait at the start, of promoted columns.
import { COLUMNS, GROWING, LINE_BYTES, longer, promoting, SEGMENTS, TIMES, waiting, wider } from './contenders.js'
import { atLeast, atMost, itself, open, ratio } from '../goal.js'

const speed = ({ ms, lines }) => lines / ms
const bytesASecond = ({ ms, lineBytes, lines }) => lines * lineBytes / ms
const cells = ({ ms, lines, columns }) => lines * columns / ms
const first = list => list[0]
const last = list => list.at(-1)

const lineGoal = name => ({
  what: `lines/s, ${longer(name, last(TIMES))} : ${first(TIMES)} ×`,
  style: 'growth',
  contender: longer(name, last(TIMES)),
  against: longer(name, first(TIMES)),
  figure: speed,
  compare: ratio,
  goal: atLeast(0.9)
})
const others = (style, names, figure, what) => names.slice(1).map(name => ({
  what: `${what}, ${name} : ${names[0]}`, style, contender: name, against: names[0], figure, compare: ratio, goal: open
}))
const startGoal = (what, figure, goal, unit) => ({
  what: `${what}, ${waiting(last(SEGMENTS))}`,
  style: 'pending',
  contender: waiting(last(SEGMENTS)),
  against: waiting(last(SEGMENTS)),
  figure,
  compare: itself,
  goal,
  unit
})

export const questions = {
  q8: [
    ...GROWING.map(lineGoal),
    ...GROWING.flatMap(name => others('growth', TIMES.map(times => longer(name, times)), speed, 'lines/s')),
    ...GROWING.flatMap(name => others('sizes', LINE_BYTES.map(bytes => wider(name, bytes)), bytesASecond, 'bytes/s')),
    startGoal('first new line durable', ({ durableMs }) => durableMs, atMost(2000, ' ms'), ' ms'),
    startGoal('first old batch received', ({ receivedMs }) => receivedMs, atMost(2000, ' ms'), ' ms'),
    {
      ...startGoal('peak RSS', ({ peakRss }) => peakRss, atMost(64, ' MiB'), ' MiB'),
      what: `peak RSS at the start, ${waiting(last(SEGMENTS))} less ${waiting(first(SEGMENTS))}`,
      against: waiting(first(SEGMENTS)),
      compare: (a, b) => a - b
    },
    ...others('pending', SEGMENTS.map(waiting), ({ durableMs }) => durableMs, 'time until a new line is durable'),
    ...others('wide', COLUMNS.map(promoting), cells, 'cells/s')
  ]
}
