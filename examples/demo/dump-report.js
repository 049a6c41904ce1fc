// The part of the report that is on dumps: what is promised of them, how many there are, and one of them as one would look at it.
import { bytes, count, dim, heading, INDENT, place, table } from './report.js'

/** Lines of the one that is shown: a screen. */
const SCREEN = 40

/** @typedef {ReturnType<typeof import('./crash-figures.js').figures>} Figures */

/**
 * @param {Figures} figures
 * @returns {import('./report.js').Verdict[]}
 */
export function dumpVerdicts ({ processes, dumps: { files, written, bytes: size, inOutputs } }) {
  const [killed, ended] = processes
  const all = key => processes.reduce((sum, process) => sum + process[key], 0)
  const those = isIt => files.filter(isIt).length
  // The kill may come between a request's last line and its dump.
  const [taken, without] = [killed, ended].map(({ dumpsMissed, dumpsAbsent }) => dumpsMissed + dumpsAbsent)
  const inDumps = those(({ unwritten }) => unwritten > 0)
  const secrets = those(({ secret }) => secret)
  return [
    {
      promise: 'each failed request has its dump',
      kept: processes.every(({ dumped }) => dumped > 0) && without === 0 && ended.requestsFailed >= ended.failuresAnswered,
      found: `${count(all('requestsFailed'))} failed, ${count(all('dumped'))} dumped, ${count(all('dumpsLeftOut'))} over the limit${also(taken, 'taken by the kill')}${also(without, 'without')}`
    },
    {
      promise: 'dumps are whole, the kill or not',
      kept: written > 0 && those(({ whole }) => whole) === written,
      found: `${count(those(({ whole }) => whole))} of ${count(written)}`
    },
    {
      promise: 'they have lines that no output has',
      kept: inDumps === written && inOutputs === 0,
      found: `below the level: in ${count(inDumps)} of ${count(written)} dumps, ${count(inOutputs)} in the files`
    },
    {
      promise: 'no card number in any dump',
      kept: secrets === 0,
      found: `${count(secrets)} found in ${bytes(size)}`
    }
  ]
}

const also = (number, what) => number > 0 ? `, ${count(number)} ${what}` : ''

/**
 * @param {Figures['dumps']} dumps
 * @param {import('./viewed.js').View} [view] of one of them
 */
export function dumpText ({ directory, failed, written, suppressed, bytes: size, unwritten }, view) {
  return [
    heading('Dumps of failed requests'),
    table([
      ['requests answered with 5xx', failed, dim('as the customers saw them')],
      ['dumps written', written, dim(`${bytes(size)} in ${place(directory)}`)],
      ['left out by the rate limit', suppressed, dim('the same failure again, in the same minute')],
      ['lines below the level', unwritten, dim('kept in memory, and written because the request failed')]
    ], 1),
    ...view ? [heading('One of them'), onScreen(view)] : []
  ].join('\n')
}

function onScreen ({ command, lines }) {
  // Parts are kept whole where that leaves something.
  const part = lines.lastIndexOf('', SCREEN)
  const end = lines.length <= SCREEN ? lines.length : part > SCREEN / 2 ? part : SCREEN
  return [
    dim(`${INDENT}${command}`),
    '',
    ...lines.slice(0, end).map(line => `${INDENT}${line}`.trimEnd()),
    ...end < lines.length ? ['', dim(`${INDENT}… and ${count(lines.length - end)} more lines. The whole as a page: --html; the log lines as JSON: --log`)] : []
  ].join('\n')
}
