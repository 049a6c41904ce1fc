// B9, B10: what the builders give, and the errors of options when a target is named instead.
import t from 'tap'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import pino from 'pino'
import { console, DEFAULTS, jsonl, parquet, tee } from 'pino-blackbox'

type Options = Record<string, unknown>
const file = join(t.testdir({ occupied: 'a regular file' }), 'logs', 'app')
const occupied = join(t.testdirName, 'occupied')

t.test('builders refuse what stands beside the options as well', async t => {
  for (const settings of [{ lvl: 'info' }, { level: NaN }, { level: {} }, { level: -1 }, { level: '' }]) {
    t.match(t.throws(() => jsonl({ file }, settings as never), JSON.stringify(settings)), { code: 'BLACKBOX_OPTION' }, JSON.stringify(settings))
  }
})

t.test('by name, the same error arrives as the transport\'s own, code at the head', async t => {
  const outputs = (entry: object) => ({ target: 'pino-blackbox/tee', options: { outputs: [{ target: 'pino-blackbox/jsonl', options: { file } }, entry] } })
  const path = JSON.stringify(join(occupied, 'app'))
  const unwritable = `jsonl: Expected \`file\` to be in a writable directory, got ${path.length > 80 ? `${path.slice(0, 77)}...` : path} (string): ${occupied} is not a directory`
  const table: Array<[Parameters<typeof pino.transport>[0], string]> = [
    [{ target: 'pino-blackbox/jsonl', options: { file, limit: { count: 0 } } }, 'jsonl: Expected `limit.count` to be a positive integer, got 0 (number)'],
    [{ target: 'pino-blackbox/jsonl' }, 'jsonl: Expected `file` to be a non-empty string, got undefined'],
    [{ target: 'pino-blackbox/jsonl', options: { file, sizee: 1 } }, 'jsonl: Unknown option `sizee`; did you mean `size`?'],
    [{ target: 'pino-blackbox/jsonl', options: { file: join(occupied, 'app') } }, unwritable],
    [{ target: 'pino-blackbox/parquet' }, 'parquet: Expected `dir` to be a non-empty string, got undefined'],
    [{ target: 'pino-blackbox/parquet', options: { dir: file, columns: { msg: 'string' } } }, 'parquet: `columns`: msg: every file has a column msg'],
    [{ target: 'pino-blackbox/console', options: { stream: 'x' } }, 'console: Expected `stream` to be "stdout" or "stderr", got "x" (string)'],
    [{ targets: [{ target: 'pino/file', options: { destination: '/dev/null' } }, { target: 'pino-blackbox/jsonl', options: { file, utc: 1 } }] }, 'jsonl: Expected `utc` to be true or false, got 1 (number)'],
    [{ pipeline: [{ target: 'pino-blackbox/jsonl', options: { file, utc: 1 } }] }, 'jsonl: Expected `utc` to be true or false, got 1 (number)'],
    [outputs({ target: 'pino-blackbox/console', options: { stream: 'x' } }), 'console: Expected `stream` to be "stdout" or "stderr", got "x" (string)'],
    [outputs({ target: 'pino/file' }), 'tee: Expected `outputs[].target` to be \'pino-blackbox/jsonl\' or \'pino-blackbox/parquet\' or \'pino-blackbox/console\', got "pino/file" (string)']
  ]
  for (const [options, message] of table) {
    const transport = pino.transport(options)
    const closed = new Promise(resolve => transport.once('close', resolve))
    const [error] = await once(transport, 'error')
    t.equal(error.message, `BLACKBOX_OPTION: ${message}`, message)
    await closed
  }
})

t.test('what builders give can be cloned, says where the transport is, and finds its file from anywhere', async t => {
  const made = tee([jsonl({ file: './logs/app', limit: { count: 3 } }, { level: 'warn' }), console({ stream: 'stderr' }, { level: 10 })], { level: 'debug' })
  t.strictSame(structuredClone(made), made)
  t.strictSame(made, {
    target: import.meta.resolve('pino-blackbox/tee'),
    level: 'debug',
    options: {
      outputs: [
        { target: import.meta.resolve('pino-blackbox/jsonl'), level: 'warn', options: { file: resolve('logs/app'), limit: { count: 3 } } },
        { target: import.meta.resolve('pino-blackbox/console'), level: 10, options: { stream: 'stderr' } }
      ]
    }
  })
  t.strictSame(jsonl({ file: './logs/' }).options, { file: resolve('logs') + '/' }, 'a directory stays one')
  t.strictSame(jsonl({ file: '/tmp/app' }), { target: import.meta.resolve('pino-blackbox/jsonl'), options: { file: '/tmp/app' } })
  t.strictSame(parquet({ dir: './logs/app/', columns: { 'req.method': 'string' }, journal: { dir: './journals', maxSize: '1g' } }, { level: 'info' }), {
    target: import.meta.resolve('pino-blackbox/parquet'),
    level: 'info',
    options: { dir: resolve('logs/app'), columns: { 'req.method': 'string' }, journal: { dir: resolve('journals'), maxSize: '1g' } }
  })
  t.strictSame(parquet({ dir: '/tmp/app' }), { target: import.meta.resolve('pino-blackbox/parquet'), options: { dir: '/tmp/app' } })
  t.strictSame(console(), { target: import.meta.resolve('pino-blackbox/console'), options: {} })
  const plain = tee([{ target: 'pino-blackbox/jsonl', options: { file: './logs/app' } }, { target: 'pino-blackbox/parquet', options: { dir: './logs/app' } }])
  t.match(plain.options.outputs, [{ options: { file: resolve('logs/app') } }, { options: { dir: resolve('logs/app') } }], 'in a tee by name too')
})

t.test('DEFAULTS are the defaults, and cannot be changed', async t => {
  t.strictSame(DEFAULTS, {
    jsonl: {
      utc: true,
      symlink: false,
      limit: { removeOtherLogFiles: true },
      compress: false,
      mkdir: true,
      fsync: 'never',
      minLength: 0,
      maxLength: 64 * 1024 * 1024,
      maxWrite: 8 * 1024 * 1024,
      sync: false,
      append: true,
      closeTimeout: 5000
    },
    parquet: {
      size: 64 * 1024 * 1024,
      frequency: '1h',
      partition: false,
      codec: 'zstd',
      rowGroupRows: 20_000,
      engine: 'hyparquet',
      journal: { maxSize: 2 * 1024 ** 3, whenFull: 'drop-oldest', blockTimeout: 2000, fsync: 'never' },
      mkdir: true,
      closeTimeout: 5000
    },
    console: { stream: 'stdout', maxLength: 64 * 1024 * 1024, closeTimeout: 5000 }
  })
  t.throws(() => { (DEFAULTS.jsonl as Options).utc = false })
  t.throws(() => { ((DEFAULTS.jsonl as Options).limit as Options).removeOtherLogFiles = false })
  t.throws(() => { (DEFAULTS as Options).jsonl = {} })
})
