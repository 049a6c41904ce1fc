// So many lines, of so many bytes.

export interface Amount { records: number, bytes: number }

export const NOTHING: Amount = Object.freeze({ records: 0, bytes: 0 })

export function less (from: Amount, { records, bytes }: Amount): Amount {
  return { records: from.records - records, bytes: from.bytes - bytes }
}
