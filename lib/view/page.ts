// A report as one page that needs nothing else: it asks nobody for anything, and nothing in a dump can make it do so.
import { createHash } from 'node:crypto'
import { titleOf, type Fault } from './fault.js'
import { html, raw, type Markup } from './markup.js'
import { SCRIPT, STYLE } from './page-look.js'
import { counted, fold, folded } from './text.js'
import { elapsed, relative } from './time.js'
import { entriesOf, inline, isCompact, isNested, toneOf, type Entry } from './value.js'
import { LEVELS } from '../levels.js'
import type { Report } from './report.js'
import type { Row, Timeline } from './timeline.js'

/** How every page begins: what else lies under a page's name is not ours to write over. */
export const BEGINNING = '<!doctype html>\n<html lang="en" data-made-by="pino-blackbox">\n'

/** Characters of a value that are there at once; the whole one opens with a click. */
const SHORT = 300
/** Of a key in a table, and of a level. */
const KEY = 60
const LEVEL = 12
/** Of what opens. */
const LONG = 100_000
const MOST_FIELDS = 200
const MOST_ENTRIES = 1000
const MOST_NESTED = 16
/** Levels of nesting that are open. */
const OPEN = 3
const COMPACT = 80

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const POLICY = `default-src 'none'; style-src ${digest(STYLE)}; script-src ${digest(SCRIPT)}; img-src data:; base-uri 'none'; form-action 'none'`

export function renderPage (report: Report): string {
  const { name, badge, title, summary, facts, fault, timeline, sections, notes } = report
  const bad = Number(badge) >= 400
  return BEGINNING + html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${folded([badge, title, fault?.type].filter(Boolean).join(' · '), SHORT)}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${badge ? html`<span class="badge${bad ? ' bad' : ''}">${badge}</span>` : undefined}${long(title)}</h1>
${summary ? html`<div class="summary">${long(summary)}</div>` : undefined}
${facts.length > 0 ? html`<dl class="facts">${facts.map(([label, text]) => html`<div><dt>${label}</dt><dd>${long(text)}</dd></div>`)}</dl>` : undefined}
</header>
<main>
${fault && hasMore(fault) ? html`<section><h2>Error</h2>${faultBody(fault)}</section>` : undefined}
${timeline && timeline.rows.length > 0 ? timelineSection(timeline) : undefined}
<div class="more">${sections.map(({ title, value }) => html`<section><h2>${title}</h2>${tree(value)}</section>
`)}</div>
${notes.length > 0 ? html`<ul class="notes">${notes.map(note => html`<li>${long(note)}</li>`)}</ul>` : undefined}
</main>
<footer>${name} · pino-blackbox view</footer>
<script>${raw(SCRIPT)}</script>
</body>
</html>
`.markup
}

const hasMore = ({ frames, causes, fields }: Fault): boolean => frames.length > 0 || causes.length > 0 || isNested(fields)

function faultBody (fault: Fault): Markup {
  const { entries, more } = entriesOf(fault.fields, MOST_FIELDS)
  return html`${entries.length > 0 ? html`<div class="fields">${fieldList(entries, more)}</div>` : undefined}
${fault.frames.length > 0 ? html`<ol class="stack">${fault.frames.map(({ text, own }) => html`<li${raw(own ? ' class="own"' : '')}>${folded(text, LONG)}</li>`)}</ol>` : undefined}
${fault.causes.map(({ how, fault }) => html`<div class="cause"><div class="how">${how}</div><div class="title">${long(titleOf(fault))}</div>${faultBody(fault)}</div>`)}`
}

function timelineSection ({ shared, rows }: Timeline): Markup {
  const times = rows.flatMap(({ at }) => at ?? [])
  const [first, last] = times.reduce(([least, most], at) => [Math.min(least, at), Math.max(most, at)], [0, 0])
  const scale = { first: first!, whole: Math.max(1, last! - first!) }
  let before = scale.first
  return html`<section><div class="tools"><input id="find" type="search" placeholder="filter" aria-label="Show lines with this text"><select id="least" aria-label="Lowest level">
${Object.entries(LEVELS).map(([label, level]) => html`<option value="${level}">${label}</option>`)}</select></div><h2>Timeline</h2>
${shared.length > 0 ? html`<div class="fields shared">${fieldList(shared, 0)}</div>` : undefined}
<table class="lines">${rows.map((row, index) => {
  const markup = rowOf(row, index, times.length > 0 ? lane(row, before, scale) : undefined)
  before = row.at ?? before
  return markup
})}</table></section>
`
}

function rowOf (row: Row, index: number, lane: Markup | undefined): Markup {
  // A line without a level is never filtered out by its level.
  const rank = (LEVELS as Record<string, number>)[row.tone] ?? LEVELS.fatal
  const at = row.at === undefined ? lane ? '' : `#${index + 1}` : relative(row.at)
  return html`<tr class="${row.tone}${row.gap === undefined ? '' : ' gapped'}" data-rank="${rank}"><td class="at">${row.gap === undefined ? undefined : html`<small>⋮ ${elapsed(row.gap)}</small>`}${at}</td>${lane}<td class="level">${fold(row.level, LEVEL).head}</td><td class="said">${
    row.message ? html`<span class="msg">${long(row.message)}</span>` : undefined}<span class="fields">${fieldList(row.entries, row.more)}</span>${
    row.fault && row.known ? html`<div><span class="title">${row.fault.type}</span> <span class="dim">as above</span></div>` : undefined}${
    row.fault && !row.known ? html`<div class="cause"><div class="title">${long(titleOf(row.fault))}</div>${faultBody(row.fault)}</div>` : undefined}</td></tr>
`
}

