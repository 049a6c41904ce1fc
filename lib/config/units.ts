// Durations and sizes as people write them. Pure; undefined means "not one of ours", the caller names the option.

const SECOND = 1000
const DURATIONS: Record<string, number> = {
  ms: 1, s: SECOND, m: 60 * SECOND, h: 3600 * SECOND, d: 86400 * SECOND, w: 7 * 86400 * SECOND
}
const SIZES: Record<string, number> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** Bytes in a megabyte here: sizes are binary. */
export const MB = 1024 ** 2

/** `500`, `'500ms'`, `'15m'`, `'24h'`, `'7d'` -> milliseconds. */
export function parseDuration (input: string | number): number | undefined {
  if (typeof input === 'number') return safe(input)
  if (typeof input !== 'string') return undefined
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/i.exec(input.trim())
  return match ? safe(Number(match[1]) * DURATIONS[match[2]!.toLowerCase()]!) : undefined
}

/** `1048576`, `'512k'`, `'100m'`, `'1GiB'` -> bytes. A bare number (or a string of digits) is multiplied by `bare`. */
export function parseSize (input: string | number, bare = 1): number | undefined {
  if (typeof input === 'number') return safe(input * bare)
  const match = /^(\d+(?:\.\d+)?)\s*(?:([bkmgt])(?:i?b)?)?$/i.exec(input.trim())
  if (!match) return undefined
  return safe(Math.floor(Number(match[1]) * (match[2] ? SIZES[match[2].toLowerCase()]! : bare)))
}

function safe (value: number): number | undefined {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined
}
