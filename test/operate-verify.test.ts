// `ls` and `verify` on what a killed process has left, whole and damaged, and beside one that lives.
import t from 'tap'
import fs from 'node:fs'
import { basename, join } from 'node:path'
import { createDumper, jsonl, parquet, tee } from 'pino-blackbox'
import { produce } from './fixtures/harness.js'
import { command } from './fixtures/viewer.js'
import { asked, copyOf, flip, LINES, pathsOf, wreck } from './fixtures/wrecked.js'

const original = t.testdir({})
let acked = 0
t.before(async () => {
  acked = await wreck(original)
  // As good as any other place for what is nobody's of ours.
  fs.writeFileSync(join(original, 'report.1.json'), '{"a": 1}')
  fs.writeFileSync(join(original, 'syslog.1'), 'something')
  fs.writeFileSync(join(original, 'data', 'notes.parquet'), 'nothing')
})

t.test('ls: every place with its writers, records and bytes', async t => {
  const directory = copyOf(t, original)
  const { code, answer } = await asked('ls', directory)
  t.equal(code, 0)
  const byKind = (kind: string) => answer.places.filter((place: { kind: string }) => place.kind === kind)
  t.equal(answer.places.length, byKind('log').length + byKind('journal').length + byKind('dataset').length)
  t.match(byKind('log'), [{ path: join(directory, 'app.jsonl'), writers: [{ alive: false }], oldest: String }])
  t.ok(byKind('log')[0].records >= acked)
  const spool = byKind('journal').find(({ output }: { output: string }) => output === 'http')
  t.match(spool, { path: join(directory, 'spool/http-shop'), writers: [{ alive: false }], deadLetters: { files: 0, records: 0 } })
  t.ok(spool.records >= acked && spool.bytes > acked * 100)
  const journal = byKind('journal').find(({ output }: { output: string }) => output === 'parquet')
  t.ok(journal.records + journal.staged.records + (byKind('dataset')[0]?.records ?? 0) >= acked)
  const { stdout, stderr } = await command(['ls', directory])
  t.match(stdout, /^what +where +writers/)
  t.match(stdout, /http journal +\S+http-shop +1 dead/)
  t.equal(stderr, '')
})

t.test('ls: nothing, a path that is not there, logs that are not counted, a log by its name, dumps', async t => {
  const empty = t.testdir({})
  t.match(await command(['ls', empty]), { code: 0, stdout: /nothing/ })
  t.match(await command(['ls', join(empty, 'missing', 'more')]), { code: 1, stderr: /there is nothing at/ })
  t.match((await asked('ls', original, '--no-count')).answer.places.find(({ kind }: { kind: string }) => kind === 'log'), { records: null })
  t.match((await asked('ls', join(original, 'app'))).answer.places.map(({ kind }: { kind: string }) => kind), ['log'])
  const dumper = createDumper({ enabled: true, dumpPath: join(empty, 'dumps') })
  await dumper.dumpStruct({ a: 1 }, 'one')
  t.match((await asked('ls', empty)).answer.places, [{ kind: 'dumps', files: 1 }])
  t.match((await asked('verify', empty)), { code: 0, answer: { files: 1, damages: [] } })
  const [path] = pathsOf(join(empty, 'dumps'), /^one.*json$/)
  fs.truncateSync(path!, 0)
  t.match(await asked('verify', empty), { code: 1, answer: { damages: [{ path, found: 'an empty file' }] } })
})

t.test('verify: what a SIGKILL leaves is whole but for lines that were being written', async t => {
  const { code, answer } = await asked('verify', original)
  t.ok(answer.damages.every(({ found }: { found: string }) => /breaks off/.test(found)), JSON.stringify(answer.damages))
  t.equal(code, answer.damages.length > 0 ? 1 : 0)
  t.ok(answer.records >= 3 * LINES)
})

/** Damages of a copy on which `harm` was done, without the half lines of the SIGKILL. */
const damagesAfter = async (t: Test, harm: (directory: string) => string | undefined): Promise<Array<Record<string, any>>> => {
  const directory = copyOf(t, original)
  const path = harm(directory)
  const { code, answer } = await asked('verify', directory)
  t.equal(code, 1)
  return answer.damages.filter((damage: { path: string, found: string }) => path === undefined || damage.path === path)
}
type Test = Parameters<typeof copyOf>[0]

t.test('verify: a byte flipped in a line of a log', async t => {
  let at = 0
  const damages = await damagesAfter(t, directory => {
    const path = join(directory, 'app.1.jsonl')
    at = fs.readFileSync(path).indexOf(0x0a) + 1
    flip(path, at)
    return path
  })
  t.match(damages, [{ offset: at, line: 2, expected: 'a JSON object', found: String }])
})

t.test('verify: a log that was cut, and one that is not what its name says', async t => {
  const damages = await damagesAfter(t, directory => {
    const path = join(directory, 'app.1.jsonl')
    fs.truncateSync(path, fs.statSync(path).size - 5)
    return path
  })
  t.match(damages, [{ found: /breaks off after \d+ bytes/, bytes: Number }])
  const packed = await damagesAfter(t, directory => {
    const path = join(directory, 'app.1.jsonl.gz')
    fs.writeFileSync(path, 'no gzip')
    return path
  })
  t.match(packed, [{ offset: 0, expected: 'a file that can be read to its end', found: /header/ }])
})