/** The time that went by before a line, as a part of the whole. */
function lane ({ at, gap }: Row, before: number, { first, whole }: { first: number, whole: number }): Markup {
  const part = (ms: number): string => ((ms - first) / whole * 98).toFixed(2)
  if (at === undefined) return html`<td class="lane"></td>`
  const from = Math.min(before, at)
  return html`<td class="lane"><svg viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="${elapsed(at - from)} after the line before"><rect class="track" x="0" y="8" width="100" height="4"/><rect class="${gap === undefined ? 'bar' : 'gap'}" x="${part(from)}" y="8" width="${((at - from) / whole * 98).toFixed(2)}" height="4"/><rect class="now" x="${part(at)}" y="4" width="2" height="12"/></svg></td>`
}

function fieldList (entries: Entry[], more: number): Markup[] {
  const fields = entries.map(({ key, text, tone }) => html`<span><span class="k">${folded(key, SHORT)}</span><span class="e">=</span><span class="${tone}">${long(text)}</span></span> `)
  return more > 0 ? [...fields, html`<span class="dim">${more} more</span>`] : fields
}

/** A long text opens with a click. */
function long (text: string): Markup {
  const { head, rest } = fold(text, SHORT)
  return rest ? html`<details class="long"><summary>${head} <span class="rest">${rest.trim()}</span></summary><pre>${folded(text, LONG)}</pre></details>` : html`${text}`
}

function tree (value: unknown, depth = 0): Markup {
  if (!isNested(value) || depth === MOST_NESTED || (depth > 0 && isCompact(value, COMPACT))) {
    const text = typeof value === 'string' && value.trim() !== '' ? value : inline(value)
    return html`<span class="${toneOf(value)}">${long(text)}</span>`
  }
  const entries = Object.entries(value)
  const table = html`<table class="kv">${entries.slice(0, MOST_ENTRIES).map(([key, inner]) => html`<tr><th>${folded(key, KEY)}</th><td>${tree(inner, depth + 1)}</td></tr>
`)}</table>${entries.length > MOST_ENTRIES ? html`<span class="dim">${counted(entries.length - MOST_ENTRIES, 'more value')}</span>` : undefined}`
  return depth < OPEN ? table : html`<details><summary class="dim">${counted(entries.length, 'value')}</summary>${table}</details>`
}
