// What a copy may cost: nodes or bytes, and time. Whoever copies asks before every step; what is refused is told as left out.

export interface Bounds {
  /** Levels of nesting. */
  depth: number
  /** Keys of an object, entries of an array, a Map or a Set. */
  breadth: number
  /** Characters of a string. */
  string: number
}

export interface BudgetOptions {
  /** Nodes; with `indent` bytes as JSON. */
  room: number
  /** Spaces by which a level of JSON is indented. */
  indent?: number | undefined
  /** Everything gets a fair share of the room, so that the first big thing does not take it all. */
  shares?: boolean
  /** When to stop, as `now` tells the time. */
  deadline?: number
  /** When to stop what is small. */
  last?: number
  now?: (() => number) | undefined
}

/** A character may be written as \u0000. */
const LONGEST_CHARACTER = 6
/** When it comes to sharing, everything may be that long. */
const LEAST = 64
/** ... and that much is kept for everything that follows, if there is enough. */
const KEPT = 512
const MOST_OF = 0.75
/** Work, in nodes, between two looks at the clock. */
const BETWEEN_LOOKS = 32
/** Work, in nodes, that is small. */
const SMALL = 2048
/** Characters that are as much work as a node, as a power of two. */
const CHARACTERS = 6
/** As far as small integers go. */
const MOST = 2 ** 30 - 1
/** What takes more than one byte in JSON. */
const NOT_PLAIN = /[^ !#-[\]-~]/

export class Budget {
  /** Why something was left out. */
  readonly cut = { depth: false, breadth: false, string: false, room: false, time: false }
  /** All of it. */
  readonly room: number
  readonly #weighs: boolean
  readonly #indent: number
  readonly #shares: boolean
  readonly #deadline: number
  readonly #last: number
  readonly #now: (() => number) | undefined
  #spent = 0
  #work = 0
  #nextLook = BETWEEN_LOOKS

  constructor ({ room, indent, shares = false, deadline = 0, last = deadline, now }: BudgetOptions) {
    this.room = Math.min(Math.floor(room), MOST)
    this.#weighs = indent !== undefined
    this.#indent = indent ?? 0
    this.#shares = shares
    this.#deadline = deadline
    this.#last = last
    this.#now = now
  }

  get spent (): number {
    return this.#spent
  }

  get complete (): boolean {
    const { depth, breadth, string, room, time } = this.cut
    return !(depth || breadth || string || room || time)
  }

  /** A value without length: a number, a pair of braces. */
  node (bytes: number): void {
    this.#work++
    this.#spent += this.#weighs ? bytes : 1
  }

  number (value: number): void {
    this.node(this.#weighs ? digits(value) : 1)
  }

  text (text: string): void {
    this.#work += text.length >> CHARACTERS
    this.node(this.#weighs ? bytesOf(text) : 1)
  }

  /** An entry at this level, with so many characters before its value. */
  entry (depth: number, characters: number): void {
    this.#work += characters >> CHARACTERS
    if (this.#weighs) this.#spent += characters + (this.#indent > 0 ? 1 + this.#indent * depth : 0)
  }

  /** Something that takes long and shows little. */
  effort (nodes: number): void {
    this.#work += nodes
  }

  /**
   * Where the next one of so many has to end, when all together have to end at `end`: most of the room is for it, besides what is kept
   * for the others. With equal parts a big one among small ones would leave most of the room unused.
   */
  share (end: number, among: number): number {
    if (!this.#shares) return end
    const left = end - this.#spent
    const equal = left / among
    const free = left - (among - 1) * Math.min(equal, KEPT)
    return Math.min(end, this.#spent + Math.max(LEAST, Math.floor(Math.max(equal, free * MOST_OF))))
  }

  /** Characters that a text may have. */
  characters (text: string, end: number): number {
    if (!this.#shares || text.length * LONGEST_CHARACTER <= end - this.#spent) return Infinity
    const room = Math.max(LEAST, end - this.#spent)
    const head = text.slice(0, room)
    const bytes = bytesOf(head)
    return bytes <= room && head === text ? Infinity : Math.floor(head.length * Math.min(1, room / bytes))
  }

  /** No more, up to `end`? */
  full (end: number): boolean {
    if (this.cut.time) return true
    if (this.#spent >= end) {
      this.cut.room = true
      return true
    }
    if (this.#work < this.#nextLook) return false
    this.#nextLook = this.#work + BETWEEN_LOOKS
    if (this.#now === undefined || this.#now() < (this.#work < SMALL ? this.#last : this.#deadline)) return false
    this.cut.time = true
    return true
  }
}

function digits (value: number): number {
  if ((value | 0) !== value) return String(value).length
  let digits = value < 0 ? 2 : 1
  for (let rest = Math.abs(value); rest >= 10; rest /= 10) digits++
  return digits
}

function bytesOf (text: string): number {
  return NOT_PLAIN.test(text) ? Buffer.byteLength(JSON.stringify(text)) : text.length + 2
}
