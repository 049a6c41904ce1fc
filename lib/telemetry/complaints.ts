// Trouble is told at most once a minute per cause; the next time says how often it was kept silent.
import fs from 'node:fs'

const QUIET = 60_000

export type Tell = (line: string) => void

export const tellStderr: Tell = line => { try { fs.writeSync(2, line) } catch { /* nobody is there to read it */ } }

/** A function that tells, or keeps silent. Causes are few: each is remembered. */
export function complaints (tell: Tell): (cause: string, message: string) => void {
  const told = new Map<string, { at: number, silenced: number }>()
  return (cause, message) => {
    const now = Date.now()
    const last = told.get(cause)
    if (last && now - last.at < QUIET) {
      last.silenced++
      return
    }
    told.set(cause, { at: now, silenced: 0 })
    tell(last?.silenced ? `${message} (and ${last.silenced} more in the minute before)` : message)
  }
}
