// One small mistake for each promise of docs/reliability.md, and the test that has to notice it. `npm run test:mutations` makes each of them
// in a copy of the package and expects that test to fail.
/* eslint-disable no-template-curly-in-string -- it is pieces of source */

/**
 * { promise, breaks: <what the mistake is>, file, from: <text that is there once>, to, test: <its file>, name: <beginning of the name of the
 * top-level test that fails> }
 */
export const MUTATIONS = [
  {
    promise: 'P1',
    breaks: 'dead letters are counted, and wait all the same',
    file: 'lib/telemetry/monitor.ts',
    from: 'deadBytes: amount.bytes, ...this.#gone(amount) })',
    to: 'deadBytes: amount.bytes })',
    test: 'test/faults/accounting.test.ts',
    name: 'a history of'
  },
  {
    promise: 'P1',
    breaks: 'what dead processes left is taken for something else, and removed with their directory',
    file: 'lib/journal/spool-home.ts',
    from: 'if (sealed) {',
    to: 'if (sealed && sealed[2] === undefined) {',
    test: 'test/faults/load-backlog.test.ts',
    name: ''
  },
  {
    promise: 'P1',
    breaks: 'lines that find no room are counted as dropped, but not as accepted',
    file: 'lib/telemetry/monitor.ts',
    from: 'acceptedRecords: records, acceptedBytes: bytes, [`dropped:${why}`]',
    to: 'acceptedBytes: bytes, [`dropped:${why}`]',
    test: 'test/journal.test.ts',
    name: 'a memory journal under any sequence'
  },
  {
    promise: 'P2',
    breaks: 'flush() resolves as soon as lines are on their way to the kernel',
    file: 'lib/journal/watermark.ts',
    from: 'if (this.ahead === 0) return Promise.resolve()',
    to: 'if (this.ahead >= 0) return Promise.resolve()',
    test: 'test/journal-parts.test.ts',
    name: 'a flush resolves when what was taken before it is secure'
  },
  {
    promise: 'P2',
    breaks: 'the key of a part of a batch is another one each time',
    file: 'lib/delivery/batches.ts',
    from: '`${segment.id}/${from}-${to}`',
    to: '`${segment.id}/${from}-${to}-${process.pid}`',
    test: 'test/http-delivery.test.ts',
    name: '413 is halved, 400 is bisected'
  },
  {
    promise: 'P2',
    breaks: 'a worker that stands still once is taken for one without outputs, for good',
    file: 'lib/requests.ts',
    from: 'this.#ours = true\n',
    to: '',
    test: 'test/flush-errors.test.ts',
    name: 'a worker that '
  },
  {
    promise: 'P3',
    breaks: 'after a failed fsync only what had not been written is written again',
    file: 'lib/journal/active.ts',
    from: 'const again = [...this.#unsynced, ...inHand]',
    to: 'const again = [...inHand]',
    test: 'test/faults/disk-errors.test.ts',
    name: 'a failed fsync (fsync: always)'
  },
  {
    promise: 'P3',
    breaks: 'a checkpoint is not synced before the segment is removed',
    file: 'lib/parquet/stage.ts',
    from: 'writeCopy(directory, checkpoint)\n    syncDirectory(directory)',
    to: 'writeCopy(directory, checkpoint)',
    test: 'test/faults/power-parquet.test.ts',
    name: ''
  },
  {
    promise: 'P4',
    breaks: 'what a dead process left is delivered newest first',
    file: 'lib/journal/spool-home.ts',
    from: 'a.number - b.number',
    to: 'b.number - a.number',
    test: 'test/faults/load-backlog.test.ts',
    name: ''
  },
  {
    promise: 'P4',
    breaks: 'what could not be written goes to the end of the queue',
    file: 'lib/journal/queue.ts',
    from: 'this.#blocks.unshift(...blocks)',
    to: 'this.#blocks.push(...blocks)',
    test: 'test/journal-parts.test.ts',
    name: 'what is taken, put back and taken again'
  },
  {
    promise: 'P5',
    breaks: 'the block that would go beyond the bound is taken',
    file: 'lib/journal/bound.ts',
    from: 'this.#bytes + length <= maxBytes',
    to: 'this.#bytes <= maxBytes',
    test: 'test/journal-parts.test.ts',
    name: "'drop-newest': what does not fit is refused"
  },
  {
    promise: 'P6',
    breaks: 'at most one segment is pushed out for a block, however large that is',
    file: 'lib/journal/bound.ts',
    from: 'while (!this.#fits(block)) {',
    to: 'if (!this.#fits(block)) {',
    test: 'test/journal-parts.test.ts',
    name: "'drop-oldest': segments go, oldest first"
  },
  {
    promise: 'P7',
    breaks: 'closing waits for the disk ten times as long as it may',
    file: 'lib/journal/disk.ts',
    from: 'await within(this.#running, deadline - this.#now())',
    to: 'await within(this.#running, 10 * (deadline - this.#now()))',
    test: 'test/journal.test.ts',
    name: 'closing with a disk that takes nothing any more'
  },
  {
    promise: 'P8',
    breaks: 'after an error the file is not cut behind its last whole line',
    file: 'lib/journal/active.ts',
    from: 'return { again, safe: this.file.size - left }',
    to: 'return { again, safe: this.file.size }',
    test: 'test/journal.test.ts',
    name: 'calls that fail at random'
  },
  {
    promise: 'P9',
    breaks: '429 is an answer for good',
    file: 'lib/http/answer.ts',
    from: 'const TRANSIENT = [408, 429,',
    to: 'const TRANSIENT = [408,',
    test: 'test/faults/http-answers.test.ts',
    name: ''
  },
  {
    promise: 'P10',
    breaks: 'a segment that was converted before a stop is converted again',
    file: 'lib/parquet/stage.ts',
    from: 'return this.#converted.includes(id)',
    to: 'return false && this.#converted.includes(id)',
    test: 'test/faults/power-parquet.test.ts',
    name: ''
  },
  {
    promise: 'P11',
    breaks: 'a file ends a byte too early',
    file: 'lib/journal/seal.ts',
    from: 'bytes: maxBytes - size,',
    to: 'bytes: maxBytes - size - 1,',
    test: 'test/faults/rotation.test.ts',
    name: 'a file is filled to the last byte'
  },
  {
    promise: 'P12',
    breaks: 'a file that somebody writes may be removed',
    file: 'lib/journal/rotated-folder.ts',
    from: '.filter(name => !owned.has(name))',
    to: '',
    test: 'test/retention.test.ts',
    name: 'files that are being written are never removed'
  },
  {
    promise: 'P12',
    breaks: 'one file too few is kept',
    file: 'lib/journal/retention.ts',
    from: 'kept + 1 > count',
    to: 'kept + 1 >= count',
    test: 'test/surplus.test.ts',
    name: 'nothing goes that the limits would let stay'
  },
  {
    promise: 'P13',
    breaks: 'an old checkpoint that was put back is believed',
    file: 'lib/parquet/checkpoint.ts',
    from: 'const latest = first && copy && copy.commits > first.commits ? copy : first ?? copy',
    to: 'const latest = first ?? copy',
    test: 'test/faults/damage-parquet.test.ts',
    name: 'a checkpoint '
  },
  {
    promise: 'P13',
    breaks: 'staged files without a checkpoint are taken for what a failure left',
    file: 'lib/parquet/checkpoint.ts',
    from: 'throw errors[0] ?? new Error(',
    to: 'if (errors[0]) throw errors[0] ?? new Error(',
    test: 'test/faults/damage-parquet.test.ts',
    name: 'a checkpoint '
  },
  {
    promise: 'P13',
    breaks: 'lines that are missing in a damaged segment count as delivered',
    file: 'lib/delivery/batches.ts',
    from: 'records: Math.max(0, segment.records - lines.count)',
    to: 'records: 0',
    test: 'test/faults/damage-http.test.ts',
    name: 'a sealed segment that was cut'
  },
  {
    promise: 'P14',
    breaks: 'closing does not wait for what is still to be written',
    file: 'lib/journal/disk.ts',
    from: 'for (let failures = 0; !this.#over;) {',
    to: 'for (let failures = 0; !this.#over && !this.#closing;) {',
    test: 'test/close.test.ts',
    name: ''
  },
  {
    promise: 'P15',
    breaks: 'the line behind a bad one goes with it',
    file: 'lib/delivery/lines.ts',
    from: 'bad[at - 1]! + 1, to: line',
    to: 'Math.min(bad[at - 1]! + 2, line), to: line',
    test: 'test/faults/poison.test.ts',
    name: 'bad lines among good ones'
  },
  {
    promise: 'P15',
    breaks: 'half an object is taken for a whole one',
    file: 'lib/http/body.ts',
    from: 'bytes[start] === OPENING && bytes[end - 1] === CLOSING',
    to: 'bytes[start] === OPENING',
    test: 'test/faults/poison.test.ts',
    name: 'bad lines among good ones'
  },
  {
    promise: 'P15',
    breaks: 'a batch with a line that is refused is given up whole',
    file: 'lib/delivery/batches.ts',
    from: 'if (!parts.hopeless) return parts.halve()',
    to: 'if (!parts.hopeless && part.to - part.from < lines.count) return parts.halve()',
    test: 'test/http-delivery.test.ts',
    name: '413 is halved, 400 is bisected'
  },
  {
    promise: 'P16',
    breaks: 'a password by its short name is no secret',
    file: 'lib/dumper/rules.ts',
    from: "const WORDS = ['pwd', ",
    to: 'const WORDS = [',
    test: 'test/secrets.test.ts',
    name: 'what is called a secret is shown nowhere'
  },
  {
    promise: 'P17',
    breaks: 'a name that a living writer claims is claimed all the same',
    file: 'lib/journal/ownership.ts',
    from: 'if (!await isAlive(other.directory)) continue\n        await this.release(name, work)\n        return false',
    to: 'if (!await isAlive(other.directory)) continue',
    test: 'test/ownership.test.ts',
    name: 'two that claim one name at the same moment'
  },
  {
    promise: 'P2',
    breaks: 'flush() of a journal on disk waits for nothing',
    file: 'lib/journal/disk.ts',
    from: '    await reached\n',
    to: '',
    test: 'test/faults/crash.test.ts',
    name: ''
  },
  {
    promise: 'P3',
    breaks: 'nobody syncs the name of a new file',
    file: 'lib/journal/writer.ts',
    from: "if (this.#o.fsync === 'never') return file",
    to: 'return file',
    test: 'test/faults/power-jsonl.test.ts',
    name: ''
  },
  {
    promise: 'P3',
    breaks: "the source of a compressed file goes before that one's name is on the device",
    file: 'lib/journal/archive.ts',
    from: '        await syncDirectory(shelf.folder.names.directory)\n',
    to: '',
    test: 'test/faults/power-jsonl.test.ts',
    name: ''
  },
  {
    promise: 'P3',
    breaks: 'dead letters are not synced before their segment goes',
    file: 'lib/delivery/dead-letters.ts',
    from: 'if (this.#o.synced) await',
    to: 'if (false) await',
    test: 'test/faults/power-spool.test.ts',
    name: ''
  },
  {
    promise: 'P11',
    breaks: 'a file that cannot be looked at is taken for removed',
    file: 'lib/journal/segment.ts',
    from: 'return undefined\n      throw error\n    })\n    return named',
    to: 'return undefined\n      return undefined\n    })\n    return named',
    test: 'test/faults/disk-calls.test.ts',
    name: 'a file that cannot be looked at'
  },
  {
    promise: 'P6',
    breaks: 'what was found and what came in meanwhile stay together',
    file: 'lib/journal/backlog.ts',
    from: '    this.admission.settle()\n',
    to: '',
    test: 'test/faults/model.test.ts',
    name: 'as it once was: '
  },
  {
    promise: 'P10',
    breaks: 'a segment is not named in the checkpoint that has its rows',
    file: 'lib/parquet/stage.ts',
    from: '[...this.#converted, id]',
    to: '[...this.#converted]',
    test: 'test/faults/power-parquet.test.ts',
    name: ''
  },
  {
    promise: 'P13',
    breaks: 'a segment without an end is converted for ever',
    file: 'lib/parquet/desk.ts',
    from: ': into.length',
    to: ': wholeLines(into, into.length)',
    test: 'test/faults/damage-parquet.test.ts',
    name: 'a segment with one byte changed'
  },
  {
    promise: 'P14',
    breaks: 'closing does not wait for what is being written',
    file: 'lib/journal/disk.ts',
    from: 'await within(this.#running, deadline - this.#now())',
    to: 'await within(this.#running, 0)',
    test: 'test/faults/shutdown-outputs.test.ts',
    name: ''
  }
]
