// What a journal on disk may hold while the receiver is away, what goes beyond that, and the dead letters: where they are, what stands in
// them, and what becomes of them when there is no room.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { accountedFor, forbidden, inside, smallDisk } from './fixtures/faults.js'
import { stayAwake, until } from './fixtures/harness.js'
import { range } from './fixtures/jsonl.js'
import { runs } from './fixtures/outage.js'
import { judge, receiver, type Step } from './fixtures/receiver.js'
import { left, sender } from './fixtures/sender.js'

const LINES = 20_000
const AWAY: Step[] = [{ status: 503 }]
const retry = { minDelay: 20, maxDelay: 50 }

stayAwake(t)
t.jobs = 2

/** Bytes of the segments or dead letters below a directory. Counted twice, as one of them may go meanwhile. */
function bytesBelow (directory: string): number {
  const sizes = (): number[] => fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(name => /\.(jsonl|open)$/.test(name))
    .map(name => fs.statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
  return Math.min(...[sizes(), sizes()].map(found => found.reduce((sum, size) => sum + size, 0)))
}

for (const whenFull of ['drop-oldest', 'drop-newest', 'block'] as const) {
  t.test(`${whenFull}: the disk holds maxSize at most, each line that goes is counted, and a restart knows all that is left`, { buffered: true }, async t => {
    const dir = t.testdir()
    const place = await receiver(t, { script: AWAY })
    const options = { url: place.url, name: 'full', retry, journal: { dir, maxSize: '1m', whenFull, blockTimeout: 100 } }
    const first = await sender(t)
    const outlet = await first.open(options)
    let most = 0
    for (let round = 0; round < LINES / 500; round++) {
      await outlet.log(500, { pad: 100 })
      await outlet.flush('durable')
      const metrics = await outlet.metrics()
      if (!accountedFor(metrics)) t.fail(JSON.stringify(metrics))
      most = Math.max(most, bytesBelow(dir))
    }
    t.ok(most <= 1024 * 1024 && most > 600 * 1024, `${most} bytes at most`)
    const { pendingRecords, dropped, droppedRecords } = await outlet.metrics()
    t.equal(droppedRecords, whenFull === 'drop-oldest' ? dropped.evicted : dropped.full)
    await first.kill()
    t.equal(left(dir, 'full').segments.reduce((sum, { lines }) => sum + lines.length, 0), pendingRecords)

    const second = await sender(t)
    const again = await second.open(options)
    await again.reaches(({ recoveredRecords }) => recoveredRecords === pendingRecords)
    await place.script([{}])
    await again.flush()
    const metrics = await again.metrics()
    t.ok(accountedFor(metrics))
    t.match(metrics, { recoveredRecords: pendingRecords, deliveredRecords: pendingRecords, pendingRecords: 0, droppedRecords: 0 })
    const found = judge(await place.requests()).accepted.get('w') ?? []
    t.equal(found.length, LINES - droppedRecords, 'missing is what was counted')
    if (whenFull === 'drop-oldest') t.equal(found.at(-1), LINES - 1, runs(found))
    else t.equal(found[0], 0, runs(found))
    // One segment may have been on its way when those around it went.
    if (whenFull === 'drop-oldest') t.ok(runs(found).split(' ').length <= 2, `the newest, and one that was on its way: ${runs(found)}`)
    await again.end()
    t.strictSame(left(dir, 'full'), { segments: [], dead: [], writers: [] })
  })
}

t.test('a burst that is larger than maxSize: the newest of it are kept', { buffered: true }, async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: AWAY })
  const own = await sender(t)
  const outlet = await own.open({ url: place.url, name: 'burst', retry, journal: { dir, maxSize: '64k' } })
  for (const burst of range(3)) {
    await outlet.write(range(LINES, burst * LINES).map(seq => JSON.stringify({ writer: 'w', seq })).join('\n'))
    await outlet.reaches(({ acceptedRecords }) => acceptedRecords === burst * LINES + LINES)
    await outlet.flush('durable')
    const size = bytesBelow(dir)
    if (size > 64 * 1024) t.fail(`${size} bytes`)
  }
  const { pendingRecords, droppedRecords } = await outlet.metrics()
  t.equal(pendingRecords + droppedRecords, 3 * LINES)
  await place.script([{}])
  await outlet.flush()
  const found = judge(await place.requests()).accepted.get('w') ?? []
  // A quarter of maxSize is what may be written, or on its way, while the rest comes; the quarter that came last is there for certain.
  t.equal(runs(found.slice(-500)), `${3 * LINES - 500}-${3 * LINES - 1}`, runs(found))
  await outlet.end()
})

