// A bounded plain copy of anything. What JSON has a word for comes out as JSON has it, all else as something readable; what is beyond
// a bound is left out and says so in its place. Getters, proxies and toJSON() are called, and may throw, lie or never end.
import { exotic, Lines, Part, primitiveText, throws } from './exotic.js'
import { HIDDEN } from './harvest.js'
import type { Bounds, Budget } from './budget.js'
import type { Name } from './rules.js'
import type { Finder } from './secrets.js'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** A container that is being copied, and those around it. */
interface Frame {
  value: object
  name: string
  depth: number
  up: Frame | undefined
}

type Fields = Record<string, unknown>

/** To read it, all of a string that was put together from others is copied. Longer ones are not looked at. */
const LONGEST_READ = 1 << 21
/** Characters copied, or searched for secrets, in the time of a node; as powers of two. */
const COPIED = 13
const SEARCHED = 4
/** Of an exotic value or a secret, in nodes. */
const EFFORT = 8

export class Walk {
  readonly #bounds: Bounds
  readonly #budget: Budget
  readonly #finder: Finder | undefined

  constructor (bounds: Bounds, budget: Budget, finder?: Finder) {
    this.#bounds = bounds
    this.#budget = budget
    this.#finder = finder
  }

  /** Never throws. */
  root (value: unknown): Json {
    return this.#value(value, undefined, '', this.#budget.room, false) ?? null
  }

