// The segments in which the journal would have sealed the lines of a file.
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { parseParquet } from '../../dist/lib/config/parquet.js'

const OPENED = 1_763_700_000_000
const WRITER = '0123456789abcdef'

const directoryOf = input => `${input}.segments`

/** Cuts them once for all processes. Returns the number of lines. */
export function cutIntoSegments (input) {
  const directory = directoryOf(input)
  fs.mkdirSync(directory)
  const { maxRecords, maxBytes } = parseParquet({ dir: directory }).rule
  const text = fs.readFileSync(input)
  let all = 0
  for (let from = 0, count = 0; from < text.length; count++) {
    let to = from
    let records = 0
    for (let end = text.indexOf(0x0a, to) + 1; end > 0 && records < maxRecords && end - from <= maxBytes; end = text.indexOf(0x0a, to) + 1) {
      to = end
      records++
    }
    fs.writeFileSync(join(directory, `${String(OPENED).padStart(15, '0')}-${WRITER}-${String(count).padStart(9, '0')}.${records}.jsonl`), text.subarray(from, to))
    from = to
    all += records
  }
  return all
}

/** Puts them into the directory of a writer below `home`: under another name, because converting removes them. */
export function linkSegments (input, home) {
  const directory = join(home, WRITER)
  fs.mkdirSync(directory, { recursive: true })
  const segments = fs.readdirSync(directoryOf(input)).sort().map(name => {
    const path = join(directory, name)
    fs.linkSync(join(directoryOf(input), name), path)
    return { id: basename(name).split('.')[0], path, opened: OPENED }
  })
  return { directory, segments }
}
