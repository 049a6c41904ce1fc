// pino-blackbox/console: lines to stdout or stderr. A closed pipe or terminal harms nothing: from then on lines are dropped
// and counted.
//
//   lines -> journal in memory -> file descriptor 1 or 2
import { setTimeout as sleep } from 'node:timers/promises'
import { parseConsole, type ConsoleOptions } from '../lib/config/console.js'
import { errno, GoneError } from '../lib/errors.js'
import { openMonitor } from '../lib/hooks/hooks.js'
import { Appender } from '../lib/journal/appender.js'
import { Block } from '../lib/journal/block.js'
import { MemoryJournal } from '../lib/journal/memory.js'
import { createOutput, transport, type Output } from '../lib/output.js'
import type { Writable } from 'node:stream'
import type { Sealed } from '../lib/journal/journal.js'

export type { ConsoleOptions }

const SEGMENT = 1024 * 1024
/** ms to wait for a reader. */
const SHORTEST_PAUSE = 1
const LONGEST_PAUSE = 50
/** The reader has gone away, or the terminal was closed. */
const GONE = ['EPIPE', 'EIO', 'EBADF', 'ENXIO']

/** Rejects with an OptionError; afterwards nothing does. */
export async function output (options: unknown): Promise<Output> {
  const o = parseConsole(options)
  const monitor = await openMonitor('console', o.name ?? `console ${o.stream}`, o.hooks)
  const journal = new MemoryJournal({ monitor, maxBytes: o.maxLength, rule: { maxBytes: SEGMENT, early: { records: 1, age: 0 } }, whenFull: 'drop-newest', blockTimeout: 0 })
  return createOutput({
    kind: 'console', monitor, journal, closeTimeout: o.closeTimeout, deliver: writer(o.stream === 'stdout' ? 1 : 2, o.stream)
  })
}

/** Writes a segment, and after a failure goes on where it stopped. */
function writer (fd: number, name: string): (segment: Sealed) => Promise<void> {
  let appender = new Appender(fd)
  let sent = 0
  return async segment => {
    const bytes = await segment.read()
    for (let pause = SHORTEST_PAUSE; sent < bytes.length;) {
      try {
        await appender.append([new Block(bytes.subarray(sent), segment.records)])
        break
      } catch (error) {
        const { confirmed } = appender
        sent += confirmed
        appender = new Appender(fd)
        if (errno(error) === 'EAGAIN') {
          // A pipe that is full, and that node has made non-blocking.
          pause = confirmed > 0 ? SHORTEST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE)
          await sleep(pause)
          continue
        }
        if (!GONE.includes(errno(error) ?? '')) throw error
        sent = 0
        throw new GoneError(`nobody reads ${name} any more`, { cause: error })
      }
    }
    sent = 0
  }
}

/** pino target: stdout or stderr. Rejects with an OptionError. */
export default async function console (options?: ConsoleOptions): Promise<Writable> {
  return transport([{ output: await output(options), level: 0 }])
}
