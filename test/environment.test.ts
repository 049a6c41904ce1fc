// B9: options from the environment, PINO_BLACKBOX_<OUTPUT>_<OPTION>: option > environment > default.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { consoleSchema } from '../lib/config/console.js'
import { jsonlSchema } from '../lib/config/jsonl.js'
import { parquetSchema } from '../lib/config/parquet.js'
import { parseOptions } from '../lib/config/options.js'
import { logFiles, program } from './fixtures/harness.js'

const jsonl = (input: object, env: Record<string, string>) => parseOptions('jsonl', jsonlSchema, input, env)

t.test('every scalar option has a variable', async t => {
  const table: Array<[variable: string, text: string, filled: object]> = [
    ['FILE', '/var/log/app', { file: '/var/log/app' }],
    ['SIZE', '10', { size: 10 * 1024 * 1024 }],
    ['SIZE', '10k', { size: 10 * 1024 }],
    ['FREQUENCY', 'daily', { frequency: 'daily' }],
    ['FREQUENCY', '90000', { frequency: 90_000 }],
    ['UTC', 'false', { utc: false }],
    ['DATE_FORMAT', 'yyyy-MM', { dateFormat: 'yyyy-MM' }],
    ['EXTENSION', '.ndjson', { extension: '.ndjson' }],
    ['SYMLINK', 'true', { symlink: true }],
    ['LIMIT_COUNT', '7', { limit: { count: 7, removeOtherLogFiles: true } }],
    ['LIMIT_AGE', '7d', { limit: { age: 7 * 86_400_000, removeOtherLogFiles: true } }],
    ['LIMIT_TOTAL_SIZE', '1g', { limit: { totalSize: 1024 ** 3, removeOtherLogFiles: true } }],
    ['LIMIT_REMOVE_OTHER_LOG_FILES', 'false', { limit: { removeOtherLogFiles: false } }],
    ['COMPRESS', 'gzip', { compress: 'gzip' }],
    ['COMPRESS', 'false', { compress: false }],
    ['MKDIR', 'false', { mkdir: false }],
    ['MODE', '416', { mode: 0o640 }],
    ['FSYNC', 'always', { fsync: 'always' }],
    ['FSYNC', 'true', { fsync: true }],
    ['FSYNC', '200ms', { fsync: 200 }],
    ['MIN_LENGTH', '4096', { minLength: 4096 }],
    ['MAX_LENGTH', '8m', { maxLength: 8 * 1024 * 1024 }],
    ['MAX_WRITE', '64k', { maxWrite: 64 * 1024 }],
    ['PERIODIC_FLUSH', '1s', { periodicFlush: 1000 }],
    ['SYNC', 'true', { sync: true }],
    ['NAME', 'shop', { name: 'shop' }],
    ['HOOKS', './hooks.mjs', { hooks: './hooks.mjs' }],
    ['HOOKS', './hooks.mjs', { hooks: './hooks.mjs' }],
    ['CLOSE_TIMEOUT', '2s', { closeTimeout: 2000 }]
  ]
  const plain = jsonl({ file: '/a' }, {})
  for (const [variable, text, filled] of table) {
    const { file, ...rest } = jsonl(variable === 'FILE' ? {} : { file: '/a' }, { [`PINO_BLACKBOX_JSONL_${variable}`]: text })
    const expected = { ...plain, ...filled }
    t.strictSame({ file, ...rest }, expected, `${variable}=${text}`)
  }
  const told = new Set(table.map(([, , filled]) => Object.keys(filled)[0]))
  t.strictSame(Object.keys(jsonlSchema.entries).filter(name => !told.has(name)), ['append'], 'only append, which has one value, is not in this table')
  t.match(parseOptions('console', consoleSchema, {}, { PINO_BLACKBOX_CONSOLE_STREAM: 'stderr', PINO_BLACKBOX_CONSOLE_MAX_LENGTH: '1k' }), { stream: 'stderr', maxLength: 1024 })
})

