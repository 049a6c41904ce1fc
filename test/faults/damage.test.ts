// F6, F7, P13: one byte changed, and the end cut off, at every offset of what a dead process left. The line that it hits suffers, at a
// newline the two beside it; every other one is delivered, in its order, and what was lost is counted as what it is.
//
//   OFFSETS=all npx tap run test/faults/damage.test.ts
import t from 'tap'
import { join } from 'node:path'
import { ALL, isRecord, lines, logWith, partsOf, RECORDS, scratch, spoolWith, textOf } from '../fixtures/damaged.js'
import { seeded, stayAwake } from '../fixtures/harness.js'

stayAwake(t)
const SEED = Number(process.env.SEED ?? 1)
const BYTES = textOf(ALL)
const PER_SEGMENT = 20
const NEWLINE = 0x0a
/** All of them, or those around newlines and every so many between. */
const chosen = (length: number, bytes: Buffer, step: number): number[] => [...Array(length).keys()]
  .filter(at => process.env.OFFSETS === 'all' || at % step === 0 || (at < 200 && [at - 1, at, at + 1].some(near => bytes[near] === NEWLINE)))

const random = seeded(SEED)
/** Another byte: one with another bit, or one that means something. */
const other = (byte: number): number => [byte ^ 1 << Math.floor(random() * 8), NEWLINE, 0x7b, 0x22, 0][Math.floor(random() * 5)]!

function flipped (bytes: Buffer, at: number, to: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = to === copy[at] ? to ^ 1 : to
  return copy
}

/** Where a byte of the whole is. */
const placeOf = (offset: number): { segment: number, at: number } => {
  let segment = 0
  let at = offset
  for (; segment < RECORDS / PER_SEGMENT; segment++) {
    const { length } = textOf(ALL.slice(segment * PER_SEGMENT, (segment + 1) * PER_SEGMENT))
    if (at < length) break
    at -= length
  }
  return { segment, at }
}
const LAST = RECORDS / PER_SEGMENT - 1
const isOrdered = (found: readonly string[]): boolean => found.every((line, at) => at === 0 || ALL.indexOf(found[at - 1]!) < ALL.indexOf(line))

t.test(`one byte of a spool of ${RECORDS} records (SEED=${SEED})`, { timeout: 1_800_000 }, async t => {
  const directory = scratch(t)
  const wrong: string[] = []
  const offsets = chosen(BYTES.length, BYTES, 131)
  let slowest = 0
  for (const offset of offsets) {
    const { segment, at } = placeOf(offset)
    let left = Buffer.alloc(0)
    const found = await spoolWith(join(directory, 's'), segment, bytes => { left = Buffer.from(flipped(bytes, at, other(bytes[at]!))); return left })
    slowest = Math.max(slowest, found.start)
    const known = found.lines.filter(line => ALL.includes(line))
    const lost = ALL.length - new Set(known).size
    const { whole, rest } = partsOf(left)
    // What has no end is cut off where nobody had sealed it, and a line like any other where somebody had.
    const there = segment === LAST ? whole : rest === '' ? whole : [...whole, rest]
    const bad = there.filter(line => !isRecord(line)).length
    const expected = { lost: lost <= (BYTES[offset] === NEWLINE ? 2 : 1), twice: known.length, ordered: true, dead: bad, torn: segment === LAST ? rest.length : 0, balanced: true }
    const seen = { lost: expected.lost, twice: new Set(known).size, ordered: isOrdered(known), dead: found.dead.length, torn: found.torn, balanced: found.balanced }
    if (!expected.lost || JSON.stringify(seen) !== JSON.stringify(expected)) wrong.push(`${offset}: ${lost} lost, ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`)
  }
  t.strictSame(wrong.slice(0, 5), [], `${offsets.length} offsets, the slowest start took ${Math.round(slowest)} ms`)
})

t.test(`the end of a segment of a spool of ${RECORDS} records`, { timeout: 1_800_000 }, async t => {
  const directory = scratch(t)
  const wrong: string[] = []
  const offsets = chosen(BYTES.length, BYTES, 173)
  for (const offset of offsets) {
    const { segment, at } = placeOf(offset)
    const found = await spoolWith(join(directory, 's'), segment, bytes => bytes.subarray(0, at))
    const { whole, rest } = partsOf(textOf(ALL.slice(segment * PER_SEGMENT, (segment + 1) * PER_SEGMENT)).subarray(0, at))
    const open = segment === LAST
    const complete = !open && isRecord(rest)
    const kept = [...whole, ...complete ? [rest] : []]
    const expected = [...ALL.slice(0, segment * PER_SEGMENT), ...kept, ...ALL.slice((segment + 1) * PER_SEGMENT)]
    const dead = !open && rest !== '' && !complete ? 1 : 0
    const gone = open ? 0 : PER_SEGMENT - kept.length - dead
    const same = found.lines.join() === expected.join() && found.dead.length === dead && found.gone === gone && found.torn === (open ? rest.length : 0) && found.balanced
    if (!same) wrong.push(`${offset}: ${found.lines.length} of ${expected.length} delivered, ${found.dead.length} of ${dead} dead, ${found.gone} of ${gone} gone, ${found.torn} torn`)
  }
  t.strictSame(wrong.slice(0, 5), [], `${offsets.length} offsets`)
})

t.test('a log that a dead process was writing: one byte of it, and its end', { timeout: 1_800_000 }, async t => {
  const directory = scratch(t)
  const wrong: string[] = []
  const offsets = chosen(BYTES.length, BYTES, 101)
  const next = textOf(lines(RECORDS, RECORDS + 1))
  for (const offset of offsets) {
    for (const change of [(bytes: Buffer) => flipped(bytes, offset, other(bytes[offset]!)), (bytes: Buffer) => bytes.subarray(0, offset)]) {
      let left = Buffer.alloc(0)
      const { bytes, torn } = await logWith(join(directory, 'l'), original => { left = Buffer.from(change(original)); return left })
      const whole = left.subarray(0, left.lastIndexOf(NEWLINE) + 1)
      if (!bytes.equals(Buffer.concat([whole, next])) || torn !== left.length - whole.length) wrong.push(`${offset}: ${bytes.length} bytes, ${torn} torn`)
    }
  }
  t.strictSame(wrong.slice(0, 5), [], `${offsets.length} offsets, each changed and cut`)
})
