// B18: what is logged arrives byte for byte, whatever it is. Lines are never parsed; only their ends are looked for.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import pino, { type LoggerOptions } from 'pino'
import { flush, jsonl, tee } from 'pino-blackbox'
import openTee from 'pino-blackbox/tee'
import { stayAwake } from './fixtures/harness.js'

stayAwake(t)
type Options = Parameters<typeof pino.transport>[0]

/** Writes to a transport, as thread-stream's user, and ends it. */
async function pour (options: Options, chunks: Iterable<string>): Promise<void> {
  const transport = pino.transport(options)
  const closed = new Promise<void>((resolve, reject) => {
    transport.once('close', resolve)
    transport.once('error', reject)
  })
  for (const chunk of chunks) transport.write(chunk)
  await flush(transport, { timeout: 30_000 })
  transport.end()
  await closed
}

const content = (directory: string, name = 'app'): Buffer => fs.readFileSync(join(directory, `${name}.1.log`))

/** Compares without printing megabytes. */
function same (t: Test, found: Buffer, expected: Buffer | string, title: string): void {
  const wanted = Buffer.from(expected as string)
  if (found.equals(wanted)) return t.pass(title) as unknown as void
  const at = found.findIndex((byte, at) => byte !== wanted[at])
  t.strictSame({ length: found.length, around: found.subarray(at - 40, at + 40).toString() },
    { length: wanted.length, around: wanted.subarray(at - 40, at + 40).toString() }, `${title}: differs at ${at}`)
}

const strange = [
  'no JSON at all', '42', 'null', '"a string"', '[1,2]', '{}', '{"level":30', '{"level":', '  spaces and\ttabs  ', '\0NUL\0 in \0 it', 'a\rb', '\r\rc',
  'é ü 漢字 💥 \u{10ffff}', '\u2028 and \u2029', '\ufeffa mark in front', '{"__proto__":{"polluted":1},"constructor":{"prototype":null}}',
  '{"a":1,"a":2}', '{"n":1e400,"m":-0,"big":12345678901234567890}', '\u001b[31mred\u001b[0m', 'x'.repeat(70_000), '{"level":30,"msg":"as ever"}'
]

for (const [title, outputs] of [
  ['one output', (directory: string) => jsonl({ file: join(directory, 'app') })],
  ['a tee', (directory: string) => tee([jsonl({ file: join(directory, 'app') }), jsonl({ file: join(directory, 'other') })])],
  ['a tee with levels', (directory: string) => tee([{ ...jsonl({ file: join(directory, 'app') }), level: 'trace' }, { ...jsonl({ file: join(directory, 'other') }), level: 'fatal' }])],
  ['a pipeline', (directory: string) => ({ pipeline: [jsonl({ file: join(directory, 'app') })] })]
] as Array<[string, (directory: string) => Options]>) {
  t.test(`${title}: lines arrive byte for byte, JSON or not`, async t => {
    const directory = t.testdir()
    const text = strange.map(line => line + '\n').join('')
    await pour(outputs(directory), [...strange.map(line => line + '\n'), text])
    same(t, content(directory), text + text, 'line by line, and all at once')
  })
}

t.test('a line ends with \\n alone: \\r before it goes, and so do empty lines', async t => {
  const directory = t.testdir()
  await pour(jsonl({ file: join(directory, 'app') }), ['one\r\ntwo\r\n\r\n\n\nthree\n', '\n', '\r\n', 'fo', 'ur\r', '\nfive\n\r', '\nsix\n'])
  t.equal(content(directory).toString(), 'one\ntwo\nthree\nfour\nfive\nsix\n')
})

t.test('a last line without an end gets one, when the stream ends', async t => {
  const directory = t.testdir()
  await pour(jsonl({ file: join(directory, 'app') }), ['one\n', 'half a l', 'ine'])
  t.equal(content(directory).toString(), 'one\nhalf a line\n')
})

t.test('lone surrogates arrive as what UTF-8 makes of them, the line is kept', async t => {
  const directory = t.testdir()
  const lines = ['\ud800 high', 'low \udc00', 'swapped \udc00\ud800 pair']
  await pour(jsonl({ file: join(directory, 'app') }), lines.map(line => line + '\n'))
  same(t, content(directory), lines.map(line => line + '\n').join(''), 'replaced by U+FFFD')
})

