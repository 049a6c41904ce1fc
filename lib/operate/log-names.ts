// Which log a file belongs to, from its name alone: the way back from RotatedNames where nobody says which options it was written with.
import { join } from 'node:path'
import { RotatedNames } from '../journal/naming.js'

/** Formats that are tried for the date in a name; another one has to be given. */
const DATES = ['yyyy-MM-dd', 'yyyy-MM-dd-HH', 'yyyyMMdd', 'yyyyMMddHH', 'yyyy-MM', 'yyyy-MM-dd-HH-mm', 'yyyy.MM.dd', 'yyyy_MM_dd']
const ROTATED = /^(.+)\.[1-9]\d{0,14}(\.(?!(?:gz|zst)$)[A-Za-z][\w-]*)?(?:\.gz|\.zst)?$/

/** The names of the log that `name`, a file in `directory`, belongs to; undefined for a file that is of none. */
export function namesOf (directory: string, name: string, dateFormat?: string): RotatedNames | undefined {
  const [, head, extension = ''] = ROTATED.exec(name) ?? []
  if (head === undefined) return undefined
  for (const format of dateFormat === undefined ? DATES : [dateFormat]) {
    for (let dot = head.indexOf('.'); dot > 0; dot = head.indexOf('.', dot + 1)) {
      if (!/\d/.test(head[dot + 1] ?? '')) continue
      const names = logNames(directory, head.slice(0, dot), extension, format)
      if (names.parse(name)?.date) return names
    }
  }
  return logNames(directory, head, extension)
}

export function logNames (directory: string, base: string, extension: string, dateFormat?: string): RotatedNames {
  // The base is taken as it is: what looks like an extension in it was one of the log's already, or none.
  return new RotatedNames({ file: join(directory, base + (extension === '' ? '.x' : extension)), extension, dateFormat, utc: true })
}
