// What all requests of a plugin or of a function have in common: where dumps go, which failures count, and what is on its way.
import { setImmediate as turn } from 'node:timers/promises'
import { parseDumper } from '../config/dumper.js'
import { dumper as processDumper } from './default.js'
import { FileDumper } from './dumper.js'
import { Recorder } from './recorder.js'
import type { When } from '../config/requests.js'
import type { RecorderSettings } from '../config/recorder.js'

export interface Desk {
  readonly dumper: FileDumper
  readonly when: When
  readonly recorder: Recorder | undefined
  /** Of the reply: names the dump's file. */
  readonly header: string | undefined
  /** Documents on their way: whoever closes waits for them. */
  readonly underWay: Set<Promise<unknown>>
  /** Waits for them, and closes the dumper if nobody else can. */
  close (): Promise<void>
}

interface Settings {
  dumper?: unknown
  when: When
  recorder: RecorderSettings | undefined
  header?: string | undefined
}

/** Throws an OptionError. */
export function deskOf ({ dumper: given, recorder, when, header }: Settings): Desk {
  const { dumper, own } = dumperOf(given)
  const underWay = new Set<Promise<unknown>>()
  return {
    dumper,
    when,
    header,
    recorder: recorder && dumper.enabled ? new Recorder(recorder) : undefined,
    underWay,
    async close () {
      // A server is closed as soon as its last socket begins to close; the response hears of it at the end of that turn of the event loop.
      await turn()
      await turn()
      while (underWay.size > 0) await Promise.all(underWay)
      if (own) await dumper.close()
    }
  }
}

/** The dumper that is meant by an option, and whether it was made of it. Throws an OptionError. */
export function dumperOf (given: unknown): { dumper: FileDumper, own: boolean } {
  if (given === undefined) return { dumper: processDumper as unknown as FileDumper, own: false }
  if (isDumper(given)) return { dumper: given, own: false }
  return { dumper: new FileDumper(parseDumper(given)), own: true }
}

/** By its methods: it may be of another copy of this package. */
function isDumper (given: unknown): given is FileDumper {
  return typeof given === 'object' && given !== null && 'dumpAt' in given
}
