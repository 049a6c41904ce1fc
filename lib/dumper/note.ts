// The text of a document, and in it what the dumper has to say about it, under one key.
import type { DumperSettings } from '../config/dumper.js'
import { render } from './document.js'
import type { Content } from './bytes.js'
import type { Secrets } from './secrets.js'

const KEY = '_blackbox'
/** Bytes that a note takes at most. */
const NOTE = 256

export interface Paper {
  settings: Pick<DumperSettings, 'limits' | 'maxSize' | 'pretty'>
  secrets: Secrets
  /** What is to be said besides. */
  note?: object | undefined
  /** JSON records: the document's last field, `log`. */
  lines?: string[] | undefined
}

/** Never more than one document may have, nor than all dumps may have. */
export function contentOf (value: unknown, { settings: { limits, maxSize, pretty }, secrets, note, lines }: Paper): Content {
  const most = Math.min(limits.bytes, maxSize)
  const bytes = Math.max(1, most - NOTE)
  const { text, truncated } = render(value, { limits: { ...limits, bytes }, secrets, pretty, ...lines && { rows: { key: 'log', lines } } })
  const notes = { ...note, ...truncated && { truncated: { ...limits, bytes: most } } }
  const noted = Object.keys(notes).length > 0 ? annotate(text, notes, pretty) : text
  return { data: Buffer.from(`${Buffer.byteLength(noted) < most ? noted : text}\n`), truncated }
}

/** `text` is JSON. An object gets the key as its first one, anything else is wrapped, not indented further: that could take any number of bytes. */
export function annotate (text: string, note: object, pretty: boolean): string {
  const [line, indent, space] = pretty ? ['\n', '  ', ' '] : ['', '', '']
  const head = `{${line}${indent}"${KEY}":${space}${JSON.stringify(note)}`
  if (text === '{}') return `${head}${line}}`
  // A key of the same name stays as it is, below.
  if (text.startsWith('{') && !text.includes(`"${KEY}"`)) return `${head},${text.slice(1)}`
  return `${head},${line}${indent}"value":${space}${text}${line}}`
}
