// A bar on a terminal, a line now and then anywhere else.
import { MultiBar } from 'cli-progress'

const BAR = 18
const PLAIN_EVERY = 2500

/**
 * @param {number} total 0 when it is not known
 * @returns {{ update (value: number, text: string): void, say (line: string): void, stop (): void }}
 */
export function progress (total) {
  return process.stdout.isTTY ? bar(total) : plain(total)
}

/** @param {number} total */
function bar (total) {
  const bars = new MultiBar({
    stream: process.stdout,
    format: total > 0 ? '  {bar} {percentage} %  {text}' : '  {text}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: BAR,
    autopadding: true,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    // Cuts what is longer than the terminal is wide.
    linewrap: true,
    emptyOnZero: true
  })
  const only = bars.create(total, 0, { text: '' })
  return {
    update: (value, text) => only.update(total > 0 ? Math.min(value, total) : 0, { text }),
    say: line => bars.log(`${line}\n`),
    stop () {
      // What was said since the last redraw would be lost.
      bars.update()
      bars.stop()
    }
  }
}

/** @param {number} total */
function plain (total) {
  let last = Date.now()
  return {
    update (value, text) {
      if (Date.now() - last < PLAIN_EVERY) return
      last = Date.now()
      const percent = total > 0 ? `${Math.floor(Math.min(1, value / total) * 100)} %`.padStart(7) : ''
      console.log(`  ${percent}  ${text}`)
    },
    say: line => console.log(line),
    stop () {}
  }
}
