// Calls of the file system that the commit protocol is made of, synchronous because the converting thread does one thing at a
// time. What one of them has done is on the device when it returns, as far as it says so.
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { cannotSync } from '../journal/directory.js'

const DIRECTORY_MODE = 0o777

/** What stands in a directory is on the device, where directories can be synced. */
export function syncDirectory (path: string): void {
  try {
    const fd = fs.openSync(path, 'r')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  } catch (error) {
    if (!cannotSync(error)) throw error
  }
}

/** The file holds `bytes` from `position` on and nothing behind them, on the device. At 0 it is created when it is missing. */
export function writeAt (path: string, bytes: Uint8Array, position: number, mode: number): void {
  const { O_CREAT, O_RDWR } = fs.constants
  const fd = fs.openSync(path, position === 0 ? O_RDWR | O_CREAT : O_RDWR, mode)
  try {
    if (fs.fstatSync(fd).size < position) throw new Error(`${path} is shorter than it was: somebody has cut it`)
    // First, because a failed attempt may have left more than this one writes.
    fs.ftruncateSync(fd, position)
    for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done)
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/** Fills `bytes` with what the file has from `position` on. */
export function readAt (fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const read = fs.readSync(fd, bytes, done, bytes.length - done, position + done)
    if (read === 0) throw new Error('the file is shorter than it was: somebody has cut it')
    done += read
  }
}

/** Moves a file to somewhere below `top`; that it is in the new place is on the device. */
export function move (from: string, to: string, top: string): void {
  makeDirectory(dirname(to), top)
  fs.renameSync(from, to)
  syncDirectory(dirname(to))
}

/** A directory and all above it that are missing. Each entry up to that of `top` is on the device, whoever made it. */
export function makeDirectory (path: string, top: string): void {
  fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE })
  for (let made = path; made.length >= top.length; made = dirname(made)) syncDirectory(dirname(made))
}

export function remove (path: string): void {
  fs.rmSync(path, { force: true })
}

/** Names in a directory that `wanted` accepts, as paths. */
export function paths (directory: string, wanted: (name: string) => boolean): string[] {
  return fs.readdirSync(directory).filter(wanted).map(name => join(directory, name))
}
