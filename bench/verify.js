// A time counts only when every line is in the files: whole, once, in order.
import fs from 'node:fs'
import { join } from 'node:path'

const PIECE = 1024 * 1024

/** The files of one output in the order in which they were written: by number in the name, one without a number last. */
export function filesOf (dir) {
  return fs.readdirSync(dir, { withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
    .map(entry => entry.name)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map(name => join(dir, name))
}

/**
 * Do the files of `dir`, read one after the other, hold lines 0 to `lines` - 1 and nothing else? `wrong` says what is not so.
 * `cut` counts lines of which one file has the beginning and the next one the end.
 */
export function verify (dir, lines) {
  let expected = 0
  let cut = 0
  let begun = ''
  for (const path of filesOf(dir)) {
    for (const piece of linesOf(path)) {
      const line = begun + piece
      begun = ''
      if (!line.endsWith('\n')) {
        begun = line
        cut++
        continue
      }
      const wrong = fault(line, expected++)
      if (wrong) return { wrong: `${path}: ${wrong}`, cut }
    }
  }
  if (begun !== '') return { wrong: 'the last file ends with half a line', cut }
  return { wrong: expected === lines ? undefined : `${lines - expected} of ${lines} lines are missing in ${dir}`, cut }
}

function fault (line, expected) {
  try {
    const { seq } = JSON.parse(line)
    return seq === expected ? undefined : `line ${seq} where line ${expected} is expected`
  } catch {
    return `a line that does not parse: ${line.slice(0, 200)}`
  }
}

/** With their ends; the last one may have none. */
export function * linesOf (path) {
  const fd = fs.openSync(path, 'r')
  try {
    const piece = Buffer.allocUnsafe(PIECE)
    let rest = Buffer.alloc(0)
    for (let length = fs.readSync(fd, piece); length > 0; length = fs.readSync(fd, piece)) {
      const bytes = Buffer.concat([rest, piece.subarray(0, length)])
      let from = 0
      for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
        yield bytes.toString('utf8', from, end + 1)
        from = end + 1
      }
      rest = bytes.subarray(from)
    }
    if (rest.length > 0) yield rest.toString()
  } finally {
    fs.closeSync(fd)
  }
}
