// F15, P15: one bad line after the other among good ones, to all outputs behind one tee: the good ones are there once and in order, the bad
// one is what that output says of such a line: as it came, a row of its own, or a dead letter.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { flush, shutdown, watch } from 'pino-blackbox'
import { files } from '../fixtures/dataset.js'
import { logFiles, readFile, stayAwake } from '../fixtures/harness.js'
import { outputsIn } from '../fixtures/outputs.js'
import { READERS } from '../fixtures/parquet.js'
import { receiver } from '../fixtures/receiver.js'

stayAwake(t)

interface Poison {
  what: string
  /** Logged through pino, or written by somebody who is not pino. */
  log?: object
  raw?: string
  /** Its line, where it is not what was written; a part of it for what pino makes of a value. */
  text?: string
  /** Is it a record for who only looks at braces, and is it one for who parses it? */
  braces: boolean
  parses: boolean
}

const MEGABYTES = 'x'.repeat(10 * 1024 * 1024)
const cyclic: Record<string, unknown> = { cyclic: 1 }
cyclic.self = cyclic

const POISONS: Poison[] = [
  { what: 'a lone surrogate', raw: '{"level":30,"bad":"\ud800"}', text: '{"level":30,"bad":"\ufffd"}', braces: true, parses: true },
  { what: 'a lone surrogate, escaped', raw: '{"level":30,"bad":"\\udc00"}', braces: true, parses: true },
  { what: 'no JSON', raw: 'Killed', braces: false, parses: false },
  { what: 'half an object', raw: '{"level":30,"bad":', braces: false, parses: false },
  { what: 'no JSON between braces', raw: '{no JSON}', braces: true, parses: false },
  { what: 'two objects', raw: '{"bad":1}{"bad":2}', braces: true, parses: false },
  { what: 'JSON of no object', raw: '["bad"]', braces: false, parses: false },
  { what: 'NUL bytes', raw: '\0\0\0\0', braces: false, parses: false },
  { what: 'a NUL byte in a text', raw: '{"level":30,"bad":"\0"}', braces: true, parses: false },
  { what: 'keys of the prototype', raw: '{"level":30,"__proto__":{"bad":1},"constructor":null,"toString":{}}', braces: true, parses: true },
  { what: 'a key twice', raw: '{"level":30,"writer":1,"writer":2,"seq":"text"}', braces: true, parses: true },
  { what: 'deep lists', raw: `{"level":30,"bad":${'['.repeat(2000)}${']'.repeat(2000)}}`, braces: true, parses: true },
  { what: '10 MB', raw: `{"level":30,"bad":"${MEGABYTES}"}`, braces: true, parses: true },
  { what: '10 MB of no JSON', raw: MEGABYTES, braces: false, parses: false },
  { what: 'a BigInt', log: { bad: 10n ** 30n }, text: '"bad":1000000000000000000000000000000', braces: true, parses: true },
  { what: 'a cycle', log: cyclic, text: '"self":"[Circular]"', braces: true, parses: true },
  { what: 'a key __proto__', log: JSON.parse('{"__proto__":{"bad":1}}') as object, text: '"__proto__":{"bad":1}', braces: true, parses: true },
  { what: 'a getter that throws', log: { inner: { get bad () { throw new Error('bad') } } }, text: '"msg":"bad getter"', braces: true, parses: true }
]
const AROUND = 20

const short = (lines: string[]): string[] => lines.map(line => line.length > 200 ? `${line.slice(0, 60)}... (${line.length})` : line)

t.test('bad lines among good ones, at every output', { timeout: 120_000 }, async t => {
  const directory = t.testdir()
  const place = await receiver(t, { texts: true })
  const outputs = outputsIn(directory, place)
  const stream = pino.transport(outputs.transport as Parameters<typeof pino.transport>[0])
  const log = pino({ base: null, timestamp: false }, stream)
  const watched = watch(log)
  let seq = 0
  const good = (): void => { for (let count = 0; count < AROUND; count++) log.info({ writer: 'w', seq: seq++ }) }
  good()
  for (const { what, log: value, raw } of POISONS) {
    if (value) log.info(value, what.startsWith('a getter') ? 'bad getter' : what)
    else stream.write(`${raw}\n`)
    good()
  }
  await flush(log, { until: 'delivered', timeout: 60_000 })
  const [, , net, table] = watched.metrics()
  await shutdown(log)

  const isGood = (line: string): boolean => line.includes('"writer":"w"')
  const expected = Array.from({ length: seq }, (_, seq) => `{"level":30,"writer":"w","seq":${seq}}`)
  const textOf = ({ text, raw }: Poison): string => text ?? raw!
  const isOf = (poison: Poison, line: string): boolean => poison.log ? line.includes(textOf(poison)) : line === textOf(poison)
  /** `kept` are what an output is to have, in their order, `found` what it has. */
  const compare = (output: string, found: string[], kept: Poison[]): void => {
    t.ok(found.filter(isGood).join('\n') === expected.join('\n'), `${output}: the good ones once and in order`)
    const bad = found.filter(line => !isGood(line))
    const unlike = kept.filter((poison, at) => !isOf(poison, bad[at] ?? '')).map(({ what }) => what)
    t.strictSame([bad.length, unlike], [kept.length, []], `${output}: the bad ones that it has ${JSON.stringify(short(bad)).slice(0, unlike.length > 0 ? 3000 : 0)}`)
  }
  const dead = join(directory, 'spool/http-net/dead')
  const letters = fs.readdirSync(dead).sort().flatMap(name => fs.readFileSync(join(dead, name), 'utf8').split('\n').slice(0, -1)).map(line => (JSON.parse(line) as { record: string }).record)
  const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')

  const logs = join(directory, 'logs')
  compare('jsonl', lines((await Promise.all(logFiles(logs, 'app').map(name => readFile(join(logs, name))))).join('')), POISONS)

  const braces = POISONS.filter(({ braces }) => braces)
  const others = POISONS.filter(({ braces }) => !braces)
  const requests = (await place.requests()).filter(({ stored }) => stored)
  compare('http', requests.flatMap(({ text }) => lines(text!)), braces)
  const rows = fs.readFileSync(join(directory, 'table'), 'utf8').split('\n').filter(row => row !== '').map(row => JSON.parse(row) as { text: string })
  t.strictSame(short(letters), short(others.map(textOf)), 'http: the others are dead letters')
  t.match(net, { deliveredRecords: seq + braces.length, deadRecords: others.length, droppedRecords: 0, pendingRecords: 0 })
  compare('exporter, which judges them itself', rows.flatMap(({ text }) => lines(text)), POISONS)
  t.match(table, { deliveredRecords: seq + POISONS.length, deadRecords: 0, droppedRecords: 0, pendingRecords: 0 })

  const dataset = (await Promise.all(files(join(directory, 'rows')).map(name => READERS.hyparquet!([join(directory, 'rows', name)])))).flat() as Array<Record<string, unknown>>
  const numbers = dataset.filter(({ writer }) => writer === 'w').map(({ seq }) => Number(seq))
  t.strictSame(numbers.toSorted((a, b) => a - b), expected.map((_, seq) => seq), 'parquet: the good ones once')
  const corrupt = dataset.flatMap(({ _corrupt: line }) => typeof line === 'string' ? [line] : [])
  t.strictSame(short(corrupt).sort(), short(POISONS.filter(({ parses }) => !parses).map(textOf)).sort(), 'parquet: what is no record is in _corrupt')
  t.equal(dataset.length, seq + POISONS.length, 'parquet: a row for each')
  t.equal(({} as { bad?: number }).bad, undefined, 'no prototype has changed')
})
