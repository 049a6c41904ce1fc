// The calendar of rotation, pure: periods in every kind of time zone, and F16, clocks that are set.
import t from 'tap'
import fc from 'fast-check'
import { nextBoundary, rebase, type Frequency } from '../lib/journal/period.js'
import { mustSeal } from '../lib/journal/seal.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const ZONES = [
  'UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kolkata', 'America/Havana',
  'Australia/Lord_Howe', // its summer time is half an hour
  'Pacific/Apia' // had no 30 December 2011
]

const at = (text: string): number => {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new Error(text)
  return time
}

/** Runs `check` as if the process had been started in `zone`. */
function inZone<T> (zone: string, check: () => T): T {
  const before = process.env.TZ
  process.env.TZ = zone
  try {
    const sample = new Date(at('2026-05-05T10:10:00Z'))
    if (sample.toLocaleTimeString('en') !== sample.toLocaleTimeString('en', { timeZone: zone })) throw new Error(`this process is not in ${zone}`)
    return check()
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
}

const instants = fc.oneof(
  fc.integer({ min: at('2000-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') }),
  // Round hours and their neighbours, where mistakes live.
  fc.tuple(fc.integer({ min: at('2000-01-01T00:00:00Z') / HOUR, max: at('2040-01-01T00:00:00Z') / HOUR }), fc.integer({ min: -2, max: 2 }))
    .map(([hour, off]) => hour * HOUR + off)
)
const frequencies: fc.Arbitrary<Frequency> = fc.oneof(
  fc.constantFrom<Frequency>('daily', 'hourly'), fc.integer({ min: 1, max: 400 * DAY }))

t.test('in every zone: a boundary lies ahead, not too far, and no other one comes before it', async t => {
  for (const zone of ZONES) {
    inZone(zone, () => fc.assert(fc.property(instants, frequencies, fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), (now, frequency, utc, share) => {
      const next = nextBoundary(now, { frequency, utc })
      const longest = frequency === 'daily' ? 25 * HOUR : frequency === 'hourly' ? HOUR : frequency
      if (!Number.isInteger(next) || next <= now || next - now > longest) return false
      const between = Math.min(next - 1, now + Math.floor(share * (next - now)))
      return nextBoundary(between, { frequency, utc }) === next
    }), { numRuns: 2000 }))
    t.pass(zone)
  }
})

t.test('a local day ends where the date changes, an hour where the minutes start anew', async t => {
  for (const zone of ZONES) {
    inZone(zone, () => {
      const date = (time: number): string => new Date(time).toDateString()
      fc.assert(fc.property(instants, now => {
        const next = nextBoundary(now, { frequency: 'daily', utc: false })
        return date(next - 1) === date(now) && date(next) !== date(now)
      }), { numRuns: 2000 })
      // Where the clock jumps by half an hour, an hour ends with the jump.
      const minutes = zone === 'Australia/Lord_Howe' ? [0, 30] : [0]
      fc.assert(fc.property(instants, now => minutes.includes(new Date(nextBoundary(now, { frequency: 'hourly', utc: false })).getMinutes())), { numRuns: 2000 })
    })
    t.pass(zone)
  }
})

t.test('days of 23 and 25 hours', async t => {
  const length = (zone: string, start: string): number => inZone(zone, () => (nextBoundary(at(start), { frequency: 'daily', utc: false }) - at(start)) / HOUR)
  t.equal(length('Europe/Berlin', '2026-03-28T23:00:00Z'), 23, 'Berlin, 29 March')
  t.equal(length('Europe/Berlin', '2026-10-24T22:00:00Z'), 25, 'Berlin, 25 October')
  t.equal(length('Europe/Berlin', '2026-06-30T22:00:00Z'), 24, 'Berlin, 1 July')
  // Its clocks were set forward at midnight: that day began at one.
  t.equal(length('America/Sao_Paulo', '2018-11-03T03:00:00Z'), 24, 'Sao Paulo, the day before')
  t.equal(length('America/Sao_Paulo', '2018-11-04T03:00:00Z'), 23, 'Sao Paulo, 4 November')
  // And back at midnight: from 24 h it was 23 h again, on the same day.
  t.equal(length('America/Sao_Paulo', '2018-02-17T02:00:00Z'), 25, 'Sao Paulo, 17 February')
  // In Havana it is midnight twice; the second one is no boundary.
  t.equal(length('America/Havana', '2026-11-01T04:00:00Z'), 25, 'Havana, 1 November')
  // The day after 29 December 2011 was the 31st.
  t.equal(length('Pacific/Apia', '2011-12-29T10:00:00Z'), 24, 'Apia')
  t.equal(length('Asia/Kolkata', '2026-05-04T18:30:00Z'), 24, 'Kolkata')
})

