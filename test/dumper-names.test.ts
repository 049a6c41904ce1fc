// A11, A12, F31: whatever a dump is called, its file has a safe name and lies directly in the directory of the dumps.
import t from 'tap'
import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createDumper } from 'pino-blackbox'
import { baseOf, namesOf, timeOf, uniqueName } from '../lib/dumper/names.js'
import { dumps } from './fixtures/dump-files.js'

// Names are in UTC wherever that is.
process.env.TZ = 'Asia/Kathmandu'

const table: Array<[name: string, base: string]> = [
  ['state', 'state'],
  ['GET /users/:id', 'GET__users__id'],
  ['../../x', '_.._x'],
  ['/etc/passwd', '_etc_passwd'],
  ['..\\..\\x', '_.._x'],
  ['C:\\x', 'C__x'],
  ['a\0b', 'a_b'],
  ['a\nb\tc\u202ed\u200b', 'a_b_c_d_'],
  ['.hidden', 'hidden'],
  ['...', 'dump'],
  ['', 'dump'],
  [' ', '_'],
  ['%2e%2e%2f', '_2e_2e_2f'],
  ['~root $HOME `id` *?"<>|;&', '_root__HOME__id__________'],
  ['Zahlung-größer.v2_β-日本語', 'Zahlung-größer.v2_β-日本語'],
  ['e\u0301', 'é'],
  ['\u{1f600}\ud800', '__'],
  ['CON', 'CON_'], ['nul', 'nul_'], ['aux.txt', 'aux_.txt'], ['COM1', 'COM1_'], ['lpt9.a.b', 'lpt9_.a.b'], ['com¹', 'com¹_'],
  ['CONSOLE', 'CONSOLE'], ['com10', 'com10'], ['x.con', 'x.con'],
  ['a'.repeat(300), 'a'.repeat(120)],
  ['ä'.repeat(300), 'ä'.repeat(60)],
  ['日'.repeat(300), '日'.repeat(40)],
  [`a${'ä'.repeat(300)}`, `a${'ä'.repeat(59)}`],
  [`a${'𝒜'.repeat(300)}`, `a${'𝒜'.repeat(29)}`],
  [`${'.'.repeat(5000)}x`, 'dump']
]

t.test('letters, digits, dot, dash and underscore stay; everything else becomes an underscore; 120 bytes are enough', async t => {
  for (const [name, base] of table) t.equal(baseOf(name), base, JSON.stringify(name.slice(0, 50)))
})

t.test('the plain name goes first, then ones that nobody else makes', async t => {
  const time = Date.UTC(2026, 10, 20, 21, 43, 56, 7)
  const [plain, ...others] = namesOf('state', 'json', time)
  t.equal(plain, 'state_20261120_214356.json')
  t.equal(new Set(others).size, 9)
  for (const other of [...others, uniqueName('state', 'json', time)]) t.match(other, /^state_20261120_214356_007-[0-9a-f]{8}\.json$/)
})

t.test('a name of ours tells its time, any other none', async t => {
  const time = Date.UTC(2026, 10, 20, 21, 43, 56)
  for (const extension of ['json', 'jsonl', 'bin'] as const) for (const name of namesOf('a_b.c', extension, time + 999)) t.equal(timeOf(name), time, name)
  for (const name of ['a.json', '20261120_214356.json', 'a_20261120_214356.txt', 'a_20261120_214356_007.json', 'a_20261120_214356_007-1234567.json', 'a_20261120_214356.json.tmp', 'a_2026112_214356.json']) {
    t.equal(timeOf(name), undefined, name)
  }
})

t.test('whatever the name, the file is directly in the directory, and nowhere else', async t => {
  const base = t.testdir({ outside: {} })
  const dumpPath = join(base, 'outside', 'dumps')
  const dumper = createDumper({ enabled: true, dumpPath, rate: false, maxBackups: 1000 })
  const names = [...table.map(([name]) => name), '/', '.', '..', join(base, 'absolute'), '.blackbox/x', '\u2028'.repeat(500)]
  for (const name of names) {
    const results = [await dumper.dumpStruct({ name }, name), await dumper.dumpStreamEvents([name], name), await dumper.dumpBytes(name, name)]
    for (const result of results) {
      if (!result.ok || !result.path) return t.fail(JSON.stringify(name), result)
      t.equal(dirname(result.path), dumpPath)
      t.ok(fs.statSync(result.path).isFile())
      t.ok(Buffer.byteLength(basename(result.path)) < 200)
    }
  }
  t.equal(dumps(dumpPath).length, names.length * 3)
  t.strictSame([fs.readdirSync(base), fs.readdirSync(join(base, 'outside'))], [['outside'], ['dumps']])
})
