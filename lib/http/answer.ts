// What an answer means for a batch. Pure.

/**
 * 'delivered' done; 'retry' later; 'help' somebody has to do something first (credentials, a moved receiver); 'too large' in parts;
 * 'refused' because of something in it.
 */
export type Verdict = 'delivered' | 'retry' | 'help' | 'too large' | 'refused'

/** RFC 9110, 15; RFC 6585, 4. What OTLP repeats, with 408 and 500, because a receiver's trouble passes. */
const TRANSIENT = [408, 429, 500, 502, 503, 504]
const UNAUTHORIZED = [401, 403]
/** A redirect that may be followed with method and body. */
const MOVED = [301, 302, 307, 308]
/** RFC 9110, 5.6.7, with its two obsolete forms. `Date.parse` alone takes nearly anything. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? .*\d\d:\d\d:\d\d( GMT| \d{4})$/
/** ms; whatever a receiver may say. */
const LONGEST = 300_000

export function verdictOn (status: number): Verdict {
  if (status >= 200 && status < 300) return 'delivered'
  if (TRANSIENT.includes(status)) return 'retry'
  if (UNAUTHORIZED.includes(status) || status < 400) return 'help'
  return status === 413 ? 'too large' : 'refused'
}

/** Where to ask instead: in the same origin only, or credentials and lines would go to somebody else. */
export function redirectOf (status: number, location: unknown, from: URL): URL | undefined {
  if (!MOVED.includes(status) || typeof location !== 'string' || !URL.canParse(location, from.href)) return undefined
  const to = new URL(location, from)
  return to.origin === from.origin ? to : undefined
}

/** ms to wait by `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3); 5 min at most, 0 when it says nothing. */
export function retryAfter (value: unknown, now: number): number {
  if (typeof value !== 'string') return 0
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : HTTP_DATE.test(value) ? Date.parse(value) - now : 0
  return ms > 0 ? Math.min(ms, LONGEST) : 0
}
