// `<opened, ms>-<writer>-<number>`: unique over processes and restarts, and sorted by the time at which segments were opened.

export interface SegmentId {
  /** Unix time in ms. */
  opened: number
  /** 16 hexadecimal digits. */
  writer: string
  /** Rises by writer. */
  number: number
}

/** An id within a regular expression. */
export const ID_PATTERN = '\\d{15}-[0-9a-f]{16}-\\d{9}'

export function formatId ({ opened, writer, number }: SegmentId): string {
  return `${String(opened).padStart(15, '0')}-${writer}-${String(number).padStart(9, '0')}`
}

/** Also of what begins with an id. */
export function parseId (id: string): SegmentId {
  const [opened, writer, number] = id.split('-') as [string, string, string]
  return { opened: Number(opened), writer, number: Number.parseInt(number, 10) }
}
