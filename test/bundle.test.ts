// Applications that are bundled: the recipe of docs/bundling.md works, and without it an error says what is missing.
import t, { type Test } from 'tap'
import fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { program } from './fixtures/harness.js'
import { range, seqs } from './fixtures/jsonl.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const APP = `
  import pino from 'pino'
  import { jsonl, shutdown } from 'pino-blackbox'
  const log = pino({ transport: jsonl({ file: './logs/app' }) })
  for (const seq of Array(100).keys()) log.info({ seq: seq as number })
  shutdown(log)
`

async function run (t: Test, format: 'esm' | 'cjs', options: object) {
  const directory = t.testdir({ node_modules: {}, 'app.ts': APP })
  fs.symlinkSync(join(root, 'node_modules', 'pino'), join(directory, 'node_modules', 'pino'))
  fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
  const outfile = join(directory, format === 'esm' ? 'app.mjs' : 'app.cjs')
  buildSync({ entryPoints: [join(directory, 'app.ts')], outfile, bundle: true, platform: 'node', format, logLevel: 'silent', ...options })
  const app = program(outfile, {}, { cwd: directory })
  return { ...await app.exited, stderr: app.stderr, directory }
}

t.test('esm', async t => {
  const { code, directory, stderr } = await run(t, 'esm', { packages: 'external' })
  t.equal(code, 0, stderr)
  t.strictSame(await seqs(join(directory, 'logs')), range(100))
})

t.test('cjs', { skip: !('require_module' in process.features) && 'this Node cannot require ESM' }, async t => {
  const { code, directory, stderr } = await run(t, 'cjs', { external: ['pino', 'pino-blackbox'] })
  t.equal(code, 0, stderr)
  t.strictSame(await seqs(join(directory, 'logs')), range(100))
})

for (const format of ['esm', 'cjs'] as const) {
  t.test(`${format}, with everything in the bundle: told at once, with what to do`, async t => {
    const { code, stderr } = await run(t, format, { external: ['pino'], ...format === 'esm' && { banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)" } } })
    t.equal(code, 1)
    t.match(stderr, /BLACKBOX_BUNDLED: pino-blackbox has been bundled without the files that its worker loads; keep it and pino external/)
  })
}
