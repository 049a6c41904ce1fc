// Reads what the outputs have made into ledgers, and removes what is done: files that are closed, datasets that are published, so that a
// soak of a night needs no more disk than one of a minute.
import fs from 'node:fs'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import { inventory } from '../fixtures/receiver-body.js'
import { Ledger } from './ledger.js'

export const OUTPUTS = ['jsonl', 'parquet', 'http', 'exporter']
const list = (directory, options = {}) => fs.existsSync(directory) ? fs.readdirSync(directory, { recursive: true, encoding: 'utf8', ...options }) : []

class Account {
  found = new Ledger()
  /** By `rm -rf` of ours. */
  deleted = new Ledger()
  /** Lines that were found twice; of HTTP and the exporter: under two keys. */
  duplicates = 0
  /** Batches that came again under their key, and the lines in them. */
  repeats = 0
  repeatedLines = 0
  /** Keys that came again with other bytes, lines that are not whole. */
  damaged = 0

  find (runs) {
    for (const run of runs) this.duplicates += this.found.add(...run)
  }
}

export class Sweep {
  accounts = Object.fromEntries(OUTPUTS.map(output => [output, new Account()]))
  /** Where what was renamed (`moved`) and removed (`deleted`) by us lies, `<output>-<number>` each. */
  #place
  #notes
  #duck

  /** `notes` are the files of receiver and exporter. */
  constructor ({ place, notes }) {
    this.#place = place
    this.#notes = Object.entries(notes).map(([output, file]) => ({ output, file, at: 0, hashes: new Map() }))
  }

  /** What is closed. To be called while nothing else removes, or fills the disk. */
  async closed () {
    this.#files(name => name.endsWith('.gz') && !fs.existsSync(join(this.#place, 'jsonl', name.slice(0, -3))))
    await this.#dataset()
    for (const note of this.#notes) this.#batches(note)
  }

  /** Everything, when the application has ended. Returns how many lines still wait, of HTTP and the exporter. */
  async all () {
    this.#files(() => true)
    await this.#dataset()
    for (const note of this.#notes) this.#batches(note)
    for (const name of list(join(this.#place, 'moved'))) this.accounts.jsonl.find(this.#lines(join(this.#place, 'moved', name)).runs)
    for (const output of OUTPUTS) await this.#removed(output)
    return Object.fromEntries(['http', 'exporter'].map(output => [output, this.#waiting(output)]))
  }

  /** Lines of a file; those that are not whole are damage, but in the last line of a file that somebody took away. */
  #lines (path) {
    const bytes = fs.readFileSync(path)
    const text = (path.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes).toString()
    const { runs, invalid } = inventory(bytes, text, {})
    return { runs, invalid: invalid + (text === '' || text.endsWith('\n') ? 0 : 1) }
  }

  #files (which) {
    const directory = join(this.#place, 'jsonl')
    for (const name of list(directory, { recursive: false }).filter(name => name.startsWith('app.') && !name.endsWith('.tmp') && which(name))) {
      const { runs, invalid } = this.#lines(join(directory, name))
      this.accounts.jsonl.find(runs)
      this.accounts.jsonl.damaged += invalid
      fs.unlinkSync(join(directory, name))
    }
  }

  async #dataset () {
    for (const path of list(join(this.#place, 'parquet')).filter(name => name.endsWith('.parquet')).map(name => join(this.#place, 'parquet', name))) {
      this.accounts.parquet.find(await this.#rows(path))
      fs.unlinkSync(path)
    }
  }

  /** Runs of rows, by a reader that is not ours. */
  async #rows (path) {
    this.#duck ??= await (await DuckDBInstance.create()).connect()
    const reader = await this.#duck.runAndReadAll(`select writer, seq::double as seq from '${path}' order by all`)
    const runs = []
    for (const [writer, seq] of reader.getRows()) {
      const last = runs.at(-1)
      if (last?.[0] === writer && last[2] === seq - 1) last[2] = seq
      else runs.push([writer, seq, seq])
    }
    return runs
  }

  /** What is new in the notes of a receiver. */
  #batches (note) {
    const account = this.accounts[note.output]
    if (!fs.existsSync(note.file)) return
    const fd = fs.openSync(note.file)
    const bytes = Buffer.alloc(fs.fstatSync(fd).size - note.at)
    fs.readSync(fd, bytes, 0, bytes.length, note.at)
    fs.closeSync(fd)
    const end = bytes.lastIndexOf(0x0a) + 1
    note.at += end
    for (const text of bytes.toString('utf8', 0, end).split('\n').slice(0, -1)) {
      const { key, sha256, stored, runs, lines, invalid } = JSON.parse(text)
      const before = note.hashes.get(key)
      if (before !== undefined) {
        account.repeats++
        account.repeatedLines += lines
        if (before.sha256 !== sha256) account.damaged++
      }
      account.damaged += invalid
      if (stored && !before?.stored) account.find(runs)
      note.hashes.set(key, { sha256, stored: stored || (before?.stored ?? false) })
    }
  }

  async #removed (output) {
    const directory = join(this.#place, 'deleted', output)
    for (const name of list(directory)) {
      const path = join(directory, name)
      if (!fs.statSync(path).isFile()) continue
      const runs = name.endsWith('.parquet') ? await this.#rows(path) : /\.(jsonl|open|gz)$/.test(name) ? this.#lines(path).runs : []
      for (const run of runs) this.accounts[output].deleted.add(...run)
    }
  }

  /** Lines in the journal, dead letters among them: they are not lost. */
  #waiting (output) {
    let lines = 0
    for (const name of list(join(this.#place, output)).filter(name => /\.(jsonl|open)$/.test(name))) {
      const { runs } = this.#lines(join(this.#place, output, name))
      for (const run of runs) {
        this.accounts[output].found.add(...run)
        lines += run[2] - run[1] + 1
      }
    }
    return lines
  }
}
