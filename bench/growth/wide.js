// Lines with so many fields, each of which has a column of its own: how many rows a second are converted, in a warm process.
//
//   node wide.js '{"contender": "blackbox parquet, 100 columns", "dirs": ["/tmp/x"], "lines": 1000}'
import fs from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { contenders, DATASET } from '../contenders.js'
import { open } from '../convert/blackbox.js'
import { cutIntoSegments } from '../convert/segments.js'
import { peakRss } from '../meter.js'

const WARM_LINES = 200
const START = 1_763_700_000_000

const { contender, dirs: [dir], lines } = JSON.parse(process.argv[2])
const { columns } = contenders[contender]
const names = Array.from({ length: columns }, (_, at) => `field_${at}`)

/** Whole numbers and texts by turns; a third of the fields of a line are not there. */
function line (seq) {
  const fields = names.map((name, at) => [name, at % 2 ? `value ${(seq * 7 + at) % 1000}` : seq * 31 + at]).filter((_, at) => (at + seq) % 3 > 0)
  return `${JSON.stringify({ level: 30, time: START + seq, seq, ...Object.fromEntries(fields), msg: 'wide' })}\n`
}

async function convert (name, lines) {
  const input = join(dir, `${name}.jsonl`)
  fs.writeFileSync(input, Array.from({ length: lines }, (_, seq) => line(seq)).join(''))
  cutIntoSegments(input)
  const options = { columns: Object.fromEntries(names.map((name, at) => [name, at % 2 ? 'string' : 'int64'])) }
  const run = open('hyparquet', options)(input, join(dir, name, DATASET))
  const began = performance.now()
  await run()
  return performance.now() - began
}

await convert('warm', WARM_LINES)
const ms = await convert('cold', lines)
process.send({ lines, columns, ms, peakRss: peakRss() }, () => process.disconnect())
