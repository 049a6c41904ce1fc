// Text from a dump as a terminal and a page can take it: nothing in it acts, nothing hides, nothing is cut in the middle of a
// character, and lines are broken by the columns that they take.

/** What a text is; the terminal has colours for it, the page has classes. */
export type Tone = 'plain' | 'strong' | 'dim' | 'key' | 'text' | 'number' | 'word' |
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface Span {
  text: string
  tone: Tone
  /** No line ends at its spaces. */
  whole?: boolean
}

export const span = (text: string, tone: Tone = 'plain', whole = false): Span => ({ text, tone, whole })

// Controls (a terminal obeys them), marks that turn the direction of what follows, and what takes no room at all. Joiners stay:
// scripts and emoji need them.
const ACTING = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb]/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }

const visible = (character: string): string => {
  const code = character.codePointAt(0)!
  return SHORT[character] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
}

/** The same text on one line, with everything that acts written as an escape. */
export function harmless (text: string): string {
  return text.replace(ACTING, visible)
}

/** The lines of a text. */
export function linesOf (text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/).map(line => line.replaceAll('\t', '    '))
}

const PLAIN = /^[\x20-\x7e]*$/
const ZERO = /^[\p{M}\p{Cf}\u1160-\u11ff]*$/u
// Unicode's East Asian Width W and F, in blocks.
const WIDE = /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}\ufe0f]/u
// Made when it is needed, as what counts below: Node takes 15 ms for each.
let segmenter: Intl.Segmenter | undefined

/** What a reader takes for characters. */
function charactersOf (text: string): string[] {
  if (PLAIN.test(text)) return [...text]
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

function columns (character: string): number {
  return ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
}

/** Columns that a harmless text takes. */
export function width (text: string): number {
  return PLAIN.test(text) ? text.length : charactersOf(text).reduce((sum, character) => sum + columns(character), 0)
}

let thousands: Intl.NumberFormat | undefined

/** `12,345 characters` */
export function counted (count: number, noun: string): string {
  thousands ??= new Intl.NumberFormat('en')
  return `${thousands.format(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** The beginning of a long text; `rest` says what is missing. */
export function fold (text: string, most: number): { head: string, rest: string } {
  if (text.length <= most * 1.2) return { head: text, rest: '' }
  // Of a text without an end: only what can be in the head is looked at.
  let head = ''
  for (const character of charactersOf(text.slice(0, most + 64))) {
    if (head.length + character.length > most) break
    head += character
  }
  return { head, rest: ` … [${counted(text.length - head.length, 'more character')}]` }
}

export function folded (text: string, most: number): string {
  const { head, rest } = fold(text, most)
  return head + rest
}

/** Spans that stand together without a space in between. */
interface Atom {
  spans: Span[]
  width: number
  /** Spaces before it. */
  space: number
}

function atomsOf (spans: Span[]): Atom[] {
  const atoms: Atom[] = []
  let space = 0
  let open: Atom | undefined
  for (const { text, tone, whole } of spans) {
    for (const [piece] of harmless(text).matchAll(whole ? /.+/g : / +|[^ ]+/g)) {
      if (!whole && piece.startsWith(' ')) {
        space += piece.length
        open = undefined
        continue
      }
      if (!open) {
        open = { spans: [], width: 0, space }
        atoms.push(open)
      }
      open.spans.push({ text: piece, tone })
      open.width += width(piece)
      space = 0
    }
  }
  return atoms
}

/** Lines of at most `room` columns: the first one has `used` taken already, the others begin with `hang` spaces. Everything in them is harmless. */
export function wrap (text: Span[], room: number, used = 0, hang = 0): Span[][] {
  const indent = Math.min(hang, room >> 1)
  const lines: Span[][] = [[]]
  let column = used
  const add = (text: string, tone: Tone, columns = width(text)): void => {
    lines.at(-1)!.push({ text, tone })
    column += columns
  }
  const next = (): void => {
    lines.push([])
    column = 0
    if (indent > 0) add(' '.repeat(indent), 'plain')
  }
  for (const { spans, width, space } of atomsOf(text)) {
    const fits = column + space + width <= room
    // What is longer than a line begins here only if a good part of it has room here.
    const better = indent + width <= room || room - column < room >> 1
    if (!fits && column > indent && better) next()
    else if (space > 0) add(' '.repeat(Math.max(0, Math.min(space, room - column))), 'plain')
    for (const { text, tone } of spans) {
      if (fits || column + width <= room) add(text, tone)
      else {
        for (const character of charactersOf(text)) {
          const wide = columns(character)
          if (column + wide > room) next()
          add(character, tone, wide)
        }
      }
    }
  }
  return lines
}
