// What an answer, or the lack of one, means for a batch: how often it is tried, when, and where its records end. Time runs a hundred
// times as fast, for sender and receiver alike.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { preloaded, until } from '../fixtures/harness.js'
import { CONNECT_TIMEOUT, good, LINES, MINUTE, NO_WAITS, ROWS, TIMEOUT, type Row } from '../fixtures/http-rows.js'
import { judge, receiver, type Receiver, type Step } from '../fixtures/receiver.js'
import { left, sender, type Left, type Outlet } from '../fixtures/sender.js'

const FACTOR = 100
const TOKEN = 'a token of the matrix'

const slug = (title: string): string => title.replace(/\W+/g, '-')
const dir = t.testdir()
const clock = { FAST_TIMERS_FACTOR: String(FACTOR), FAST_TIMERS_START: String(Date.now()) }

/** Every wait that was asked for, in ms, but those that come with each request. */
function asked (log: string): number[] {
  const all = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\n').slice(0, -1).map(Number) : []
  return all.filter(ms => !NO_WAITS.includes(ms))
}

/** Are these the first waits? */
function begins (found: number[], waits: NonNullable<Row['waits']>): boolean {
  return waits.every((wait, at) => {
    const [least, most] = typeof wait === 'number' ? [wait, wait] : wait
    return found[at] !== undefined && found[at] >= least && found[at] <= most
  })
}

const numbers = (segments: Left['segments']): number[] => segments.flatMap(({ lines }) => lines.map(line => JSON.parse(line).seq))

async function check (t: Test, title: string, row: Row, outlet: Outlet, receiver: Receiver, tells: () => string[]): Promise<void> {
  const name = slug(title)
  const began = Date.now()
  await outlet.log(LINES, row.pad === undefined ? {} : { pad: row.pad })
  await row.then?.(outlet, receiver)
  if (row.ends === 'waiting') await until(async () => (await receiver.requests(`/${name}`)).length >= row.attempts)
  else await outlet.flush('delivered', 30_000)

  const { acceptedRecords, deliveredRecords, pendingRecords, deadRecords, droppedRecords, failures } = await outlet.metrics()
  const all = acceptedRecords
  t.match({ deliveredRecords, pendingRecords, deadRecords, droppedRecords }, {
    delivered: { deliveredRecords: all, pendingRecords: 0, deadRecords: 0, droppedRecords: 0 },
    dead: { deliveredRecords: 0, pendingRecords: 0, deadRecords: all, droppedRecords: 0 },
    waiting: { deliveredRecords: 0, pendingRecords: all, deadRecords: 0, droppedRecords: 0 }
  }[row.ends], 'where the records are')

  const requests = await receiver.requests()
  const mine = requests.filter(({ path }) => path === `/${name}`)
  if (row.ends === 'waiting') t.ok(mine.length >= row.attempts && mine.length <= row.attempts + 1, `${mine.length} requests`)
  else t.equal(mine.length, row.attempts, 'requests')
  const { waits = [], gaps = row.ends === 'dead' ? [] : waits.map(wait => typeof wait === 'number' ? wait : wait[0]) } = row
  for (const [at, least] of gaps.entries()) {
    const gap = mine[at + 1] && mine[at + 1]!.at - mine[at]!.at
    if (gap !== undefined) t.ok(gap >= least, `attempt ${at + 2} after ${gap} ms, ${least} at least`)
  }
  const found = asked(join(dir, `${name}.timers`))
  t.ok(begins(found, waits), `waits of ${waits.join(', ')} ms: ${found.join(', ')}`)
  if (row.ends !== 'waiting' && !row.then && !row.also) t.strictSame([failures, found.length], row.ends === 'dead' ? [0, 0] : Array(2).fill(row.attempts - 1), 'failures, waits')
  row.also?.(t, found)

  const own = requests.filter(({ path }) => path === `/${name}` || path.startsWith(`/${name}/`))
  const { accepted, altered, doubled, unordered } = judge(own)
  const ids = Array.from({ length: all }, (_, seq) => seq)
  t.strictSame({ accepted: accepted.get('w') ?? [], altered, doubled, unordered }, { accepted: row.ends === 'delivered' ? ids : [], altered: [], doubled: [], unordered: [] }, 'what the receiver has')
  for (const request of own) t.match(request, { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` } }, request.path)
  t.ok((await receiver.sockets(`/${name}`)).most <= 1, 'one connection at a time')

  const { dead, segments } = left(dir, name)
  t.strictSame(dead.map(({ status, record }) => [status, JSON.parse(record).seq]), row.ends === 'dead' ? ids.map(seq => [row.status, seq]) : [], 'dead letters')
  const waiting = row.ends === 'waiting' ? ids : []
  t.strictSame(numbers(segments), waiting, 'in the journal')
  await outlet.end()
  t.strictSame(numbers(left(dir, name).segments), waiting, 'in the journal at the end')

  // One line a minute for each cause, by the clock of the worker.
  const minutes = 1 + Math.ceil((Date.now() - began) * FACTOR / MINUTE)
  const causes = new Map<string, number>()
  for (const message of tells()) {
    const cause = message.split(':')[0]!.replace(/\d+/g, '')
    causes.set(cause, (causes.get(cause) ?? 0) + 1)
  }
  t.ok(Math.max(0, ...causes.values()) <= minutes, `at most ${minutes} lines for one cause`, { found: Object.fromEntries(causes) })
  if (row.tells) t.match(tells().join('\n'), row.tells, 'told')
  else t.strictSame(tells(), [], `nothing to tell, after ${failures} failures`)
}

t.jobs = 6

const main = await receiver(t, {
  script: Object.fromEntries(Object.entries(ROWS).flatMap(([title, { steps = [good], others = {} }]) => [
    [`/${slug(title)}`, steps.map(step => relative(step, slug(title)))], ...Object.entries(others).map(([path, below]) => [`/${slug(title)}/${path}`, below.map(step => relative(step, slug(title)))] as const)
  ]))
}, { env: clock, ...preloaded('fast-timers.js') })
const senders = await sender(t)

/** A place without a slash is one below the row. */
function relative (step: Step, name: string): Step {
  const location = step.headers?.location
  return typeof location === 'string' && !location.includes('/') ? { ...step, headers: { ...step.headers, location: `/${name}/${location}` } } : step
}

for (const [title, row] of Object.entries(ROWS)) {
  t.test(title, async t => {
    const name = slug(title)
    const place = row.own ? await receiver(t, { script: { [`/${name}`]: row.steps ?? [good] }, ...row.own }, { env: clock, ...preloaded('fast-timers.js') }) : main
    const outlet = await senders.open({
      url: row.url ?? `${place.url}/${name}`,
      name,
      auth: { bearer: TOKEN },
      journal: { dir },
      batch: { flushRecords: LINES, flushAge: false },
      timeout: TIMEOUT,
      connectTimeout: CONNECT_TIMEOUT,
      retry: { jitter: false },
      closeTimeout: 9999,
      ...row.options
    }, { ...preloaded('fast-timers.js'), env: { ...clock, FAST_TIMERS_LOG: join(dir, `${name}.timers`) } })
    await check(t, title, row, outlet, place, () => senders.told(name))
  })
}

// Not beside the others, but after them.
t.test('nothing else was said, and nothing went uncaught', { buffered: false }, async t => {
  t.strictSame(await senders.errors(), [])
  t.strictSame(senders.program.stderr.split('\n').filter(line => line !== '' && !line.startsWith('pino-blackbox ')), [])
})
