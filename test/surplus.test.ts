// What has to go, decided without a disk: lib/journal/retention.
import t from 'tap'
import fc from 'fast-check'
import { surplus, type ClosedFile, type RetentionLimit } from '../lib/journal/retention.js'

const NOW = 1_000_000

/** Oldest first by position; the times of last writes need not agree with that (a restored backup, a clock that was set). */
const lists = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 100 }), modified: fc.integer({ min: 0, max: NOW }) }), { maxLength: 30 })
const limits: fc.Arbitrary<RetentionLimit> = fc.record({
  count: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  age: fc.option(fc.integer({ min: 1, max: NOW }), { nil: undefined }),
  totalSize: fc.option(fc.integer({ min: 1, max: 1500 }), { nil: undefined })
})
const reserves = fc.integer({ min: 0, max: 300 })

const kept = (files: ClosedFile[], limit: RetentionLimit, reserved: number): ClosedFile[] => {
  const gone = new Set(surplus(files, limit, NOW, reserved))
  return files.filter(file => !gone.has(file))
}
const sum = (files: ClosedFile[]): number => files.reduce((bytes, file) => bytes + file.bytes, 0)

t.test('what is kept meets every limit', async t => {
  fc.assert(fc.property(lists, limits, reserves, (files, limit, reserved) => {
    const left = kept(files, limit, reserved)
    return left.length <= (limit.count ?? Infinity) &&
      (left.length === 0 || sum(left) + reserved <= (limit.totalSize ?? Infinity)) &&
      left.every(({ modified }) => NOW - modified <= (limit.age ?? Infinity))
  }), { numRuns: 5000 })
  t.pass()
})

t.test('nothing goes that the limits would let stay', async t => {
  fc.assert(fc.property(lists, limits, reserves, (files, limit, reserved) => {
    const left = kept(files, limit, reserved)
    return surplus(files, limit, NOW, reserved).every(file => {
      if (NOW - file.modified > (limit.age ?? Infinity)) return true
      const newer = left.filter(other => files.indexOf(other) > files.indexOf(file))
      // It, or a file between it and the newer ones that stay, is one too many.
      const between = files.slice(files.indexOf(file), files.length)
        .filter(other => !newer.includes(other) && NOW - other.modified <= (limit.age ?? Infinity))
      return newer.length + 1 > (limit.count ?? Infinity) ||
        between.some(other => sum(newer) + other.bytes + reserved > (limit.totalSize ?? Infinity))
    })
  }), { numRuns: 5000 })
  t.pass()
})

t.test('there is no gap: what count or totalSize removes is older than everything that stays', async t => {
  fc.assert(fc.property(lists, limits, reserves, (files, limit, reserved) => {
    const young = files.filter(({ modified }) => NOW - modified <= (limit.age ?? Infinity))
    const left = kept(files, limit, reserved)
    return left.every((file, at) => file === young[young.length - left.length + at])
  }), { numRuns: 5000 })
  t.pass()
})

t.test('the answer is a part of the list, in its order; asked again, nothing more goes', async t => {
  fc.assert(fc.property(lists, limits, reserves, (files, limit, reserved) => {
    const gone = surplus(files, limit, NOW, reserved)
    const places = gone.map(file => files.indexOf(file))
    return places.every((place, at) => place >= 0 && (at === 0 || place > places[at - 1]!)) &&
      surplus(kept(files, limit, reserved), limit, NOW, reserved).length === 0
  }), { numRuns: 5000 })
  t.pass()
})

t.test('limits to the byte, the file and the millisecond', async t => {
  const files = [1, 2, 3, 4].map(number => ({ bytes: 100, modified: NOW - 10 * (5 - number) }))
  t.same(surplus(files, {}, NOW, 1e12), [], 'no limit')
  t.equal(surplus(files, { count: 4 }, NOW, 0).length, 0)
  t.strictSame(surplus(files, { count: 3 }, NOW, 0), [files[0]])
  t.equal(surplus(files, { totalSize: 450 }, NOW, 50).length, 0)
  t.strictSame(surplus(files, { totalSize: 449 }, NOW, 50), [files[0]])
  t.equal(surplus(files, { totalSize: 400 }, NOW, 401).length, 4, 'files being written alone are over it')
  t.equal(surplus(files, { age: 40 }, NOW, 0).length, 0)
  t.strictSame(surplus(files, { age: 39 }, NOW, 0), [files[0]])
})
