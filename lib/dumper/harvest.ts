// The secrets that were found in one document, to be removed wherever else they stand in it: in messages, URLs, stacks, log lines.
// They are looked for all at once (Wu and Manber 1994, blocks of two characters), so that many cost little more than one.

export const HIDDEN = '[redacted]'
/** Shorter ones would be found in words that mean something else. */
export const SHORTEST = 8
/** Ways in which secrets are written. */
const MOST = 2000
/** Of longer ones only themselves are looked for, as they are. */
const LONGEST_WRITTEN = 4096
/** Characters that may be compared for one document. Beyond, whatever begins as a secret does is taken for one, with all that follows in its text. */
const MOST_WORK = 1_000_000
/** What a look at the beginnings of secrets costs, in characters. */
const LOOK = 16
/** How what stands behind a text begins when it was cut. */
const CUT = '[+ '
const BLOCKS = 1 << 16
/** Steps that may be made where a block is in no secret. */
const STEP = SHORTEST - 1

const DIGITS = /^-?\d+(?:\.\d+)?$/
/** Surrogates without their other half: no URL has them. */
const HALVES = /\p{Surrogate}/gu

const block = (a: number, b: number): number => (a * 263 + b) & (BLOCKS - 1)

export class Harvest {
  /** Secrets by their first characters. */
  readonly #heads = new Map<string, string[]>()
  readonly #known = new Set<string>()
  readonly #numbers = new Set<number>()
  #steps: Uint8Array | undefined
  #work = 0

  get empty (): boolean {
    return this.#known.size === 0
  }

  add (secret: string): void {
    if (secret.length < SHORTEST || this.#known.size >= MOST || secret.includes(HIDDEN)) return
    if (DIGITS.test(secret)) this.#numbers.add(Number(secret))
    for (const form of secret.length > LONGEST_WRITTEN ? [secret] : formsOf(secret)) this.#add(form)
  }

  /** A number may be a secret as well: of a card, say. */
  hides (number: number): boolean {
    return this.#numbers.has(number)
  }

  /** Also where only the beginning of a secret is left, because the text was cut in it. */
  hide (text: string): string {
    const steps = this.#steps
    if (steps === undefined || text.length < SHORTEST) return text
    let hidden = ''
    let from = 0
    for (let at = STEP; at < text.length;) {
      const step = steps[block(text.charCodeAt(at - 1), text.charCodeAt(at))]!
      if (step > 0) {
        at += step
        continue
      }
      const start = at - STEP
      const end = this.#endAt(text, start)
      if (end < 0) {
        at++
        continue
      }
      hidden += text.slice(from, start) + HIDDEN
      from = end
      at = end + STEP
    }
    return from === 0 ? text : hidden + text.slice(from)
  }

  #endAt (text: string, start: number): number {
    let longest = -1
    this.#work += LOOK
    for (const secret of this.#heads.get(text.slice(start, start + SHORTEST)) ?? []) {
      if (this.#work > MOST_WORK) return text.length
      const length = common(secret, text, start)
      this.#work += length
      const end = start + length
      if (end > longest && (length === secret.length || text.startsWith(CUT, end))) longest = end
    }
    return longest
  }

  #add (form: string): void {
    if (this.#known.has(form)) return
    this.#known.add(form)
    const head = form.slice(0, SHORTEST)
    const others = this.#heads.get(head)
    if (others !== undefined) {
      others.push(form)
      return
    }
    this.#heads.set(head, [form])
    const steps = this.#steps ??= new Uint8Array(BLOCKS).fill(STEP)
    for (let at = 1; at < SHORTEST; at++) {
      const here = block(head.charCodeAt(at - 1), head.charCodeAt(at))
      steps[here] = Math.min(steps[here]!, STEP - at)
    }
  }
}

/** How a secret may be written: as it is, in a URL, in a form, in JSON. */
function formsOf (secret: string): Set<string> {
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1)])
  const encoded = encodeURIComponent(secret.replace(HALVES, '\ufffd'))
  forms.add(encoded).add(encoded.replaceAll('%20', '+')).add(encoded.replace(/%../g, code => code.toLowerCase()))
  return forms
}

function common (secret: string, text: string, start: number): number {
  let length = SHORTEST
  while (length < secret.length && secret.charCodeAt(length) === text.charCodeAt(start + length)) length++
  return length
}
