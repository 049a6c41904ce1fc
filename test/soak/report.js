// soak-report/: report.md, report.json, and the plot of both.
import fs from 'node:fs'
import { join, relative } from 'node:path'
import { plot } from './plot.js'

const whole = number => Math.round(number).toLocaleString('en')
const tenth = number => number.toLocaleString('en', { maximumFractionDigits: 1 })
const table = (head, rows) => [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows.map(row => `| ${row.join(' | ')} |`)].join('\n')
const words = { true: 'kept', false: '**broken**', undefined: 'run too short to tell' }

function page ({ settings, machine, load, logged, acknowledged, outputs, lags, lives, faults, skipped, verdicts }) {
  const counted = [...new Set(faults.map(({ name }) => name))].map(name => [name, faults.filter(fault => fault.name === name)])
  const lag = ({ flushes, p50, p99, max }) => [whole(flushes), tenth(p50), tenth(p99), tenth(max)]
  const grown = ({ growth }) => growth ? `${tenth(growth.slope)} ± ${tenth(growth.error)} over ${tenth(growth.minutes)} min${growth.judged ? '' : ', too short to judge'}` : ''
  return `# Soak

${tenth(settings.ms / 60_000)} minutes at ${whole(settings.rate)} lines/s into a tee of all outputs, a fault every ${tenth(settings.every / 1000)} s, seed ${settings.seed}.
${machine}; load of the machine at the end ${tenth(load)}.${skipped.length > 0 ? ` Not possible here, and left out: ${skipped.join(', ')}.` : ''}

${table(['promise', ''], verdicts.map(({ promise, kept }) => [promise, words[kept]]))}

${whole(logged)} lines logged, ${whole(acknowledged)} acknowledged by \`flush()\` in ${lives.length} ${lives.length === 1 ? 'life' : 'lives'} of the application, ${faults.length} faults.

${table(['acknowledged lines', ...outputs.map(({ output }) => output)], [
  ['**lost**', ...outputs.map(({ lost }) => whole(lost))],
  ['there twice (`http`, `exporter`: under two keys)', ...outputs.map(({ duplicates }) => whole(duplicates))],
  ['damaged', ...outputs.map(({ damaged }) => whole(damaged))],
  ['batches that came again under their key', ...outputs.map(({ output, repeats }) => ['http', 'exporter'].includes(output) ? whole(repeats) : '')],
  ['lines in these', ...outputs.map(({ output, repeatedLines }) => ['http', 'exporter'].includes(output) ? whole(repeatedLines) : '')],
  ['removed by the `rm -rf` of this test', ...outputs.map(({ removed }) => whole(removed))],
  ['dropped and counted, of all lines', ...outputs.map(({ dropped, reasons }) => dropped === 0 ? '0' : `${whole(dropped)} (${Object.entries(reasons).map(([reason, lines]) => `${reason} ${whole(lines)}`).join(', ')})`)],
  ['waiting at the end', ...outputs.map(({ waiting }) => whole(waiting))]
])}

![memory and backlog](plot.svg)

${table(['flush(), ms', 'flushes', 'p50', 'p99', 'most'], [['without a fault', ...lag(lags.calm)], ['all', ...lag(lags.all)]])}

${table(['life', 's', 'lines', 'CPU of one core', 'RSS start, end, most, MiB', 'growth, MiB/h', 'descriptors start, end, most', 'event loop p99, ms', 'workers replaced', 'flushes that failed'], lives.map(life => [
  life.writer, whole(life.seconds), whole(life.logged), life.cpu === undefined ? '' : `${whole(life.cpu * 100)} %`,
  Object.values(life.rss).map(whole).join(', '), grown(life), Object.values(life.descriptors).join(', '), tenth(life.eventLoop), life.workersDied, life.failedFlushes.length
]))}

${table(['fault', 'times', 's in all'], counted.map(([name, some]) => [name, some.length, tenth(some.reduce((sum, { from, to }) => sum + to - from, 0) / 1000)]))}
`
}

export function report (result, directory) {
  fs.mkdirSync(directory, { recursive: true })
  const text = page(result)
  fs.writeFileSync(join(directory, 'report.md'), text)
  fs.writeFileSync(join(directory, 'report.json'), JSON.stringify(result, null, 1) + '\n')
  fs.writeFileSync(join(directory, 'plot.svg'), plot(result))
  console.log(`\n${text}\n${relative('.', directory)}: report.md, report.json, plot.svg`)
}
