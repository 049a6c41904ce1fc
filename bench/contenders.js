// Who is measured. Each contender tells pino's `transport` option from one directory per output; what it leaves there is read
// back by verify.js or verify-parquet.js. `outputs` are the formats of its outputs, one of lines where nothing is said. `stdout`: it
// writes to the standard output, which is then a file in its directory. `later`: it may go on writing for longer than pino waits when
// it closes, so it is closed after a flush().
import { join } from 'node:path'

/** Rotation of every contender that rotates. */
export const SIZE_MB = 8
/** The directory of a dataset in that of its output. */
export const DATASET = 'logs'

const file = dir => ({ target: 'pino/file', options: { destination: join(dir, 'app.log') } })
const jsonl = (dir, options) => ({ target: 'pino-blackbox/jsonl', options: { file: join(dir, 'app'), ...options } })
const rotating = dir => jsonl(dir, { size: SIZE_MB })
const parquet = dir => ({ target: 'pino-blackbox/parquet', options: { dir: join(dir, DATASET) } })
const rfs = (dir, module) => ({ target: new URL(module, import.meta.url).href, options: { name: 'app.log', path: dir, size: `${SIZE_MB}M` } })
const LINES = 'lines'
const PARQUET = 'parquet'
const targets = list => ({ targets: list })

export const contenders = {
  'pino/file': { transport: ([dir]) => file(dir) },
  'pino-roll': { transport: ([dir]) => ({ target: 'pino-roll', options: { file: join(dir, 'app'), size: SIZE_MB } }) },
  'rotating-file-stream': { transport: ([dir]) => rfs(dir, 'rfs-transport.js') },
  'rotating-file-stream, by line': { transport: ([dir]) => rfs(dir, 'rfs-lines-transport.js') },
  'blackbox jsonl': { transport: ([dir]) => jsonl(dir) },
  'blackbox jsonl, rotating': { transport: ([dir]) => rotating(dir) },
  'blackbox parquet': { outputs: [PARQUET], later: true, transport: ([dir]) => parquet(dir) },

  'pino/file, stdout': { stdout: true, transport: () => ({ target: 'pino/file', options: { destination: 1 } }) },
  'blackbox console': { stdout: true, transport: () => ({ target: 'pino-blackbox/console' }) },

  'pino targets: 3 × pino/file': { outputs: [LINES, LINES, LINES], transport: dirs => targets(dirs.map(file)) },
  'pino targets: 3 × blackbox jsonl': { outputs: [LINES, LINES, LINES], transport: dirs => targets(dirs.map(rotating)) },
  'blackbox tee: 3 × jsonl': {
    outputs: [LINES, LINES, LINES], transport: dirs => ({ target: 'pino-blackbox/tee', options: { outputs: dirs.map(rotating) } })
  },
  'blackbox tee: 3 × jsonl, levels': {
    outputs: [LINES, LINES, LINES],
    transport: dirs => ({
      target: 'pino-blackbox/tee', options: { outputs: dirs.map((dir, at) => ({ ...rotating(dir), level: ['trace', 'debug', 'info'][at] })) }
    })
  },

  'pino targets: blackbox jsonl + parquet': {
    outputs: [LINES, PARQUET], later: true, transport: ([one, other]) => targets([jsonl(one), parquet(other)])
  },
  'blackbox tee: jsonl + parquet': {
    outputs: [LINES, PARQUET],
    later: true,
    transport: ([one, other]) => ({ target: 'pino-blackbox/tee', options: { outputs: [jsonl(one), parquet(other)] } })
  }
}
