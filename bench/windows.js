// node bench/windows.js [--rounds 10]: what SIGKILL takes that flush() had not acknowledged: lines in the main thread, in pino's shared memory
// and in the worker's hands. How many, and for how long the oldest of them had been logged, by rate and output. Prints the table of
// docs/reliability.md.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: { rounds } } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } })
const RATES = { '100 lines/s': 100, '1,000 lines/s': 1000, '10,000 lines/s': 10_000, 'as fast as it can': 0 }
/** ms: the start has other figures. */
const BEFORE = 3000
/** Of `tee` the output that has least, of its first two: rows of Parquet are not looked for. */
const PLACES = { jsonl: ['jsonl'], http: ['http'], tee: ['jsonl', 'http'] }

function linesIn (directory) {
  const names = fs.readdirSync(directory, { recursive: true }).filter(name => /\.(jsonl|open)$/.test(name))
  return new Set(names.flatMap(name => fs.readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1).flatMap(line => { try { return JSON.parse(line).seq } catch { return [] } })))
}

async function lose (contender, rate) {
  const base = fs.mkdtempSync(join(os.tmpdir(), 'pino-blackbox-windows-'))
  const [dir, mark] = [join(base, 'logs'), join(base, 'mark')]
  const { NODE_OPTIONS, ...env } = process.env
  const child = fork(fileURLToPath(new URL('lost/app.js', import.meta.url)), [JSON.stringify({ contender, ending: 'SIGKILL', rate, dir, mark, before: BEFORE })], { env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  let killed
  child.on('message', () => {
    killed = performance.timeOrigin + performance.now()
    child.kill('SIGKILL')
  })
  await once(child, 'exit')
  const bytes = fs.readFileSync(mark)
  const logged = Array.from({ length: Math.floor(bytes.length / 8) }, (_, at) => bytes.readDoubleLE(8 * at))
  const lost = PLACES[contender].map(place => {
    const found = linesIn(join(dir, place))
    return logged.filter((_, seq) => !found.has(seq))
  }).sort((a, b) => b.length - a.length)[0]
  fs.rmSync(base, { recursive: true })
  return { lines: lost.length, age: lost.length > 0 ? Math.max(0, killed - lost[0]) : 0 }
}

const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const shown = number => number.toLocaleString('en', { maximumFractionDigits: number < 10 ? 1 : 0 })

console.log(`| lines lost; ms that the oldest of them had been logged | ${Object.keys(PLACES).join(' | ')} |\n| --- |${' --- |'.repeat(Object.keys(PLACES).length)}`)
for (const [name, rate] of Object.entries(RATES)) {
  const cells = []
  for (const contender of Object.keys(PLACES)) {
    const runs = []
    for (let round = 0; round < rounds; round++) runs.push(await lose(contender, rate))
    const [lines, ages] = [runs.map(({ lines }) => lines), runs.map(({ age }) => age)]
    cells.push(`${shown(median(lines))} (${shown(Math.max(...lines))}); ${shown(median(ages))} ms (${shown(Math.max(...ages))})`)
  }
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