t.test('parquet: every scalar option has a variable', async t => {
  const parquet = (input: object, env: Record<string, string>) => parseOptions('parquet', parquetSchema, input, env)
  const plain = parquet({ dir: '/a' }, {})
  const journal = plain.journal!
  const table: Array<[variable: string, text: string, filled: object]> = [
    ['DIR', '/var/log/app', { dir: '/var/log/app' }],
    ['DIR', '2024', { dir: '2024' }],
    ['SIZE', '10m', { size: 10 * 1024 * 1024 }],
    ['SIZE', '4096', { size: 4096 }],
    ['SIZE', 'false', { size: false }],
    ['FREQUENCY', 'daily', { frequency: 'daily' }],
    ['FREQUENCY', '15m', { frequency: 900_000 }],
    ['FREQUENCY', 'false', { frequency: false }],
    ['PARTITION', 'hour', { partition: 'hour' }],
    ['PARTITION', 'false', { partition: false }],
    ['CODEC', 'gzip', { codec: 'gzip' }],
    ['COMPRESS_LEVEL', '9', { compressLevel: 9 }],
    ['ROW_GROUP_ROWS', '5000', { rowGroupRows: 5000 }],
    ['ENGINE', 'parquetjs-lite', { engine: 'parquetjs-lite' }],
    ['LIMIT_COUNT', '7', { limit: { count: 7 } }],
    ['LIMIT_AGE', '7d', { limit: { age: 7 * 86_400_000 } }],
    ['LIMIT_TOTAL_SIZE', '1g', { limit: { totalSize: 1024 ** 3 } }],
    ['JOURNAL_DIR', '/var/spool', { journal: { ...journal, dir: '/var/spool' } }],
    ['JOURNAL_MAX_SIZE', '512m', { journal: { ...journal, maxSize: 512 * 1024 * 1024 } }],
    ['JOURNAL_WHEN_FULL', 'block', { journal: { ...journal, whenFull: 'block' } }],
    ['JOURNAL_BLOCK_TIMEOUT', '3s', { journal: { ...journal, blockTimeout: 3000 } }],
    ['JOURNAL_FSYNC', '500ms', { journal: { ...journal, fsync: 500 } }],
    ['JOURNAL_MAX_AGE', '30d', { journal: { ...journal, maxAge: 30 * 86_400_000 } }],
    ['MKDIR', 'false', { mkdir: false }],
    ['NAME', 'shop', { name: 'shop' }],
    ['HOOKS', './hooks.mjs', { hooks: './hooks.mjs' }],
    ['CLOSE_TIMEOUT', '2s', { closeTimeout: 2000 }]
  ]
  for (const [variable, text, filled] of table) {
    t.strictSame(parquet(variable === 'DIR' ? {} : { dir: '/a' }, { [`PINO_BLACKBOX_PARQUET_${variable}`]: text }), { ...plain, ...filled }, `${variable}=${text}`)
  }
  const told = new Set(table.map(([, , filled]) => Object.keys(filled)[0]))
  t.strictSame(Object.keys(parquetSchema.entries).filter(name => !told.has(name)), ['columns'], 'only columns, which are no one value, are not in this table')
  for (const [variable, text, problem] of [
    ['PARTITION', 'week', 'false or "day" or "hour", got "week" (string)'],
    ['JOURNAL_MAX_SIZE', '0', "a positive size in bytes, or such as '512k', '100m' or '1g', got 0 (number)"],
    ['COLUMNS', 'a', 'an object, without the keys __proto__, prototype, constructor, got "a" (string)']
  ] as const) {
    const option = `PINO_BLACKBOX_PARQUET_${variable}`
    t.throws(() => parquet({ dir: '/a' }, { [option]: text }), { code: 'BLACKBOX_OPTION', option, message: `BLACKBOX_OPTION: parquet: Expected the environment variable ${option} to be ${problem}` })
  }
})

t.test('a text is a text, also when it looks like a number or a flag', async t => {
  for (const text of ['2024', '007', '1.50', 'true']) {
    t.equal(jsonl({}, { PINO_BLACKBOX_JSONL_FILE: text }).file, text)
    t.equal(jsonl({ file: '/a' }, { PINO_BLACKBOX_JSONL_NAME: text }).name, text)
  }
})

t.test('an option wins over its variable, in a group too; an empty variable is none; other outputs have their own', async t => {
  const env = {
    PINO_BLACKBOX_JSONL_FILE: '/env', PINO_BLACKBOX_JSONL_UTC: 'false', PINO_BLACKBOX_JSONL_LIMIT_COUNT: '3', PINO_BLACKBOX_JSONL_LIMIT_AGE: '1d', PINO_BLACKBOX_JSONL_NAME: '', PINO_BLACKBOX_CONSOLE_CLOSE_TIMEOUT: '1s'
  }
  const { file, utc, limit, name, closeTimeout } = jsonl({ file: '/option', utc: true, limit: { count: 9 } }, env)
  t.strictSame({ file, utc, limit, name, closeTimeout },
    { file: '/option', utc: true, limit: { count: 9, age: 86_400_000, removeOtherLogFiles: true }, name: undefined, closeTimeout: 5000 })
  t.match(jsonl({ utc: undefined }, env), { file: '/env', utc: false }, 'undefined is not given')
})

