// D1: outputs of this package beside transports of others in pino's `targets`: neither gets in the other's way.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { console, http, jsonl, tee } from 'pino-blackbox'
import { fixture, program, readLines } from './fixtures/harness.js'
import { judge, receiver } from './fixtures/receiver.js'

const LINES = 1000

for (const delay of [0, 300]) {
  t.test(`a sibling that waits for pino's configuration gets it, also when it loads ${delay} ms later`, async t => {
    const directory = t.testdir()
    const file = join(directory, 'theirs')
    const place = await receiver(t)
    const sender = http({ url: place.url, journal: { dir: join(directory, 'spool') } })
    const transport = { targets: [jsonl({ file: join(directory, 'app') }), { target: fixture('configured.js'), options: { file, delay } }, tee([console()]), sender] }
    const child = program('ending.js', { transport, lines: LINES }, { timeout: 20_000 })
    t.match(await child.exited, { code: 0, signal: null }, child.stderr)
    t.equal(child.stderr, '')
    t.equal((await readLines(directory, 'app')).length, LINES)
    t.equal(child.stdout.split('\n').length - 1, LINES)
    t.equal(judge(await place.requests()).accepted.get('w')?.length, LINES)
    const theirs = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1).map(line => JSON.parse(line))
    t.equal(theirs.length, LINES)
    t.equal(theirs[0].messageKey, 'msg')
  })
}
