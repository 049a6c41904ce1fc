// What the examples log through: rotating files that get every line, and stdout for what somebody should look at now.
import { console, jsonl, tee } from 'pino-blackbox'

/**
 * @param {string} file path of the log without number and extension
 * @param {number} size bytes that a file may hold
 */
export function outputs (file, size) {
  return tee([
    jsonl({ file, extension: '.jsonl', size: `${size}b`, compress: 'gzip', limit: { age: '7d' } }),
    console({ stream: 'stdout' }, { level: 'error' })
  ])
}
