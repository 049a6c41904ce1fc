// D1, D6: the package as a user gets it: packed, installed into an empty project, used from ESM, CommonJS and TypeScript.
import t, { type Test } from 'tap'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { createRequire, isBuiltin } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { program } from './fixtures/harness.js'
import { duck } from './fixtures/parquet.js'
import { receiver } from './fixtures/receiver.js'

const run = promisify(execFile)
const repo = resolve(import.meta.dirname, '..')
const modules = join(repo, 'node_modules')
const manifest = JSON.parse(fs.readFileSync(join(repo, 'package.json'), 'utf8'))

// Outside of the repository: inside it, Node would find the repository's own packages, declared or not.
const project = fs.mkdtempSync(join(os.tmpdir(), 'pino-blackbox-'))
t.teardown(() => fs.rmSync(project, { recursive: true, force: true }))
const installed = join(project, 'node_modules', 'pino-blackbox')

/** As `npm install` would, but with what this repository has already: tests need no registry. */
t.before(async () => {
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], { cwd: repo })
  const [{ filename }] = JSON.parse(stdout)
  fs.mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', join(project, filename), '-C', installed, '--strip-components', '1'])
  const dependencies = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies, fastify: '', '@types/node': '' }
  for (const name of Object.keys(dependencies)) {
    const link = join(project, 'node_modules', name)
    fs.mkdirSync(dirname(link), { recursive: true })
    fs.symlinkSync(join(modules, name), link)
  }
  fs.writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }))
})

const list = (directory: string): string[] => fs.readdirSync(directory, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))

t.test('the tarball has the compiled code, its types and its papers, nothing else', async t => {
  const files = list(installed).map(file => file.slice(installed.length + 1)).sort()
  const allowed = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/[\w-]+\.md|docs\/benchmarks\/\w+\.svg|dist\/(index|(lib|transports)\/[\w/-]+)\.(js|js\.map|d\.ts))$/
  t.strictSame(files.filter(file => !allowed.test(file)), [])
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs/benchmarks.md', 'docs/bundling.md', 'docs/command.md', 'docs/config-file.md', 'docs/console.md', 'docs/dumper.md', 'docs/exporter.md', 'docs/http.md', 'docs/jsonl.md', 'docs/lost.md', 'docs/moving.md', 'docs/operating.md', 'docs/options.md', 'docs/parquet.md', 'docs/pipe-and-tail.md', 'docs/reliability.md', 'docs/reliability.md', 'docs/tee.md', 'dist/index.js', 'dist/index.d.ts']) t.ok(files.includes(file), file)
  const source = ['index.ts', ...list(join(repo, 'lib')), ...list(join(repo, 'transports'))].map(file => resolve(repo, file).slice(repo.length + 1))
  t.strictSame(files.filter(file => file.endsWith('.js')).sort(), source.map(file => `dist/${file.replace(/\.ts$/, '.js')}`).sort(), 'each source file is there, compiled, and no other')
  for (const file of files.filter(file => file.endsWith('.map'))) {
    t.ok(JSON.parse(fs.readFileSync(join(installed, file), 'utf8')).sourcesContent?.[0], `${file} carries its source`)
  }
})

t.test('every export has types and a default, in this order, and both are there', async t => {
  t.strictSame(Object.keys(manifest.exports), ['.', './fastify', './prometheus', './*', './package.json'])
  const transports = fs.readdirSync(join(repo, 'transports')).map(name => basename(name, '.ts'))
  t.strictSame(transports.sort(), ['console', 'exporter', 'http', 'jsonl', 'parquet', 'tee'])
  for (const [name, conditions] of Object.entries(manifest.exports)) {
    if (name === './package.json') continue
    t.strictSame(Object.keys(conditions as object), ['types', 'default'], name)
    for (const path of Object.values(conditions as Record<string, string>)) {
      for (const transport of name.includes('*') ? transports : ['']) t.ok(fs.existsSync(join(installed, path.replace('*', transport))), path.replace('*', transport))
    }
  }
  t.ok(fs.existsSync(join(installed, manifest.main)) && fs.existsSync(join(installed, manifest.types)))
  t.match(manifest, { name: 'pino-blackbox', type: 'module', license: 'MIT', engines: { node: '>=20' }, peerDependencies: { pino: String } })
})

