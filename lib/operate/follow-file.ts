// One file that is followed: what is new in it, in whole lines. It is read from behind the last whole line each time, so a half line that
// its writer cuts off, because it died in the middle of it, was never seen. Read only; its writer knows nothing of it.
import fs from 'node:fs'

/** Read at once, in bytes; grows where a line is longer. */
const PIECE = 256 * 1024
/** Bytes by which a file is told from another one in its place. */
const HEAD = 256
const NEWLINE = 0x0a

export const identityOf = ({ dev, ino }: fs.Stats): string => `${dev}:${ino}`

export class FollowedFile {
  readonly identity: string
  /** Where it was seen last. */
  path: string
  /** When it was not there any more; Unix time in ms. */
  goneSince: number | undefined
  #descriptor: number | undefined
  #offset = 0
  #head: Buffer

  private constructor (path: string, descriptor: number, identity: string) {
    this.path = path
    this.identity = identity
    this.#descriptor = descriptor
    this.#head = headOf(descriptor)
  }

  /** Undefined when it is not there, or is no file. `old`: what is in it by now is not new. */
  static open (path: string, old: boolean): FollowedFile | undefined {
    const descriptor = openIfThere(path)
    if (descriptor === undefined) return undefined
    const stat = fs.fstatSync(descriptor)
    const file = new FollowedFile(path, descriptor, identityOf(stat))
    if (old) file.#offset = endOfLines(descriptor, stat.size)
    return file
  }

  /** Its first bytes, as far as it was read. */
  get head (): Buffer {
    return this.#head
  }

  get open (): boolean {
    return this.#descriptor !== undefined
  }

  /** Whole lines that are new, each with its end; undefined when there are none by now. */
  read (): Buffer | undefined {
    if (this.#descriptor === undefined) return undefined
    const { size } = fs.fstatSync(this.#descriptor)
    if (size < this.#offset) {
      // Cut by its writer after a failed write, who writes the same lines again; or else emptied, and begun anew (copytruncate).
      if (size > 0 && this.#sameHead(this.#descriptor)) return undefined
      this.#offset = 0
      this.#head = Buffer.alloc(0)
    }
    if (size === this.#offset) return undefined
    if (this.#head.length < HEAD) this.#head = headOf(this.#descriptor)
    for (let room = PIECE; ; room *= 4) {
      const piece = Buffer.allocUnsafe(Math.min(room, size - this.#offset))
      const bytes = fs.readSync(this.#descriptor, piece, 0, piece.length, this.#offset)
      const whole = bytes === 0 ? 0 : piece.lastIndexOf(NEWLINE, bytes - 1) + 1
      if (whole > 0) {
        this.#offset += whole
        return piece.subarray(0, whole)
      }
      if (bytes < room) return undefined
    }
  }

  /** Pieces of what is not new, from its end to its beginning. */
  * backwards (): Generator<Buffer> {
    if (this.#descriptor === undefined) return
    for (let end = this.#offset; end > 0;) {
      const start = Math.max(0, end - PIECE)
      const piece = Buffer.alloc(end - start)
      fs.readSync(this.#descriptor, piece, 0, piece.length, start)
      yield piece
      end = start
    }
  }

  /** Descriptors are few; a file that does not grow needs none. */
  rest (): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  /**
   * Seen at `path`, with this size. False when it is another file, which was given the same number after this one was removed; that cannot
   * happen while it is open.
   */
  seen (path: string, size: number): boolean {
    const moved = path !== this.path
    this.path = path
    this.goneSince = undefined
    if (this.#descriptor !== undefined || (size === this.#offset && !moved)) return true
    const descriptor = openIfThere(path)
    if (descriptor === undefined) return true
    if (identityOf(fs.fstatSync(descriptor)) === this.identity && this.#sameHead(descriptor)) {
      this.#descriptor = descriptor
      return true
    }
    fs.closeSync(descriptor)
    return false
  }

  #sameHead (descriptor: number): boolean {
    const head = headOf(descriptor)
    const length = Math.min(head.length, this.#head.length)
    return length > 0 ? head.subarray(0, length).equals(this.#head.subarray(0, length)) : this.#offset === 0
  }
}

/** Is this the content of a file that had this head? */
export function hasHead (content: Buffer, head: Buffer): boolean {
  return (head.length === HEAD || head.length === content.length) && head.equals(content.subarray(0, head.length))
}

function openIfThere (path: string): number | undefined {
  let descriptor: number | undefined
  try {
    // Without waiting: it might be a pipe.
    descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    if (fs.fstatSync(descriptor).isFile()) return descriptor
  } catch { /* It is gone again, or not for us; the next look may tell. */ }
  if (descriptor !== undefined) fs.closeSync(descriptor)
  return undefined
}

function headOf (descriptor: number): Buffer {
  const head = Buffer.alloc(HEAD)
  return head.subarray(0, fs.readSync(descriptor, head, 0, HEAD, 0))
}

/** Length of the first `size` bytes up to and with their last newline. */
function endOfLines (descriptor: number, size: number): number {
  const piece = Buffer.alloc(Math.min(PIECE, size))
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - piece.length)
    const bytes = fs.readSync(descriptor, piece, 0, end - start, start)
    const newline = bytes === 0 ? -1 : piece.lastIndexOf(NEWLINE, bytes - 1)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}
