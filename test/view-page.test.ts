// The page that `pino-blackbox view --html` writes: it opens with the error, needs nothing else, and nothing in a dump gets out of its text.
import t from 'tap'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { changed, dumpFile, dumpOf, view } from './fixtures/viewer.js'
import { html } from '../lib/view/markup.js'

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
const decoded = (text: string): string => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name]!)

/** What a browser would make of it, for pages that are as strict as ours: throws at anything else. */
function parse (page: string) {
  const tags: Array<{ name: string, attributes: Record<string, string> }> = []
  const open: string[] = []
  const texts: string[] = []
  let style = ''
  let script = ''
  const body = page.replace('<!doctype html>\n', '').replace(/<(style|script)>([^]*?)<\/\1>/g, (_, name, content) => {
    if (name === 'style') style += content
    else script += content
    return `<${name}></${name}>`
  })
  for (const [whole, text, end, name, attributes] of body.matchAll(/([^<>]+)|<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?|)*)\/?>|[<>]/gi)) {
    if (text !== undefined) texts.push(decoded(text))
    else if (name === undefined) throw new Error(`a stray ${whole}`)
    else if (end) {
      if (open.pop() !== name) throw new Error(`</${name}> closes something else`)
    } else {
      tags.push({ name, attributes: Object.fromEntries([...attributes!.matchAll(/ ([a-z-]+)(?:="([^"]*)")?/gi)].map(([, key, value]) => [key, decoded(value ?? '')])) })
      if (!/^(meta|link|input|rect)$/.test(name)) open.push(name)
    }
  }
  if (open.length > 0) throw new Error(`${open} is not closed`)
  return { tags, text: texts.join(''), style, script }
}

/** The pages of files of these names, with this content. */
async function pagesOf (directory: string, files: Record<string, unknown>): Promise<string[]> {
  const paths = Object.entries(files).map(([name, content]) => {
    fs.writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content))
    return join(directory, name)
  })
  const { code, stdout, stderr } = await view([...paths, '--html'])
  if (code !== 0 || stdout !== paths.map(path => `${path}.html\n`).join('')) throw new Error(`${code} ${stdout} ${stderr}`)
  return paths.map(path => fs.readFileSync(`${path}.html`, 'utf8'))
}

const FILES = ['request.json', 'gateway.json', 'value.json', 'wide.json', 'events.jsonl']

t.test('a page opens with what failed and why, then what happened, then the circumstances', async t => {
  const [page = ''] = await pagesOf(t.testdir(), { 'request.json': dumpOf('request.json') })
  const { text } = parse(page)
  const order = ['500', 'POST /orders/8812', 'TypeError: Cannot read properties', '2026-11-20T21:43:56.123Z', '1.618 s', 'Error', 'at priceOf (', 'CatalogError: no price',
    'Timeline', '⋮ 1.303 s', 'catalog is slow', 'as above', 'request completed', 'params', 'body', 'no invoice in the box', 'user-agent', '182.4 MB', '2 older lines']
  let at = text.indexOf('</title>')
  for (const part of order) {
    const found = text.indexOf(part, at + 1)
    t.ok(found > at, part)
    at = found
  }
  t.match(page, /<li class="own">at priceOf /)
  t.match(page, /<li>at process\.processTicksAndRejections /)
})

t.test('a page needs nothing and asks nobody, and its policy forbids it to', async t => {
  const pages = await pagesOf(t.testdir(), Object.fromEntries(FILES.map(name => [name, fs.readFileSync(dumpFile(name), 'utf8')])))
  for (const page of pages) {
    const { tags, style, script } = parse(page)
    const links = tags.flatMap(({ attributes }) => ['src', 'href', 'srcset', 'action', 'data', 'poster', 'xlink:href', 'style'].flatMap(name => attributes[name] ?? []))
    t.strictSame(links, ['data:,'], 'the icon: without it a browser asks for one')
    t.notMatch(style, /@import|url\(/)
    t.notMatch(script, /fetch|XMLHttp|WebSocket|import|http|innerHTML|eval/)
    const policy = tags.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')!.attributes.content!
    const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    t.equal(policy, `default-src 'none'; style-src ${digest(style)}; script-src ${digest(script)}; img-src data:; base-uri 'none'; form-action 'none'`)
    t.match(style, /prefers-color-scheme: dark[^]*@media print/)
  }
})

/** Fields that decide how others are shown. */
const KEPT = /started|\.time$|timestamp|severity|\.kind|\.stack/

t.test('no field gets out of its text', async t => {
  const attack = '"\'`></title></style></script></pre><script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;<!-- ]]>\u202e\x1b[31m'
  // Twice: times and stacks that are no longer understood are shown as well.
  const cases = FILES.flatMap(name => [false, true].map(all => ({ name, file: `${all}-${name}`, all, paths: [] as string[], content: '' })))
  for (const one of cases) {
    one.content = fs.readFileSync(dumpFile(one.name), 'utf8').split(one.name.endsWith('l') ? /\n(?=.)/ : /^(?!)/).map(document =>
      JSON.stringify(changed(JSON.parse(document), (text, path) => !one.all && KEPT.test(path) ? text : `«${one.paths.push(path) - 1}»${attack}`))).join('\n')
  }
  const [plain, ...pages] = (await pagesOf(t.testdir(), { plain: dumpOf('request.json'), ...Object.fromEntries(cases.map(({ file, content }) => [file, content])) })).map(page => ({ page, ...parse(page) }))
  const names = (tags: Array<{ name: string, attributes: object }>): string[] => [...new Set(tags.flatMap(({ name, attributes }) => Object.keys(attributes).map(key => `${name} ${key}`).concat(name)))]
  const known = new Set([...names(plain!.tags), 'details', 'details class', 'summary', 'summary class', 'pre'])
  for (const [index, { page, tags, text, style, script }] of pages.entries()) {
    const { file, all, paths } = cases[index]!
    t.strictSame([style, script], [plain!.style, plain!.script], `${file}: style and script are ours`)
    t.strictSame(names(tags).filter(name => !known.has(name)), [], 'no element and no attribute is theirs')
    t.notMatch(page, /\u202e|\x1b/, 'nothing turns the text') // eslint-disable-line no-control-regex
    t.ok(text.includes(attack.slice(0, 20)), 'as it was')
    if (!all) t.strictSame(paths.filter((path, index) => !path.includes('suppressed') && !text.includes(`«${index}»`)), [], 'each is shown')
  }
})

t.test('a value stays in its attribute', t => {
  t.equal(html`<a title="${'">\'<&'}">${'">\'<&'}</a>`.markup, '<a title="&quot;&gt;&#39;&lt;&amp;">&quot;&gt;&#39;&lt;&amp;</a>')
  t.end()
})

t.test('what is long opens with a click, whole', async t => {
  const dump = dumpOf('request.json')
  dump.log[1].long = `${'x'.repeat(5000)}end`
  dump.extra = { deep: { a: { b: { c: { d: [{ e: 1, f: [1, { g: 2 }] }] } } } } }
  const [page = ''] = await pagesOf(t.testdir(), { 'dump.json': dump })
  t.match(page, /<details class="long"><summary>x{300} <span class="rest">… \[4,703 more characters\]<\/span><\/summary><pre>x{5000}end<\/pre><\/details>/)
  t.match(parse(page).text, /deepab1 value\s*c1 value\s*d1 value\s*02 values\s*e1\s*f2 values\s*01\s*1\{ g: 2 \}/, 'so is what is nested deeply')
})

t.test('a page is written beside its dump, or where one says; over an older page, over nothing else', async t => {
  const directory = t.testdir({ 'mine.html': '<!doctype html>\n<p>mine' })
  fs.copyFileSync(dumpFile('value.json'), join(directory, 'value.json'))
  const write = async (...args: string[]) => await view(args, { cwd: directory })
  t.strictSame(await write('--html', 'value.json'), { code: 0, stdout: 'value.json.html\n', stderr: '' }, 'the option may come first')
  t.equal(fs.statSync(join(directory, 'value.json.html')).mode & 0o777 & ~0o640, 0, 'nobody may read it who may not read the dump')
  fs.appendFileSync(join(directory, 'value.json.html'), 'old')
  t.match(await write('value.json', '--html'), { code: 0 })
  t.match(fs.readFileSync(join(directory, 'value.json.html'), 'utf8'), /<\/html>\n$/)
  t.match(await write('value.json', '--html', 'page.html'), { code: 0, stdout: 'page.html\n' })
  for (const name of ['mine.html', 'value.json']) {
    const before = fs.readFileSync(join(directory, name), 'utf8')
    t.match(await write('value.json', '--html', name), { code: 1, stdout: '', stderr: `pino-blackbox: ${name} is there already and is no page of a dump: it was left as it is\n` })
    t.equal(fs.readFileSync(join(directory, name), 'utf8'), before)
  }
  t.match(await write('value.json', '--html', 'none/page.html'), { code: 1, stderr: /^pino-blackbox: none\/page\.html cannot be written: ENOENT/ })
})
