// When a record was written, from the forms in which loggers write it. Pure.

/** The first and the last millisecond that a column can hold, years 1 to 9999: what SQL engines take. */
const FIRST = -62_135_596_800_000
const LAST = 253_402_300_799_999
/** Below it a number is seconds; as milliseconds it would be within 1966 and 1973. */
const LEAST_MILLIS = 1e11
/** The Gregorian calendar repeats itself after so many ms (400 years). */
const CYCLE = 146_097 * 86_400_000

/** Microseconds since the epoch of a whole number of milliseconds; undefined when it is too small for milliseconds, or no usable time. */
export function microsOfMillis (ms: number): number | bigint | undefined {
  return (ms >= LEAST_MILLIS || ms <= -LEAST_MILLIS) && ms >= FIRST && ms <= LAST ? sum(ms, 0) : undefined
}

/**
 * Microseconds since the epoch of a number or a string, given as its JSON text; a bigint beyond 2^53. By its size a number is
 * seconds, milliseconds, microseconds or nanoseconds; a string is a date, a time of day and a zone in ISO 8601. Undefined for
 * anything else, and outside the years 1 to 9999.
 */
export function microsOf (raw: string): number | bigint | undefined {
  const micros = raw.startsWith('"') ? microsOfIso(JSON.parse(raw) as string) : /^-?\d+$/.test(raw) ? microsOfInteger(raw) : microsOfFraction(Number(raw))
  return micros !== undefined && micros >= FIRST * 1000 && micros < (LAST + 1) * 1000 ? micros : undefined
}

function microsOfInteger (digits: string): number | bigint | undefined {
  // As nanoseconds the last moment has 21 digits.
  if (digits.length > 22) return undefined
  const integer = BigInt(digits)
  const size = integer < 0n ? -integer : integer
  if (size < LEAST_MILLIS) return narrow(integer * 1_000_000n)
  if (size <= LAST) return narrow(integer * 1000n)
  if (size < (LAST + 1) * 1000) return narrow(integer)
  // Rounded towards the past, as is the fraction of a date.
  return narrow((integer - ((integer % 1000n) + 1000n) % 1000n) / 1000n)
}

function microsOfFraction (number: number): number | bigint | undefined {
  const size = Math.abs(number)
  const unit = size < LEAST_MILLIS ? 1e6 : size < LAST + 1 ? 1000 : size < (LAST + 1) * 1000 ? 1 : 0.001
  const micros = unit < 1 ? Math.floor(number / 1000) : Math.round(number * unit)
  return Number.isFinite(micros) ? narrow(BigInt(micros)) : undefined
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** As Date.parse (ECMA-262, "Date Time String Format"), which keeps three digits of the fraction; here six. */
function microsOfIso (text: string): number | bigint | undefined {
  if (!ISO.test(text)) return undefined
  const zone = text.endsWith('Z') ? text.length - 1 : text.length - 6
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const [month, day, hour, minute] = [twoDigits(text, 5), twoDigits(text, 8), twoDigits(text, 11), twoDigits(text, 14)]
  const second = zone > 16 ? twoDigits(text, 17) : 0
  const fraction = zone > 20 ? Number(text.slice(20, Math.min(zone, 26)).padEnd(6, '0')) : 0
  const [ahead, minutesAhead] = text.endsWith('Z') ? [0, 0] : [twoDigits(text, zone + 1), twoDigits(text, zone + 4)]
  const midnight = hour === 24 && minute === 0 && second === 0 && !/[1-9]/.test(text.slice(20, zone))
  if (month < 1 || month > 12 || day < 1 || day > 31 || (hour > 23 && !midnight) || minute > 59 || second > 59 || ahead > 23 || minutesAhead > 59) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const ms = Date.UTC(year + 400, month - 1, day, hour, minute, second) - CYCLE
  const offset = (ahead * 60 + minutesAhead) * 60_000
  return sum(text[zone] === '-' ? ms + offset : ms - offset, fraction)
}

const twoDigits = (text: string, at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 0x30 * 11

function sum (ms: number, micros: number): number | bigint {
  const all = ms * 1000 + micros
  return Number.isSafeInteger(all) ? all : BigInt(ms) * 1000n + BigInt(micros)
}

const narrow = (micros: bigint): number | bigint => Number.isSafeInteger(Number(micros)) ? Number(micros) : micros
