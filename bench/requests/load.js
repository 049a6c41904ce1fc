// Two ways to ask a server, for `seconds`: as fast as it answers, and at an even pace. Both give the latencies in ms and how many
// answers had another status than the one expected.
import { once } from 'node:events'
import net from 'node:net'
import { createHistogram, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'

const CONNECTIONS = 20
const PACED_CONNECTIONS = 100
const TICK = 1

/** Every connection sends its next request when it has the answer to the last one. */
export async function saturate (url, status, seconds) {
  const tally = tallyOf(status)
  const run = autocannon({ url, duration: seconds, connections: CONNECTIONS, sampleInt: 100 })
  run.on('response', (_client, status, _bytes, ms) => tally.add(status, ms))
  const { errors } = await run
  tally.broken = errors
  return tally.result()
}

/**
 * Requests are sent when they are due, whether or not the ones before them have been answered, and their time runs from then on, also
 * while no connection is free. autocannon's `overallRate` is no such pace: each connection sends its share of a second at full speed
 * and waits for the next one, so that its latencies are those of a saturated server.
 */
export async function pace (url, status, seconds, rate) {
  const tally = tallyOf(status)
  const total = Math.round(rate * seconds)
  const waiting = []
  const { hostname, port, pathname } = new URL(url)
  const text = `GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`
  const free = Array.from({ length: PACED_CONNECTIONS }, () => connect({ host: hostname, port }, connection => {
    if (waiting.length > 0) connection.ask(text, waiting.shift(), tally)
    else free.push(connection)
  }, () => { tally.broken++ }))
  const connections = [...free]
  await Promise.all(connections.map(({ connected }) => connected))
  const start = performance.now()
  for (let sent = 0; sent < total;) {
    const now = performance.now()
    for (const due = Math.min(total, Math.ceil((now - start) * rate / 1000)); sent < due; sent++) {
      const connection = free.pop()
      if (connection) connection.ask(text, now, tally)
      else waiting.push(now)
    }
    await sleep(TICK)
  }
  while (tally.answered < total && tally.broken === 0) await sleep(TICK)
  for (const { end } of connections) end()
  return tally.result()
}

/** One request at a time. It reads of an answer no more than its status and its length. */
function connect (where, whenFree, whenBroken) {
  const socket = net.connect(where).setNoDelay().setEncoding('latin1')
  let answer = ''
  let asked
  const connection = {
    connected: once(socket, 'connect'),
    ask (text, since, tally) {
      asked = { since, tally }
      socket.write(text)
    },
    end () {
      socket.off('close', whenBroken)
      socket.destroy()
    }
  }
  socket.on('error', () => {})
  socket.on('close', whenBroken)
  socket.on('data', piece => {
    answer += piece
    const head = answer.indexOf('\r\n\r\n')
    if (head === -1 || answer.length < head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(answer)[1])) return
    asked.tally.add(Number(answer.slice(9, 12)), performance.now() - asked.since)
    answer = ''
    whenFree(connection)
  })
  return connection
}

function tallyOf (expected) {
  const start = performance.now()
  const micros = createHistogram()
  const tally = {
    answered: 0,
    unexpected: 0,
    /** Connections. */
    broken: 0,
    add (status, ms) {
      tally.answered++
      if (status !== expected) tally.unexpected++
      micros.record(Math.max(1, Math.round(ms * 1000)))
    },
    result: () => ({
      ms: performance.now() - start,
      answered: tally.answered,
      p50Ms: micros.percentile(50) / 1000,
      p99Ms: micros.percentile(99) / 1000,
      failure: tally.unexpected + tally.broken > 0 ? `${tally.unexpected} answers other than ${expected}, ${tally.broken} broken connections` : undefined
    })
  }
  return tally
}
