// How far long work has come, on a terminal. The only importer of cli-progress.
import { createRequire } from 'node:module'

interface Bar {
  start (total: number, value: number, payload: { what: string }): void
  update (value: number, payload: { what: string }): void
  stop (): void
}
type SingleBar = new (options: Record<string, unknown>) => Bar

export interface Progress {
  /** So many bytes more are done. */
  add (bytes: number): void
  /** What is being done now. */
  now (what: string): void
  stop (): void
}

const SILENT: Progress = { add () {}, now () {}, stop () {} }
const BAR = 24

/** `total` in bytes. On stderr, because results may go elsewhere; nothing where that is no terminal. */
export function progress (total: number): Progress {
  if (!process.stderr.isTTY || total === 0) return SILENT
  // Loaded where it is shown.
  const require = createRequire(import.meta.url)
  const { SingleBar } = require('cli-progress') as { SingleBar: SingleBar }
  const bar = new SingleBar({
    stream: process.stderr,
    format: '  {bar} {percentage} %  {what}',
    barsize: BAR,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: true,
    linewrap: true
  })
  let done = 0
  let what = ''
  bar.start(total, 0, { what })
  return {
    add (bytes) {
      done = Math.min(total, done + bytes)
      bar.update(done, { what })
    },
    now (text) {
      what = text
      bar.update(done, { what })
    },
    stop: () => bar.stop()
  }
}