  /** Undefined for what JSON leaves out. */
  #value (value: unknown, up: Frame | undefined, name: string, end: number, headers: boolean): Json | undefined {
    switch (typeof value) {
      case 'string': return this.#text(value, end, up, headers)
      case 'undefined': return undefined
      case 'number':
        this.#budget.number(value)
        return value
      case 'bigint': case 'symbol': case 'function': return this.#text(primitiveText(value as bigint), end, up)
    }
    if (typeof value === 'object' && value !== null) return this.#object(value, up, name, end, headers)
    this.#budget.node(4)
    return value as boolean | null
  }

  #object (value: object, up: Frame | undefined, name: string, end: number, headers: boolean): Json | undefined {
    for (let at = up; at !== undefined; at = at.up) {
      if (at.value === value) return this.#text(`[Circular ${pathOf(at)}]`, end, up)
    }
    try {
      return this.#contents(value, { value, name, depth: up === undefined ? 1 : up.depth + 1, up }, end, headers)
    } catch (thrown) {
      return this.#text(throws(thrown), end, up)
    }
  }

  /** `value` is what stands for the frame's own value; it is `told` when it comes from toJSON(), which is asked once. */
  #contents (value: object, frame: Frame, end: number, headers: boolean, told = false): Json | undefined {
    const list = Array.isArray(value)
    if (!list) {
      const kind = Object.getPrototypeOf(value)
      if (kind !== Object.prototype && kind !== null) {
        if (value instanceof Lines) return this.#lines(value.text, frame, end)
        if (value instanceof Part) return this.#entries(value.entries, value.length, frame, end, headers)
        this.#budget.effort(EFFORT)
        const other = exotic(value, this.#bounds.breadth)
        if (typeof other === 'object' && other !== null) return this.#fields(other as Fields, frame, end, headers)
        if (other !== undefined) return this.#value(other, frame.up, frame.name, end, headers)
      }
    }
    if (!told) {
      const { toJSON } = value as { toJSON?: unknown }
      if (typeof toJSON === 'function') {
        const other: unknown = toJSON.call(value, frame.name)
        if (typeof other === 'object' && other !== null) return this.#contents(other, frame, end, headers, true)
        return typeof other === 'function' || typeof other === 'symbol' ? undefined : this.#value(other, frame.up, frame.name, end, false)
      }
    }
    return list ? this.#entries(value, value.length, frame, end, headers) : this.#fields(value as Fields, frame, end, headers)
  }

  #fields (source: Fields, frame: Frame, end: number, headers: boolean): Json {
    const budget = this.#budget
    const finder = this.#finder
    if (this.#tooDeep(frame)) return this.#mark('[Object]')
    budget.node(2)
    const keys = Object.keys(source)
    const copied: { [key: string]: Json } = {}
    const most = this.#most(keys.length)
    let at = 0
    for (; at < most && !budget.full(end); at++) {
      const key = keys[at]!
      let value: unknown
      try {
        value = source[key]
      } catch (thrown) {
        value = throws(thrown)
      }
      budget.effort(1)
      if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue
      budget.entry(frame.depth, key.length + 4)
      const share = budget.share(end, most - at)
      let shown = key
      let json: Json | undefined
      if (finder === undefined) {
        json = this.#value(value, frame, key, share, false)
      } else {
        const known = finder.name(key)
        const name = key === 'value' ? finder.nameOfValue(source) : key
        json = this.#named(name, name === key ? known : finder.name(name), value, frame, key, share, headers, finder)
        if (known.suspect) shown = this.#key(key, at, copied, finder)
      }
      if (json === undefined) continue
      // An assignment would set the prototype.
      if (shown === '__proto__') Object.defineProperty(copied, shown, { value: json, enumerable: true, configurable: true, writable: true })
      else copied[shown] = json
    }
    if (at < keys.length) copied['[+]'] = this.#mark(`${keys.length - at} more`)
    return copied
  }

  #entries (source: readonly unknown[], length: number, frame: Frame, end: number, headers: boolean): Json {
    const budget = this.#budget
    const finder = this.#finder
    if (this.#tooDeep(frame)) return this.#mark(`[Array ${length}]`)
    budget.node(2)
    const copied: Json[] = []
    const most = this.#most(length)
    // Name, value, name, value, ... of headers, or one [name, value] in a list of such.
    const paired = finder !== undefined && (headers || (length === 2 && isList(frame.up?.value)))
    let before: unknown
    let at = 0
    for (; at < most && !budget.full(end); at++) {
      let value: unknown
      try {
        value = source[at]
      } catch (thrown) {
        value = throws(thrown)
      }
      budget.entry(frame.depth, 1)
      const share = budget.share(end, most - at)
      const json = paired && at % 2 === 1 && typeof before === 'string'
        ? this.#named(before, finder.name(before), value, frame, String(at), share, headers, finder)
        : this.#value(value, frame, String(at), share, headers)
      if (json === undefined) budget.node(4)
      copied.push(json ?? null)
      before = value
    }
    if (at < length) copied.push(this.#mark(`[+ ${length - at} more]`))
    return copied
  }

  #named (name: string, known: Name, value: unknown, frame: Frame, key: string, end: number, headers: boolean, finder: Finder): Json | undefined {
    // In brackets stand only names of ours.
    const header = headers && !(name.startsWith('[') && typeof value === 'object')
    if (finder.takes(name, known, value, header)) {
      this.#budget.effort(EFFORT)
      return this.#mark(HIDDEN)
    }
    return this.#value(value, frame, key, end, known.headers || (headers && !header))
  }

  #text (text: string, end: number, frame: Frame | undefined, headers = false): string {
    const budget = this.#budget
    const fair = budget.characters(text, end)
    const most = text.length > LONGEST_READ ? 0 : Math.min(this.#bounds.string, fair)
    const cut = text.length > most
    const head = cut ? headOf(text, most) : text
    let shown = this.#finder === undefined ? head : this.#safe(headers ? this.#finder.headerLines(head) : head, cut, frame, this.#finder)
    if (cut) {
      budget.effort(text.length >> COPIED)
      shown += `[+ ${text.length - head.length} characters]`
      if (fair < this.#bounds.string) budget.cut.room = true
      else budget.cut.string = true
    }
    budget.text(shown)
    return shown
  }

  /** Without secrets. JSON stays JSON, where that can be done. */
  #safe (text: string, cut: boolean, up: Frame | undefined, finder: Finder): string {
    if (!finder.suspects(text)) return text
    this.#budget.effort(text.length >> SEARCHED)
    const depth = up === undefined ? 1 : up.depth + 1
    if (cut || depth > this.#bounds.depth || !/^\s*[[{"]/.test(text)) return finder.text(text, cut)
    try {
      const { taken } = finder
      const told = JSON.stringify(this.#value(JSON.parse(text), { value: {}, name: '', depth, up }, '', this.#budget.room, false))
      return finder.taken > taken || finder.text(text, cut) !== text ? told : text
    } catch {
      return finder.text(text, cut)
    }
  }

  #lines (text: string, frame: Frame, end: number): Json {
    return this.#text(text, end, frame).split('\n', this.#bounds.breadth).map(line => {
      this.#budget.entry(frame.depth, 3)
      return line.trim()
    })
  }

  #key (key: string, at: number, copied: object, finder: Finder): string {
    const cut = key.length > this.#bounds.string
    const shown = finder.text(cut ? key.slice(0, this.#bounds.string) : key, cut)
    return shown !== key && Object.hasOwn(copied, shown) ? `${shown} ${at}` : shown
  }

  #mark (text: string): string {
    this.#budget.node(text.length + 3)
    return text
  }

  #tooDeep ({ depth }: Frame): boolean {
    if (depth <= this.#bounds.depth) return false
    this.#budget.cut.depth = true
    return true
  }

  #most (length: number): number {
    if (length <= this.#bounds.breadth) return length
    this.#budget.cut.breadth = true
    return this.#bounds.breadth
  }
}

const isList = (value: unknown): boolean => Array.isArray(value) || value instanceof Part

/** Half a pair of surrogates is no character. */
function headOf (text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)
}

function pathOf (frame: Frame): string {
  return frame.up === undefined ? '~' : `${pathOf(frame.up)}.${frame.name}`
}
