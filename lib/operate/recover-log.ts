// A log whose writers have died: what they did not finish is cut from their files, and their directories go.
import { join } from 'node:path'
import { nothing, type Recovered } from './recovered.js'
import { keepTorn } from './torn.js'
import { gone, inhabitants } from './writers.js'
import { reason } from '../errors.js'
import { mendOrphans } from '../journal/orphans.js'
import { claims, Owner, sweepUnborn } from '../journal/ownership.js'
import { SegmentFile } from '../journal/segment.js'
import type { LogPlace } from './places.js'

const MODE = 0o666

export async function recoverLog ({ path, folder, named }: LogPlace, dry: boolean): Promise<Recovered> {
  const all = await inhabitants(folder.home)
  const [living, dead] = [all.filter(({ alive }) => alive), all.filter(({ alive }) => !alive)]
  const recovered: Recovered = { ...nothing(path), writers: dead.length }
  const claimed = async (writers: typeof all): Promise<string[]> =>
    (await Promise.all(writers.map(({ directory }) => claims(directory)))).flat().map(({ claimed }) => claimed)
  const owned = new Set(await claimed(living))
  const left = (await claimed(dead)).filter(name => !owned.has(name))
  // Without a sign that the log is ours, a half line may be what another program is writing just now.
  const files = named ? (await folder.files().catch(gone) ?? []).filter(({ suffix }) => suffix === '').map(name => folder.names.format(name)) : []
  const names = [...new Set([...left, ...files.filter(name => !owned.has(name))])]
  for (const name of names) {
    const torn = await keepTorn(join(folder.names.directory, name), join(folder.names.directory, name), dry)
    if (torn) recovered.torn.push(torn)
  }
  if (dry || (recovered.torn.length === 0 && dead.length === 0)) return recovered
  const failed = (error: unknown): void => { recovered.failures.push(reason(error)) }
  const mend = async (name: string): Promise<void> => {
    const { file } = await SegmentFile.open(join(folder.names.directory, name), 'never', { mode: MODE })
    await file.close()
  }
  const owner = await Owner.create(folder.home)
  try {
    await sweepUnborn(folder.home)
    const mended = await mendOrphans(owner, { ours: () => true, mend, failed })
    for (const { path: torn } of recovered.torn) {
      const name = torn.slice(folder.names.directory.length + 1)
      if (mended.includes(name) || !await owner.claim(name)) continue
      await mend(name).catch(failed).finally(() => owner.release(name))
    }
  } finally {
    await owner.close()
  }
  return recovered
}
