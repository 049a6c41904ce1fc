// A snapshot as JSON text: whole if it fits, else with a fair share of the room for everything in it.
import { Budget, type Bounds } from './budget.js'
import { messageOf } from './exotic.js'
import { Walk, type Json } from './walk.js'
import type { Finder, Secrets } from './secrets.js'

export interface Limits extends Bounds {
  /** Of the text. */
  bytes: number
  /** ms on the event loop, for what is not small. One call of a getter or of toJSON() cannot be interrupted, nor the listing of an object's keys. */
  time: number
}

export interface Rendered {
  text: string
  /** A limit has left something out. */
  truncated: boolean
}

export interface RenderOptions {
  limits: Limits
  secrets: Secrets
  pretty: boolean
  /** Records that are JSON already, put under `key` with one line for each; how many were left out is added to `<key>LeftOut`. */
  rows?: { key: string, lines: readonly string[] } | undefined
  /** ms, from anywhere. */
  now?: () => number
}

/** Bytes that may be written in a millisecond. */
const PACE = 1 << 15
const INDENT = 2
/** Bytes around a row. */
const ROW = 2 * INDENT + 2
const ROUNDS = 4
/** Of what was too much, that much is tried in the next round. */
const AGAIN = 0.8
/** The least that is tried when time is short. */
const LEAST = 1 << 14
/** Shares of the time: until when a first round may last, any other may, rows are read. What is left is for writing. */
const FIRST_UNTIL = 0.5
const LAST_UNTIL = 0.7
const ROWS_UNTIL = 0.85
/** What is small may take so many times as long: the first dump of a process, or one on a machine with too much to do, is not to lose half of it. */
const PATIENCE = 4

/** JSON of anything, at most `limits.bytes` long. Never throws. */
export function render (value: unknown, options: RenderOptions): Rendered {
  try {
    return new Document(options).render(value)
  } catch (thrown) {
    return { text: JSON.stringify({ _blackbox: { failed: messageOf(thrown) } }), truncated: true }
  }
}

/** One line of JSON, without its end. Never throws. */
export function renderLine (value: unknown, options: Pick<RenderOptions, 'limits' | 'secrets' | 'now'>): Rendered {
  return render(value, { ...options, pretty: false })
}

/** A record as it was given, where that can be shown, or a copy of what is in it. */
type Row = { line: string } | { tree: Json }

interface Rows {
  key: string
  /** Oldest first. */
  list: Row[]
  /** What they take as text. */
  bytes: number
  left: number
  complete: boolean
}

class Document {
  readonly #options: RenderOptions
  readonly #finder: Finder
  readonly #now: () => number
  readonly #started: number

  constructor (options: RenderOptions) {
    this.#options = options
    this.#finder = options.secrets.finder()
    this.#now = options.now ?? (() => performance.now())
    this.#started = this.#now()
  }

  render (value: unknown): Rendered {
    const { bytes: most, time } = this.#options.limits
    const all = Math.min(most, time * PACE)
    // The value goes first: the rows are of less use without it.
    let { tree, budget } = this.#shared(value, all - Math.min(all / 2, lengthOf(this.#options.rows?.lines)))
    const rows = this.#rows(all - Math.max(budget.spent, all / 2))
    for (let round = 1; ; round++) {
      const text = this.#write(tree, rows)
      const bytes = Buffer.byteLength(text)
      if (bytes <= most) return { text, truncated: !budget.complete || rows?.complete === false }
      if (round === ROUNDS) return { text: most > 1 ? '{}' : '0', truncated: true }
      // What stands for a secret may be longer than the secret.
      const less = AGAIN * most / bytes
      if (rows !== undefined) leaveOut(rows, Math.ceil(rows.list.length * (1 - less)))
      budget = this.#budget(budget.room * less, true, this.#now() + time * (1 - LAST_UNTIL))
      tree = this.#walk(budget).root(value)
    }
  }

