// F24: a start with thousands of segments of dead processes, 10,000 in the long run: soon at work, in little memory, with few
// descriptors, in order.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { until, type ProgramOptions } from '../fixtures/harness.js'
import { range } from '../fixtures/jsonl.js'
import { judge, receiver } from '../fixtures/receiver.js'
import { left, sender, type Sender } from '../fixtures/sender.js'

const SEGMENTS = Number(process.env.BACKLOG_SEGMENTS ?? 2500)
const LINES = 20
const NAME = 'backlog'
/** Their segments alternate. */
const DEAD = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'] as const
/** ms. 2000 are promised, and are what a machine takes that is not busy; a test cannot know whether it is. */
const START = 20_000
const SLACK = 5000
/** ms that deliveries wait for the older ones to be taken over. */
const HEAD_START = 5000
const CLOSE_TIMEOUT = 1000
const MB = 2 ** 20
const MOST_MEMORY = 64 * MB
const MOST_DESCRIPTORS = 50
/** Bytes of a segment, of which there are so many: 5 GB. */
const SPARSE = 512 * 1024
/** Settings of processes: they live as long as this takes on a busy machine. */
const LIFE = { timeout: 110_000 }
const TORN = '{"level":30,"ti'

/**
 * What two processes leave that were killed after an outage: sealed segments, the one that was written, and what says who they were. Each
 * segment has so many bytes in all: holes, which take no room on the disk.
 */
function leave (dir: string, bytes = 0): void {
  const homes = DEAD.map(writer => join(dir, `http-${NAME}`, writer))
  for (const home of homes) fs.mkdirSync(join(home, 'work'), { recursive: true })
  // The other one was killed before it could say that.
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  fs.writeFileSync(join(homes[0]!, 'owner.json'), JSON.stringify({ boot, host: 'here', pid: 1, socket: true }))
  const before = Date.now() - 2 * SEGMENTS
  for (const at of range(SEGMENTS)) {
    const opened = before + at
    const lines = range(LINES, at * LINES).map(seq => `{"level":30,"time":${opened},"writer":"w","seq":${seq},"msg":"a line of some length, as they are"}\n`).join('')
    const path = join(homes[at % 2]!, `${`${opened}`.padStart(15, '0')}-${DEAD[at % 2]}-${`${1 + (at >> 1)}`.padStart(9, '0')}`)
    if (at === SEGMENTS - 1) {
      fs.writeFileSync(`${path}.open`, lines + TORN)
      continue
    }
    fs.writeFileSync(`${path}.${LINES}.jsonl`, lines)
    // The oldest is sent, and is as it should be.
    if (at > 0 && bytes > 0) fs.truncateSync(`${path}.${LINES}.jsonl`, bytes)
  }
}

interface Use { descriptors: number, memory: number }