t.test('local hours begin with the offset\'s minutes, UTC hours do not', async t => {
  const now = at('2026-05-05T10:10:00Z')
  t.equal(inZone('Asia/Kolkata', () => nextBoundary(now, { frequency: 'hourly', utc: false })), at('2026-05-05T10:30:00Z'))
  t.equal(inZone('Asia/Kolkata', () => nextBoundary(now, { frequency: 'hourly', utc: true })), at('2026-05-05T11:00:00Z'))
  t.equal(inZone('Asia/Kolkata', () => nextBoundary(now, { frequency: 'daily', utc: true })), at('2026-05-06T00:00:00Z'))
  t.equal(inZone('Asia/Kolkata', () => nextBoundary(now, { frequency: 'daily', utc: false })), at('2026-05-05T18:30:00Z'))
})

t.test('an hour that the clock shows twice is two hours, each with its own end', async t => {
  inZone('Europe/Berlin', () => {
    t.equal(nextBoundary(at('2026-10-25T00:30:00Z'), { frequency: 'hourly', utc: false }), at('2026-10-25T01:00:00Z'), 'the first 02:30')
    t.equal(nextBoundary(at('2026-10-25T01:30:00Z'), { frequency: 'hourly', utc: false }), at('2026-10-25T02:00:00Z'), 'the second 02:30')
  })
})

t.test('a period in ms is counted from the epoch, before and after it', async t => {
  t.equal(nextBoundary(1_000_500, { frequency: 1000, utc: true }), 1_001_000)
  t.equal(nextBoundary(1_001_000, { frequency: 1000, utc: false }), 1_002_000, 'a boundary belongs to the period that it begins')
  t.equal(nextBoundary(-1, { frequency: 1000, utc: true }), 0)
  t.equal(nextBoundary(at('2026-01-01T00:00:00Z'), { frequency: 365 * DAY, utc: true }), 57 * 365 * DAY, 'longer than any timer')
})

t.test('a step back that is shorter than a period moves no boundary', async t => {
  for (const utc of [true, false]) {
    inZone('Europe/Berlin', () => fc.assert(fc.property(instants, frequencies, fc.double({ min: 0, max: 1, noNaN: true }), (opened, frequency, share) => {
      const until = nextBoundary(opened, { frequency, utc })
      const shortest = frequency === 'daily' ? 23 * HOUR : frequency === 'hourly' ? HOUR : frequency
      return rebase(until, opened - Math.floor(share * shortest), { frequency, utc }) === until
    }), { numRuns: 2000 }))
  }
  t.pass()
})

t.test('after a longer step back a file is open for two periods at most', async t => {
  fc.assert(fc.property(instants, frequencies, fc.integer({ min: 0, max: 1000 * DAY }), (opened, frequency, back) => {
    const now = opened - back
    const until = rebase(nextBoundary(opened, { frequency, utc: true }), now, { frequency, utc: true })
    const period = frequency === 'daily' ? DAY : frequency === 'hourly' ? HOUR : frequency
    return until > now && until - now <= 2 * period
  }), { numRuns: 2000 })
  t.equal(rebase(at('2026-05-05T11:00:00Z'), at('2026-05-04T10:30:00Z'), { frequency: 'hourly', utc: true }), at('2026-05-04T12:00:00Z'))
})

t.test('a file has to be closed from its boundary on, empty or not', async t => {
  const rule = { period: { frequency: 'hourly', utc: true } as const }
  const opened = at('2026-05-05T10:10:00Z')
  const until = at('2026-05-05T11:00:00Z')
  for (const size of [0, 100]) {
    t.equal(mustSeal(rule, { size, records: size, opened, until }, at('2026-05-05T10:59:59.999Z')), false)
    t.equal(mustSeal(rule, { size, records: size, opened, until }, at('2026-05-05T11:00:00Z')), true)
    t.equal(mustSeal(rule, { size, records: size, opened, until }, at('2026-05-06T11:00:00Z')), true, 'a day later')
    t.equal(mustSeal(rule, { size, records: size, opened, until }, at('2026-05-05T09:30:00Z')), false, 'the clock was set back')
  }
})