t.test('a dependency is imported by exactly one file, and everything imported is a dependency', async t => {
  const importers = new Map<string, Set<string>>()
  for (const file of [join(repo, 'index.ts'), ...list(join(repo, 'lib')), ...list(join(repo, 'transports'))]) {
    // Types are gone when it runs.
    const source = fs.readFileSync(file, 'utf8').replaceAll(/^(import|export) type .*$/gm, '')
    for (const [, name] of source.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\(|\bresolve\()\s*'((?:@[\w-]+\/)?[\w-]+)[^']*'/g)) {
      if (isBuiltin(name!) || name === 'node') continue
      if (!importers.has(name!)) importers.set(name!, new Set())
      importers.get(name!)!.add(file.slice(repo.length + 1))
    }
  }
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
  // The application's own, where it has it: loaded by an export that is of no use without.
  t.strictSame([...importers.get('prom-client') ?? []], ['lib/telemetry/prometheus.ts'])
  t.match(manifest, { peerDependencies: { 'prom-client': String }, peerDependenciesMeta: { 'prom-client': { optional: true } } })
  t.strictSame([...importers.keys()].filter(name => name !== 'prom-client').sort(), Object.keys(declared).sort())
  for (const [name, files] of importers) t.equal(files.size, 1, `${name}: ${[...files].join(' ')}`)
  t.equal([...importers.get('date-fns')!][0], [...importers.get('@date-fns/utc')!][0], 'dates are one affair')
})

/** The examples of the README, by the language that they are marked with. */
const examples = (language: string): string[] =>
  [...fs.readFileSync(join(installed, 'README.md'), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].filter(match => match[1] === language).map(match => match[2]!)

/** Runs a program of the project, in a folder of its own. What it has logged is below `logs` there. */
async function start (name: string, file: string, source: string): Promise<{ directory: string, path: string }> {
  const directory = join(project, name)
  fs.mkdirSync(directory)
  const path = join(directory, file)
  fs.writeFileSync(path, source)
  return { directory, path }
}

async function ended (t: Test, path: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = program(path, {}, { cwd: dirname(path), env })
  t.match(await child.exited, { code: 0, signal: null }, child.stderr)
  t.notMatch(child.stderr, /error/i)
}

const lines = (file: string): object[] => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line))

t.test('ESM: the first example of the README', async t => {
  const { directory, path } = await start('esm', 'app.mjs', examples('js')[0]!)
  await ended(t, path)
  t.match(lines(join(directory, 'logs/app.1.jsonl')), [{ level: 30, user: 42, msg: 'hello' }])
})

t.test('ESM: the example by name', async t => {
  const { directory, path } = await start('name', 'app.mjs', examples('js')[1]!)
  await ended(t, path)
  t.match(lines(join(directory, 'logs/app.1.log')), [{ level: 30, msg: 'hello' }])
})

t.test('ESM: the example with Fastify', async t => {
  const { directory, path } = await start('fastify', 'app.mjs', examples('js')[2]!)
  await ended(t, path)
  t.match(lines(join(directory, 'logs/debug.1.log')).map(line => (line as { msg: string }).msg), ['incoming request', 'somebody is here', 'request completed'])
  t.strictSame(lines(join(directory, 'logs/errors.1.log')), [])
})

t.test('ESM: the example with a dump, which the command shows', async t => {
  const { directory, path } = await start('dump', 'app.mjs', examples('js').find(code => code.includes('pino-blackbox/fastify'))!)
  await ended(t, path)
  const [name = ''] = fs.readdirSync(join(directory, 'dumps')).filter(name => name.endsWith('.json'))
  const { stdout } = await run(process.execPath, [join(installed, manifest.bin['pino-blackbox']), 'view', join(directory, 'dumps', name)])
  t.match(stdout, /500 GET \/invoices\/17/)
  t.match(stdout, /debug +invoice asked for/)
  t.match((await run(process.execPath, [join(installed, manifest.bin['pino-blackbox']), '--version'])).stdout, manifest.version)
})

