// The level of a line, read from its first bytes. pino writes it first: {"level":30,... or, with a formatter, a label.

/** pino's own levels. */
export const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const

const HEAD = '{"level":'
const QUOTE = 0x22

/**
 * The level as a number; Infinity when it cannot be read, so that such a line passes every threshold. `labels` maps labels to
 * numbers.
 */
export function levelOf (line: string, labels: Readonly<Record<string, number>>): number {
  if (!line.startsWith(HEAD)) return Infinity
  if (line.charCodeAt(HEAD.length) === QUOTE) {
    const end = line.indexOf('"', HEAD.length + 1)
    const label = line.slice(HEAD.length + 1, end)
    return Object.hasOwn(labels, label) ? labels[label]! : Infinity
  }
  let level = 0
  for (let at = HEAD.length; at < line.length; at++) {
    const digit = line.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return at > HEAD.length ? level : Infinity
    level = level * 10 + digit
  }
  return Infinity
}
