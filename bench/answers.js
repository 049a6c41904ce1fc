// From samples to answers: what was measured for each goal, in every round, and how far that is from the goal.
import { goalsOf } from './questions.js'

/** Goals as in questions.js with `values`, one of each round, and `median`. Those without a value were not measured. */
export function answers (samples, only) {
  return goalsOf(only).map(goal => {
    const values = pairsOf(goal, samples).filter(Number.isFinite)
    return { ...goal, values, median: median(values) }
  })
}

function pairsOf ({ style, contender, against, againstStyle = style, less, figure, compare }, samples) {
  const of = (who, style) => samples.filter(sample => sample.style === style && sample.contender === who && !sample.wrong)
  return of(contender, style).flatMap(sample => {
    const beside = (who, style) => of(who, style).find(({ round, repeat }) => round === sample.round && repeat === sample.repeat)
    const other = beside(against, againstStyle)
    const zero = less && beside(less, style)
    if (!other || (less && !zero)) return []
    const net = zero ? sample => figure(sample) - figure(zero) : figure
    return [compare(net(sample), net(other))]
  })
}

export function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
