// What pino keeps of a logger behind symbols. They are found by their description, so that a logger made by another copy of pino is as
// good as one of ours.

const NAMES = [
  'asJson', 'chindings', 'errorKey', 'formatters', 'hooks', 'levelComp', 'levelVal', 'messageKey', 'mixin', 'msgPrefix', 'serializers',
  'setLevel', 'stream', 'time', 'write'
] as const

export type Symbols = { readonly [name in typeof NAMES[number]]: symbol }

/** A pino logger, as one sees it who knows its symbols. */
export interface Pino {
  [key: string | symbol]: any
  readonly levels: { labels: Record<string, string>, values: Record<string, number> }
}

/** By pino's prototype, of which every copy of pino has one. */
const known = new WeakMap<object, Symbols>()

/** Undefined for what is no pino logger. */
export function symbolsOf (logger: object): Symbols | undefined {
  if (!('levels' in logger)) return undefined
  const found = new Map<string | undefined, symbol>()
  let prototype: object | undefined
  for (let here: object | null = logger; here; here = Object.getPrototypeOf(here)) {
    const symbols = known.get(here)
    if (symbols) return symbols
    for (const symbol of Object.getOwnPropertySymbols(here)) {
      if (!found.has(symbol.description)) found.set(symbol.description, symbol)
      if (symbol.description === 'pino.asJson') prototype = here
    }
  }
  const symbols = NAMES.map(name => [name, found.get(`pino.${name}`)])
  if (!prototype || symbols.some(([, symbol]) => !symbol)) return undefined
  known.set(prototype, Object.fromEntries(symbols))
  return known.get(prototype)
}
