// The exporter of the soak: notes of every batch its key and which lines were in it, in a file that outlives the application; fails while
// the file `down` is there.
import fs from 'node:fs'
import { defineExporter } from 'pino-blackbox'
import { inventory } from '../fixtures/receiver-body.js'

export default ({ file, down }) => defineExporter({
  name: 'soak',
  async deliver ({ key, bytes, text }) {
    if (fs.existsSync(down)) throw new Error('it is down')
    fs.appendFileSync(file, `${JSON.stringify({ key, stored: true, ...inventory(bytes, text, {}) })}\n`)
  }
})
