// P16, F30: a storm of failures leaves a bounded number of dumps, and a number of those that were left out. The clock is a parameter.
import t from 'tap'
import { RateLimit } from '../lib/dumper/rate.js'

const MINUTE = 60_000

t.test('so many of a key in a minute, so many in all', async t => {
  const rate = new RateLimit({ perKey: 2, total: 5 })
  const admitted = (keys: string[], now: number): string => keys.filter(key => rate.admit(key, now)).join('')
  t.equal(admitted([...'aaabbbcccd'], 0), 'aabbc')
  t.equal(admitted([...'abcde'], MINUTE - 1), '')
  t.equal(admitted([...'aaabbbcccd'], MINUTE), 'aabbc', 'the next minute')
  t.equal(admitted(['a'], 10 * MINUTE), 'a')
})

t.test('`false` admits everything', async t => {
  const rate = new RateLimit(false)
  for (let times = 0; times < 10_000; times++) if (!rate.admit('a', 0)) t.fail('refused')
  t.equal(rate.take('a'), undefined)
})

t.test('what was left out is told once, also in a later minute: in all, and of the key', async t => {
  const rate = new RateLimit({ perKey: 1, total: 100 })
  for (const key of [...'aaabbc']) rate.admit(key, 0)
  t.strictSame(rate.take('a'), { total: 3, key: 2 })
  t.equal(rate.take('a'), undefined)
  rate.admit('a', 1)
  rate.admit('b', MINUTE)
  t.strictSame(rate.take('b'), { total: 1, key: 1 }, 'of the minute before, too')
  t.equal(rate.take('a'), undefined)
  rate.admit('b', MINUTE + 1)
  rate.admit('x', 20 * MINUTE)
  t.strictSame(rate.take('x'), { total: 1, key: 0 }, 'much later')
})

t.test('what a dump was to tell that was not written, the next one tells', async t => {
  const rate = new RateLimit({ perKey: 1, total: 100 })
  for (const key of [...'aaa']) rate.admit(key, 0)
  const told = rate.take('a')!
  rate.admit('a', 1)
  rate.giveBack('a', told)
  t.strictSame(rate.take('a'), { total: 3, key: 3 })
})

t.test('beyond a thousand keys in a minute all share one, and none is kept for good', async t => {
  const rate = new RateLimit({ perKey: 2, total: 100_000 })
  let admitted = 0
  for (let key = 0; key < 50_000; key++) if (rate.admit(`key ${key}`, 0)) admitted++
  t.equal(admitted, 1002)
  t.ok(rate.admit('key 5', 0), 'those known go on by themselves')
  t.notOk(rate.admit('key 5', 0))
  admitted = 0
  for (let key = 0; key < 5; key++) if (rate.admit(`new ${key}`, MINUTE)) admitted++
  t.equal(admitted, 5)
})
