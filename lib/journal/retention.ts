// Which closed files have to go. Pure: a list and a limit in, a list out.

export interface RetentionLimit {
  /** Closed files kept. */
  count?: number | undefined
  /** ms since the last write. */
  age?: number | undefined
  /** Bytes that all files may take together. */
  totalSize?: number | undefined
}

export interface ClosedFile {
  bytes: number
  /** Unix time in ms of the last write. */
  modified: number
}

/** `files` oldest first; `reserved` are the bytes that files still being written take or may yet take. */
export function surplus<F extends ClosedFile> (files: readonly F[], limit: RetentionLimit, now: number, reserved: number): F[] {
  const { count = Infinity, age = Infinity, totalSize = Infinity } = limit
  let kept = 0
  let bytes = reserved
  let full = false
  // From the newest on: the first file that does not fit takes all older ones with it, so that no gap is left.
  return [...files].reverse().filter(file => {
    if (now - file.modified > age) return true
    full ||= kept + 1 > count || bytes + file.bytes > totalSize
    if (full) return true
    kept++
    bytes += file.bytes
    return false
  }).reverse()
}
