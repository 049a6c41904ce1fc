// The verb `replay`: sends again what dead writers left in a journal, what was refused, or a log, to a receiver or into a file.
//
//   parcel -> delivered, repeated as the http output does -> removed from where it was
import fsp from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { basename, resolve } from 'node:path'
import { sourceOf, type Parcel, type Source } from './parcels.js'
import { findPlaces, type Place } from './places.js'
import { progress } from './progress.js'
import { complain, count, short, tell, WELL, WRONG, type Answering } from './result.js'
import { parseHttp, type HttpOptions } from '../config/http.js'
import { Batches } from '../delivery/batches.js'
import { delayAfter } from '../delivery/backoff.js'
import { letterFiles, type Letter } from '../delivery/dead-letters.js'
import { retry } from '../delivery/retry.js'
import { AttemptError, GoneError, reason } from '../errors.js'
import { checkOf } from '../http/body.js'
import { openExporter } from '../http/exporter.js'

export interface ReplayOptions extends Answering {
  dateFormat?: string
  keep?: boolean
  /** A file that is not there yet. */
  toJsonl?: string
  http: Partial<HttpOptions>
}

interface Replayed { path: string, delivered: number, refused: number, notes: string[], failure?: string }

/** Where parcels go. `deliver` rejects when one has not arrived. */
interface Receiver {
  deliver (parcel: Parcel): Promise<readonly Letter[]>
  close (): Promise<void>
}

/** Exit code after Ctrl-C, as shells have it. */
const INTERRUPTED = 130

export async function replay (paths: readonly string[], { http, keep = false, toJsonl, ...options }: ReplayOptions): Promise<number> {
  const interrupt = new AbortController()
  // A second one ends the process as usual.
  process.once('SIGINT', () => interrupt.abort())
  const places = (await Promise.all(paths.map(path => placesOf(path, options)))).flat()
  const receiver = toJsonl === undefined ? await overHttp(http, interrupt.signal) : await intoFile(toJsonl)
  const done: Replayed[] = []
  try {
    for (const place of places) {
      if (interrupt.signal.aborted) break
      const replayed: Replayed = { path: place.path, delivered: 0, refused: 0, notes: [] }
      done.push(replayed)
      await one(place, keep, receiver, replayed, interrupt.signal).catch(error => { replayed.failure = reason(error) })
      // Whoever does not answer now does not a moment later.
      if (replayed.failure !== undefined) break
    }
  } finally {
    await receiver.close()
  }
  for (const { path, failure } of done) if (failure !== undefined) complain(`${short(path)}: ${failure}; what was not delivered stays where it is`)
  await tell(options, { interrupted: interrupt.signal.aborted, places: done }, done.length === 0
    ? ['there is nothing to replay']
    : done.flatMap(({ path, delivered, refused, notes }) => [
      ...notes.map(note => `${short(path)}: ${note}`),
      `${short(path)}: ${count(delivered, 'record')} delivered${refused > 0 ? `, ${refused} refused` : ''}`
    ]))
  if (interrupt.signal.aborted) return INTERRUPTED
  return done.some(({ failure, refused }) => failure !== undefined || refused > 0) ? WRONG : WELL
}

/** A directory of dead letters is no journal by itself. */
async function placesOf (path: string, options: { dateFormat?: string }): Promise<Place[]> {
  const absolute = resolve(path)
  const isDead = basename(absolute) === 'dead' && await fsp.stat(absolute).then(stat => stat.isDirectory(), () => false)
  if (isDead) return (await letterFiles(resolve(absolute, '..'))).map(path => ({ kind: 'file', path }))
  return await findPlaces([path], options)
}

async function one (place: Place, keep: boolean, receiver: Receiver, replayed: Replayed, signal: AbortSignal): Promise<void> {
  const source: Source = await sourceOf(place, keep)
  replayed.notes = source.notes
  const bar = progress(source.bytes)
  bar.now(short(place.path))
  try {
    for await (const parcel of source.parcels()) {
      if (signal.aborted) break
      const refused = await receiver.deliver(parcel)
      await parcel.done(refused)
      replayed.refused += refused.length
      replayed.delivered += parcel.records - refused.length
      bar.add(parcel.bytes)
    }
  } finally {
    bar.stop()
    await source.close()
  }
}

async function overHttp (given: Partial<HttpOptions>, signal: AbortSignal): Promise<Receiver> {
  const o = parseHttp({ ...given, journal: 'memory' })
  let refused: Letter[] = []
  const exporter = await openExporter(o)
  const batches = new Batches({
    send: part => exporter.send(part), check: checkOf(o.format), dead: { add: async letters => { refused.push(...letters) } }, hide: text => exporter.hide(text)
  })
  const again = async (error: unknown, attempt: number): Promise<boolean> => {
    const { after = 0, needsHelp = false } = error instanceof AttemptError ? error : {}
    if (signal.aborted || needsHelp || error instanceof GoneError || attempt > o.retry.retries) return false
    return await sleep(Math.max(after, delayAfter(o.retry, attempt)), true, { signal }).catch(() => false)
  }
  return {
    async deliver (parcel) {
      refused = []
      await retry(() => batches.deliver(parcel), again)
      return refused
    },
    close: () => exporter.close()
  }
}

async function intoFile (path: string): Promise<Receiver> {
  const file = await fsp.open(path, 'wx', 0o600)
  return {
    async deliver (parcel) {
      await file.appendFile(await parcel.read())
      // What is removed next must not be lost with the machine.
      await file.datasync()
      return []
    },
    close: () => file.close()
  }
}
