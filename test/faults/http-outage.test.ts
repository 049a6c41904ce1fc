// An outage of three days, by clocks that are given: what waits, what has to go, what is too old, and that all of it arrives in order.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { checkOf, formatOf } from '../../lib/http/body.js'
import { Client } from '../../lib/http/client.js'
import { compressor } from '../../lib/http/compress.js'
import { Credentials } from '../../lib/http/credentials.js'
import { Batches } from '../../lib/delivery/batches.js'
import { Exporter } from '../../lib/http/exporter.js'
import { stayAwake, until } from '../fixtures/harness.js'
import { DAY, HOUR, range } from '../fixtures/jsonl.js'
import { blockOf, MB, runs, SECOND, seqsIn, World } from '../fixtures/outage.js'
import { judge, receiver } from '../fixtures/receiver.js'

const OUTAGE = 72 * HOUR
const LINES = OUTAGE / SECOND
const maxAge = OUTAGE + SECOND
/** Of segments that are sealed when they have so many lines. */
const HUNDRED = { maxRecords: 100, early: { records: 100, age: Infinity } }

const tree = (home: string): string[] => fs.existsSync(home) ? fs.readdirSync(home, { recursive: true, encoding: 'utf8' }) : []

stayAwake(t)

t.test('72 h with room for them: nothing is lost, the first hour included, few files wait, and all arrives in order, a restart in between', async t => {
  const home = join(t.testdir(), 'spool')
  const need = blockOf(0, LINES).bytes.length
  const place = await receiver(t, { listening: false })
  const exporter = new Exporter({
    destination: { url: new URL(place.url), credentials: new Credentials() },
    method: 'POST',
    headers: {},
    format: await formatOf('ndjson'),
    compress: compressor('gzip', undefined),
    encoding: 'gzip',
    client: new Client({ timeout: 30_000, connectTimeout: 10_000, connections: 1, tls: { rejectUnauthorized: true } })
  })
  const batches = new Batches({ send: part => exporter.send(part), check: checkOf('ndjson'), dead: undefined })
  t.teardown(() => exporter.close())
  const options = { maxAge, bound: { maxBytes: need, whenFull: 'drop-oldest', blockTimeout: 0 } } as const
  const before = new World(t, home, options, segment => batches.deliver(segment))
  await before.trickle(LINES / 2)
  await before.end()
  const world = new World(t, home, options, segment => batches.deliver(segment))
  world.wall = before.wall
  await world.trickle(LINES / 2, LINES / 2)
  await world.journal.inherited
  t.equal(world.count('pendingRecords'), LINES)
  t.ok(before.count('failures') > 10 && world.count('failures') > 10, `${before.count('failures')} and ${world.count('failures')} attempts failed`)
  const files = tree(home).filter(name => name.endsWith('.jsonl')).length
  t.ok(files <= Math.ceil(need / (MB / 2)) + 3, `${files} segments wait`)
  await place.listen(true)
  await world.journal.drain()
  const { accepted, ...rest } = judge(await place.requests())
  t.equal(runs(accepted.get('w')), `0-${LINES - 1}`, 'received as it was logged')
  t.strictSame(rest, { altered: [], doubled: [], repeats: 0, unordered: [] })
  t.match(world.monitor.counters.read(), { acceptedRecords: LINES / 2, recoveredRecords: LINES / 2, deliveredRecords: LINES, pendingRecords: 0, droppedRecords: 0 })
  await world.end()
  t.strictSame(tree(home), [], 'nothing is left behind')
})

t.test('72 h with room for less: the oldest segments are gone, the count is exact, all that is newer arrives in order', async t => {
  const home = join(t.testdir(), 'spool')
  const maxBytes = 4 * MB
  const world = new World(t, home, { maxAge, bound: { maxBytes, whenFull: 'drop-oldest', blockTimeout: 0 } })
  await world.trickle(LINES)
  const { pendingRecords, pendingBytes, dropped, droppedRecords } = world.monitor.counters.read()
  t.equal(pendingRecords + dropped.evicted, LINES)
  t.equal(droppedRecords, dropped.evicted, 'for this reason only')
  t.ok(pendingBytes <= maxBytes && pendingBytes > maxBytes - MB, `${pendingBytes} bytes wait, no less than there is room for`)
  await world.recover()
  t.equal(runs(world.arrived), `${dropped.evicted}-${LINES - 1}`, 'the newest, each once')
  t.match(world.monitor.counters.read(), { deliveredRecords: LINES - dropped.evicted, pendingRecords: 0, dropped: { evicted: dropped.evicted } })
})

