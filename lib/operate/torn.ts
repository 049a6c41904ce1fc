// Lines that their writer did not finish. They are cut, as the next start would; here their bytes are kept first.
import fsp from 'node:fs/promises'
import { errno } from '../errors.js'
import { tornTail } from '../journal/segment.js'

/** What has been cut from a file, or would be. */
export interface Torn {
  path: string
  /** Byte at which the unfinished line begins. */
  offset: number
  bytes: number
  /** The file that holds them now. */
  kept?: string
}

/** The half line at the end of a file, if there is one, kept in `<where>.damaged`; with `dry` it is only looked at. */
export async function keepTorn (path: string, where: string, dry: boolean): Promise<Torn | undefined> {
  const tail = await tornTail(path).catch(error => {
    if (errno(error) !== 'ENOENT') throw error
    return undefined
  })
  if (!tail) return undefined
  const torn: Torn = { path, offset: tail.offset, bytes: tail.bytes.length }
  return dry ? torn : { ...torn, kept: await keep(tail.bytes, where) }
}

/** Never over what is there, unless that is the same: an attempt before this one has kept it. */
async function keep (bytes: Buffer, where: string): Promise<string> {
  for (let number = 0; ; number++) {
    const path = `${where}${number === 0 ? '' : `.${number}`}.damaged`
    try {
      await fsp.writeFile(path, bytes, { flag: 'wx', mode: 0o600 })
      return path
    } catch (error) {
      if (errno(error) !== 'EEXIST') throw error
      if (bytes.equals(await fsp.readFile(path))) return path
    }
  }
}
