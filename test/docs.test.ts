// The documentation is true: tables match the schemas, and every snippet of the README runs.
import t from 'tap'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { outputs, pages } from './fixtures/option-tables.js'
import { cleanEnv } from './fixtures/harness.js'
import { duck } from './fixtures/parquet.js'
// @ts-expect-error plain JavaScript
import { PARTS } from './soak/parts.js'

const root = fileURLToPath(new URL('..', import.meta.url))

t.test('the option tables are what the schemas say, one page for each', async t => {
  for (const { name, text, made } of pages()) t.equal(text, made, `docs/${name}: run \`npm run docs\``)
  t.strictSame(pages().flatMap(({ outputs }) => outputs).sort(), [...outputs].sort())
})

t.test('links lead to pages and headings that are there', async t => {
  const anchors = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'))
  for (const page of ['README.md', 'CONTRIBUTING.md', ...pages().map(({ name }) => `docs/${name}`)]) {
    const text = fs.readFileSync(join(root, page), 'utf8')
    for (const [, to] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path, anchor] = to!.split('#')
      const file = path === '' ? join(root, page) : join(root, dirname(page), path!)
      t.ok(fs.existsSync(file), `${page}: ${to}`)
      if (anchor !== undefined) t.ok(anchors(fs.readFileSync(file, 'utf8')).includes(anchor), `${page}: ${to}`)
    }
  }
})

t.test('reliability.md: commands run what is there, each promise has its row', async t => {
  const text = fs.readFileSync(join(root, 'docs/reliability.md'), 'utf8')
  t.strictSame([...text.matchAll(/^\| <a id="p(\d+)"><\/a>P\1 \|/gm)].map(([, number]) => Number(number)), Array.from({ length: 17 }, (_, at) => at + 1))
  const { scripts } = JSON.parse(fs.readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const commands = [...text.matchAll(/`((?:npx|npm|node) [^`]+)`/g)].map(([, command]) => command!)
  t.ok(commands.length > 17)
  for (const command of commands) {
    const [program, ...words] = command.split(' ')
    if (program === 'npm' && words[0] !== 'test') t.ok(scripts[words[1]!], command)
    for (const word of words.filter(word => /^(test|bench)\/|\.[jt]s$/.test(word))) t.ok(fs.existsSync(join(root, word)), command)
    const only = /test:soak.* --only (\S+)/.exec(command)?.[1]?.split(',') ?? []
    for (const part of only) t.ok((PARTS as Array<{ name: string }>).some(({ name }) => name === part), command)
  }
})

t.test('every snippet of the README runs by itself and leaves its files', async t => {
  const readme = fs.readFileSync(join(root, 'README.md'), 'utf8')
  const snippets = [...readme.matchAll(/```(js|cjs|sql)\n(.*?)```/gs)].map(([, kind, code]) => ({ kind: kind!, code: code! }))
  t.ok(snippets.length >= 5, `${snippets.length} snippets`)
  const canRequire = 'require_module' in process.features
  const before = process.cwd()
  for (const [at, { kind, code }] of snippets.entries()) {
    if (kind === 'sql') {
      // A question to what the snippet before it has left.
      process.chdir(t.testdirName)
      const rows = await duck(code).finally(() => process.chdir(before))
      t.ok(rows.length > 0, `snippet ${at + 1} has an answer`)
      continue
    }
    if (kind === 'cjs' && !canRequire) {
      t.comment(`snippet ${at + 1} needs a Node that can require ESM`)
      continue
    }
    const directory = t.testdir({ [`snippet.${kind === 'js' ? 'mjs' : 'cjs'}`]: code, node_modules: {} })
    for (const name of ['pino', 'fastify', 'prom-client']) fs.symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
    fs.symlinkSync(root, join(directory, 'node_modules', 'pino-blackbox'))
    // Nobody answers there: every snippet does what it says without.
    const env = { ...cleanEnv(), LOG_URL: 'http://127.0.0.1:9/ingest', LOG_TOKEN: 'a token' }
    const { status, stderr } = spawnSync(process.execPath, [`snippet.${kind === 'js' ? 'mjs' : 'cjs'}`], { cwd: directory, env, encoding: 'utf8', timeout: 30_000 })
    t.equal(status, 0, `snippet ${at + 1} ends well: ${stderr}`)
    const logs = fs.readdirSync(join(directory, 'logs'), { recursive: true, withFileTypes: true }).filter(entry => entry.isFile() && !entry.name.startsWith('.'))
    t.ok(logs.length > 0, `snippet ${at + 1} wrote ${logs.map(({ name }) => name).join(', ')}`)
    t.ok(logs.some(({ parentPath, name }) => fs.statSync(join(parentPath, name)).size > 0), `snippet ${at + 1} wrote lines`)
  }
})
