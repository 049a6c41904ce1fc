// A snapshot as JSON text: whole if it fits, else with a fair share of the room for everything in it.
import { Budget, type Bounds } from './budget.js'
import { messageOf } from './exotic.js'
import { Walk, type Json } from './walk.js'
import type { Finder, Secrets } from './secrets.js'

export interface Limits extends Bounds {
  /** Of the text. */
  bytes: number
  /** ms on the event loop. One call of a getter or of toJSON() cannot be interrupted, nor the listing of an object's keys. */
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
const ROUNDS = 4
/** Of what was too much, that much is tried in the next round. */
const AGAIN = 0.8
/** The least that is tried when time is short. */
const LEAST = 1 << 14
/** Shares of the time: until when rows are read, a first round may last, any other may. What is left is for writing. */
const ROWS_UNTIL = 0.2
const FIRST_UNTIL = 0.5
const LAST_UNTIL = 0.7

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

interface Rows {
  key: string
  /** Oldest first. */
  trees: Json[]
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
    const rows = this.#rows(all / 2)
    let { tree, budget } = this.#shared(value, all - (rows?.bytes ?? 0))
    for (let round = 1; ; round++) {
      const text = this.#write(tree, rows)
      const bytes = Buffer.byteLength(text)
      if (bytes <= most) return { text, truncated: !budget.complete || rows?.complete === false }
      if (round === ROUNDS) return { text: most > 1 ? '{}' : '0', truncated: true }
      // What stands for a secret may be longer than the secret.
      const less = AGAIN * most / bytes
      if (rows !== undefined) leaveOut(rows, Math.ceil(rows.trees.length * (1 - less)))
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
    return new Budget({ room, indent, shares, deadline, now: this.#now })
  }

  /** The newest ones that fit. */
  #rows (room: number): Rows | undefined {
    if (this.#options.rows === undefined) return undefined
    const { key, lines } = this.#options.rows
    const rows: Rows = { key, trees: [], bytes: 0, left: 0, complete: true }
    for (const line of [...lines].reverse()) {
      const budget = this.#budget(room - rows.bytes, true, this.#started + this.#options.limits.time * ROWS_UNTIL, 0)
      const tree = this.#walk(budget).root(line.length > room ? line : parsed(line))
      if ((budget.cut.room || budget.cut.time) && rows.trees.length > 0) break
      rows.trees.push(tree)
      rows.bytes += budget.spent + 2 * INDENT + 2
      rows.complete &&= budget.complete
    }
    rows.trees.reverse()
    rows.left = lines.length - rows.trees.length
    rows.complete &&= rows.left === 0
    return rows
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
    const records = rows.trees.map(row => JSON.stringify(this.#clean(row)))
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
  rows.trees.splice(0, count)
  rows.left += count
  rows.complete = false
}

function parsed (line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}
