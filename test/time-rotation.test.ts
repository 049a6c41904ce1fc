// Rotation by time as the real clock runs: F22, load, time zones. With a clock that is set: faults/clock.test.ts; the calendar: calendar.test.ts.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { nextBoundary } from '../lib/journal/period.js'
import { claimed, lineOf, open, others, range, remote, seqs, seqsByFile } from './fixtures/jsonl.js'
import { logFiles, until } from './fixtures/harness.js'

t.test('a file is closed at its boundary without any traffic, the next line begins a new one', async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), frequency: 1000 })
  log.write(lineOf(50, 0))
  await log.flush()
  // The boundary is at most 1 s away, and the file has to be closed 1 s after it; the rest is for a slow machine.
  await until(() => claimed(directory).length === 0, 5000)
  const files = logFiles(directory, 'app').length
  const later = Date.now() + 2500
  await until(() => Date.now() > later)
  t.equal(logFiles(directory, 'app').length, files, 'periods without a line make no files')
  log.write(lineOf(50, 1))
  await log.end()
  t.same((await seqsByFile(directory)).filter(found => found.length > 0), [[0], [1]])
  t.same(others(directory), [])
})

t.test('under load every line is in the file of a period in which it was logged or written', async t => {
  const directory = t.testdir()
  const period = 1000
  const log = open({ file: join(directory, 'app'), frequency: period })
  const logged: number[] = []
  const flushed: number[] = []
  await log.flush()
  for (const end = Date.now() + 4 * period; Date.now() < end;) {
    for (let i = 0; i < 20; i++) {
      log.write(lineOf(60, logged.length))
      logged.push(Date.now())
    }
    await log.flush()
    flushed.push(...Array<number>(20).fill(Date.now()))
  }
  await log.end()
  t.same(await seqs(directory), range(logged.length), 'each once, in order')
  const births = logFiles(directory, 'app').map(name => fs.statSync(join(directory, name)).birthtimeMs)
  const files = await seqsByFile(directory)
  t.ok(files.length >= 3, `${files.length} files`)
  for (const [at, found] of files.entries()) {
    if (found.length === 0) continue
    // The kernel's clock for files lags by up to a tick, so a file may seem older than it is.
    const end = nextBoundary(births[at]! + 20, { frequency: period, utc: true })
    t.ok(flushed[found[0]!]! >= Math.floor(births[at]!), `${found.length} lines written after the file was made`)
    t.ok(logged[found.at(-1)!]! < end + 100, `the last of them logged ${end - logged[found.at(-1)!]!} ms before its end`)
  }
})

t.test('a period of a year is no storm of rotations', async t => {
  const directory = t.testdir()
  const log = open({ file: join(directory, 'app'), frequency: '365d' })
  for (const seq of range(20)) {
    log.write(lineOf(50, seq))
    await log.flush()
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  await log.end()
  t.strictSame(logFiles(directory, 'app'), ['app.1.log'])
})

t.test('dates in names are UTC by default, local with `utc: false`', async t => {
  const dates = (zone: string) => new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short' }).format(new Date())
  // These two never have the same date at the same time, so at least one differs from UTC.
  for (const zone of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
    for (const utc of [false, undefined]) {
      const directory = t.testdir({})
      const log = remote({ file: join(directory, 'app'), frequency: 'daily', dateFormat: 'yyyy-MM-dd', ...(utc !== undefined && { utc }) }, { env: { TZ: zone } })
      log.write(lineOf(50, 0))
      await log.end()
      t.strictSame(logFiles(directory, 'app'), [`app.${dates(utc === false ? zone : 'UTC')}.1.log`], `${zone}, utc: ${utc}`)
    }
  }
})