t.test('dead letters of several processes: each line as it was, with its batch, the status and the reason; its neighbours are delivered', { buffered: true }, async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 422, body: 'the level is\n wrong', when: { contains: 'poison' } }, {}] })
  const poison = '{"writer":"w","text":"poison \\"quoted\\" é😀 \\u0000"}'
  const bad = ['no JSON at all', '{"cut":', '\0\0']
  const began = Date.now()
  await Promise.all(range(2).map(async at => {
    const own = await sender(t)
    const outlet = await own.open({ url: place.url, name: 'dead', journal: { dir }, batch: { flushAge: 50 } })
    await outlet.write(...range(30, at * 30).map(seq => seq % 10 === 3 ? poison : `{"writer":"w","seq":${seq}}`), ...bad)
    await outlet.flush()
    t.match(await outlet.metrics(), { acceptedRecords: 33, deliveredRecords: 27, deadRecords: 6, pendingRecords: 0, droppedRecords: 0 })
    t.equal(own.told('dead').filter(line => /dead letters: \d+ so far/.test(line)).length, 1)
    await outlet.end()
  }))
  const { dead, writers, segments } = left(dir, 'dead')
  t.strictSame([writers, segments], [[], []])
  t.strictSame(dead.map(({ record }) => record).sort(), [...range(6).map(() => poison), ...bad, ...bad].sort())
  for (const { time, key, status, reason, record, ...rest } of dead) {
    t.strictSame(rest, {})
    t.ok(Date.parse(time) >= began && new Date(time).toISOString() === time)
    t.match(key, /^\d{15}-[0-9a-f]{16}-\d{9}(\/\d+-\d+)?$/)
    if (record === poison) t.match({ status, reason }, { status: 422, reason: 'the receiver answered 422 Unprocessable Entity: the level is wrong' })
    else t.match({ status, reason }, { status: null, reason: /^malformed/ })
  }
  t.equal(new Set(fs.readdirSync(join(dir, 'http-dead', 'dead')).map(name => name.split('-')[1])).size, 2, 'a file for each process')
  t.strictSame(judge(await place.requests()).accepted.get('w')?.sort((a, b) => a - b), range(60).filter(seq => seq % 10 !== 3))
})

t.test('dead letters stay within maxSize: the oldest go, and stderr says so', { buffered: true }, async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: [{ status: 400 }] })
  const own = await sender(t)
  const outlet = await own.open({ url: place.url, name: 'many', journal: { dir, maxSize: '100k' } })
  for (let round = 0; round < 20; round++) {
    await outlet.log(100, { pad: 100 })
    await outlet.flush()
    if (bytesBelow(join(dir, 'http-many', 'dead')) > 100 * 1024) t.fail('too many')
  }
  t.match(await outlet.metrics(), { deadRecords: 2000, pendingRecords: 0 })
  const seqs = left(dir, 'many').dead.map(({ record }) => JSON.parse(record).seq as number)
  t.ok(seqs.length > 150, `${seqs.length} dead letters`)
  t.equal(runs(seqs), `${2000 - seqs.length}-1999`, 'the newest')
  t.equal(own.told('many').filter(line => line.includes('removed the oldest dead letters')).length, 1)
  await outlet.end()
})

t.test('dead letters that a full disk does not take: the batch stays in the journal until it does', { buffered: true, skip: forbidden('-rm') }, async t => {
  const dir = t.testdir()
  const place = await receiver(t, { script: AWAY })
  const own = await sender(t, smallDisk(dir, 0))
  const outlet = await own.open({ url: place.url, name: 'kept', retry: { ...retry, retries: 1 }, journal: { dir } })
  const root = inside(own.program, dir)
  await outlet.log(20)
  await outlet.flush('durable')
  await outlet.reaches(({ failures }) => failures > 0)
  t.throws(() => fs.writeFileSync(join(root, 'filler'), Buffer.alloc(5 * 1024 * 1024)), { code: 'ENOSPC' })
  await place.script([{ status: 400 }])
  const tried = (await place.requests()).length
  await until(async () => (await place.requests()).length > tried + 20)
  t.match(await outlet.metrics(), { deadRecords: 0, pendingRecords: 20, droppedRecords: 0 })
  fs.rmSync(join(root, 'filler'))
  await outlet.reaches(({ deadRecords }) => deadRecords === 20)
  t.strictSame(left(root, 'kept').dead.map(({ record }) => JSON.parse(record).seq), range(20), 'each once')
  await outlet.end()
  t.strictSame(left(root, 'kept').writers, [])
})

t.test('without a disk there are no dead letters: what is refused is dropped, counted as refused', { buffered: true }, async t => {
  const place = await receiver(t, { script: [{ status: 400, when: { contains: '"seq":7,' } }, {}] })
  const cwd = t.testdir()
  const own = await sender(t, { cwd })
  const outlet = await own.open({ url: place.url, name: 'refused', journal: 'memory' })
  await outlet.log(20)
  await outlet.write('no JSON')
  await outlet.flush()
  t.match(await outlet.metrics(), { deliveredRecords: 19, deadRecords: 0, droppedRecords: 2, dropped: { refused: 2 }, pendingRecords: 0, pendingBytes: 0 })
  t.ok(own.told('refused').some(line => /dropping lines \(refused\): \d so far/.test(line)))
  await outlet.end()
  t.strictSame(fs.readdirSync(cwd), [], 'no file')
})
