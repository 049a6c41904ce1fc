// What columns leave of a line, as JSON text of an object: parts of the line one behind the other, a comma between members.
import { BRACE, CLOSING, COMMA } from './json.js'
import type { Rows } from './rows.js'
import type { Text } from './text.js'

export class Rest {
  /** How many parts there are. */
  count = 0
  /** Where they begin and end. */
  readonly #from: number[] = []
  readonly #to: number[] = []

  /** One member or more; or a key with the brace behind it, or the brace at an end, of an object of which some is left. */
  add (from: number, to: number): void {
    this.#from[this.count] = from
    this.#to[this.count++] = to
  }

  /** Puts the object into a column of the row at hand, where there is anything left. */
  place (rows: Rows, slot: number, text: Text): void {
    if (this.count === 1) {
      const [from, to] = [this.#from[0]! - 1, this.#to[0]!]
      // Before and behind a single part is a brace, a comma or a space, which nobody needs any more.
      text.bytes[from] = BRACE
      text.bytes[to] = BRACE + CLOSING
      rows.place(slot, from, to + 1)
    } else if (this.count > 1) {
      const start = text.length
      text.put(BRACE)
      for (let part = 0; part < this.count; part++) {
        const from = this.#from[part]!
        if (text.bytes[text.length - 1] !== BRACE && text.bytes[from] !== BRACE + CLOSING) text.put(COMMA)
        text.copy(from, this.#to[part]!)
      }
      text.put(BRACE + CLOSING)
      rows.place(slot, start, text.length)
    }
  }
}
