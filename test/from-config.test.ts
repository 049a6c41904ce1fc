// E8: a configuration file means what the same options mean in code, checked as they are, and an error says where in it.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createDumper, fromConfig, http, jsonl, OptionError, parquet, tee } from 'pino-blackbox'
import { program } from './fixtures/harness.js'

type Options = Record<string, unknown>

/** A file of this content, and what is asked of it. */
function file (t: Test, content: string, name = 'blackbox.yml'): string {
  return join(t.testdir({ [name]: content }), name)
}

function environment (t: Test, variables: Record<string, string>): void {
  t.teardown(() => { for (const name of Object.keys(variables)) delete process.env[name] })
  Object.assign(process.env, variables)
}

const refusal = (path: string): { message: string, option: string } => {
  try {
    fromConfig(path)
  } catch (error) {
    if (error instanceof OptionError) return { message: error.message.replace('BLACKBOX_OPTION: ', '').replace(`${path}:`, ''), option: error.option }
  }
  throw new Error('no OptionError')
}

t.test('everything in one file, YAML and JSON alike', async t => {
  const path = file(t, `
level: debug
outputs:
  - target: jsonl
    options: { file: ./logs/app, size: 10m, limit: { count: 3 }, mode: 0o640 }
  - target: pino-blackbox/parquet
    level: info
    options:
      dir: ./logs/parquet
      columns:
        req.method: string
        res.statusCode: { name: status, type: int32 }
  - target: http
    level: 40
    options:
      url: http://127.0.0.1:9/ingest
      headers: { x-tenant: a }
      auth: { bearer: { file: token } }
      journal: memory
dumper:
  enabled: true
  dumpPath: ./dumps
  redact: [user.email]
recorder: { records: 20 }
`)
  const at = (name: string): string => join(resolve(path, '..'), name)
  fs.writeFileSync(at('token'), 'secret')
  const config = fromConfig(path)
  t.strictSame(config, {
    level: 'debug',
    transport: tee([
      jsonl({ file: at('logs/app'), size: '10m', limit: { count: 3 }, mode: 0o640 }),
      parquet({ dir: at('logs/parquet'), columns: { 'req.method': 'string', 'res.statusCode': { name: 'status', type: 'int32' } } }, { level: 'info' }),
      http({ url: 'http://127.0.0.1:9/ingest', headers: { 'x-tenant': 'a' }, auth: { bearer: { file: at('token') } }, journal: { dir: false } }, { level: 40 })
    ]),
    dumper: { enabled: true, dumpPath: at('dumps'), redact: ['user.email'] },
    recorder: { records: 20 }
  })
  t.doesNotThrow(() => structuredClone(config))

  const written = { level: 'debug', outputs: [{ target: 'jsonl', options: { file: './logs/app' } }], recorder: false }
  for (const indent of [0, 2, '\t']) fs.writeFileSync(at(`blackbox${indent === '\t' ? 't' : indent}.json`), JSON.stringify(written, undefined, indent))
  for (const name of ['blackbox0.json', 'blackbox2.json', 'blackboxt.json']) {
    t.strictSame(fromConfig(at(name)), { level: 'debug', transport: jsonl({ file: at('logs/app') }), dumper: {}, recorder: false }, name)
  }
  t.strictSame(fromConfig(pathToFileURL(at('blackbox0.json'))).level, 'debug', 'a file URL')
})

t.test('one output is that target, with a level it is behind tee, none is the console', async t => {
  const at = (content: string) => fromConfig(file(t, content)).transport
  t.strictSame(at('outputs: [{ target: console, options: { stream: stderr } }]'), { target: import.meta.resolve('pino-blackbox/console'), options: { stream: 'stderr' } })
  t.strictSame(at('outputs: [{ target: console, level: warn }]'), {
    target: import.meta.resolve('pino-blackbox/tee'), options: { outputs: [{ target: import.meta.resolve('pino-blackbox/console'), level: 'warn', options: {} }] }
  })
  t.strictSame(fromConfig(file(t, '{}')), { level: 'info', transport: { target: import.meta.resolve('pino-blackbox/console'), options: {} }, dumper: {}, recorder: {} })
})

t.test('paths are relative to the file, wherever the process is', async t => {
  const path = file(t, 'outputs: [{ target: jsonl, options: { file: logs/ } }]\ndumper: { dumpPath: dumps }')
  const config = fromConfig(relative(process.cwd(), path))
  t.match(config, { transport: { options: { file: `${resolve(path, '../logs')}/` } }, dumper: { dumpPath: resolve(path, '../dumps') } })
})

