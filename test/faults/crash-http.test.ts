// F1 for HTTP, P2, P4: what flush() acknowledged reaches the receiver whatever is killed, SIGKILL for the process as well as for the receiver.
// What comes again comes with the same key and the same bytes. KILLS=100 in the soak.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { http } from 'pino-blackbox'
import { Front } from '../fixtures/front.js'
import { produce, until, type Producer } from '../fixtures/harness.js'
import { range } from '../fixtures/jsonl.js'
import { judge, receiver, type Request, type Step } from '../fixtures/receiver.js'
import { left, sender } from '../fixtures/sender.js'
import { isEmpty } from '../fixtures/spooled.js'

/** A round is four. */
const KILLS = Math.ceil(Number(process.env.KILLS ?? 4) / 4) * 4
const NAME = 'crash'
const ACK = 300
/** ms. */
const LONGEST = 60_000 + KILLS * 10_000

/** Segments are small, so that kills hit every step; delays short, so that attempts are many. */
const settings = (url: string, dir: string) => ({
  url,
  name: NAME,
  journal: { dir, maxSize: '4g' },
  batch: { flushRecords: 50, flushAge: 20, maxRecords: 400 },
  retry: { minDelay: 5, maxDelay: 50 }
})

const logging = (t: Test, url: string, dir: string, writer: string): Producer => {
  const producer = produce({ transport: http(settings(url, dir)), writer, ackEvery: ACK, burst: 20 })
  t.teardown(() => producer.process.kill('SIGKILL'))
  return producer
}

interface Run { writer: string, acked: number }

async function kill (producer: Producer, writer: string, most = 60): Promise<Run> {
  await new Promise(resolve => setTimeout(resolve, Math.random() * most))
  producer.process.kill('SIGKILL')
  await producer.exited
  return { writer, acked: producer.acked }
}

/** What is wrong with these runs' lines: acknowledged and not received, or received in another order than that in which they were logged. */
function wrong (requests: Request[], runs: readonly Run[]): string[] {
  const { accepted, altered, doubled } = judge(requests)
  return [
    ...altered.map(key => `${key} came with other bytes`),
    ...doubled.map(id => `${id} came under two keys`),
    ...runs.flatMap(({ writer, acked }) => {
      const seqs = accepted.get(writer) ?? []
      const stray = seqs.findIndex((seq, at) => seq !== at)
      return [
        ...(seqs.length < acked ? [`${writer}: ${acked} acknowledged, ${seqs.length} received`] : []),
        ...(stray === -1 ? [] : [`${writer}: ${seqs[stray]} where ${stray} should be`])
      ]
    })
  ]
}

/** Some answers get lost on their way. */
const UP: Step[] = [{ fault: 'reset after the full body', when: { share: 0.2 } }, { status: 200 }]

t.test(`${KILLS} SIGKILLs with the receiver up, down, hanging and killed as well: acknowledged lines arrive, in order`, { timeout: LONGEST }, async t => {
  const dir = t.testdir()
  const front = await Front.open(t, LONGEST)
  await front.start(UP)
  const successors = await sender(t, { timeout: LONGEST })
  const more = async (): Promise<void> => {
    const before = (await front.requests()).length
    await until(async () => (await front.requests()).length > before)
  }
  const weather: Array<(producer: Producer) => Promise<void>> = [
    // In the middle of what those before have left.
    more,
    async producer => {
      await front.refuse()
      await producer.reached(producer.acked + ACK)
    },
    async producer => {
      await front.accept()
      await front.script([{ fault: 'hang' }])
      await more()
      await producer.reached(producer.acked + ACK)
      // The next one meets a receiver that works.
      await front.script(UP)
    },
    async producer => {
      await more()
      await front.kill()
      await producer.reached(producer.acked + ACK)
      await front.start(UP)
      await more()
    }
  ]
  const runs: Run[] = []
  /** Somebody who ends well, after everything has been delivered. */
  const drain = async (): Promise<void> => {
    const writer = `drain-${runs.length}`
    const outlet = await successors.open(settings(front.url, dir))
    await outlet.log(100, { writer })
    await outlet.flush('durable')
    await until(() => isEmpty(dir), 60_000)
    const { recoveredRecords, deliveredRecords, droppedRecords, deadRecords } = await outlet.metrics()
    t.match({ deliveredRecords, droppedRecords, deadRecords }, { deliveredRecords: recoveredRecords + 100, droppedRecords: 0, deadRecords: 0 })
    await outlet.end()
    t.strictSame(left(dir, NAME), { segments: [], dead: [], writers: [] }, `${recoveredRecords} lines were there, nothing is left`)
    runs.push({ writer, acked: 100 })
  }
  for (let at = 0; at < KILLS; at++) {
    const writer = `run-${at}`
    const producer = logging(t, front.url, dir, writer)
    await producer.reached(ACK)
    await weather[at % weather.length]!(producer)
    runs.push(await kill(producer, writer, 200))
    if (at % weather.length === weather.length - 1) await drain()
  }

  const requests = await front.requests()
  t.strictSame(wrong(requests, runs), [], `acknowledged: ${runs.map(({ acked }) => acked).join(' + ')}`)
  const { repeats, unordered } = judge(requests)
  t.strictSame(unordered, [], 'keys come in the order of their writer')
  t.ok(repeats >= KILLS, `${repeats} of ${requests.length} requests had come before`)
})