/** Looks at what a process uses, again and again; the function ends that, and gives the most of each. */
function watch (t: Test, { program: { process: { pid } } }: Sender): () => Use {
  const most = { descriptors: 0, memory: 0 }
  // Node has the files of a module's imports open all at once while it loads them.
  const isModule = (descriptor: string): boolean => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${descriptor}`).endsWith('.js')
    } catch {
      return true
    }
  }
  const look = (): void => {
    most.descriptors = Math.max(most.descriptors, fs.readdirSync(`/proc/${pid}/fd`).filter(descriptor => !isModule(descriptor)).length)
    // The kernel keeps the highest figure itself.
    most.memory = Number(/VmHWM:\s*(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
  }
  const looking = setInterval(look, 10)
  t.teardown(() => clearInterval(looking))
  return () => {
    look()
    clearInterval(looking)
    return most
  }
}

/** What the same process uses that is at work, with nothing to take over. */
async function usualUse (t: Test, options: object): Promise<Use> {
  const usual = await sender(t, LIFE)
  const use = watch(t, usual)
  const outlet = await usual.open(options)
  for (let batch = 0; batch < 200; batch++) {
    await outlet.log(LINES)
    await outlet.flush()
  }
  await outlet.end()
  return use()
}

t.test(`${SEGMENTS} segments of dead writers`, { skip: !fs.existsSync('/proc/self/fd') && 'needs /proc' }, async t => {
  const dir = t.testdir()
  const place = await receiver(t, {}, LIFE)
  const options = { url: place.url, name: NAME, journal: { dir }, closeTimeout: CLOSE_TIMEOUT }

  const { memory, descriptors } = await usualUse(t, options)
  const before = (await place.requests()).length
  const within = (use: Use): void => {
    t.ok(use.memory - memory <= MOST_MEMORY, `${Math.round(use.memory / MB)} MB at most, ${Math.round(memory / MB)} MB with nothing to take over`)
    t.ok(use.descriptors <= MOST_DESCRIPTORS, `${use.descriptors} descriptors at most, ${descriptors} with nothing to take over`)
  }

  leave(dir)
  // Slow enough for an end in the middle.
  await place.script([{ delay: 5 }])
  const first = await sender(t, LIFE)
  const firstUse = watch(t, first)
  const began = Date.now()
  const heir = await first.open(options)
  await heir.log(1, { writer: 'new' })
  await heir.flush('durable')
  const durable = Date.now() - began
  await until(async () => (await place.requests()).length > before)
  const received = (await place.requests())[before]!.at - began
  t.ok(durable <= START, `the first new line was durable after ${durable} ms`)
  t.ok(received <= START, `the first old batch was received after ${received} ms`)

  // Another one comes and goes meanwhile.
  const second = await (await sender(t, LIFE)).open(options)
  await second.log(LINES, { writer: 'second' })
  await second.flush()
  await second.end()
  t.match(await second.metrics(), { recoveredRecords: 0, deliveredRecords: LINES }, 'who comes meanwhile has nothing to do with it')

  // It ends in the middle, in time; the next one does the rest.
  const ending = Date.now()
  await heir.end()
  const ended = Date.now() - ending
  t.ok(ended <= CLOSE_TIMEOUT + SLACK, `it had ended after ${ended} ms, with ${CLOSE_TIMEOUT} for it`)
  within(firstUse())
  const all = SEGMENTS * LINES
  const { recoveredRecords, deliveredRecords, pendingRecords, tornBytes } = await heir.metrics()
  t.match({ recoveredRecords, tornBytes, sum: deliveredRecords + pendingRecords }, { recoveredRecords: all, tornBytes: TORN.length, sum: all + 1 })
  t.ok(pendingRecords > 0, `${pendingRecords} lines are left`)

  await place.script([{ status: 200 }])
  const third = await sender(t, LIFE)
  const thirdUse = watch(t, third)
  const last = await third.open(options)
  await last.reaches(metrics => metrics.recoveredRecords === pendingRecords && metrics.pendingRecords === 0, 90_000)
  t.comment(`all of it after ${Date.now() - began} ms`)
  within(thirdUse())
  await last.end()
  t.strictSame(left(dir, NAME), { segments: [], dead: [], writers: [] }, 'nothing is left')

  const requests = (await place.requests()).slice(before)
  // What was under way when the first one ended comes again.
  const keys = [...new Set(requests.filter(({ runs }) => runs[0]![0] !== 'second').map(({ key }) => key!))]
  t.ok(keys.length === SEGMENTS + 1 && requests.length <= SEGMENTS + 3, `${keys.length} segments in ${requests.length} requests`)
  const stray = keys.findIndex((key, at) => at > 0 && key <= keys[at - 1]!)
  const { accepted, altered, doubled } = judge(requests)
  t.strictSame({ altered, doubled, second: accepted.get('second'), new: accepted.get('new') }, { altered: [], doubled: [], second: range(LINES), new: [0] })
  const seqs = accepted.get('w')!
  t.equal(new Set(seqs).size, all, 'every line')
  if (received > HEAD_START) return t.comment('taking over took longer than deliveries wait for it, on a busy machine: what is found later is sent later')
  t.strictSame({ stray, line: seqs.findIndex((seq, at) => seq !== at) }, { stray: -1, line: -1 }, 'in the order of their ids, and of their lines')
})

t.test(`${SEGMENTS} segments of half a megabyte, 256 descriptors: it starts, sends the oldest, takes what is new`, { skip: !fs.existsSync('/proc/self/fd') && 'needs /proc' }, async t => {
  const base = t.testdir({ backlog: {}, usual: {} })
  const dir = join(base, 'backlog')
  const place = await receiver(t, { script: { '/usual': [{}], '/': [{ status: 200 }, { fault: 'hang' }] } }, LIFE)
  const options = { url: place.url, name: NAME, journal: { dir, maxSize: '8g' }, batch: { flushAge: 20 }, closeTimeout: CLOSE_TIMEOUT }
  const { memory } = await usualUse(t, { ...options, url: `${place.url}/usual`, journal: { dir: join(base, 'usual') } })
  leave(dir, SPARSE)
  const own = await sender(t, { ...LIFE, execPath: 'sh', execArgv: ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath] } as ProgramOptions)
  const use = watch(t, own)
  const began = Date.now()
  const outlet = await own.open(options)
  await outlet.log(1, { writer: 'new' })
  await outlet.flush('durable')
  t.ok(Date.now() - began <= START, `the first new line was durable after ${Date.now() - began} ms`)
  await until(async () => (await place.requests('/')).length === 2)
  const { memory: most, descriptors } = use()
  t.ok(most - memory <= MOST_MEMORY, `${Math.round(most / MB)} MB at most, ${Math.round(memory / MB)} MB with nothing to take over`)
  t.ok(descriptors <= MOST_DESCRIPTORS, `${descriptors} descriptors at most`)
  t.comment(`durable after ${Date.now() - began} ms, ${Math.round((most - memory) / MB)} MB more than usual, ${descriptors} descriptors`)
  t.match(await outlet.metrics(), { recoveredRecords: SEGMENTS * LINES, deliveredRecords: LINES, droppedRecords: 0, pendingRecords: (SEGMENTS - 1) * LINES + 1 })
  t.strictSame((await place.requests('/'))[0]!.runs, [['w', 0, LINES - 1]])
  await outlet.end()
})
