// npm run test:mutations [-- --only P3,P10]: makes each mistake of mutations.js, in a copy of the package, and runs the one test that has to
// notice it. Ends with 1 when a test did not, or when a mutation does not fit the code any more.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { transformSync } from 'esbuild'
import { MUTATIONS } from './mutations.js'

/** ms; who has not ended by then has noticed nothing. */
const PATIENCE = 600_000
const NOT_COPIED = ['node_modules', '.git', '.tap', 'demo-output', 'soak-report', 'logs']

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values: { only } } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = MUTATIONS.filter(({ promise }) => only === undefined || only.split(',').includes(promise))
if (chosen.length === 0) throw new Error(`expected --only to name promises of ${[...new Set(MUTATIONS.map(({ promise }) => promise))].join(', ')}; got ${only}`)

const copy = fs.mkdtempSync(join(os.tmpdir(), 'pino-blackbox-mutations-'))
process.on('exit', () => fs.rmSync(copy, { recursive: true, force: true }))
fs.cpSync(root, copy, { recursive: true, filter: path => !NOT_COPIED.includes(relative(root, path).split(sep)[0]) && !fs.lstatSync(path).isSocket() })
fs.symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))

/** Writes a source file, and what it is compiled to: tests use both. */
function write (file, source) {
  fs.writeFileSync(join(copy, file), source)
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcefile: file })
  fs.writeFileSync(join(copy, 'dist', file.replace(/ts$/, 'js')), code)
}

/** Top-level tests that failed. */
function failures ({ test, name }) {
  const { NODE_OPTIONS, ...env } = process.env
  const escaped = name.replaceAll(/[/\\^$.*+?()[\]{}|]/g, '\\$&')
  const { stdout } = spawnSync(process.execPath, ['--import=./test/fixtures/typescript.js', test], {
    cwd: copy, encoding: 'utf8', timeout: PATIENCE, killSignal: 'SIGKILL', maxBuffer: 2 ** 28, env: { ...env, TAP: '1', TAP_TIMEOUT: `${PATIENCE / 1000}`, ...(name && { TAP_GREP: `/^${escaped}/` }) }
  })
  return stdout.split('\n').flatMap(line => /^not ok \d+ - (.*?)(?: # .*)?$/.exec(line)?.[1] ?? [])
}

function attempt (mutation) {
  const { file, from, to, name } = mutation
  const source = fs.readFileSync(join(root, file), 'utf8')
  if (source.split(from).length !== 2) return { verdict: 'STALE', told: `what it changes is not there once in ${file}` }
  write(file, source.replace(from, () => to))
  const failed = failures(mutation)
  write(file, source)
  const noticed = failed.find(test => test.startsWith(name))
  return noticed ? { verdict: 'red', told: noticed } : { verdict: 'NOT NOTICED', told: failed.join('; ') }
}

const rows = chosen.map(mutation => {
  const began = Date.now()
  const { verdict, told } = attempt(mutation)
  console.log(`${mutation.promise.padEnd(4)} ${verdict.padEnd(12)} ${mutation.breaks}\n     ${mutation.file}; ${mutation.test}: ${told} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
  return verdict
})
const missed = rows.filter(verdict => verdict !== 'red').length
console.log(`\n${rows.length} mistakes, ${missed === 0 ? 'all of them noticed' : `${missed} of them NOT NOTICED or out of date`}`)
process.exit(missed === 0 ? 0 : 1)
