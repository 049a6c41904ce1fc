// D1, design 4: in a tee each output gets the lines from its level on, read from the first bytes of the line; a line whose level
// cannot be read goes to every output.
import t from 'tap'
import { join } from 'node:path'
import pino, { type LevelWithSilent, type LoggerOptions } from 'pino'
import { flush, jsonl, shutdown, tee } from 'pino-blackbox'
import { readFile, stayAwake } from './fixtures/harness.js'
import { levelOf, LEVELS } from '../lib/levels.js'

stayAwake(t)

/** Logs through a tee with an output per level (by `level` in its name), and gives what each of them got. */
async function route (directory: string, levels: Array<string | number | undefined>, options: LoggerOptions<string>,
  use: (log: pino.Logger<string>, stream: ReturnType<typeof pino.transport>) => unknown): Promise<Record<string, string[]>> {
  const outputs = levels.map(level => jsonl({ file: join(directory, `from-${level}`) }, level === undefined ? {} : { level }))
  const stream = pino.transport(tee(outputs))
  const log = pino({ base: null, timestamp: false, ...options }, stream)
  // pino's configuration, with the labels, may come after the first line.
  await flush(log)
  await use(log, stream)
  await flush(log)
  stream.end()
  const got: Record<string, string[]> = {}
  for (const level of levels) got[`${level}`] = (await readFile(join(directory, `from-${level}.1.log`))).split('\n').slice(0, -1)
  return got
}

const messages = (lines: string[]): string[] => lines.map(line => JSON.parse(line).msg)
const ALL = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

for (const [title, options] of [
  ['numbers', {}],
  ['labels, by formatters.level', { formatters: { level: (label: string) => ({ level: label }) } }]
] as Array<[string, object]>) {
  t.test(`levels of lines as ${title}`, async t => {
    const got = await route(t.testdir(), [undefined, 'trace', 'warn', 35, 60, 'fatal', 61, 0], { level: 'trace', ...options } as LoggerOptions<string>, log => {
      for (let round = 0; round < 2; round++) for (const level of ALL) log[level](level)
    })
    const twice = (...levels: string[]): string[] => [...levels, ...levels]
    t.strictSame(Object.fromEntries(Object.entries(got).map(([level, lines]) => [level, messages(lines)])), {
      undefined: twice(...ALL),
      trace: twice(...ALL),
      warn: twice('warn', 'error', 'fatal'),
      35: twice('warn', 'error', 'fatal'),
      60: twice('fatal'),
      fatal: twice('fatal'),
      61: [],
      0: twice(...ALL)
    })
  })

  t.test(`custom levels, as ${title}`, async t => {
    const got = await route(t.testdir(), ['info', 35, 36, 'error'], { level: 'noise', customLevels: { noise: 5, audit: 35 }, ...options } as LoggerOptions<string>, log => {
      for (const level of ['noise', 'info', 'audit', 'warn', 'fatal']) log[level]!(level)
    })
    t.strictSame(Object.fromEntries(Object.entries(got).map(([level, lines]) => [level, messages(lines)])), {
      35: ['audit', 'warn', 'fatal'],
      36: ['warn', 'fatal'],
      info: ['info', 'audit', 'warn', 'fatal'],
      error: ['fatal']
    })
  })

  t.test(`only custom levels, other numbers for pino's own labels, as ${title}`, async t => {
    const got = await route(t.testdir(), [200, 1000], { level: 'low', customLevels: { low: 100, warn: 300, high: 1000 }, useOnlyCustomLevels: true, ...options } as LoggerOptions<string>, log => {
      for (const level of ['low', 'warn', 'high']) log[level]!(level)
    })
    t.strictSame(messages(got['200']!), ['warn', 'high'])
    t.strictSame(messages(got['1000']!), ['high'])
  })
}

t.test('a line whose level cannot be read goes to every output, in its place', async t => {
  const lines = [
    '{"level":50,"msg":"readable"}', '{"time":1,"level":10}', '{"severity":"DEBUG"}', '{"level":"unknown label"}', '{"level":"constructor"}', '{"level":"__proto__"}',
    '{"level":"toString"}', '{"level":true}', '{"level":null}', '{"level":}', '{"level":', '{"level":"info', '{"level":5', '{ "level":10}', 'no JSON', '{"level":-1,"msg":"negative"}'
  ]
  const got = await route(t.testdir(), ['fatal', 10], {}, (_log, stream) => {
    for (const line of [...lines, '{"level":10}', '{"level":60}']) stream.write(line + '\n')
  })
  t.strictSame(got.fatal, [...lines.slice(1), '{"level":60}'])
  t.strictSame(got['10'], [...lines, '{"level":10}', '{"level":60}'])
})

t.test('a logger with levels of its own, configured by the `transport` option', async t => {
  for (const shape of [jsonl, (options: { file: string }) => tee([jsonl(options)])]) {
    const directory = t.testdir()
    const log = pino({ customLevels: { audit: 35 }, transport: shape({ file: join(directory, 'app') }) })
    log.audit('a line')
    await flush(log)
    t.match(await readFile(join(directory, 'app.1.log')), '"level":35')
    await shutdown(log)
  }
})

t.test('the logger\'s own level comes first', async t => {
  const got = await route(t.testdir(), ['trace'], { level: 'error' as LevelWithSilent }, log => {
    for (const level of ALL) log[level](level)
  })
  t.strictSame(messages(got.trace!), ['error', 'fatal'])
})

t.test('levelOf reads a number or a label from the head of a line', async t => {
  const table: Array<[string, number]> = [
    ['{"level":30,"time":1}', 30], ['{"level":0}', 0], ['{"level":1000000,', 1_000_000], ['{"level":30.5,', 30], ['{"level":"warn","a":1}', 40], ['{"level":"fatal"}', 60],
    ['{"level":"WARN"}', Infinity], ['', Infinity], ['{', Infinity], ['{"level":""}', Infinity], ['{"level":30', Infinity], ['{"level":"hasOwnProperty"}', Infinity]
  ]
  for (const [line, level] of table) t.equal(levelOf(line, LEVELS), level, line)
})