t.test('verify: a segment with fewer lines than its name says, and one that is empty', async t => {
  const sealed = /spool.*\.100\.jsonl$/
  const fewer = await damagesAfter(t, directory => {
    const [path] = pathsOf(directory, sealed)
    const text = fs.readFileSync(path!, 'utf8')
    fs.writeFileSync(path!, text.slice(text.indexOf('\n') + 1))
    return path
  })
  t.match(fewer, [{ expected: '100 lines, as its name says', found: '99 lines' }])
  const empty = await damagesAfter(t, directory => {
    const [path] = pathsOf(directory, sealed)
    fs.truncateSync(path!, 0)
    return path
  })
  t.match(empty, [{ expected: '100 lines, as its name says', found: '0 lines' }])
})

t.test('verify: checkpoints and staged files', async t => {
  const checkpoint = (directory: string): string => pathsOf(directory, /checkpoint\.json$/)[0]!
  t.match(await damagesAfter(t, directory => {
    flip(checkpoint(directory), 3)
    return checkpoint(directory)
  }), [{ expected: 'a checkpoint', found: String }])
  t.match(await damagesAfter(t, directory => {
    fs.writeFileSync(checkpoint(directory), fs.readFileSync(checkpoint(directory), 'utf8').replace('"count":', '"counts":'))
    return checkpoint(directory)
  }), [{ found: /damaged/ }])
  t.match(await damagesAfter(t, directory => {
    const path = checkpoint(directory)
    for (const lost of pathsOf(directory, /checkpoint\.(json|copy)$/)) fs.rmSync(lost)
    return path
  }), [{ expected: 'a checkpoint', found: /is gone, and its copy/ }])
  const staged = (directory: string): string => pathsOf(directory, /\.staged$/)[0]!
  t.match(await damagesAfter(t, directory => {
    fs.truncateSync(staged(directory), 100)
    return staged(directory)
  }), [{ offset: 100, found: '100 bytes' }])
  let gone = ''
  t.match(await damagesAfter(t, directory => {
    gone = staged(directory)
    fs.rmSync(gone)
    return gone
  }), [{ expected: /a staged file, or data_.* in the dataset|a staged file, or dt=/, found: 'neither' }])
})

t.test('verify: Parquet files with a hole in a page, a byte flipped in the footer, or cut', async t => {
  const directory = copyOf(t, original)
  t.match((await command(['recover', directory])).code, 0)
  const [path] = pathsOf(join(directory, 'data'), /data_.*\.parquet$/)
  const whole = fs.readFileSync(path!)
  const damages = async (harm: () => void): Promise<Array<Record<string, any>>> => {
    fs.writeFileSync(path!, whole)
    harm()
    const { code, answer } = await asked('verify', join(directory, 'data'))
    t.equal(code, 1)
    return answer.damages
  }
  t.match((await asked('verify', path!)), { code: 0, answer: { files: 1, damages: [] } })
  const page = await damages(() => fs.writeFileSync(path!, Buffer.concat([whole.subarray(0, 40), Buffer.alloc(16), whole.subarray(56)])))
  t.match(page, [{ path, column: String, rows: { from: 0, count: Number }, offset: Number }], 'which rows and which column')
  t.equal(page.length, 1, 'and no others')
  t.match(await damages(() => flip(path!, -1)), [{ path, expected: 'a Parquet file with a footer', found: /PAR[^1]/ }])
  t.match(await damages(() => flip(path!, -6)), [{ path, expected: /footer/ }])
  t.match(await damages(() => fs.truncateSync(path!, whole.length - 10)), [{ path }])
  t.match(await damages(() => fs.truncateSync(path!, 0)), [{ path, found: /0 bytes/ }])
  const names = await damages(() => {
    const at = whole.lastIndexOf('severity')
    flip(path!, at)
  })
  t.ok(names.length > 0, 'the columns in the footer and those of the schema')
  t.match(basename(names[0]!.path), basename(path!))
})

t.test('verify and ls beside a process that writes: nothing is damaged, nothing is touched', async t => {
  const directory = t.testdir({})
  const producer = produce({ transport: tee([jsonl({ file: join(directory, 'app'), extension: 'jsonl', size: '50k' }), parquet({ dir: join(directory, 'data'), size: '200k' })]), writer: 'a', burst: 20, ackEvery: 20, pause: 20 })
  for (const round of [1, 2]) {
    await producer.reached(round * 500)
    const { code, answer, stderr } = await asked('verify', directory)
    t.match({ code, damages: answer?.damages, stderr }, { code: 0, damages: [], stderr: '' })
    t.ok((await asked('ls', directory)).answer.places.some(({ writers }: { writers: Array<{ alive: boolean }> }) => writers[0]?.alive))
  }
  t.equal(producer.process.exitCode, null)
  t.same(producer.errors, [])
  producer.process.kill('SIGKILL')
  await producer.exited
})

t.test('a mistake is a mistake of usage', async t => {
  t.match(await command(['verify']), { code: 2, stderr: /missing required argument/ })
  t.match(await command(['ls', '--jsom']), { code: 2, stderr: /unknown option/ })
  t.match(await command(['verify', '--help']), { code: 0, stdout: /Example: pino-blackbox verify/ })
})