t.test('a variable goes before the file, and the rest of the file stays', async t => {
  const path = file(t, `
outputs:
  - target: jsonl
    options: { file: ./logs/app, size: wrong, limit: { count: 3, age: 7d } }
  - target: http
    options: { url: "http://127.0.0.1:9", auth: { bearer: of the file }, journal: memory }
dumper: { enabled: false, maxBackups: 5 }
`)
  t.match(refusal(path), { option: 'outputs[0].options.size' })
  environment(t, {
    PINO_BLACKBOX_JSONL_SIZE: '5m',
    PINO_BLACKBOX_JSONL_LIMIT_COUNT: '9',
    PINO_BLACKBOX_HTTP_API_KEY: 'of the environment',
    PINO_BLACKBOX_HTTP_MAX_BUFFER_RECORDS: '7',
    PINO_BLACKBOX_DUMPER_ENABLED: 'true',
    PINO_BLACKBOX_RECORDER_RECORDS: '3'
  })
  const { transport, dumper, recorder } = fromConfig(path)
  // What is left out here, the output and the dumper take from the environment.
  t.match(transport.options, { outputs: [{ options: { limit: { age: '7d' } } }, { options: { url: 'http://127.0.0.1:9', journal: { dir: false } } }] })
  const [first, second] = (transport.options as { outputs: Array<{ options: Options }> }).outputs
  t.strictSame(Object.keys(first!.options), ['file', 'limit'])
  t.strictSame(first!.options.limit, { age: '7d' })
  t.strictSame(second!.options.auth, {})
  t.strictSame(dumper, { maxBackups: 5 })
  t.equal(createDumper({ ...dumper, dumpPath: t.testdirName }).enabled, true)
  t.strictSame(recorder, {})
  environment(t, { PINO_BLACKBOX_JSONL_LIMIT_COUNT: 'many' })
  t.match(t.throws(() => fromConfig(path)), {
    message: 'BLACKBOX_OPTION: jsonl: Expected the environment variable PINO_BLACKBOX_JSONL_LIMIT_COUNT to be a positive integer, got "many" (string)'
  })
})

t.test('a variable goes before what excludes it, too', async t => {
  const path = file(t, 'outputs: [{ target: http, options: { url: "http://127.0.0.1:9", auth: { basic: { username: a, password: b } } } }]')
  t.match(fromConfig(path).transport.options, { auth: { basic: { username: 'a' } } })
  environment(t, { PINO_BLACKBOX_HTTP_API_KEY: 'of the environment' })
  t.match(fromConfig(path).transport.options, { auth: { basic: undefined } })
})

t.test('an error tells the place, the path, what was expected and what was there', async t => {
  for (const [content, message, option] of [
    ['level: 5', '1:1: Expected `level` to be a non-empty string, got 5 (number)', 'level'],
    ['levle: info', '1:1: Unknown option `levle`; did you mean `level`?', 'levle'],
    ['outputs: []', '1:1: Expected `outputs` to be an array with at least one entry, got [] (array)', 'outputs'],
    ['outputs:\n  - target: jsonl\n    options:\n      file: a\n      limit: { count: 0 }', '5:16: Expected `outputs[0].options.limit.count` to be a positive integer, got 0 (number)', 'outputs[0].options.limit.count'],
    ['outputs:\n  - target: console\n  - target: jsonl\n    options:\n      file: a\n      sizee: 1', '6:7: Unknown option `outputs[1].options.sizee`; did you mean `size`?', 'outputs[1].options.sizee'],
    ['outputs:\n  - target: jsonl', '2:5: Expected `outputs[0].options.file` to be a non-empty string, got undefined', 'outputs[0].options.file'],
    ['outputs: [{ target: jsonl, options: { file: "" } }]', '1:39: Expected `outputs[0].options.file` to be a non-empty string, got "" (string)', 'outputs[0].options.file'],
    ['outputs: [{ target: jsonl, options: 5 }]', '1:28: `outputs[0].options`: Expected the options to be an object, got 5 (number)', 'outputs[0].options'],
    ['outputs: [{ target: josnl }]', "1:13: Expected `outputs[0].target` to be 'pino-blackbox/jsonl' or", 'outputs[0].target'],
    ['outputs: [{ target: tee }]', '1:13: Expected `outputs[0].target` to be', 'outputs[0].target'],
    ['outputs: [{ target: console, level: loud }]', '1:30: Expected `outputs[0].level` to be', 'outputs[0].level'],
    ['outputs:\n- target: parquet\n  options:\n    dir: a\n    columns:\n      a.b: string\n      c.d.e: text', '7:7: Expected `outputs[0].options.columns.c.d.e` to be', 'outputs[0].options.columns.c.d.e'],
    ['dumper: { redact: { paths: [a, 5] } }', '1:11: Expected `dumper.redact` to be', 'dumper.redact'],
    ['dumper: off', '1:1: `dumper`: Expected the options to be an object, got a value of type string', 'dumper'],
    ['recorder:\n  records: 0', '2:3: Expected `recorder.records` to be a positive integer up to 100000, got 0 (number)', 'recorder.records'],
    ['- 5', ' Expected the options to be an object, got an array', ''],
    ['', ' Expected the options to be an object, got null', '']
  ] as const) {
    const found = refusal(file(t, content))
    t.ok(found.message.startsWith(message), `${content}: ${found.message}`)
    t.equal(found.option, option)
  }
})

