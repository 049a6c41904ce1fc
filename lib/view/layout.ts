// A report as lines of so many columns, with a tone for each piece of text. No value gets here into a line but through `wrap`,
// which makes it harmless.
import { titleOf, type Fault } from './fault.js'
import { fold, folded, harmless, linesOf, span, width, wrap, type Span } from './text.js'
import { elapsed, relative } from './time.js'
import { treeLines } from './tree.js'
import { entriesOf, type Entry } from './value.js'
import type { Report } from './report.js'
import type { Row, Timeline } from './timeline.js'

/** Characters of a field's value, and of a message. */
const SHORT = 200
const LONG = 2000
/** A field's value of so many characters is not torn apart at its spaces. */
const UNBROKEN = 24
const MOST_FIELDS = 60
/** Columns of a time, and at most of a level. */
const TIME = 11
const LEVEL = 10

type Lines = Generator<Span[]>

/** Lines of `room` columns at most, without their ends. */
export function * layOut (report: Report, room: number): Lines {
  const { fault, timeline, sections, notes } = report
  yield * headline(report, room)
  if (fault && (fault.frames.length > 0 || fault.causes.length > 0 || Object.keys(fault.fields).length > 0)) {
    yield * rule('error', room)
    yield * faultLines(fault, room, 2)
  }
  if (timeline && timeline.rows.length > 0) {
    yield * rule('timeline', room)
    yield * timelineLines(timeline, room)
  }
  for (const { title, value } of sections) {
    yield * rule(title, room)
    yield * treeLines(value, room)
  }
  if (notes.length > 0) yield []
  for (const note of notes) yield * wrap([span('! ', 'warn'), span(folded(note, LONG))], room, 0, 2)
}

function * rule (name: string, room: number): Lines {
  const title = fold(harmless(name), room >> 1).head
  yield []
  yield [span('── ', 'dim'), span(title, 'strong'), span(` ${'─'.repeat(Math.max(0, room - width(title) - 4))}`, 'dim')]
}

function * headline ({ badge, title, summary, facts }: Report, room: number): Lines {
  const failed = summary !== undefined || Number(badge) >= 400
  yield * wrap([
    ...failed ? [span('✖ ', 'fatal')] : [], ...badge ? [span(`${badge} `, Number(badge) >= 400 ? 'fatal' : 'strong')] : [], span(folded(title, LONG), 'strong')
  ], room, 0, 2)
  if (summary) yield * textLines(summary, room, 2)
  if (facts.length > 0) yield []
  yield * factLines(facts, room)
}

/** A fact is torn apart only where a line has no room for it. */
function * factLines (facts: Report['facts'], room: number): Lines {
  let line: Span[] = []
  let column = 0
  for (const [label, whole] of facts) {
    const text = folded(whole, SHORT)
    const own = 3 + width(harmless(`${label} ${text}`))
    if (line.length > 0 && column + own > room) {
      yield * wrap(line, room, 0, 4)
      line = []
      column = 0
    }
    line.push(span(line.length > 0 ? '   ' : '  '), span(label, 'dim'), span(` ${text}`))
    column += own
  }
  if (line.length > 0) yield * wrap(line, room, 0, 4)
}

function * textLines (text: string, room: number, indent: number): Lines {
  for (const line of linesOf(folded(text, LONG))) yield * wrap([span(' '.repeat(indent)), span(line, 'error')], room, 0, indent + 2)
}

function * faultLines (fault: Fault, room: number, indent: number): Lines {
  const space = ' '.repeat(indent)
  const { entries, more } = entriesOf(fault.fields, MOST_FIELDS)
  if (entries.length > 0) yield * wrap([span(space), ...fieldSpans(entries, more)], room, 0, indent + 2)
  for (const { text, own } of fault.frames) yield * wrap([span(space), span(folded(text, LONG), own ? 'plain' : 'dim')], room, 0, indent + 4)
  for (const { how, fault: cause } of fault.causes) {
    yield * wrap([span(space), span(how, 'dim')], room, 0, indent)
    yield * textLines(titleOf(cause), room, indent + 2)
    yield * faultLines(cause, room, indent + 2)
  }
}

function * timelineLines ({ shared, rows }: Timeline, room: number): Lines {
  if (shared.length > 0) yield * wrap([span('  all lines  ', 'dim'), ...fieldSpans(shared, 0)], room, 0, TIME + 2)
  const levels = rows.reduce((most, { level }) => Math.max(most, width(harmless(level))), 0)
  const timed = rows.some(({ at }) => at !== undefined)
  for (const [index, row] of rows.entries()) {
    if (row.gap !== undefined) yield [span(`⋮ ${elapsed(row.gap)}`.padStart(TIME), 'warn')]
    yield * rowLines(row, timed ? row.at === undefined ? '' : relative(row.at) : `#${index + 1}`, Math.min(LEVEL, levels), room)
  }
}

/** One line of a log: `time` as the text it is to be, the level in so many columns. */
export function * rowLines (row: Row, time: string, levels: number, room: number): Lines {
  const quiet = row.tone === 'trace' || row.tone === 'debug'
  const tone = quiet || row.tone === 'info' ? 'plain' : row.tone
  const level = fold(harmless(row.level), LEVEL).head
  const hang = TIME + 2 + (levels > 0 ? levels + 2 : 0)
  const head = [span(time.padStart(TIME), quiet ? 'dim' : 'plain'), span('  '), span(level, row.tone), span(' '.repeat(Math.max(0, hang - TIME - 2 - width(level))))]
  const lines = linesOf(folded(row.message, LONG)).map(line => [span(line, tone)])
  const fields = fieldSpans(row.entries, row.more)
  if (lines.length > 1) lines.push(fields)
  else lines[0]!.push(span(row.message && fields.length > 0 ? '  ' : ''), ...fields)
  for (const [index, line] of lines.entries()) if (line.length > 0) yield * wrap([...index === 0 ? head : [span(' '.repeat(hang))], ...line], room, 0, hang)
  if (!row.fault) return
  const below = Math.min(hang, room >> 2)
  if (row.known) yield * wrap([span(' '.repeat(below)), span(row.fault.type, 'error'), span(' as above', 'dim')], room, 0, below)
  else {
    yield * textLines(titleOf(row.fault), room, below)
    yield * faultLines(row.fault, room, below + 2)
  }
}

function fieldSpans (entries: Entry[], more: number): Span[] {
  const spans = entries.flatMap(({ key, text, tone }, index) => {
    const { head, rest } = fold(text, SHORT)
    return [span(index > 0 ? ' ' : ''), span(folded(key, SHORT), 'key'), span('=', 'dim'), span(head, tone, head.length <= UNBROKEN), span(rest, 'dim')]
  })
  return more > 0 ? [...spans, span(` … ${more} more`, 'dim')] : spans
}
