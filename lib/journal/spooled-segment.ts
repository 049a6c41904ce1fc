// A sealed segment in the directory of a writer. Thousands may wait: what its name says is read from it when somebody asks.
import fsp from 'node:fs/promises'
import { join } from 'node:path'
import { parseId } from './segment-id.js'
import type { Sealed } from './journal.js'

export class SpooledSegment implements Sealed {
  readonly id: string
  readonly records: number
  readonly bytes: number
  readonly order: string
  readonly #directory: string

  constructor (directory: string, { id, records, bytes }: Pick<Sealed, 'id' | 'records' | 'bytes'>, order = id) {
    this.#directory = directory
    this.id = id
    this.records = records
    this.bytes = bytes
    this.order = order
  }

  /** Its file; other files of its writer may be beside it. */
  get path (): string {
    return join(this.#directory, `${this.id}.${this.records}.jsonl`)
  }

  /** Unix time in ms at which it was opened. */
  get opened (): number {
    return parseId(this.id).opened
  }

  async read (): Promise<Buffer> {
    return await fsp.readFile(this.path)
  }

  /** The same, in another place among those of other writers. */
  inOrder (order: string): SpooledSegment {
    return order === this.order ? this : new SpooledSegment(this.#directory, this, order)
  }
}