t.test('a segment that is on its way is not pushed out: those after it are', async t => {
  const home = join(t.testdir(), 'spool')
  let answer = (): void => {}
  const answered = new Promise<void>(resolve => { answer = resolve })
  const arrived: number[] = []
  const world = new World(t, home, { maxAge, bound: { maxBytes: 2 * MB, whenFull: 'drop-oldest', blockTimeout: 0 } }, async segment => {
    await answered
    arrived.push(...seqsIn(await segment.read()))
  })
  await world.trickle(LINES / 6)
  answer()
  await world.journal.drain()
  const { dropped } = world.monitor.counters.read()
  const first = arrived.findIndex((seq, at) => seq !== at)
  t.ok(first > 0 && dropped.evicted > 0)
  t.equal(runs(arrived), `0-${first - 1} ${first + dropped.evicted}-${LINES / 6 - 1}`)
  t.ok(world.balanced)
})

t.test('maxAge: what has waited so long is dropped, to the millisecond and the line, by running time', async t => {
  const world = new World(t, join(t.testdir(), 'spool'), { maxAge: 5 * HOUR, rule: HUNDRED })
  for (const hour of range(4)) {
    await world.segment(hour * 100, 100)
    world.pass(HOUR)
  }
  world.pass(HOUR - 1)
  await world.asked()
  t.equal(world.count('dropped:expired'), 0)
  world.pass(1)
  await until(() => world.count('dropped:expired') > 0)
  world.pass(2 * HOUR - 1)
  await world.asked()
  t.match(world.monitor.counters.read(), { dropped: { expired: 200 }, droppedRecords: 200, pendingRecords: 200 })
  await world.recover()
  t.equal(runs(world.arrived), '200-399')
  t.ok(world.balanced)
})

t.test('maxAge: lines in a segment that still grows are as old as they are', async t => {
  const world = new World(t, join(t.testdir(), 'spool'), { maxAge: 5 * HOUR })
  await world.segment(0, 200)
  world.journal.append(blockOf(200, 100))
  await world.journal.flush()
  world.pass(5 * HOUR)
  await until(() => world.count('dropped:expired') >= 200)
  await world.recover()
  t.equal(runs(world.arrived), '', 'nothing is delivered that is too old')
  t.match(world.monitor.counters.read(), { dropped: { expired: 300 }, droppedRecords: 300, pendingRecords: 0 })
})

t.test('maxAge: a segment of which a part has been delivered grows old like any other, and holds up nobody', async t => {
  const world = new World(t, join(t.testdir(), 'spool'), { maxAge: 5 * HOUR, rule: HUNDRED })
  world.progress = { delivered: { records: 40, bytes: 1600 }, dead: { records: 10, bytes: 400 } }
  await world.segment(0, 100)
  await world.segment(100, 100)
  await world.asked()
  world.pass(5 * HOUR)
  await until(() => world.count('dropped:expired') > 0)
  t.match(world.monitor.counters.read(), { deliveredRecords: 40, deadRecords: 10, dropped: { expired: 150 }, pendingRecords: 0, pendingBytes: 0 })
})

t.test('maxAge: a restart begins anew', async t => {
  const home = join(t.testdir(), 'spool')
  const before = new World(t, home, { maxAge: 5 * HOUR })
  await before.segment(0, 200)
  before.pass(5 * HOUR - 1)
  await before.asked()
  await before.end()
  t.equal(before.count('dropped:expired'), 0)
  const after = new World(t, home, { maxAge: 5 * HOUR })
  after.pass(60 * DAY)
  await after.journal.inherited
  after.pass(5 * HOUR - 1)
  await after.asked()
  t.match(after.monitor.counters.read(), { recoveredRecords: 200, pendingRecords: 200, droppedRecords: 0 })
  after.pass(1)
  await until(() => after.count('dropped:expired') === 200)
  t.ok(after.balanced)
})

t.test('a wall clock that is set, by days: nothing expires, and nothing waits longer', async t => {
  const world = new World(t, join(t.testdir(), 'spool'), { maxAge: 5 * HOUR, rule: { maxRecords: 100, early: { records: Infinity, age: HOUR } } })
  world.down = false
  const days = [-3, 30, -300, 9]
  for (const [at, shift] of days.entries()) {
    world.journal.append(blockOf(at * 10, 10))
    await world.journal.flush()
    world.wall += shift * DAY
    await until(() => world.arrived.length === at * 10 + 10)
  }
  world.down = true
  for (const [at, shift] of days.entries()) {
    await world.segment(40 + at * 100, 100)
    world.wall += shift * DAY
    await world.asked()
  }
  t.match(world.monitor.counters.read(), { pendingRecords: 400, droppedRecords: 0 })
  await world.recover()
  t.equal(runs(world.arrived), '0-439')
})

t.test('a wall clock that was set back, and a restart: what waits is delivered in the order in which it was logged', async t => {
  const home = join(t.testdir(), 'spool')
  const before = new World(t, home, { rule: HUNDRED })
  for (const at of range(3)) {
    await before.segment(at * 100, 100)
    before.wall -= DAY
  }
  await before.end()
  const after = new World(t, home, { rule: HUNDRED })
  await after.journal.inherited
  await after.recover()
  t.match(after.monitor.counters.read(), { recoveredRecords: 300, deliveredRecords: 300 })
  t.equal(runs(after.arrived), '0-299')
})