t.test('CommonJS: the example of the README', async t => {
  const { directory, path } = await start('cjs', 'app.cjs', examples('cjs')[0]!)
  await ended(t, path)
  t.match(lines(join(directory, 'logs/app.1.log')), [{ msg: 'hello' }])
})

t.test('CommonJS: by name, in targets, from a folder below', async t => {
  const { directory, path } = await start('cjs-name', 'app.cjs', `
    const pino = require('pino')
    const log = pino({ level: 'debug', transport: { targets: [
      { target: 'pino-blackbox/jsonl', level: 'debug', options: { file: './logs/all' } },
      { target: 'pino-blackbox/tee', options: { outputs: [{ target: 'pino-blackbox/jsonl', options: { file: './logs/info' } }] } }
    ] } })
    log.debug('one')
    log.info('two')
  `)
  await ended(t, path)
  t.match(lines(join(directory, 'logs/all.1.log')), [{ msg: 'one' }, { msg: 'two' }])
  t.match(lines(join(directory, 'logs/info.1.log')), [{ msg: 'two' }])
})

t.test('ESM: http, by builder and by name', async t => {
  const place = await receiver(t, { texts: true })
  const { directory, path } = await start('esm-http', 'app.mjs', `
    import pino from 'pino'
    import { flush, http, shutdown } from 'pino-blackbox'
    const built = pino({ transport: http({ url: process.env.LOG_URL + '/built', auth: { bearer: { env: 'LOG_TOKEN' } } }) })
    const named = pino({ transport: { target: 'pino-blackbox/http', options: { url: process.env.LOG_URL + '/named', compress: false, journal: 'memory' } } })
    built.info('hello')
    named.info('hello')
    await flush(built, { until: 'delivered' })
    await flush(named, { until: 'delivered' })
    await shutdown(built)
    await shutdown(named)
  `)
  await ended(t, path, { LOG_URL: place.url, LOG_TOKEN: 'a token' })
  const sent = (await place.requests()).map(({ path, headers, text }) => [path, headers.authorization, headers['content-encoding'], JSON.parse(text!).msg])
  t.strictSame(sent, [['/built', 'Bearer a token', 'gzip', 'hello'], ['/named', undefined, undefined, 'hello']])
  t.strictSame(fs.readdirSync(join(directory, '.blackbox')), [], 'the default journal, and nothing is left in it')
})

t.test('CommonJS: http, in a tee, with a format that is CommonJS as well', async t => {
  const place = await receiver(t, { texts: true })
  const { directory, path } = await start('cjs-http', 'app.cjs', `
    const { http, jsonl, shutdown, tee } = require('pino-blackbox')
    const transport = tee([jsonl({ file: './logs/app' }), http({ url: process.env.LOG_URL, format: './format.cjs' }, { level: 'warn' })])
    const logger = require('pino')({ transport })
    logger.info('for the file')
    logger.warn('for both')
    shutdown(logger, { until: 'delivered' })
  `)
  fs.writeFileSync(join(directory, 'format.cjs'), 'module.exports = (records, { key }) => ({ body: JSON.stringify({ key, messages: records.map(({ msg }) => msg) }) })')
  await ended(t, path, { LOG_URL: place.url })
  t.match(lines(join(directory, 'logs/app.1.log')), [{ msg: 'for the file' }, { msg: 'for both' }])
  const [request, ...more] = await place.requests()
  t.strictSame([JSON.parse(request!.text!), more], [{ key: request!.key, messages: ['for both'] }, []])
})

