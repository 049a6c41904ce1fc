// Mutations are up to date: what each of them changes is there exactly once, its test is there, and each promise has one.
// `npm run test:mutations` makes them.
import t from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
// @ts-expect-error plain JavaScript
import { MUTATIONS } from './mutations/mutations.js'

interface Mutation { promise: string, breaks: string, file: string, from: string, to: string, test: string, name: string }

const root = join(import.meta.dirname, '..')
const mutations = MUTATIONS as Mutation[]

for (const { promise, breaks, file, from, to, test, name } of mutations) {
  t.test(`${promise}: ${breaks}`, async t => {
    t.equal(fs.readFileSync(join(root, file), 'utf8').split(from).length - 1, 1, `${file} has once: ${from}`)
    t.not(from, to)
    // Names may be made of parts.
    const [beginning] = name.split(' (')
    t.ok(fs.readFileSync(join(root, test), 'utf8').includes(beginning!), `${test} has a test: ${name}`)
  })
}

t.test('each promise has one', async t => {
  const promises = Array.from({ length: 17 }, (_, at) => `P${at + 1}`)
  t.strictSame([...new Set(mutations.map(({ promise }) => promise))], promises, 'in their order')
})
