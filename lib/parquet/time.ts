// When a record was written, from the forms in which loggers write it. Pure.

/** Milliseconds of the first and the last moment that a column can hold, years 1 to 9999: what SQL engines take. */
const FIRST = -62_135_596_800_000
const LAST = 253_402_300_799_999
/** Below it a number is seconds; as milliseconds it would be within 1966 and 1973. */
const LEAST_MILLIS = 1e11
/** The Gregorian calendar repeats itself after so many ms (400 years). */
const CYCLE = 146_097 * 86_400_000

const narrow = (micros: bigint): number | bigint => Number.isSafeInteger(Number(micros)) ? Number(micros) : micros

/** Microseconds since the epoch of a whole number of milliseconds; undefined when it is too small for milliseconds, or no usable time. */
export function microsOfMillis (ms: number): number | bigint | undefined {
  if (!(ms >= LEAST_MILLIS || ms <= -LEAST_MILLIS) || ms < FIRST || ms > LAST) return undefined
  const micros = ms * 1000
  return Number.isSafeInteger(micros) ? micros : BigInt(ms) * 1000n
}

/**
 * Microseconds since the epoch of a number or a string, given as its JSON text; a bigint beyond 2^53. By its size a number is
 * seconds, milliseconds, microseconds or nanoseconds; a string is a date, a time of day and a zone in ISO 8601. Undefined for
 * anything else, and outside the years 1 to 9999.
 */
export function microsOf (raw: string): number | bigint | undefined {
  const micros = raw.startsWith('"') ? microsOfIso(JSON.parse(raw) as string) : /^-?\d+$/.test(raw) ? microsOfInteger(raw) : microsOfFraction(Number(raw))
  return micros !== undefined && micros >= BigInt(FIRST) * 1000n && micros < BigInt(LAST + 1) * 1000n ? narrow(micros) : undefined
}

function microsOfInteger (digits: string): bigint | undefined {
  // As nanoseconds the last moment has 21 digits.
  if (digits.length > 22) return undefined
  const integer = BigInt(digits)
  const size = integer < 0n ? -integer : integer
  if (size < BigInt(LEAST_MILLIS)) return integer * 1_000_000n
  if (size <= BigInt(LAST)) return integer * 1000n
  if (size < BigInt(LAST + 1) * 1000n) return integer
  return floored(integer, 1000n)
}

function microsOfFraction (number: number): bigint | undefined {
  const size = Math.abs(number)
  const unit = size < LEAST_MILLIS ? 1e6 : size < LAST + 1 ? 1000 : size < (LAST + 1) * 1000 ? 1 : 0.001
  const micros = unit < 1 ? Math.floor(number / 1000) : Math.round(number * unit)
  return Number.isFinite(micros) ? BigInt(micros) : undefined
}

const floored = (dividend: bigint, divisor: bigint): bigint => (dividend - ((dividend % divisor) + divisor) % divisor) / divisor

const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d):(\d\d))$/

/** As Date.parse (ECMA-262, "Date Time String Format"), which keeps three digits of the fraction; here six. */
function microsOfIso (text: string): bigint | undefined {
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = ISO.exec(text) ?? []
  if (year === undefined) return undefined
  const [m, d, h, min, s, zh, zm] = [month, day, hour, minute, second, zoneHour, zoneMinute].map(Number) as [number, number, number, number, number, number, number]
  const midnight = h === 24 && min === 0 && s === 0 && !/[1-9]/.test(fraction)
  if (m < 1 || m > 12 || d < 1 || d > 31 || (h > 23 && !midnight) || min > 59 || s > 59 || zh > 23 || zm > 59) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const ms = Date.UTC(Number(year) + 400, m - 1, d, h, min, s) - CYCLE
  const zone = (zh * 60 + zm) * 60_000
  return BigInt(sign === '-' ? ms + zone : ms - zone) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}
