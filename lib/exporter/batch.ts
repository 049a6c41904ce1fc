// A batch as a user's exporter sees it: every form of its lines is made when it is asked for, once.
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
    return this.#text ??= this.bytes.toString()
  }

  lines (): string[] {
    return this.#lines ??= this.text.split('\n').slice(0, -1)
  }

  records (): Array<Record<string, unknown>> {
    return this.#parse().records
  }

  malformed (): string[] {
    return this.#parse().malformed
  }

  #parse (): Parsed {
    if (this.#parsed) return this.#parsed
    const parsed: Parsed = { records: [], malformed: [] }
    for (const line of this.lines()) {
      const record = objectIn(line)
      if (record) parsed.records.push(record)
      else parsed.malformed.push(line)
    }
    return this.#parsed = parsed
  }
}

function objectIn (line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