t.test('lines longer than the ring between the threads arrive whole', async t => {
  const directory = t.testdir()
  const RING = 4 * 1024 * 1024
  const lines = ['x'.repeat(5_000_000), 'short', 'é'.repeat(RING / 2), 'y'.repeat(RING - 1), 'z'.repeat(RING), '', '💥'.repeat(700_000)].filter(line => line !== '')
  await pour(tee([{ ...jsonl({ file: join(directory, 'app'), size: '1m' }), level: 'debug' }]), lines.map(line => line + '\n'))
  const found = fs.readdirSync(directory).filter(name => name.endsWith('.log')).sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]))
  t.ok(found.length >= lines.length - 1, 'each in a file of its own, where it is longer than one may be')
  same(t, Buffer.concat(found.map(name => fs.readFileSync(join(directory, name)))), lines.map(line => line + '\n').join(''), 'all of it')
})

t.test('characters of several bytes survive every wrap of the ring', async t => {
  const directory = t.testdir()
  const parts: string[] = []
  for (let seq = 0, bytes = 0; bytes < 14 * 1024 * 1024; seq++) {
    const line = `{"level":30,"seq":${seq},"msg":"${['é', '漢', '💥', 'a'][seq % 4]!.repeat(seq % 977)}"}\n`
    parts.push(line)
    bytes += Buffer.byteLength(line)
  }
  await pour(jsonl({ file: join(directory, 'app') }), parts)
  same(t, content(directory), parts.join(''), '14 MB')
})

t.test('what pino makes of odd values arrives as in a file that pino writes itself', async t => {
  const directory = t.testdir()
  const options: LoggerOptions = { level: 'trace', base: null, timestamp: () => ',"time":1' }
  const transport = pino.transport(jsonl({ file: join(directory, 'app') }) as Options)
  const own = pino.destination({ dest: join(directory, 'own.log'), sync: true })
  const cyclic: Record<string, unknown> = { a: 1 }
  cyclic.self = cyclic
  for (const log of [pino(options, own), pino(options, transport)]) {
    log.info(JSON.parse('{"__proto__":{"x":1},"toString":"mine"}'))
    log.info({ nan: NaN, inf: -Infinity, nothing: undefined, fn () {}, sym: Symbol('s'), date: new Date(0), buf: Buffer.from('hi'), big: 10n ** 30n })
    log.info(cyclic, 'cyclic')
    log.info({ inner: { get boom () { throw new Error('a getter throws') } } }, 'a getter')
    log.info({ inner: { toJSON () { throw new Error('toJSON throws') } } }, 'toJSON')
    log.error(Object.assign(new TypeError('bad \ud800 thing\r\n'), { stack: 'a\nstack', cause: new Error('why') }))
    log.warn('text with "quotes", \\, \0, \u2028, \r\n and \ud800')
    log.info({ key: 'x'.repeat(100_000) }, '%s %d %j', 'a', 1.5, { b: 1 })
    log.child({ 'a\nb': { c: [1, [2]] } }).fatal({})
  }
  await flush(transport)
  transport.end()
  same(t, content(directory), fs.readFileSync(join(directory, 'own.log')), 'the same bytes')
  t.equal(content(directory).toString().split('\n').length, 10)
})

t.test('a small `maxLength` loses nothing while the disk takes the lines', async t => {
  const directory = t.testdir()
  const lines = Array.from({ length: 5000 }, (_, seq) => `{"level":30,"seq":${seq},"msg":"a line of some length"}\n`)
  await pour(jsonl({ file: join(directory, 'app'), maxLength: '10k' }), lines)
  same(t, content(directory), lines.join(''), 'all lines')
})

t.test('a stream that is destroyed, in its own thread, has handed over every whole line', async t => {
  for (const [title, lines] of [['plain ones', 'one\ntwo\n'], ['such as have to be looked at', 'one\r\ntwo\r\n']] as const) {
    for (const level of [0, 10]) {
      const directory = t.testdir()
      const stream = await openTee({ outputs: [{ target: 'pino-blackbox/jsonl', options: { file: join(directory, 'app') }, level }] })
      // One line at a time: it waits for the end of the turn.
      for (const line of lines.match(/[^\n]*\n/g)!) stream.write(line)
      stream.destroy()
      await once(stream, 'close')
      t.equal(content(directory).toString(), 'one\ntwo\n', `${title}, level ${level}`)
    }
  }
})
