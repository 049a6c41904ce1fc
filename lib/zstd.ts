// zstd on every supported Node: node:zlib where it has it (22.15, 23.8), else WebAssembly, an optional dependency; the only
// importer of @bokuweb/zstd-wasm.
//
// That package corrupts its output silently when it is initialised for the third time in one thread: hence one promise per
// thread, and a frame that is read back before the first real one is made.
import { createRequire } from 'node:module'
import { Transform } from 'node:stream'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

/** Bytes per frame of the WebAssembly path; frames one after the other are one zstd stream (RFC 8878, 3.1). */
const FRAME = 4 * 1024 * 1024

type Native = typeof zlib & {
  createZstdCompress?: (options: { params: Record<number, number> }) => Transform
  zstdCompress?: (bytes: Uint8Array, options: { params: Record<number, number> }, done: (error: Error | null, frame: Buffer) => void) => void
  zstdCompressSync?: (bytes: Uint8Array, options: { params: Record<number, number> }) => Buffer
  zstdDecompressSync?: (bytes: Uint8Array) => Buffer
  constants: { ZSTD_c_compressionLevel?: number }
}
const native = zlib as Native

/** Can zstd be made in this process? */
export function hasZstd (): boolean {
  if (native.createZstdCompress) return true
  try {
    createRequire(import.meta.url).resolve('@bokuweb/zstd-wasm')
    return true
  } catch {
    return false
  }
}

/** A stream of bytes in, a zstd stream out. */
export async function zstdStream (level: number): Promise<Transform> {
  if (native.createZstdCompress) return native.createZstdCompress({ params: { [native.constants.ZSTD_c_compressionLevel!]: level } })
  const { compress } = await wasm()
  let held: Buffer[] = []
  let bytes = 0
  const frame = (): Buffer => {
    const made = Buffer.from(compress(Buffer.concat(held), level))
    held = []
    bytes = 0
    return made
  }
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      held.push(chunk)
      bytes += chunk.length
      done(null, bytes >= FRAME ? frame() : undefined)
    },
    flush (done) {
      done(null, bytes > 0 ? frame() : undefined)
    }
  })
}

/** Bytes in, one zstd frame out, at once. */
export async function zstdSync (level: number): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { zstdCompressSync, constants } = native
  if (zstdCompressSync) return bytes => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel!]: level } })
  const { compress } = await wasm()
  return bytes => compress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), level)
}

/** Bytes in, one zstd frame out, in the thread pool where node:zlib has zstd. */
export async function zstdBytes (level: number): Promise<(bytes: Uint8Array) => Promise<Uint8Array>> {
  const { zstdCompress, constants } = native
  if (zstdCompress) return async bytes => await promisify(zstdCompress)(bytes, { params: { [constants.ZSTD_c_compressionLevel!]: level } })
  const compress = await zstdSync(level)
  return async bytes => compress(bytes)
}

/** Frames in, their content out, at once. Throws at what is no zstd, or not all of it. */
export async function unzstdSync (): Promise<(bytes: Uint8Array) => Uint8Array> {
  const { zstdDecompressSync } = native
  const decompress = zstdDecompressSync ? undefined : (await wasm()).decompress
  return bytes => {
    // Node 22 says nothing of a frame that breaks off: where each ends is looked at before.
    const found = frames(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    return decompress ? Buffer.concat(found.map(frame => unframed(frame, decompress))) : zstdDecompressSync!(bytes)
  }
}

/** Most bytes that a frame without its size may have. */
const LARGEST = 1024 ** 3

/** A frame that was made as a stream does not say how large its content is: then it is tried with more and more room. */
function unframed (frame: Buffer, decompress: Wasm['decompress']): Uint8Array {
  for (let room = Math.max(FRAME, frame.length * 4); ; room *= 4) {
    try {
      return decompress(frame, { defaultHeapSize: room })
    } catch (error) {
      if (room > LARGEST || sizeKnown(frame)) throw error
    }
  }
}

const MAGIC = 0xfd2fb528

function sizeKnown (frame: Buffer): boolean {
  return (frame[4]! & 0xe0) !== 0
}

/** The frames of a stream, each by itself: the WebAssembly decoder gives back the first one only (RFC 8878, 3.1.1). */
function frames (bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let start = 0, at = 0; start < bytes.length; start = at) {
    if (bytes.length - start < 9 || bytes.readUInt32LE(start) !== MAGIC) throw new Error(`no zstd frame at byte ${start}`)
    const descriptor = bytes[start + 4]!
    const single = (descriptor & 0x20) !== 0
    at = start + 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]! + [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
    for (let last = false; !last;) {
      if (at + 3 > bytes.length) throw new Error(`the zstd frame at byte ${start} breaks off`)
      const header = bytes.readUIntLE(at, 3)
      last = (header & 1) === 1
      at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3)
    }
    if ((descriptor & 4) !== 0) at += 4
    if (at > bytes.length) throw new Error(`the zstd frame at byte ${start} breaks off`)
    found.push(bytes.subarray(start, at))
  }
  return found
}

type Wasm = typeof import('@bokuweb/zstd-wasm')
let ready: Promise<Wasm> | undefined

function wasm (): Promise<Wasm> {
  ready ??= (async () => {
    const module = await import('@bokuweb/zstd-wasm')
    await module.init()
    const sample = Buffer.from('{"level":30,"msg":"a frame that has to come back as it was"}\n'.repeat(50))
    if (!sample.equals(Buffer.from(module.decompress(module.compress(sample, 3))))) throw new Error('zstd-wasm does not give back what it was given')
    return module
  })()
  return ready
}