t.test('what is no YAML, or more than this file needs of it, is refused with its place and without its content', async t => {
  const bomb = ['a: &a [x, x]', ...'bcdefghijkl'.split('').map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefghijkl'[index]}`).join(', ')}]`)].join('\n')
  for (const [content, message] of [
    ['level: info\nlevel: debug', '2:1: Expected valid YAML: Map keys must be unique'],
    ['level: !secret hunter2', '1:8: Expected valid YAML: Unresolved tag'],
    ['level: !!js/function hunter2', '1:8: Expected valid YAML: Unresolved tag'],
    ['level: "hunter2', '1:16: Expected valid YAML: Missing closing "quote'],
    ['level: info\n---\nlevel: debug', '2:1: Expected valid YAML: Source contains multiple documents; please use YAML.parseAllDocuments()'],
    ['level: *hunter2', ' Expected valid YAML: Unresolved alias (the anchor must be set before the alias)'],
    [bomb, ' Expected valid YAML: Excessive alias count indicates a resource exhaustion attack']
  ] as const) {
    const found = refusal(file(t, content))
    t.equal(found.message, message)
    t.notMatch(found.message, /hunter2/)
  }
  for (const [content, message] of [['{ "level": "hunter2", }', '1:'], ['level: hunter2', '1:'], ['{\n "level": "a",\n "level": "b" }', '3:2: Expected valid YAML: Map keys must be unique']] as const) {
    const found = refusal(file(t, content, 'blackbox.json'))
    t.ok(found.message.startsWith(message), found.message)
    t.notMatch(found.message, /hunter2/)
  }
  t.throws(() => fromConfig('blackbox.toml'), { message: 'BLACKBOX_OPTION: config: Expected the path of a .yml, .yaml or .json file, got "blackbox.toml" (string)' })
  t.throws(() => fromConfig('/nowhere/blackbox.yml'), { message: /^BLACKBOX_OPTION: config: Expected the path of a configuration file that can be read, got "\/nowhere\/blackbox.yml" \(string\): ENOENT/ })
  t.throws(() => fromConfig(undefined as never), { message: 'BLACKBOX_OPTION: config: Expected the path of a configuration file, got undefined' })
})

t.test('a secret is never shown', async t => {
  for (const content of [
    'outputs: [{ target: http, options: { url: hunter2 } }]',
    'outputs: [{ target: http, options: { url: "http://a", auth: { bearer: [hunter2] } } }]',
    'outputs: [{ target: http, options: { url: "http://a", auth: hunter2 } }]',
    'outputs: [{ target: http, options: { url: "http://a", headers: { x-key: [hunter2] } } }]',
    'outputs: [{ target: http, options: hunter2 }]',
    'outputs: hunter2\n'
  ]) t.notMatch(refusal(file(t, content)).message, /hunter2/, content)
})

t.test('aliases and anchors are for what is the same', async t => {
  const path = file(t, 'outputs:\n  - { target: jsonl, options: { file: a, limit: &few { count: 2 } } }\n  - { target: jsonl, options: { file: b, limit: *few } }')
  t.match(fromConfig(path).transport.options, { outputs: [{ options: { limit: { count: 2 } } }, { options: { limit: { count: 2 } } }] })
})

t.test('pino takes it, with its level', async t => {
  const path = file(t, 'level: debug\noutputs:\n  - { target: jsonl, options: { file: all } }\n  - { target: jsonl, level: warn, options: { file: few } }')
  const directory = resolve(path, '..')
  const app = join(directory, 'app.mjs')
  fs.writeFileSync(app, `
    import pino from ${JSON.stringify(import.meta.resolve('pino'))}
    import { fromConfig, shutdown } from ${JSON.stringify(import.meta.resolve('pino-blackbox'))}
    const { level, transport } = fromConfig(${JSON.stringify(path)})
    const logger = pino({ level, transport })
    logger.debug('low')
    logger.warn('high')
    await shutdown(logger)
  `)
  t.match(await program(app, {}, { cwd: '/' }).exited, { code: 0 })
  const messages = (name: string) => fs.readFileSync(join(directory, `${name}.1.log`), 'utf8').trim().split('\n').map(line => JSON.parse(line).msg)
  t.strictSame([messages('all'), messages('few')], [['low', 'high'], ['high']])
})

t.test('docs/config-file.md is true', async t => {
  const root = resolve(import.meta.dirname, '..')
  const page = fs.readFileSync(join(root, 'docs/config-file.md'), 'utf8')
  const [yaml = '', js = '', error = ''] = [...page.matchAll(/^```[^\n]*\n(.*?)^```/gms)].map(([, code]) => code!)
  const directory = t.testdir({ 'blackbox.yml': yaml, 'snippet.mjs': js, 'broken.yml': yaml.replace('100m', '100x'), node_modules: {} })
  for (const name of ['pino', 'fastify']) fs.symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
  fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
  const child = program(join(directory, 'snippet.mjs'), {}, { cwd: directory, env: { LOG_TOKEN: 'a token' } })
  t.match(await child.exited, { code: 0 }, child.stderr)
  t.match(fs.readFileSync(join(directory, 'logs/app.1.log'), 'utf8'), /"configured"/)
  environment(t, { LOG_TOKEN: 'a token' })
  t.equal(refusal(join(directory, 'broken.yml')).message.replace(/\(a bare.*?\)/, '(...)'), error.trim().replace('BLACKBOX_OPTION: blackbox.yml:', ''))
})
