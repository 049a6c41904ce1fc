// To stdout, as fast as whoever reads it takes it.
import { once } from 'node:events'

const CHUNK = 64 * 1024

/** Texts with their line breaks. */
export async function print (texts: Iterable<string>): Promise<undefined> {
  let chunk = ''
  const write = async (): Promise<void> => {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
    chunk = ''
  }
  for (const text of texts) {
    chunk += text
    if (chunk.length >= CHUNK) await write()
  }
  if (chunk) await write()
}
