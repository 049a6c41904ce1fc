// Everything that the report on the shop tells, from what was counted at each end.
import { missing } from './audit.js'

/**
 * What is there beside the files.
 *
 * @typedef {object} Counted
 * @property {number} size bytes that a file may hold
 * @property {number} torn bytes of a half line at the kill
 * @property {import('../load.js').Tally} load
 * @property {import('./receiver.js').Receiver} receiver
 * @property {ReturnType<typeof import('./received.js').auditReceived>} inbox
 * @property {import('./received.js').Outage} outage of the receiver
 * @property {string} unanswered key of the batch for which the receiver died
 * @property {{ files: import('./dataset.js').ParquetFile[], bytes: number, runs: import('./dataset.js').Comparison[] }} parquet
 * @property {import('./questions.js').Answer[]} answers
 * @property {ReturnType<typeof import('./dumps.js').auditDumps>} dumps
 */

/**
 * @param {import('./crash.js').Run[]} runs
 * @param {Awaited<ReturnType<typeof import('./audit.js').auditShop>>} found
 * @param {Counted} counted
 */
export function figures (runs, { files, runs: found, strange }, { size, torn, load, receiver, inbox, outage, unanswered, parquet, answers, dumps }) {
  const processes = runs.map(({ acknowledged, outputs, onConsole, program, logged }, at) => {
    const { lines, highest, duplicates, unordered, completed, errors } = found[at]
    const lost = missing(found[at], acknowledged)
    const expected = errors.filter(seq => seq <= acknowledged)
    const { rows, twice, different, withoutRow, withoutLine } = parquet.runs[at]
    const { failed, dumped, leftOut, missed, absent } = dumps.runs[at]
    const { lines: received, duplicates: receivedTwice, unordered: receivedUnordered } = inbox.runs[at]
    // What the kill took is not the same lines in each output.
    const owed = program.ended?.signal === 'SIGKILL' ? acknowledged : Infinity
    return {
      run: at + 1,
      endedBy: program.ended?.signal ?? `code ${program.ended?.code}`,
      logged: logged(),
      acknowledged,
      found: lines,
      missing: lost.length,
      firstMissing: lost.slice(0, 10),
      duplicates,
      unordered,
      gaps: highest - lines,
      afterLastAcknowledgement: logged() - acknowledged,
      lost: logged() - lines,
      requestsCompleted: completed,
      /** as the log has it, and as the customers saw it */
      requestsFailed: failed,
      failuresAnswered: load.runs[at + 1]?.broken ?? 0,
      dumped,
      dumpsLeftOut: leftOut,
      dumpsMissed: missed,
      dumpsAbsent: absent,
      rows,
      rowsTwice: twice,
      rowsDifferent: different,
      linesWithoutRow: withoutRow.filter(seq => seq <= owed).length,
      rowsWithoutLine: withoutLine.filter(seq => seq <= owed).length,
      unacknowledgedInOne: [...withoutRow, ...withoutLine].filter(seq => seq > owed).length,
      received,
      notReceived: missing(inbox.runs[at], acknowledged).length,
      receivedTwice,
      receivedUnordered,
      consoleExpected: expected.length,
      consoleMissing: expected.filter(seq => !onConsole.has(seq)).length,
      dropped: outputs.reduce((sum, { droppedRecords, deadRecords }) => sum + droppedRecords + deadRecords, 0),
      outputs,
      stderr: program.stderr
    }
  })
  const sum = (all, key) => all.reduce((sum, each) => sum + each[key], 0)
  const cut = processes.at(-1)?.outputs.find(({ kind }) => kind === 'jsonl')?.tornBytes ?? 0
  const [killed, ended] = [1, 2].map(run => load.runs[run])
  return {
    mode: 'shop',
    load,
    /** ms without an answer */
    downFor: killed && ended ? ended.first - killed.last : undefined,
    processes,
    files,
    size,
    parquet: { files: parquet.files, bytes: parquet.bytes, ratio: sum(files, 'text') / parquet.bytes },
    http: {
      batches: inbox.batches,
      bytes: receiver.bytes,
      ratio: inbox.text / receiver.bytes,
      /** keys */
      repeats: receiver.repeats,
      repeatsDifferent: receiver.different,
      unanswered,
      unansweredCameAgain: receiver.repeats.includes(unanswered),
      foreignLines: inbox.strange.length,
      /** ms, lines that waited, and ms until all of these had come */
      outage: { ms: outage.until - outage.from, waited: inbox.waited.reduce((sum, lines) => sum + lines), throughAfter: Math.max(0, Math.round(inbox.through - outage.until)) }
    },
    answers,
    dumps: {
      directory: dumps.directory,
      /** requests that were answered with 5xx */
      failed: load.statuses['5xx'] ?? 0,
      written: dumps.files.length,
      /** by the limit on their rate */
      suppressed: sum(processes, 'dumpsLeftOut'),
      bytes: sum(dumps.files, 'bytes'),
      /** lines below the level, in dumps and in the outputs */
      unwritten: sum(dumps.files, 'unwritten'),
      inOutputs: dumps.inOutputs,
      files: dumps.files
    },
    strangeLines: strange.length,
    strange: strange.slice(0, 10),
    /** bytes of a half line at the kill, and those that the next process says it cut */
    torn: { left: torn, cut }
  }
}
