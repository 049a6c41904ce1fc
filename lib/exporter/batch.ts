// A batch as a user's exporter sees it: every form of its lines is made when it is asked for, once.
import { recordOf } from '../record.js'
import type { Batch } from './define.js'
import type { Part } from '../delivery/batches.js'

interface Parsed { records: Array<Record<string, unknown>>, malformed: string[] }

export class PartBatch implements Batch {
  readonly key: string
  readonly bytes: Buffer
  #text: string | undefined
  #lines: string[] | undefined
  #parsed: Parsed | undefined

  constructor ({ key, bytes }: Part) {
    this.key = key
    this.bytes = bytes
  }

  get size (): number {
    return this.lines().length
  }

  get text (): string {
    this.#text ??= this.bytes.toString()
    return this.#text
  }

  lines (): string[] {
    this.#lines ??= this.text.split('\n').slice(0, -1)
    return this.#lines
  }

  records (): Array<Record<string, unknown>> {
    return this.#sorted().records
  }

  malformed (): string[] {
    return this.#sorted().malformed
  }

  #sorted (): Parsed {
    this.#parsed ??= sort(this.lines())
    return this.#parsed
  }
}

function sort (lines: readonly string[]): Parsed {
  const parsed: Parsed = { records: [], malformed: [] }
  for (const line of lines) {
    const record = recordOf(line)
    if (record) parsed.records.push(record)
    else parsed.malformed.push(line)
  }
  return parsed
}
