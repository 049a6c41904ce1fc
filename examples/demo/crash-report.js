// The report on the shop that was killed: what was promised, whether it was kept, and the figures behind it.
import { dumpText, dumpVerdicts } from './dump-report.js'
import { answerText } from './questions.js'
import { bytes, count, dim, fileTable, heading, parquetTable, seconds, table } from './report.js'

/**
 * @param {ReturnType<typeof import('./crash.js').figures>} figures
 * @returns {import('./report.js').Verdict[]}
 */
export function verdicts (figures) {
  const { processes, files, size, http, strangeLines, torn, load } = figures
  const [killed, ended] = processes
  const all = key => processes.reduce((sum, process) => sum + process[key], 0)
  const answered = load.runs[ended.run]?.answered ?? 0
  const tooBig = files.filter(({ text, lines }) => text > size && lines > 1)
  return [
    {
      promise: 'acknowledged lines are in the files',
      kept: all('missing') === 0 && processes.every(({ acknowledged }) => acknowledged > 0),
      found: `${count(all('acknowledged'))} acknowledged, ${count(all('missing'))} missing`
    },
    {
      promise: 'each once, in order',
      kept: all('duplicates') === 0 && all('unordered') === 0,
      found: `${count(all('duplicates'))} found twice, ${count(all('unordered'))} out of order`
    },
    {
      promise: 'the kill took only the newest lines',
      kept: all('gaps') === 0,
      found: `${count(killed.lost)} of ${count(killed.afterLastAcknowledgement)} unacknowledged, ${count(all('gaps'))} gaps`
    },
    {
      promise: 'each line is one row of Parquet',
      kept: ['rowsTwice', 'rowsDifferent', 'linesWithoutRow', 'rowsWithoutLine'].every(key => all(key) === 0) && all('rows') > 0,
      found: rowsFound(all)
    },
    {
      promise: 'acknowledged lines were received',
      kept: all('notReceived') === 0,
      found: `${count(all('acknowledged'))} acknowledged, ${count(all('notReceived'))} missing`
    },
    {
      promise: 'each once by key, in order',
      kept: all('receivedTwice') === 0 && all('receivedUnordered') === 0 && http.foreignLines === 0,
      found: `${count(all('receivedTwice'))} received twice, ${count(all('receivedUnordered'))} out of order`
    },
    {
      promise: 'what was not answered came again',
      kept: http.unansweredCameAgain && http.repeatsDifferent === 0,
      found: `${cameAgain(http)}, ${count(http.repeatsDifferent)} with other lines`
    },
    {
      promise: 'after SIGTERM every line is there',
      kept: ended.lost === 0 && ended.received === ended.logged && ended.endedBy === 'SIGTERM',
      found: `${count(ended.logged)} logged, ${count(ended.found)} found, ${count(ended.received)} received`
    },
    {
      promise: 'each answered request is in the log',
      kept: answered > 0 && ended.requestsCompleted >= answered,
      found: `${count(answered)} since the restart, ${count(ended.requestsCompleted)} found`
    },
    {
      promise: 'no torn or foreign line in any file',
      kept: strangeLines === 0 && files.every(file => file.torn === 0) && torn.left === torn.cut,
      found: `${count(strangeLines)} found, ${count(torn.cut)} bytes of a half line cut`
    },
    {
      promise: `no file over ${bytes(size)}`,
      kept: tooBig.length === 0,
      found: `largest ${count(Math.max(0, ...files.map(({ text }) => text)))} of ${count(size)} bytes`
    },
    {
      promise: 'errors came out on stdout too',
      kept: all('consoleMissing') === 0,
      found: `${count(all('consoleExpected'))} acknowledged, ${count(all('consoleMissing'))} missing`
    },
    {
      promise: 'no line dropped',
      kept: all('dropped') === 0,
      found: `${count(all('dropped'))} in the counters of the outputs`
    },
    ...dumpVerdicts(figures)
  ]
}

const cameAgain = ({ repeats }) => `${count(repeats.length)} repeat${repeats.length === 1 ? '' : 's'} known by key`

/** The kill may find a line that nobody has acknowledged in one output and not in the other. */
function rowsFound (all) {
  const wrong = all('rowsTwice') + all('rowsDifferent') + all('linesWithoutRow') + all('rowsWithoutLine')
  const apart = all('unacknowledgedInOne')
  return `${count(all('rows'))} rows, ${count(all('found'))} lines, ${count(wrong)} wrong${apart > 0 ? `; the kill left ${count(apart)} in one of both` : ''}`
}

/**
 * @param {ReturnType<typeof import('./crash.js').figures>} figures
 * @param {import('./viewed.js').View} [view] of one of the dumps
 * @returns {string}
 */
export function text ({ processes, files, size, http, parquet, answers, dumps, load, downFor }, view) {
  const [killed, ended] = processes
  const row = (name, key) => [name, ...processes.map(process => process[key]), killed[key] + ended[key]]
  const statuses = Object.entries(load.statuses).sort().map(([status, times]) => `${count(times)} ${status}`).join(' · ')
  const said = processes.flatMap(({ run, stderr }) => stderr.trimEnd().split('\n').filter(Boolean).map(line => `  process ${run}: ${line}`))
  return [
    heading('Load'),
    table([
      ['requests answered', load.answered, dim(statuses)],
      ['requests failed', load.failed, dim(downFor === undefined ? '' : `no answer for ${seconds(downFor)} around the kill`)]
    ], 1),
    heading('Log lines'),
    table([
      [dim('process'), dim('1'), dim('2'), dim('both')],
      [dim('ended by'), ...processes.map(({ endedBy }) => dim(endedBy)), ''],
      row('logged', 'logged'),
      row('acknowledged by flush()', 'acknowledged'),
      row('found in the files', 'found'),
      row('rows of Parquet', 'rows'),
      row('received over HTTP', 'received'),
      null,
      row('acknowledged and missing', 'missing'),
      row('acknowledged and not received', 'notReceived'),
      row('found twice', 'duplicates'),
      row('out of order', 'unordered'),
      row('dropped by an output', 'dropped'),
      null,
      row('logged after the last acknowledgement', 'afterLastAcknowledgement'),
      row('of these taken by the kill', 'lost')
    ]),
    heading('HTTP'),
    httpTable(http, killed, ended),
    heading('Files'),
    fileTable(files, size),
    heading('Parquet'),
    parquetTable(parquet, files, killed.rows + ended.rows),
    answerText(answers),
    dumpText(dumps, view),
    ...said.length > 0 ? [heading('Said on stderr'), ...said] : []
  ].join('\n')
}

/** What the receiver got, and what its death cost. */
function httpTable ({ batches, bytes: sent, ratio, repeats, outage }, killed, ended) {
  const sum = key => killed[key] + ended[key]
  return table([
    ['lines logged', sum('logged'), dim(`${count(sum('acknowledged'))} acknowledged by flush()`)],
    ['lines received', sum('received'), dim(`different ones, in ${count(batches)} batches; ${bytes(sent)} on the wire, ${ratio.toFixed(1)} : 1`)],
    ['repeats recognised by key', repeats.length, dim('batches that were written and not answered, or not in time')],
    ['receiver away', seconds(outage.ms), dim(`${count(outage.waited)} lines waited meanwhile`)],
    ['until these had come', seconds(outage.throughAfter), dim('from when it was back; the killed process left some of them')]
  ], 1)
}