t.test('a bad value is told by the name of its variable', async t => {
  const table: Array<[variable: string, text: string, problem: string]> = [
    ['PINO_BLACKBOX_JSONL_LIMIT_COUNT', 'many', 'a positive integer, got "many" (string)'],
    ['PINO_BLACKBOX_JSONL_LIMIT_COUNT', '0', 'a positive integer, got 0 (number)'],
    ['PINO_BLACKBOX_JSONL_UTC', 'yes', 'true or false, got "yes" (string)'],
    ['PINO_BLACKBOX_JSONL_LIMIT_TOTAL_SIZE', '-1', "a positive size in bytes, or such as '512k', '100m' or '1g', got -1 (number)"],
    ['PINO_BLACKBOX_JSONL_CLOSE_TIMEOUT', '1h', "a positive duration such as 500, '500ms', '15m' or '7d', below 10000 ms, got \"1h\" (string)"],
    ['PINO_BLACKBOX_JSONL_COMPRESS', 'lz4', 'false or "gzip" or "zstd", got "lz4" (string)']
  ]
  for (const [variable, text, problem] of table) {
    t.throws(() => jsonl({ file: '/a' }, { [variable]: text }), {
      name: 'OptionError', code: 'BLACKBOX_OPTION', option: variable, message: `BLACKBOX_OPTION: jsonl: Expected the environment variable ${variable} to be ${problem}`
    }, `${variable}=${text}`)
  }
  t.throws(() => jsonl({ file: '/a', utc: 1 as never }, { PINO_BLACKBOX_JSONL_UTC: 'true' }), { message: /`utc`/ }, 'a bad option is not blamed on the variable')
})

t.test('the process\'s own environment is read, by a builder and in the worker', async t => {
  const directory = t.testdir()
  const env = { PINO_BLACKBOX_JSONL_FILE: join(directory, 'app'), PINO_BLACKBOX_JSONL_EXTENSION: 'ndjson', PINO_BLACKBOX_JSONL_SIZE: '1k', PINO_BLACKBOX_JSONL_MAX_WRITE: '1k' }
  const good = program('ending.js', { transport: { target: 'pino-blackbox/jsonl' }, lines: 100 }, { env })
  t.match(await good.exited, { code: 0 }, good.stderr)
  const files = logFiles(directory, 'app')
  t.ok(files.length > 3, files.join(' '))
  t.ok(files.every(name => name.endsWith('.ndjson')), files.join(' '))

  const built = program('build.js', { jsonl: {} }, { env })
  t.strictSame((await built.said('made')).made, { target: import.meta.resolve('pino-blackbox/jsonl'), options: {} })

  const jsonlCases = [
    ['PINO_BLACKBOX_JSONL_UTC', '1', 'Expected the environment variable PINO_BLACKBOX_JSONL_UTC to be true or false, got 1 (number)'],
    ['PINO_BLACKBOX_JSONL_FILE', join(directory, 'app.1.ndjson', 'app'), 'is not a directory'],
    ['PINO_BLACKBOX_JSONL_DATE_FORMAT', 'foo', 'a date format of date-fns'],
    ['PINO_BLACKBOX_JSONL_MIN_LENGTH', '1024', 'must be smaller']
  ] as const
  const dir = join(directory, 'dataset')
  const parquetCases = ([['DIR', join(directory, 'app.1.ndjson'), 'is not a directory'], ['COMPRESS_LEVEL', '23', 'of zstd is 1 to 22'], ['JOURNAL_DIR', join(directory, 'app.1.ndjson'), 'is not a directory']] as const)
    .map(([variable, text, problem]) => [`PINO_BLACKBOX_PARQUET_${variable}`, text, problem] as const)
  const bad = program('build.js', [
    ...jsonlCases.map(([variable, text]) => ({ jsonl: {}, env: { ...env, [variable]: text } })),
    ...parquetCases.map(([variable, text]) => ({ parquet: {}, env: { PINO_BLACKBOX_PARQUET_DIR: dir, [variable]: text } }))
  ])
  t.match(await bad.exited, { code: 0 }, bad.stderr)
  for (const [at, [variable, , problem]] of [...jsonlCases, ...parquetCases].entries()) {
    const { code, option, message } = bad.messages[at]!
    t.strictSame({ code, option }, { code: 'BLACKBOX_OPTION', option: variable }, variable)
    t.match(message, problem)
    if (variable.includes('JSONL')) t.match(message, variable)
  }
  const parquet = program('ending.js', { transport: { target: 'pino-blackbox/parquet' }, lines: 100 }, { env: { PINO_BLACKBOX_PARQUET_DIR: dir, PINO_BLACKBOX_PARQUET_PARTITION: 'day' } })
  t.match(await parquet.exited, { code: 0 }, parquet.stderr)
  t.match(fs.readdirSync(dir), [/^dt=/])
})
