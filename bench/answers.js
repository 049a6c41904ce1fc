// From samples to answers: what was measured for each goal, in every round, and how far that is from the goal.
import { goalsOf } from './questions.js'

/** Goals as in questions.js with `values`, one of each round, and `median`. Those without a value were not measured. */
export function answers (samples, only) {
  return goalsOf(only).map(goal => {
    const values = pairsOf(goal, samples).filter(Number.isFinite)
    return { ...goal, values, median: median(values) }
  })
}

/** One pair of each round: of all that were made in it those that ran nearest to each other. */
function pairsOf ({ style, contender, against, againstStyle = style, less, figure, compare }, samples) {
  const of = (who, style) => samples.filter(sample => sample.style === style && sample.contender === who && !sample.wrong)
  const pairs = of(contender, style).flatMap(sample => {
    const other = nearest(sample, of(against, againstStyle))
    const zero = less && nearest(sample, of(less, style))
    if (!other || (less && !zero)) return []
    const net = zero ? sample => figure(sample) - figure(zero) : figure
    return { turn: turnOf(sample), apart: apart(sample, other), value: compare(net(sample), net(other)) }
  })
  // Of a turn's pairs the last one stays.
  const byDistance = pairs.sort((a, b) => b.apart - a.apart)
  return [...new Map(byDistance.map(({ turn, value }) => [turn, value])).values()]
}

const turnOf = ({ round, repeat }) => `${round} ${repeat}`
const apart = (a, b) => Math.abs(a.at - b.at)

function nearest (sample, samples) {
  return samples.filter(other => turnOf(other) === turnOf(sample)).sort((a, b) => apart(a, sample) - apart(b, sample))[0]
}

export function median (values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
