// A batch that is not taken whole, without a network: whatever is refused, every line ends in exactly one place, by parts that are the
// same each time; and lines are found by number, whatever stands in them.
import t from 'tap'
import fc from 'fast-check'
import { checkOf } from '../lib/http/body.js'
import { Lines, type Range } from '../lib/delivery/lines.js'
import { Parts } from '../lib/delivery/parts.js'
import { range } from './fixtures/jsonl.js'

type End = 'accepted' | 'buried' | 'skipped'
type Verdict = 'accept' | 'refuse' | 'skip'

interface Course { asked: Range[], ends: Array<Range & { end: End }> }

/** A batch on its way to a receiver that says this about each part. */
function send (lines: number, verdict: (part: Range) => Verdict): Course {
  const parts = new Parts(lines)
  const course: Course = { asked: [], ends: [] }
  const settle = (part: Range, end: End): void => { course.ends.push({ ...part, end }) }
  for (let part = parts.next; part; part = parts.next) {
    const said = verdict(part)
    if (said !== 'skip') course.asked.push(part)
    if (said === 'accept') {
      settle(part, 'accepted')
      parts.accept()
    } else if (said === 'skip') {
      settle(part, 'skipped')
      parts.skip()
    } else if (parts.hopeless) {
      settle(part, 'buried')
      parts.bury()
    } else {
      parts.halve()
    }
  }
  return course
}

/** Is it the whole, or a half of a half of it? */
function isHalf ({ from, to }: Range, whole: Range): boolean {
  if (from === whole.from && to === whole.to) return true
  if (whole.to - whole.from < 2) return false
  const middle = Math.floor((whole.from + whole.to) / 2)
  return isHalf({ from, to }, to <= middle ? { from: whole.from, to: middle } : { from: middle, to: whole.to })
}

const batch = fc.integer({ min: 1, max: 200 }).chain(lines => fc.record({
  lines: fc.constant(lines), bad: fc.uniqueArray(fc.integer({ min: 0, max: lines - 1 })), most: fc.integer({ min: 1, max: 2 * lines })
}))

t.test('halves cover each line once and in order, whatever is refused, and are the same each time', async () => {
  fc.assert(fc.property(batch, ({ lines, bad, most }) => {
    const verdict = ({ from, to }: Range): Verdict => to - from > most || bad.some(line => line >= from && line < to) ? 'refuse' : 'accept'
    const { asked, ends } = send(lines, verdict)
    const covered = ends.flatMap(({ from, to }) => range(to - from, from))
    return covered.join() === range(lines).join() && asked.every(part => isHalf(part, { from: 0, to: lines })) &&
      JSON.stringify(send(lines, verdict).asked) === JSON.stringify(asked)
  }), { numRuns: 1000 })
})

t.test('what is refused by itself is buried, its neighbours are accepted; undivided only after ten with nothing accepted', async () => {
  fc.assert(fc.property(batch, ({ lines, bad }) => {
    const { ends } = send(lines, ({ from, to }) => bad.some(line => line >= from && line < to) ? 'refuse' : 'accept')
    let [refused, accepted] = [0, false]
    for (const { from, to, end } of ends) {
      const isBad = range(to - from, from).some(line => bad.includes(line))
      if (isBad !== (end === 'buried')) return false
      if (to - from > 1 && end === 'buried' && (accepted || refused < 10)) return false
      if (to - from > 1 && end === 'accepted' && isBad) return false
      refused += end === 'buried' ? 1 : 0
      accepted ||= end === 'accepted'
    }
    return true
  }), { numRuns: 1000 })
})

t.test('a batch of which everything is refused causes no storm, whatever its size', async t => {
  for (const lines of [1, 2, 10, 1000, 10_000, 1_000_000]) {
    const { asked, ends } = send(lines, () => 'refuse')
    t.ok(asked.length <= 2 * 10 + 2 * Math.ceil(Math.log2(lines + 1)), `${lines} lines, ${asked.length} requests`)
    t.equal(ends.reduce((sum, { from, to }) => sum + to - from, 0), lines)
  }
})

t.test('parts of which nothing is left to be sent are no answer of the receiver', async t => {
  const { asked, ends } = send(64, ({ from, to }) => to <= 32 && to - from <= 32 ? 'skip' : 'refuse')
  t.match(ends[0], { from: 0, to: 32, end: 'skipped' })
  t.equal(ends.filter(({ from, to, end }) => end === 'buried' && to - from === 1).length, 10)
  t.ok(asked.length < 40)
})

const text = fc.oneof(
  fc.json().filter(json => !json.includes('\n')),
  fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'é', '😀') }), fc.jsonValue()).map(value => JSON.stringify(value)),
  fc.constantFrom('', '{', '}', '{}', '{]', ' {}', '{} ', '{not JSON}', '\0', '[{}]', 'null', '{"a":1}{"b":2}')
)

const isJson = (line: string): boolean => {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

for (const strict of [false, true]) {
  t.test(`lines are known by their numbers, those that are no objects left out${strict ? ', to the last character' : ''}`, async () => {
    const good = (line: string): boolean => line.length > 1 && line.startsWith('{') && line.endsWith('}') && (!strict || isJson(line))
    fc.assert(fc.property(fc.array(text, { maxLength: 30 }), fc.nat(30), fc.nat(30), (texts, a, b) => {
      const lines = new Lines(Buffer.from(texts.map(line => `${line}\n`).join('')), checkOf(strict ? 'json' : 'ndjson'))
      const part = { from: Math.min(a, b, texts.length), to: Math.min(Math.max(a, b), texts.length) }
      const mine = texts.slice(part.from, part.to)
      return lines.count === texts.length && texts.every((line, at) => lines.text(at) === line) &&
        lines.malformed.join() === range(texts.length).filter(at => !good(texts[at]!)).join() &&
        lines.size(part) === Buffer.byteLength(mine.map(line => `${line}\n`).join('')) &&
        String(lines.bytes(part)) === mine.filter(good).map(line => `${line}\n`).join('')
    }), { numRuns: 2000 })
  })
}
