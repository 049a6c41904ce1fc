// One open file of whole lines. Knows its length, cuts a torn tail, syncs; what to write and when to stop is not decided here.
import fs from 'node:fs'
import { promisify } from 'node:util'
import { errno } from '../errors.js'
import { Appender, type AppenderOptions } from './appender.js'
import type { Block } from './block.js'

// Looked up at each call, so that a test can make one of them fail.
const open = (path: string, flags: string | number, mode: number) => promisify(fs.open)(path, flags, mode)
const fstat = (fd: number) => promisify(fs.fstat)(fd)
const stat = (path: string) => promisify(fs.stat)(path)
const ftruncate = (fd: number, length: number) => promisify(fs.ftruncate)(fd, length)
const fdatasync = (fd: number) => promisify(fs.fdatasync)(fd)
const close = (fd: number) => promisify(fs.close)(fd)
const read = (fd: number, into: Buffer, at: number) => new Promise<number>((resolve, reject) => {
  fs.read(fd, into, 0, into.length, at, (error, bytes) => error ? reject(error) : resolve(bytes))
})

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = fs.constants
const PIECE = 64 * 1024

export interface SegmentOptions extends AppenderOptions {
  mode: number
}

/** Whether a file is created: 'always' fails with EEXIST when it is there, 'never' with ENOENT when it is not. */
export type Creation = 'always' | 'if missing' | 'never'

const FLAGS: Record<Creation, number> = { always: O_CREAT | O_EXCL, 'if missing': O_CREAT, never: 0 }

export class SegmentFile {
  readonly path: string
  readonly #fd: number
  readonly #appender: Appender
  #size: number
  #closed = false

  private constructor (path: string, fd: number, size: number, options: SegmentOptions) {
    this.path = path
    this.#fd = fd
    this.#size = size
    this.#appender = new Appender(fd, options)
  }

  /** Opens for appending and cuts a last line that has no end; `torn` is the number of bytes cut. */
  static async open (path: string, creation: Creation, options: SegmentOptions): Promise<{ file: SegmentFile, torn: number }> {
    const fd = await open(path, O_RDWR | O_APPEND | FLAGS[creation], options.mode)
    // Nothing can be in a file that was not there.
    if (creation === 'always') return { file: new SegmentFile(path, fd, 0, options), torn: 0 }
    try {
      const stat = await fstat(fd)
      if (!stat.isFile()) throw new Error(`${path} is not a regular file`)
      const { size } = stat
      const whole = await wholeLength(fd, size)
      if (whole < size) await ftruncate(fd, whole)
      return { file: new SegmentFile(path, fd, whole, options), torn: size - whole }
    } catch (error) {
      await close(fd).catch(() => {})
      throw error
    }
  }

  /** Bytes in the file. */
  get size (): number {
    return this.#size
  }

  /** Bytes of the last `append` that the kernel has taken; all of them unless it failed. */
  get confirmed (): number {
    return this.#appender.confirmed
  }

  async append (blocks: readonly Block[]): Promise<void> {
    try {
      await this.#appender.append(blocks)
    } finally {
      this.#size += this.#appender.confirmed
    }
  }

  /** To the device. After a failure the kernel may have forgotten the data: write them again, never only sync again. */
  sync (): Promise<void> {
    return fdatasync(this.#fd)
  }

  /** Never longer than `length`: what follows is to be written again. */
  async cut (length: number): Promise<void> {
    // The number of a closed descriptor may be somebody else's by now.
    if (this.#closed) throw new Error(`${this.path} is closed`)
    const { size } = await fstat(this.#fd)
    if (size > length) await ftruncate(this.#fd, length)
    this.#size = Math.min(size, length)
  }

  /** Still the file that its name leads to? False after an external rename or delete. Notices an external truncation. Rejects when that cannot be seen. */
  async inPlace (): Promise<boolean> {
    const mine = await fstat(this.#fd)
    this.#size = mine.size
    const named = await stat(this.path).catch(error => {
      if (['ENOENT', 'ENOTDIR'].includes(errno(error) ?? '')) return undefined
      throw error
    })
    return named !== undefined && named.ino === mine.ino && named.dev === mine.dev
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#appender.release()
    await close(this.#fd)
  }
}

/** What stands behind the last newline of a file, and where; undefined when nothing does. */
export async function tornTail (path: string): Promise<{ offset: number, bytes: Buffer } | undefined> {
  const fd = await open(path, fs.constants.O_RDONLY, 0)
  try {
    const { size } = await fstat(fd)
    const offset = await wholeLength(fd, size)
    if (offset === size) return undefined
    const bytes = Buffer.alloc(size - offset)
    return { offset, bytes: bytes.subarray(0, await read(fd, bytes, offset)) }
  } finally {
    await close(fd)
  }
}

/** Length of the file up to and with its last newline. */
async function wholeLength (fd: number, size: number): Promise<number> {
  const piece = Buffer.allocUnsafe(PIECE)
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - PIECE)
    const bytes = await read(fd, piece.subarray(0, end - start), start)
    const newline = piece.lastIndexOf(0x0a, bytes - 1)
    if (bytes > 0 && newline !== -1 && newline < bytes) return start + newline + 1
    end = start
  }
  return 0
}
