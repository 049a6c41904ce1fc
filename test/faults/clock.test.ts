// Time as running processes see it, with a clock that the test sets: restarts in and after a period, dates in names, and F16.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { clocked, DAY, HOUR, lineOf, range, seqs, seqsByFile } from '../fixtures/jsonl.js'
import { logFiles } from '../fixtures/harness.js'
import type { JsonlOptions } from 'pino-blackbox'

t.test('a restart in the same period goes on with the file, one in a new period begins another', async t => {
  const directory = t.testdir()
  const half = HOUR / 2 - Date.now() % HOUR
  for (const [seq, offset] of [half, half, half + HOUR / 3, half + HOUR].entries()) {
    const log = clocked(directory, { file: join(directory, 'app'), frequency: 'hourly' }, offset)
    log.write(lineOf(50, seq))
    await log.end()
  }
  t.strictSame(await seqsByFile(directory), [[0, 1, 2], [3]])
})

t.test('a file that was begun right at a boundary is still that period\'s after a restart', async t => {
  const directory = t.testdir()
  // Two periods since 1970: the second begins soon and will last for decades.
  const boundary = Date.now() + 3000
  const options = { file: join(directory, 'app'), frequency: boundary }
  // The kernel stamps files with the time of its last tick: up to 10 ms ago. Made plain here, or it would take many tries.
  const log = clocked(directory, options, 8)
  const lines: number[] = []
  while (logFiles(directory, 'app').length < 2) {
    log.write(lineOf(60, lines.length))
    lines.push(lines.length)
    await log.flush()
  }
  await log.end()
  const files = logFiles(directory, 'app')
  const { birthtimeMs } = fs.statSync(join(directory, files.at(-1)!))
  t.comment(`the file was begun ${birthtimeMs - boundary} ms after the boundary, says the file system`)
  const again = clocked(directory, options, 8)
  again.write(lineOf(60, lines.length))
  await again.end()
  t.strictSame(logFiles(directory, 'app'), files)
  t.same(await seqs(directory), [...lines, lines.length])
})

t.test('a new date starts at number 1, more files of one date count on', async t => {
  const directory = t.testdir()
  const log = clocked(directory, { file: join(directory, 'app'), frequency: 'daily', dateFormat: 'yyyy-MM-dd', size: '150b' })
  const day = (offset: number): string => new Date(Date.now() + offset).toISOString().slice(0, 10)
  log.write(lineOf(100, 0), lineOf(100, 1))
  await log.flush()
  log.shift(DAY)
  log.write(lineOf(100, 2), lineOf(100, 3))
  await log.end()
  t.strictSame(logFiles(directory, 'app').sort(), [`app.${day(0)}.1.log`, `app.${day(0)}.2.log`, `app.${day(DAY)}.1.log`, `app.${day(DAY)}.2.log`])
})

t.test('a restart goes on with the file of its day, also when the date in its name has hours', async t => {
  const directory = t.testdir()
  const options: JsonlOptions = { file: join(directory, 'app'), frequency: 'daily', dateFormat: 'yyyy-MM-dd-HH' }
  const noon = 12 * HOUR - Date.now() % DAY
  for (const [seq, offset] of [noon, noon + HOUR].entries()) {
    const log = clocked(directory, options, offset)
    log.write(lineOf(50, seq))
    await log.end()
  }
  t.equal(logFiles(directory, 'app').length, 1, logFiles(directory, 'app').join(' '))
  t.same(await seqs(directory), [0, 1])
})

t.test('the clock is set', async t => {
  /** An hourly log at half past, far from boundaries that nobody asked for. */
  const hourly = async (): Promise<{ directory: string, log: ReturnType<typeof clocked>, at: (ms: number, seq: number) => Promise<void> }> => {
    const directory = t.testdir({})
    const half = HOUR / 2 - Date.now() % HOUR
    const log = clocked(directory, { file: join(directory, 'app'), frequency: 'hourly' }, half)
    const at = async (ms: number, seq: number): Promise<void> => {
      log.shift(half + ms)
      log.write(lineOf(50, seq))
      await log.flush()
    }
    return { directory, log, at }
  }

  await t.test('forward a day: one new file', async t => {
    const { directory, log, at } = await hourly()
    await at(0, 0)
    for (const seq of range(5, 1)) await at(DAY, seq)
    await log.end()
    t.strictSame(await seqsByFile(directory), [[0], range(5, 1)])
  })

  await t.test('back some 200 ms after a boundary: not a second rotation', async t => {
    const { directory, log, at } = await hourly()
    await at(0, 0)
    await at(HOUR / 2 + 10_000, 1)
    for (const seq of range(3, 2)) await at(HOUR / 2 - 200, seq)
    for (const seq of range(3, 5)) await at(HOUR / 2 + 20_000, seq)
    await log.end()
    t.strictSame(await seqsByFile(directory), [[0], range(7, 1)])
  })

  await t.test('back an hour: no double rotation, names stay unique', async t => {
    const { directory, log, at } = await hourly()
    await at(0, 0)
    for (const seq of range(3, 1)) await at(-HOUR, seq)
    for (const seq of range(3, 4)) await at(0, seq)
    await at(HOUR, 7)
    await log.end()
    t.strictSame(await seqsByFile(directory), [range(7), [7]])
  })

  await t.test('back a day: the file is closed within two periods, not after the day', async t => {
    const { directory, log, at } = await hourly()
    await at(0, 0)
    await at(-DAY, 1)
    await at(-DAY + 2 * HOUR, 2)
    await at(-DAY + 2 * HOUR, 3)
    await log.end()
    t.strictSame(await seqsByFile(directory), [[0, 1], [2, 3]])
  })
})
