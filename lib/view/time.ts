// Points in time and durations, as dumps and log lines write them and as people read them.

/** Unix ms of whatever pino, its timestamp functions or another logger wrote: a number of seconds, ms, µs or ns, or a date in text. */
export function instantOf (time: unknown): number | undefined {
  if (typeof time === 'string' && /^\d+$/.test(time)) return instantOf(Number(time))
  if (typeof time === 'string') return precise(time)
  if (typeof time !== 'number' || !(time > 0)) return undefined
  // Today is 1.8e9 in seconds, and a thousand times that with each finer unit.
  return time < 1e11 ? time * 1e3 : time < 1e14 ? time : time < 1e17 ? time / 1e3 : time / 1e6
}

/** Date knows ms only; some lines have µs or ns. */
function precise (text: string): number | undefined {
  const ms = Date.parse(text)
  const finer = /:\d\d\.\d{3}(\d+)/.exec(text)?.[1]
  return Number.isNaN(ms) ? undefined : finer ? ms + Number(`0.${finer}`) : ms
}

/** `2026-11-20T21:43:56.123Z`; undefined for what no calendar has. */
export function iso (ms: number): string | undefined {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

const UNITS: ReadonlyArray<[name: string, ms: number]> = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1000]]

/** `12.3 ms`, `1.234 s`, `2 min 3 s` */
export function elapsed (ms: number): string {
  const rounded = Math.round(ms * 10) / 10
  if (rounded < 1000) return `${rounded} ms`
  if (rounded < 59_950) return `${Number((ms / 1000).toFixed(rounded < 10_000 ? 3 : 1))} s`
  const whole = Math.round(ms / 1000) * 1000
  const index = UNITS.findIndex(([, unit]) => whole >= unit)
  const [[name, unit], [finer, below]] = [UNITS[index]!, UNITS[index + 1]!]
  const rest = Math.floor((whole % unit) / below)
  return rest === 0 ? `${Math.floor(whole / unit)} ${name}` : `${Math.floor(whole / unit)} ${name} ${rest} ${finer}`
}

/** The same, from a start: `+12.3 ms`. */
export function relative (ms: number): string {
  return ms < 0 ? `-${elapsed(-ms)}` : `+${elapsed(ms)}`
}
