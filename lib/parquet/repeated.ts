// A line in which a key comes twice, written anew: of members with the same key the last one counts, as in JSON.parse.
import { BRACE, CLOSING, COMMA, type Scanner } from './json.js'
import type { Fields } from './fields.js'

/** The text of the valid object at `at` with only the last of the members that have the same key, in objects that are looked into. */
export function latest (json: Scanner, at: number, fields: Fields): string {
  const { codes } = json
  const members = new Map<string, { from: number, value: number, to: number }>()
  at = json.space(at + 1)
  while (codes[at] !== BRACE + CLOSING) {
    const from = at
    at = json.string(from)
    const key = json.stringAt(from, at)
    const value = json.colon(at)
    at = json.value(value)
    members.set(key, { from, value, to: at })
    at = json.space(at)
    if (codes[at] === COMMA) at = json.space(at + 1)
  }
  const texts = Array.from(members, ([key, { from, value, to }]) => {
    const inside = codes[value] === BRACE ? fields.get(key)?.inside : undefined
    return inside ? json.slice(from, value) + latest(json, value, inside) : json.slice(from, to)
  })
  return `{${texts.join(',')}}`
}
