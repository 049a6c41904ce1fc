// What the examples log through: rotating files, a Parquet dataset and an HTTP receiver that get every line, and stdout for what
// somebody should look at now.
import { console, http, jsonl, parquet, tee } from 'pino-blackbox'

/**
 * @param {object} where
 * @param {string} where.file path of the log without number and extension; the dataset is the directory of that name
 * @param {number} where.size bytes that a file may hold
 * @param {string} where.url of the receiver
 * @param {string} where.journal directory for what the receiver has not got yet
 */
export function outputs ({ file, size, url, journal }) {
  return tee([
    jsonl({ file, extension: '.jsonl', size: `${size}b`, compress: 'gzip', limit: { age: '7d' } }),
    parquet({
      dir: file,
      frequency: '5s', // for a demo that takes no hour; the default is an hour
      columns: {
        run: 'int32',
        seq: 'int64',
        route: 'string',
        'req.method': { name: 'method', type: 'string' },
        'res.statusCode': { name: 'status', type: 'int32' },
        responseTime: { name: 'response_ms', type: 'double' }
      }
    }),
    http({
      name: 'receiver',
      url,
      batch: { flushAge: '250ms' },
      retry: { minDelay: '100ms', maxDelay: '1s' }, // likewise; the defaults, 1 s and 30 s, spare a receiver in trouble
      journal: { dir: journal }
    }),
    console({ stream: 'stdout' }, { level: 'error' })
  ])
}
