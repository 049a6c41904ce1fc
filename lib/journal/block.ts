// What intake hands to a journal: whole lines, each ended by a newline, with their number. What comes as text is made bytes of when
// somebody wants to keep those; who only writes them has memory of his own for that.
import type { Amount } from '../amount.js'

export class Block {
  /** Bytes. */
  readonly length: number
  readonly records: number
  #lines: string | Buffer

  constructor (lines: string | Buffer, records: number) {
    this.length = typeof lines === 'string' ? Buffer.byteLength(lines) : lines.length
    this.records = records
    this.#lines = lines
  }

  get amount (): Amount {
    return { records: this.records, bytes: this.length }
  }

  get bytes (): Buffer {
    return this.make()
  }

  /** Makes its bytes, and lets go of the text. */
  make (): Buffer {
    if (typeof this.#lines === 'string') this.#lines = Buffer.from(this.#lines)
    return this.#lines
  }

  /** Do its bytes stand somewhere already? */
  get made (): boolean {
    return typeof this.#lines !== 'string'
  }

  /** Puts the lines into `memory`, from `at` on. */
  copy (memory: Buffer, at: number): void {
    if (typeof this.#lines === 'string') memory.write(this.#lines, at)
    else this.#lines.copy(memory, at)
  }
}

const NEWLINE = 0x0a

export function amountOf (blocks: readonly Block[]): Amount {
  return blocks.reduce((sum, { records, length }) => ({ records: sum.records + records, bytes: sum.bytes + length }), { records: 0, bytes: 0 })
}

/** Bytes of all of them. */
export function lengthOf (blocks: readonly Block[]): number {
  return blocks.reduce((sum, { length }) => sum + length, 0)
}

/** How many lines `bytes` holds. */
export function countLines (bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines++
  return lines
}

/**
 * Cuts after the last whole line that ends within the first `room` bytes, and after `lines` lines at most. `head` is undefined
 * when not one line fits.
 */
export function cutAt (block: Block, room: number, lines = Infinity): { head: Block | undefined, tail: Block | undefined } {
  const { head, tail } = block.length <= room ? { head: block, tail: undefined } : divide(block, room <= 0 ? -1 : block.bytes.lastIndexOf(NEWLINE, room - 1))
  if (!head || head.records <= lines) return { head, tail }
  return divide(block, endOf(block.bytes, lines))
}

/** Cuts after the first line, however long. */
export function firstLine (block: Block): { head: Block | undefined, tail: Block | undefined } {
  return divide(block, block.bytes.indexOf(NEWLINE))
}

/** What fits into this much room; into something `empty` the first line at least, however long. */
export function fill (block: Block, room: Amount, empty: boolean): { head: Block | undefined, tail: Block | undefined } {
  const cut = cutAt(block, room.bytes, room.records)
  return cut.head || !empty ? cut : firstLine(block)
}

/** Length of the whole lines within the first `length` bytes of `bytes`. */
export function wholeLines (bytes: Buffer, length: number): number {
  return length <= 0 ? 0 : bytes.lastIndexOf(NEWLINE, length - 1) + 1
}

/** Position of the newline that ends the line of this number. */
function endOf (bytes: Buffer, line: number): number {
  let at = -1
  for (let lines = 0; lines < line; lines++) at = bytes.indexOf(NEWLINE, at + 1)
  return at
}

function divide (block: Block, newline: number): { head: Block | undefined, tail: Block | undefined } {
  const { bytes, records } = block
  if (newline === -1) return { head: undefined, tail: block }
  if (newline === bytes.length - 1) return { head: block, tail: undefined }
  const head = bytes.subarray(0, newline + 1)
  const lines = countLines(head)
  return { head: new Block(head, lines), tail: new Block(bytes.subarray(newline + 1), records - lines) }
}
