// Is a file with the name of a rotated one a log? Names like `report.1.json` are anybody's, so the beginning has to say so too.
import { blocksOf, isCompressed } from './blocks.js'

/** Extensions that are those of logs. */
const USUAL = ['.log', '.jsonl', '.ndjson']
const BRACE = 0x7b

/** Does it begin with a line of JSON, or is it empty? What is compressed goes by its name. */
export async function looksLikeLog (path: string, extension: string): Promise<boolean> {
  if (!USUAL.includes(extension)) return false
  if (isCompressed(path)) return true
  const blocks = blocksOf(path)
  const { value } = await blocks.next()
  await blocks.return(undefined)
  return value === undefined || value.bytes[0] === BRACE
}