  /** Whole if it fits, else again with shares, as much as can be done in what is left of the time. */
  #shared (value: unknown, room: number): { tree: Json, budget: Budget } {
    const { time } = this.#options.limits
    const since = this.#now()
    const first = this.#budget(room, false, this.#started + time * FIRST_UNTIL)
    const tree = this.#walk(first).root(value)
    const now = this.#now()
    const left = this.#started + time * LAST_UNTIL - now
    if (!(first.cut.room || first.cut.time) || left <= 0) return { tree, budget: first }
    const pace = first.spent / Math.max(now - since, 1)
    const second = this.#budget(Math.min(room * AGAIN, Math.max(LEAST, pace * left)), true, this.#started + time * LAST_UNTIL)
    return { tree: this.#walk(second).root(value), budget: second }
  }

  #walk (budget: Budget): Walk {
    return new Walk(this.#options.limits, budget, this.#finder)
  }

  #budget (room: number, shares: boolean, deadline: number, indent = this.#options.pretty ? INDENT : 0): Budget {
    return new Budget({ room, indent, shares, deadline, last: this.#started + this.#options.limits.time * PATIENCE, now: this.#now })
  }

  /** The newest ones that fit. */
  #rows (room: number): Rows | undefined {
    if (this.#options.rows === undefined) return undefined
    const { key, lines } = this.#options.rows
    const rows: Rows = { key, list: [], bytes: 0, left: 0, complete: true }
    for (const line of lines.map(line => line.trim()).reverse()) {
      const bytes = Buffer.byteLength(line) + ROW
      if (rows.bytes + bytes <= room && this.#isPlain(line)) {
        rows.list.push({ line })
        rows.bytes += bytes
        continue
      }
      const budget = this.#budget(room - rows.bytes, true, this.#started + this.#options.limits.time * ROWS_UNTIL, 0)
      const tree = this.#walk(budget).root(line.length > room ? line : parsed(line))
      if ((budget.cut.room || budget.cut.time) && rows.list.length > 0) break
      rows.list.push({ tree })
      rows.bytes += budget.spent + ROW
      rows.complete &&= budget.complete
    }
    rows.list.reverse()
    rows.left = lines.length - rows.list.length
    rows.complete &&= rows.left === 0
    return rows
  }

  /** Most are, and those are neither read nor written again. */
  #isPlain (line: string): boolean {
    return line.length <= this.#options.limits.string && !line.includes('\n') && !this.#finder.suspects(line) && parsed(line) !== line
  }

  #record (row: Row): string {
    if ('line' in row && !this.#options.secrets.redacts && this.#finder.hide(row.line) === row.line) return row.line
    return JSON.stringify(this.#clean('tree' in row ? row.tree : parsed(row.line)))
  }

  /** Without what was found meanwhile. */
  #clean (tree: Json): Json {
    return this.#options.secrets.redact(this.#finder.hide(tree))
  }

  #write (tree: Json, rows: Rows | undefined): string {
    const { pretty } = this.#options
    const clean = this.#clean(tree)
    if (rows === undefined) return JSON.stringify(clean, null, pretty ? INDENT : 0)
    const fields: Fields = isFields(clean) ? clean : { value: clean }
    if (rows.left > 0) fields[`${rows.key}LeftOut`] = rows.left + (Number(fields[`${rows.key}LeftOut`]) || 0)
    const records = rows.list.map(row => this.#record(row))
    const [line, margin, space] = pretty ? ['\n', ' '.repeat(INDENT), ' '] : ['', '', '']
    const text = JSON.stringify(fields, null, pretty ? INDENT : 0)
    const head = text === '{}' ? '{' : `${text.slice(0, -1 - line.length)},`
    const list = records.length === 0 ? '[]' : `[\n${margin}${margin}${records.join(`,\n${margin}${margin}`)}\n${margin}]`
    return `${head}${line}${margin}${JSON.stringify(rows.key)}:${space}${list}${line}}`
  }
}

type Fields = { [key: string]: Json }

function isFields (tree: Json): tree is Fields {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree)
}

function leaveOut (rows: Rows, count: number): void {
  rows.list.splice(0, count)
  rows.left += count
  rows.complete = false
}

/** At most, as text. */
function lengthOf (lines: readonly string[] = []): number {
  return lines.reduce((sum, line) => sum + 3 * line.length + ROW, 0)
}

/** Itself when it is no JSON. */
function parsed (line: string): Json {
  try {
    return JSON.parse(line) as Json
  } catch {
    return line
  }
}
