// What happens beside an adoption: the adopter's own file stays its own, and nobody fails to see a claim because of it.
import t from 'tap'
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import { basename, join } from 'node:path'
import { RotatedNames } from '../lib/journal/naming.js'
import { LEASE } from '../lib/journal/liveness.js'
import { claims, Owner } from '../lib/journal/ownership.js'
import { RotatedShelf } from '../lib/journal/rotated.js'
import { Monitor } from '../lib/telemetry/monitor.js'
import { range } from './fixtures/jsonl.js'

const HOME = '.app.jsonl.blackbox'

/** A writer that died on another machine, with these names claimed. */
function dead (home: string, id: string, names: string[]): void {
  fs.mkdirSync(join(home, id), { recursive: true })
  fs.writeFileSync(join(home, id, 'owner.json'), JSON.stringify({ boot: 'another machine', host: 'elsewhere', pid: 1, socket: true }))
  fs.utimesSync(join(home, id, 'owner.json'), new Date(0), new Date(Date.now() - 10 * LEASE))
  for (const name of names) fs.writeFileSync(join(home, id, name), '')
}

const unexpected = (error: unknown): void => { t.fail('adopts', { error }) }
const held = async (directory: string): Promise<string[]> => (await claims(directory)).filter(({ work }) => !work).map(({ claimed }) => claimed)

t.test('a dead writer that claims the file we write: ours is not cut while we write it, and our claim stays', async t => {
  const directory = t.testdir()
  const home = join(directory, HOME)
  const shelf = new RotatedShelf({
    names: new RotatedNames({ file: join(directory, 'app'), extension: 'jsonl', utc: true }), monitor: new Monitor('test', () => {}), mkdir: true, symlink: false, mode: 0o644
  })
  const active = await shelf.open(Date.now())
  const [own] = fs.readdirSync(home) as [string]
  // It died between our look at the dead and our claim of its file.
  dead(home, 'feedfacefeedface', [basename(active.path)])
  const half = '{"a line that is'
  fs.appendFileSync(active.path, half)
  await shelf.mendOrphans()
  t.equal(fs.readFileSync(active.path, 'utf8'), half, 'what is being written is not taken for what a dead one left')
  t.same(await held(join(home, own)), [basename(active.path)])
  await active.close()
  await shelf.close()
})

t.test('a claim is seen by others at every moment, also while its owner adopts and clears away', async t => {
  const home = join(t.testdir(), 'home')
  const owner = await Owner.create(home)
  await owner.claim('app.1.jsonl')
  const adopting = (async () => {
    for (const round of range(300)) {
      dead(home, `dead-${round}`, ['app.7.jsonl', 'app.8.jsonl'])
      for (const orphan of await owner.adopt(unexpected)) await fsp.rm(orphan, { recursive: true })
    }
  })()
  let blind = 0
  for (let looks = 0; looks < 3000; looks++) {
    if (!(await held(owner.directory)).includes('app.1.jsonl')) blind++
  }
  await adopting
  t.equal(blind, 0, 'looks that did not see it')
  await owner.close()
})

t.test('a file whose name ends like a mark of ours is claimed like any other', async t => {
  const home = join(t.testdir(), 'home')
  const [a, b] = [await Owner.create(home), await Owner.create(home)]
  t.teardown(() => Promise.all([a.close(), b.close()]))
  for (const name of ['app.1.work', 'app.1.part', 'app.1', 's.1.log', 'owner.1.json']) {
    t.equal(await a.claim(name), true, name)
    t.equal(await b.claim(name), false, `${name}, to write it`)
    t.equal(await b.claim(name, true), false, `${name}, to work on it`)
    await a.release(name)
    t.equal(await b.claim(name, true), true)
    t.equal(await a.claim(name), false, `${name}, while it is worked on`)
    await b.release(name, true)
  }
})

t.test('what was adopted and could not be handed on when its adopter closed is not removed with it', async t => {
  const home = join(t.testdir(), 'home')
  const owner = await Owner.create(home)
  dead(home, 'feedfacefeedface', ['app.1.jsonl'])
  t.equal((await owner.adopt(unexpected)).length, 1)
  const { rename } = fsp
  fsp.rename = (async (from: string, to: string) => {
    if (basename(from) === 'feedfacefeedface') throw Object.assign(new Error('EIO: made to fail'), { code: 'EIO' })
    await rename(from, to)
  }) as unknown as typeof rename
  await owner.close()
  fsp.rename = rename
  const next = await Owner.create(home)
  const found = (await Promise.all((await next.adopt(unexpected)).map(held))).flat()
  t.ok(found.includes('app.1.jsonl'), 'the next still learns of it')
  await next.close()
})

t.test('a claim that is held stays held while somebody else only looks at the name', async t => {
  const home = join(t.testdir(), 'home')
  const [holder, other] = [await Owner.create(home), await Owner.create(home)]
  t.teardown(() => Promise.all([holder.close(), other.close()]))
  t.equal(await holder.claim('app.1.jsonl'), true)
  // Announced, and not withdrawn yet.
  fs.writeFileSync(join(other.directory, 'app.1.jsonl'), '')
  t.equal(await holder.claim('app.1.jsonl'), true, 'claimed again after an error, it is not given up')
  t.same(await held(holder.directory), ['app.1.jsonl'])
})

t.test('a dead writer whose directory cannot be taken over keeps nobody from writing', async t => {
  const directory = t.testdir()
  dead(join(directory, HOME), 'feedfacefeedface', ['app.1.jsonl'])
  fs.writeFileSync(join(directory, 'app.1.jsonl'), '{"seq": half')
  const { rename } = fsp
  fsp.rename = (async (from: string, to: string) => {
    if (basename(from) === 'feedfacefeedface') throw Object.assign(new Error('EACCES: made to fail'), { code: 'EACCES' })
    await rename(from, to)
  }) as unknown as typeof rename
  t.teardown(() => { fsp.rename = rename })
  const told: string[] = []
  const shelf = new RotatedShelf({
    names: new RotatedNames({ file: join(directory, 'app'), extension: 'jsonl', utc: true }), monitor: new Monitor('test', line => told.push(line)), mkdir: true, symlink: false, mode: 0o644
  })
  const active = await shelf.open(Date.now())
  t.ok(fs.existsSync(active.path))
  t.match(told, [/EACCES/], 'and it is told')
  t.ok(fs.existsSync(join(directory, HOME, 'feedfacefeedface')), 'what it left is still known')
  await active.close()
  await shelf.close()
})
