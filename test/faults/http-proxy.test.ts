// F11, P2, P4, P9: the way to the receiver cuts, delays, trickles and corrupts. Everything arrives, in order, and what comes again does so under its key
// with its bytes. SEED=<number> repeats it.
import t from 'tap'
import { atReceiver } from '../fixtures/evidence.js'
import { seeded } from '../fixtures/harness.js'
import { oracle } from '../fixtures/oracle.js'
import { receiver } from '../fixtures/receiver.js'
import { roughProxy, type Roughness } from '../fixtures/rough-proxy.js'
import { sender } from '../fixtures/sender.js'

const LINES = Number(process.env.PROXY_LINES ?? 4000)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))

for (const compress of [false, 'gzip'] as const) {
  t.test(`${LINES} lines over a bad way, ${compress ? 'compressed' : 'as they are'} (SEED=${SEED})`, { timeout: 60_000 + LINES * 10 }, async t => {
    const random = seeded(SEED)
    const below = (most: number): number => Math.floor(random() * most)
    const seen = new Map<string, number>()
    const next = (): Roughness => {
      const ways: Roughness[] = [
        { do: 'pass' },
        { do: 'cut request', after: 1 + below(20_000) },
        { do: 'cut answer', after: 1 + below(300) },
        { do: 'delay', ms: below(300) },
        { do: 'trickle', bytes: 1 + below(400) },
        // The status line and what follows it.
        { do: 'corrupt', at: below(40) }
      ]
      const way = ways[below(ways.length)]!
      seen.set(way.do, (seen.get(way.do) ?? 0) + 1)
      return way
    }
    const place = await receiver(t)
    const url = await roughProxy(t, place.port, next)
    const dir = t.testdir()
    const outlet = await (await sender(t)).open({
      url, name: 'x', compress, journal: { dir }, timeout: 2000, batch: { flushRecords: 20, flushAge: 20, maxRecords: 60 }, retry: { minDelay: 1, maxDelay: 20 }
    })
    for (let lines = 0; lines < LINES; lines += LINES / 10) await outlet.log(LINES / 10)
    await outlet.flush('delivered', 60_000)
    const { deliveredRecords, deadRecords, droppedRecords } = await outlet.metrics()
    await outlet.end()
    const evidence = atReceiver(await place.requests(), `${dir}/http-x`)
    const { faults, outputs } = oracle([evidence], [{ writer: 'w', acked: LINES }])
    t.strictSame(faults, [])
    t.strictSame([deliveredRecords, deadRecords, droppedRecords], [LINES, 0, 0])
    t.comment(`${outputs[0]!.repeats} repeats; ${[...seen].map(([way, times]) => `${way} ${times}`).join(', ')}`)
  })
}