t.test('two that start at once share what the dead have left, each segment to one of them; a living one is not robbed', async t => {
  const dir = t.testdir()
  const place = await receiver(t, { listening: false })
  const living = await (await sender(t)).open(settings(place.url, dir))
  await living.log(100, { writer: 'living' })
  await living.flush('durable')
  const runs = await Promise.all(['a', 'b', 'c'].map(async writer => {
    const producer = logging(t, place.url, dir, writer)
    await producer.reached(3 * ACK)
    return await kill(producer, writer)
  }))
  // So many that neither is done before the other has begun; the odd ones died half-way through sorting out whom they had adopted.
  for (const at of range(200)) {
    const writer = `${at}`.padStart(16, 'f')
    const heir = at % 2 === 1 ? `${at}`.padStart(16, 'e') : writer
    const places = [heir, heir === writer ? writer : join(heir, writer)].map(place => join(dir, `http-${NAME}`, place))
    fs.mkdirSync(places[1]!, { recursive: true })
    for (const [number, place] of places.entries()) {
      fs.writeFileSync(join(place, `${`${Date.now()}`.padStart(15, '0')}-${writer}-00000000${number}.1.jsonl`), `${JSON.stringify({ writer, seq: number })}\n`)
    }
    runs.push({ writer, acked: 2 })
  }
  const orphans = left(dir, NAME).segments.filter(({ lines }) => lines.length > 0 && !lines[0]!.includes('living'))
  const lines = orphans.reduce((sum, { lines }) => sum + lines.length, 0)
  t.ok(orphans.length >= 3 && lines >= 9 * ACK + 400, `${orphans.length} segments, ${lines} lines`)

  const senders = await Promise.all([sender(t), sender(t)])
  await place.listen(true)
  const heirs = await Promise.all(senders.map(sender => sender.open(settings(place.url, dir))))
  await Promise.all(heirs.map((heir, at) => heir.log(10, { writer: `heir-${at}` })))
  await until(() => isEmpty(dir))
  for (const outlet of [living, ...heirs]) await outlet.flush()

  const [stayed, ...shares] = await Promise.all([living, ...heirs].map(async outlet => (await outlet.metrics()).recoveredRecords))
  t.equal(stayed, 0, 'who was there before adopts nothing')
  t.equal(shares.reduce((sum, share) => sum + share), lines, `recovered: ${shares.join(' + ')}`)
  const requests = await place.requests()
  t.strictSame(wrong(requests, [...runs, { writer: 'living', acked: 100 }, { writer: 'heir-0', acked: 10 }, { writer: 'heir-1', acked: 10 }]), [])
  const times = new Map<string | undefined, number>()
  for (const { key } of requests) times.set(key, (times.get(key) ?? 0) + 1)
  t.strictSame(orphans.filter(({ id }) => times.get(id) !== 1).map(({ id }) => `${id} came ${times.get(id)} times`), [])
  for (const outlet of [living, ...heirs]) await outlet.end()
  t.strictSame(left(dir, NAME), { segments: [], dead: [], writers: [] }, 'nothing is left')
})

t.test('killed between the halves of a batch that was too large: whoever is next sends the same halves under the same keys', async t => {
  const dir = t.testdir()
  const large: Step = { status: 413, when: { over: 15_000 } }
  const place = await receiver(t, { script: [large, { status: 200 }, { fault: 'hang' }] })
  const options = { url: place.url, name: NAME, journal: { dir }, batch: { flushRecords: 200, flushAge: false } }
  const first = await sender(t)
  const victim = await first.open(options)
  await victim.log(200)
  await until(async () => (await place.requests()).length === 3)
  await first.kill()
  await place.script([large, { status: 200 }])
  const next = await (await sender(t)).open(options)
  await until(() => isEmpty(dir))
  await next.end()
  const requests = await place.requests()
  t.strictSame(wrong(requests, [{ writer: 'w', acked: 200 }]), [])
  const keys = requests.map(({ key }) => key)
  const id = keys[0]!
  t.strictSame(keys, [id, `${id}/0-100`, `${id}/100-200`, id, `${id}/0-100`, `${id}/100-200`])
  t.equal(judge(requests).repeats, 3)
})