t.test('TypeScript: the first example and more, with every type checked, declarations too', async t => {
  const place = await receiver(t)
  const { directory, path } = await start('ts', 'app.mts', `${examples('js')[0]!}
    import { console, flush, http, parquet, shutdown, tee, watch, type FormatModule, type HttpOptions, type JsonlOptions, type ParquetOptions, type Target } from 'pino-blackbox'
    import open from 'pino-blackbox/http'
    const target: Target<JsonlOptions> = jsonl({ file: './logs/more' })
    const dataset: Target<ParquetOptions> = parquet({ dir: './logs/more', partition: 'day', columns: { user: 'int64' } })
    const sender: Target<HttpOptions> = http({ url: process.env['LOG_URL']!, batch: { flushAge: '10ms' } })
    const format: FormatModule = records => ({ body: JSON.stringify(records) })
    if (typeof open !== 'function' || format([], { key: '' }) instanceof Promise) throw new Error('not what was said')
    const more = pino({ transport: tee([target, dataset, sender, console({ stream: 'stderr' }, { level: 'fatal' })]) })
    const watched = watch(more)
    more.info('more')
    await flush(more, { timeout: '20s' })
    if (watched.metrics()[0]!.acceptedRecords !== 1) throw new Error('not counted')
    await shutdown(more)
    // @ts-expect-error an unknown option
    try { jsonl({ file: 'a', sizee: 1 }) } catch {}
  `)
  fs.writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, types: ['node'], rootDir: '.', outDir: 'out' }
  }))
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  await run(process.execPath, [tsc, '-p', directory], { cwd: directory }).catch(({ stdout }) => t.fail(stdout))
  fs.renameSync(join(directory, 'out/app.mjs'), join(directory, 'app.mjs'))
  await ended(t, path.replace('.mts', '.mjs'), { LOG_URL: place.url })
  t.match(lines(join(directory, 'logs/app.1.jsonl')), [{ user: 42, msg: 'hello' }])
  t.match(lines(join(directory, 'logs/more.1.log')), [{ msg: 'more' }])
  t.strictSame((await place.requests()).map(({ lines, invalid, status }) => [lines, invalid, status]), [[1, 0, 200]])
  t.match(await duck(`select msg from '${join(directory, 'logs/more/*/*.parquet')}'`), [{ msg: 'more' }])
})

t.test('the face loads nothing that writes, and no date library, on the main thread', async t => {
  const { path } = await start('face', 'app.mjs', `
    import { createRequire } from 'node:module'
    import { http, jsonl, parquet, tee } from 'pino-blackbox'
    http({ url: 'https://u:p@127.0.0.1/', compress: 'zstd', format: './app.mjs' })
    tee([jsonl({ file: './logs/app', size: '1m' }), parquet({ dir: './logs/app', columns: { 'req.method': 'string' } })])
    const cached = Object.keys(createRequire(import.meta.url).cache)
    process.send({ cached })
    process.disconnect()
  `)
  // What ESM loads is in no cache that can be looked at: a hook, which runs in a thread of its own, writes it down.
  const seen = join(dirname(path), 'seen')
  fs.writeFileSync(join(dirname(path), 'hook.mjs'), `
    import fs from 'node:fs'
    export async function load (url, context, next) {
      fs.appendFileSync(${JSON.stringify(seen)}, url + '\\n')
      return next(url, context)
    }
  `)
  fs.writeFileSync(join(dirname(path), 'register.mjs'), "import { register } from 'node:module'; register('./hook.mjs', import.meta.url)")
  const child = program(path, {}, { cwd: dirname(path), execArgv: ['--import', './register.mjs'] })
  const { cached } = await child.said('cached') as { cached: string[] }
  const imported = fs.readFileSync(seen, 'utf8').split('\n')
  const writers = /\/(sonic-boom|pino-abstract-transport|date-fns|@date-fns|zstd-wasm|hyparquet\S*|parquetjs-lite|undici|p-retry)\/|\/lib\/parquet\/engines\//
  t.strictSame([...cached, ...imported].filter(path => writers.test(path)), [])
  t.ok(imported.some(url => url.endsWith('/lib/config/parquet.js')), 'the hook has seen what is loaded')
})
