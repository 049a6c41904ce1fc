// What is asked of the flight recorder and of the dumps of failed requests.
import { atMost, difference, open, ratio } from '../goal.js'
import { DEBUG as WRITTEN, DEBUG_RECORDED as WRITTEN_RECORDED, INFO, RECORDED } from './loggers.js'
import { DEBUG, NO_RECORDER, PLAIN, PLUGIN } from './servers.js'

const answers = ({ answered, ms }) => answered / ms
const mainCpu = ({ mainUs }) => mainUs
const mainCpuEach = ({ mainUs, lines }) => mainUs / lines
const p99 = ({ p99Ms }) => p99Ms

const lineGoal = (contender, against, goal, less) => ({
  what: `main-thread CPU per debug line, ${contender} : ${against}${less ? `, both less ${less}` : ''}`,
  style: 'recorder',
  contender,
  against,
  less,
  figure: mainCpu,
  compare: ratio,
  goal
})
const requestGoal = (what, figure, compare, unit = '') => (contender, against, less) => ({
  what: `${what}, ${contender} ${compare === ratio ? ':' : 'less'} ${against}${less ? `, both less ${less}` : ''}`,
  style: 'requests',
  contender,
  against,
  less,
  figure,
  compare,
  goal: open,
  unit
})
const throughput = requestGoal('requests/s', answers, ratio)
const cpu = requestGoal('main-thread CPU per request', mainCpu, difference, ' µs')
const cpuShare = requestGoal('main-thread CPU per request', mainCpu, ratio)

export const questions = {
  q7: [
    lineGoal(RECORDED, WRITTEN, atMost(0.25), INFO), lineGoal(RECORDED, WRITTEN, open), lineGoal(WRITTEN_RECORDED, WRITTEN, open),
    {
      what: `main-thread CPU per child logger, ${RECORDED} less ${INFO}`,
      style: 'children',
      contender: RECORDED,
      against: INFO,
      figure: mainCpuEach,
      compare: difference,
      goal: open,
      unit: ' µs',
      show: value => value.toFixed(2)
    }
  ],
  requests: [
    throughput(PLUGIN, PLAIN), throughput(DEBUG, PLAIN), throughput(NO_RECORDER, PLAIN),
    cpu(PLUGIN, PLAIN), cpu(DEBUG, PLAIN), cpu(NO_RECORDER, PLAIN), cpuShare(PLUGIN, DEBUG, PLAIN)
  ],
  errors: [
    {
      what: `p99 of the latency, ${PLUGIN} less ${PLAIN}`,
      style: 'errors',
      contender: PLUGIN,
      against: PLAIN,
      figure: p99,
      compare: difference,
      goal: atMost(1, ' ms'),
      unit: ' ms',
      show: value => value.toFixed(2)
    },
    { ...cpu(PLUGIN, PLAIN), style: 'errors' }
  ]
}
