// What the examples log through: rotating files and a Parquet dataset that get every line, and stdout for what somebody should
// look at now.
import { console, jsonl, parquet, tee } from 'pino-blackbox'

/**
 * @param {string} file path of the log without number and extension; the dataset is the directory of that name
 * @param {number} size bytes that a file may hold
 */
export function outputs (file, size) {
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
    console({ stream: 'stdout' }, { level: 'error' })
  ])
}
