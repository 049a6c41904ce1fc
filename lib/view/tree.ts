// A value as lines of a section: keys in a column of their own, what is nested below its key, texts with their line ends.
import { counted, fold, folded, harmless, linesOf, span, width, wrap, type Span } from './text.js'
import { inline, isCompact, isNested, toneOf } from './value.js'

/** Characters and lines of a text. */
const LONG = 2000
const MOST_LINES = 100
const LONGEST_KEY = 200
/** Entries of an object or an array, and their nesting. */
const MOST_ENTRIES = 1000
const MOST_NESTED = 16
/** Columns of keys; longer ones push their values aside. */
const KEYS = 28

/** Lines of `room` columns at most. */
export function * treeLines (value: unknown, room: number, indent = 2, depth = 0): Generator<Span[]> {
  const space = ' '.repeat(indent)
  if (!isNested(value) || depth === MOST_NESTED) {
    for (const line of valueLines(value)) yield * wrap([span(space), line], room, 0, indent)
    return
  }
  const entries = Object.entries(value)
  const shown = entries.slice(0, MOST_ENTRIES)
  const column = Math.max(...shown.map(([key]) => Math.min(KEYS, width(harmless(key)))))
  for (const [key, inner] of shown) {
    const label = Array.isArray(value) ? '-' : folded(key, LONGEST_KEY)
    const hang = indent + (Array.isArray(value) ? 2 : column + 2)
    const head = [span(space), span(label, Array.isArray(value) ? 'dim' : 'key'), span(' '.repeat(Math.max(1, hang - indent - width(harmless(label)))))]
    const lines = valueLines(inner)
    if (isNested(inner) && !isCompact(inner, room - hang)) {
      const below = treeLines(inner, room, indent + 2, depth + 1)
      if (Array.isArray(value)) {
        // The first line of an entry stands behind its dash.
        const [, ...first] = below.next().value as Span[]
        yield [span(space), span('- ', 'dim'), ...first]
      } else yield * wrap(head, room)
      yield * below
    } else if (lines.length === 1) yield * wrap([...head, lines[0]!], room, 0, hang)
    else {
      yield * wrap(head, room)
      for (const line of lines) yield * wrap([span(' '.repeat(indent + 2)), line], room, 0, indent + 2)
    }
  }
  if (entries.length > shown.length) yield [span(`${space}… ${counted(entries.length - shown.length, 'more entry').replace(/ys$/, 'ies')}`, 'dim')]
}

function valueLines (value: unknown): Span[] {
  const tone = toneOf(value)
  const text = typeof value === 'string' && value.trim() !== '' ? value : inline(value)
  const { head, rest } = fold(text, LONG)
  const lines = linesOf(head)
  const more = lines.length > MOST_LINES ? ` … [${counted(lines.length - MOST_LINES, 'more line')}]` : rest
  return lines.slice(0, MOST_LINES).map((line, index, { length }) => span(index === length - 1 ? line + more : line, tone))
}
