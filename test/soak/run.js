// npm run test:soak [-- --quick] [--only crash,soak] [--minutes 60 | --hours 8] [--rate 10000] [--every 60] [--seed 1] [--kills 1000 ...]
//
// Part after part of parts.js. `--quick` is what CI runs: minutes in all. `--minutes`, `--hours`, `--rate` (lines/s) and `--every` (seconds
// from one fault to the next) are those of the soak itself, which is ten minutes long without; `--seed` is for all. The other options set
// the size of one test each: see parts.js.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PARTS } from './parts.js'

const SOAK = ['minutes', 'hours', 'rate', 'every']
const sizes = PARTS.flatMap(({ sizes = {} }) => Object.values(sizes).map(([option]) => option))
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    ...Object.fromEntries(['only', 'seed', ...SOAK, ...sizes].map(option => [option, { type: 'string' }]))
  }
})
const usual = PARTS.filter(({ quick = true }) => quick || !values.quick).map(({ name }) => name)
const chosen = values.only?.split(',') ?? usual
const unknown = chosen.filter(name => !PARTS.some(part => part.name === name))
if (unknown.length > 0) throw new Error(`expected --only to name ${PARTS.map(({ name }) => name).join(', ')}; got ${unknown.join(', ')}`)

// `--quick` plays what `npm test` plays: what is new is for whoever has the time to look at it.
const seed = values.seed ?? (values.quick ? undefined : `${Math.floor(Math.random() * 1e6)}`)
const env = { ...process.env, ...(seed && { SEED: seed }) }
const run = (command, args, more = {}) => spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32', env: { ...env, ...more } }).status ?? 1

function longer ({ tests, sizes }) {
  const given = Object.fromEntries(Object.entries(sizes).map(([variable, [option, full, quick]]) => [variable, values[option] ?? `${values.quick ? quick : full}`]))
  return run('npx', ['tap', 'run', '--timeout=3600', ...tests], given)
}

function soak () {
  const given = SOAK.flatMap(option => values[option] === undefined ? [] : [`--${option}`, values[option]])
  const program = fileURLToPath(new URL('soak.js', import.meta.url))
  return run(process.execPath, ['--import', new URL('../fixtures/typescript.js', import.meta.url).href, program, ...given, ...(values.quick ? ['--quick'] : [])])
}

const results = PARTS.filter(({ name }) => chosen.includes(name)).map(part => {
  console.log(`\n== ${part.name}`)
  return { part: part.name, status: part.tests ? longer(part) : soak() }
})
for (const { part, status } of results) console.log(`${part}: ${status === 0 ? 'as promised' : 'BROKEN'}`)
process.exit(Math.max(...results.map(({ status }) => status)))
