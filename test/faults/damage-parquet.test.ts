// F6, F7, F8, P13: what waits to become rows, with one byte changed or its end cut off, and what says how far that has come lost or damaged.
// Every line is a row, what is no record any more in `_corrupt`, and nothing that was committed is lost with one of two copies of a checkpoint.
//
//   OFFSETS=all npx tap run test/faults/damage-parquet.test.ts
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { parquetMetadata } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { formatId } from '../../lib/journal/segment-id.js'
import { damagedParquet, type Damage } from '../../lib/operate/damage.js'
import { openParquet } from '../../lib/parquet/reading.js'
import { lines, OPENED, partsOf, scratch, textOf, WRITER } from '../fixtures/damaged.js'
import { seeded, stayAwake } from '../fixtures/harness.js'
import { adopt, ask } from '../fixtures/wreck.js'

stayAwake(t)
const ROWS = 20
const BYTES = textOf(lines(0, ROWS))
const NEWLINE = 0x0a
const SEED = Number(process.env.SEED ?? 1)
const world = { dataset: 'data', home: 'home', segments: 1, rows: ROWS, size: 1e6 }
const idOf = (number: number): string => formatId({ opened: OPENED, writer: WRITER, number })

/** Is it what a row is made of? */
function isObject (line: string): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(line, 'latin1').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function fresh (root: string): string {
  fs.rmSync(root, { recursive: true, force: true })
  const directory = join(root, 'home', WRITER)
  fs.mkdirSync(directory, { recursive: true })
  return directory
}

/** The rows of all published files, in the order of the files' names. */
async function rows (root: string): Promise<Array<Record<string, unknown>>> {
  const found: Array<Record<string, unknown>> = []
  const names = fs.existsSync(join(root, 'data')) ? fs.readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' }) : []
  for (const name of names.filter(name => name.endsWith('.parquet')).sort()) {
    const file = openParquet(join(root, 'data', name))
    for (const group of file.groups.keys()) found.push(...await file.read(group))
  }
  return found
}

async function convert (root: string, directory: string, number: number, bytes: Buffer): Promise<number> {
  const path = join(directory, `${idOf(number)}.${ROWS}.jsonl`)
  fs.writeFileSync(path, bytes)
  return (await ask(root, world, { do: 'convert', directory, segment: { id: idOf(number), path, opened: OPENED }, pieces: 1 })).corrupt
}

t.test(`a segment with one byte changed, and with its end cut off (SEED=${SEED})`, { timeout: 1_800_000 }, async t => {
  const root = join(scratch(t), 'p')
  const random = seeded(SEED)
  const wrong: string[] = []
  let cases = 0
  for (let at = 0; at < BYTES.length; at += process.env.OFFSETS === 'all' ? 1 : 149) {
    const changed = Buffer.from(BYTES)
    changed[at]! ^= 1 << Math.floor(random() * 8)
    const broken = Buffer.from(BYTES)
    broken[at] = broken[at] === NEWLINE ? 0x20 : NEWLINE
    for (const [what, bytes] of [['changed', changed], ['broken', broken], ['cut', BYTES.subarray(0, at)]] as const) {
      cases++
      const directory = fresh(root)
      const corrupt = await convert(root, directory, 1, Buffer.from(bytes))
      await ask(root, world, { do: 'close', directory })
      const { whole, rest } = partsOf(Buffer.from(bytes))
      const there = [...whole, ...rest === '' ? [] : [rest]]
      const found = await rows(root)
      const bad = there.filter(line => !isObject(line)).length
      const intact = lines(0, ROWS).filter(line => there.includes(line)).map(line => (JSON.parse(line) as { seq: number }).seq)
      const kept = found.filter(row => row._corrupt === null).map(({ seq }) => Number(seq))
      const missing = intact.filter(seq => !kept.includes(seq))
      if (found.length !== there.length || corrupt !== bad || missing.length > 0) wrong.push(`${what} at ${at}: ${found.length} rows of ${there.length} lines, ${corrupt} of ${bad} corrupt, missing ${missing}`)
    }
  }
  t.strictSame(wrong.slice(0, 5), [], `${cases} cases`)
})

const CHECKPOINT = 'checkpoint.json'
const COPY = 'checkpoint.copy'
const zero = (path: string): void => fs.writeFileSync(path, Buffer.alloc(fs.statSync(path).size))

