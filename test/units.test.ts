// B9: durations and sizes as people write them.
import t from 'tap'
import fc from 'fast-check'
import { MB, parseDuration, parseSize } from '../lib/config/units.js'

t.test('a duration is a number of ms or a number with a unit', async t => {
  const table: Array<[string | number, number]> = [
    [500, 500], [0.5, 0.5], [0, 0], ['500ms', 500], ['2s', 2000], ['15m', 900_000], ['24h', 86_400_000], ['7d', 604_800_000],
    ['2w', 1_209_600_000], ['1.5h', 5_400_000], ['0s', 0], [' 3 s ', 3000], ['24H', 86_400_000]
  ]
  for (const [input, ms] of table) t.equal(parseDuration(input), ms, JSON.stringify(input))
})

t.test('a size is a number of bytes or a number with a binary unit, in any case', async t => {
  const table: Array<[string | number, number]> = [
    [1, 1], ['0', 0], ['17', 17], ['10b', 10], ['512k', 512 * 1024], ['512K', 512 * 1024], ['100m', 100 * MB], ['1g', 1024 * MB], ['2t', 2 * 1024 ** 4],
    ['1kb', 1024], ['1KiB', 1024], ['1MB', MB], ['1GiB', 1024 * MB], ['1.5k', 1536], ['0.3k', 307], [' 4 m ', 4 * MB]
  ]
  for (const [input, bytes] of table) t.equal(parseSize(input), bytes, JSON.stringify(input))
})

t.test('a bare number, or a string of digits, is multiplied; one with a unit is not', async t => {
  t.equal(parseSize(10, MB), 10 * MB)
  t.equal(parseSize('10', MB), 10 * MB)
  t.equal(parseSize('10b', MB), 10)
  t.equal(parseSize('10k', MB), 10 * 1024)
  t.equal(parseSize(0.5, MB), MB / 2)
})

t.test('anything else is no duration and no size', async t => {
  const neither = ['', ' ', '-1m', '+1m', '1 m m', '1,5m', '1e3m', '0x10', '\u0663m', 'ten', '1y', '1h2m', 'NaN', 'Infinity', NaN, Infinity, -Infinity, '9'.repeat(400) + 'm']
  for (const input of neither) {
    t.equal(parseDuration(input), undefined, `duration ${String(input).slice(0, 20)}`)
    t.equal(parseSize(input), undefined, `size ${String(input).slice(0, 20)}`)
  }
  for (const input of ['5', '5k', '5mb', '5min']) t.equal(parseDuration(input), undefined, `duration ${input}`)
  for (const input of ['5s', '5h', '5kk', '5ib', '5 m b']) t.equal(parseSize(input), undefined, `size ${input}`)
})

t.test('a number and its unit give the same as the number times the unit', async () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
  fc.assert(fc.property(fc.nat(1_000_000), fc.constantFrom(...Object.keys(units) as Array<keyof typeof units>), (n, unit) =>
    parseDuration(`${n}${unit}`) === n * units[unit] && parseDuration(`${n} ${unit.toUpperCase()}`) === n * units[unit]))
  const sizes = { b: 1, k: 1024, m: MB, g: 1024 * MB, t: 1024 * 1024 * MB }
  fc.assert(fc.property(fc.nat(8000), fc.constantFrom(...Object.keys(sizes) as Array<keyof typeof sizes>), fc.constantFrom('', 'b', 'iB'), (n, unit, end) =>
    unit === 'b' ? true : parseSize(`${n}${unit}${end}`) === n * sizes[unit]))
})

t.test('no text whatever makes them throw, or gives something that is not finite or negative', async () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.double(), fc.stringMatching(/^-?\d*\.?\d* ?[a-zA-Z]{0,3}$/)), input => {
    for (const parsed of [parseDuration(input), parseSize(input)]) {
      if (parsed !== undefined && (!Number.isFinite(parsed) || (parsed < 0 && typeof input === 'string'))) return false
    }
    return true
  }))
})