/** What becomes of the two files between the death of one process and the start of the next. */
const LOSSES: Array<{ what: string, lose: (directory: string) => void, refused?: RegExp }> = [
  { what: 'is as it was', lose: () => {} },
  { what: 'is lost, its copy is there', lose: directory => fs.rmSync(join(directory, CHECKPOINT)) },
  { what: 'is there, its copy is lost', lose: directory => fs.rmSync(join(directory, COPY)) },
  { what: 'is zeroed, its copy is there', lose: directory => zero(join(directory, CHECKPOINT)) },
  { what: 'is empty, its copy is there', lose: directory => fs.truncateSync(join(directory, CHECKPOINT)) },
  { what: 'is there, its copy is zeroed', lose: directory => zero(join(directory, COPY)) },
  { what: 'is zeroed, and its copy: nothing is guessed', lose: directory => { for (const name of [CHECKPOINT, COPY]) zero(join(directory, name)) }, refused: /is damaged/ },
  { what: 'is lost, and its copy: nothing is guessed', lose: directory => { for (const name of [CHECKPOINT, COPY]) fs.rmSync(join(directory, name)) }, refused: /is gone, and its copy/ },
  { what: 'is an old one that was put back, its copy is there', lose: directory => fs.copyFileSync(join(directory, '../../old'), join(directory, CHECKPOINT)) },
  { what: 'is there, its copy is an old one that was put back', lose: directory => fs.copyFileSync(join(directory, '../../old'), join(directory, COPY)) },
  { what: 'names segments that are not there', lose: directory => { for (const name of fs.readdirSync(directory).filter(name => /^\d{15}-/.test(name))) fs.rmSync(join(directory, name)) } }
]

for (const { what, lose, refused } of LOSSES) {
  t.test(`a checkpoint ${what}`, async t => {
    const root = join(scratch(t), 'p')
    const directory = fresh(root)
    for (const number of [1, 2, 3]) {
      await convert(root, directory, number, textOf(lines(number * ROWS, (number + 1) * ROWS)))
      if (number === 1) fs.copyFileSync(join(directory, CHECKPOINT), join(root, 'old'))
    }
    t.strictSame(await rows(root), [], 'nothing is published yet')
    lose(directory)
    if (refused) {
      await t.rejects(adopt(root, world), refused)
      t.ok(fs.readdirSync(join(root, 'home'), { recursive: true, encoding: 'utf8' }).some(name => name.endsWith('.staged')), 'what it would have said something about is kept')
      return
    }
    await adopt(root, world)
    t.strictSame((await rows(root)).map(({ seq }) => Number(seq)).sort((a, b) => a - b), lines(ROWS, 4 * ROWS).map((_, at) => ROWS + at))
  })
}

t.test('a checkpoint and its copy put back as they once were: rows since then are gone, what is there is whole', async t => {
  const root = join(scratch(t), 'p')
  const directory = fresh(root)
  await convert(root, directory, 1, textOf(lines(ROWS, 2 * ROWS)))
  const old = fs.readFileSync(join(directory, CHECKPOINT))
  for (const number of [2, 3]) await convert(root, directory, number, textOf(lines(number * ROWS, (number + 1) * ROWS)))
  for (const name of [CHECKPOINT, COPY]) fs.writeFileSync(join(directory, name), old)
  await adopt(root, world)
  t.strictSame((await rows(root)).map(({ seq }) => Number(seq)), lines(ROWS, 2 * ROWS).map((_, at) => ROWS + at))
})

/** What is found of a file with one bit changed. */
async function looked (path: string, bytes: Buffer, bit: number): Promise<Damage[]> {
  const changed = Buffer.from(bytes)
  changed[bit >> 3]! ^= 1 << (bit & 7)
  fs.writeFileSync(path, changed)
  const found: Damage[] = []
  for await (const damage of damagedParquet(path, { files: 0, records: 0, bytes: 0 })) found.push(damage)
  return found
}

t.test('bits of the headers of pages changed: told, and no more decoded than there is', { timeout: 600_000 }, async t => {
  const root = join(scratch(t), 'p')
  const directory = fresh(root)
  await convert(root, directory, 1, BYTES)
  await ask(root, world, { do: 'close', directory })
  const name = fs.readdirSync(join(root, 'data'), { recursive: true, encoding: 'utf8' }).find(name => name.endsWith('.parquet'))!
  const bytes = fs.readFileSync(join(root, 'data', name))
  const { row_groups: [group] } = parquetMetadata(new Uint8Array(bytes).buffer)
  const grown = process.memoryUsage.rss()
  let told = 0
  let bits = 0
  for (const { meta_data: about } of group!.columns) {
    const begin = Number(about!.dictionary_page_offset ?? about!.data_page_offset)
    const pages = { view: new DataView(new Uint8Array(bytes).buffer), offset: begin }
    parquetHeader(pages)
    for (let bit = begin * 8; bit < pages.offset * 8; bit += process.env.OFFSETS === 'all' ? 1 : 5, bits++) told += Number((await looked(join(root, 'changed'), bytes, bit)).length > 0)
  }
  // Some bits say nothing that somebody needs: whether a page is sorted, its own statistics.
  t.ok(told > bits / 2, `${told} of ${bits} bits told`)
  t.ok(process.memoryUsage.rss() - grown < 200e6, 'memory')
})
