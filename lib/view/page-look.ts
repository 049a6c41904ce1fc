// How a page looks, and the little that it does: filtering the timeline, and opening everything before it is printed.

export const STYLE = `
:root { color-scheme: light dark; --back: #fbfbfa; --card: #fff; --ink: #1d2126; --soft: #68717d; --faint: #7b8590; --line: #e4e6e9; --tint: #f3f4f6;
  --key: #0b6e7f; --number: #8a5a00; --word: #8b3fa8; --debug: #2b62c9; --info: #1d7d46; --warn: #a86400; --error: #c62b35; --fatal: #b0102a; --bad: #fdf0f0; --own: #1d2126 }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --card: #1b1f24; --ink: #e3e6ea; --soft: #98a2ad; --faint: #7f8a96; --line: #2c3238; --tint: #22272d;
  --key: #63c3d4; --number: #dcb15c; --word: #cf93e6; --debug: #79a8ff; --info: #5fc78c; --warn: #eeb04e; --error: #ff7b80; --fatal: #ff5a68; --bad: #2a1c1f; --own: #fff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
main, header, footer { max-width: 1280px; margin: 0 auto; padding: 0 24px }
header { padding-top: 28px }
h1, .summary, .mono, pre, table, .stack, .fields, .title { font-family: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace }
h1 { margin: 0; font-size: 20px; line-height: 1.35; font-weight: 600; overflow-wrap: anywhere }
.more { columns: 2 480px; column-gap: 18px }
.more { margin-top: 18px } .more section { margin: 0 0 18px; break-inside: avoid } .more section:only-child { column-span: all }
.badge { display: inline-block; margin-right: 10px; padding: 1px 9px; border-radius: 6px; background: var(--tint); color: var(--ink); font-weight: 700 }
.badge.bad { background: var(--fatal); color: var(--card) }
.summary { margin: 12px 0 0; padding: 10px 14px; border-left: 4px solid var(--error); border-radius: 0 6px 6px 0; background: var(--bad); color: var(--error); font-size: 15px; font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere }
.facts { display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 16px 0 0 }
.facts div { min-width: 0 }
.facts dt { color: var(--soft); font-size: 12px }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
section { margin: 18px 0 0; padding: 14px 18px 16px; border: 1px solid var(--line); border-radius: 10px; background: var(--card); overflow-x: auto }
h2 { margin: 0 0 8px; font-size: 12px; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); font-weight: 650 }
.stack { margin: 6px 0 0; padding: 0; list-style: none; font-size: 13px }
.stack li { padding-left: 2.5em; text-indent: -2.5em; overflow-wrap: anywhere; color: var(--faint) }
.stack .own { color: var(--own); font-weight: 600 }
.cause { margin: 14px 0 0; padding-left: 14px; border-left: 2px solid var(--line) }
.how { color: var(--soft); font-size: 12px }
.title { color: var(--error); font-weight: 600; white-space: pre-wrap; overflow-wrap: anywhere }
.fields { font-size: 12.5px; overflow-wrap: anywhere }
.fields > span { margin-right: 10px }
.shared { margin: 0 0 10px; color: var(--soft) }
.k, .kv th { color: var(--key); font-weight: 400 } .e { color: var(--faint) }
.number { color: var(--number) } .word { color: var(--word) } .dim { color: var(--faint); font-style: italic }
.tools { display: none; float: right; gap: 8px; margin-top: -4px }
.live .tools { display: flex }
.tools input, .tools select { padding: 3px 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--back); color: var(--ink); font: inherit; font-size: 13px }
table { border-collapse: collapse; font-size: 13px }
.lines { width: 100% }
.lines td { padding: 3px 0; border-top: 1px solid var(--line); vertical-align: top }
.lines .at { width: 1%; min-width: 6em; padding-right: 10px; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; color: var(--soft) }
.lines .lane { width: 90px; padding-right: 12px }
.lane svg { display: block; width: 90px; height: 19.5px } .lane .track { fill: var(--tint) } .lane .bar { fill: var(--faint) } .lane .gap { fill: var(--warn) } .lane .now { fill: var(--ink) }
.lines .level { width: 1%; padding-right: 12px; white-space: nowrap; font-weight: 600 }
.lines .said { overflow-wrap: anywhere }
.gapped small { display: block; line-height: 18px; color: var(--warn); font-weight: 600 }
.gapped .lane, .gapped .level, .gapped .said { padding-top: 21px }
.msg { margin-right: 12px; white-space: pre-wrap; font-weight: 500 }
.trace .level { color: var(--faint) } .debug .level { color: var(--debug) } .info .level { color: var(--info) }
.warn .level, .warn .msg { color: var(--warn) } .error .level, .error .msg { color: var(--error) } .fatal .level, .fatal .msg { color: var(--fatal) }
.trace .msg, .debug .msg { font-weight: 400 } .error td, .fatal td { background: var(--bad) }
tr[hidden] { display: none }
.kv th { padding: 2px 18px 2px 0; text-align: left; vertical-align: top; white-space: nowrap }
.kv td { padding: 2px 0; vertical-align: top; overflow-wrap: anywhere; white-space: pre-wrap }
.kv .kv { margin: 0 0 4px }
details > summary { cursor: pointer } details.long { display: inline-block; max-width: 100%; vertical-align: top } details.long > summary { display: inline; list-style: none } details.long > summary::-webkit-details-marker { display: none }
.rest { padding: 0 5px; border-radius: 4px; background: var(--tint); color: var(--soft); font-size: 12px; white-space: nowrap }
details[open] > summary > .rest { color: var(--faint) }
pre { margin: 4px 0; padding: 8px 10px; max-height: 480px; overflow: auto; border-radius: 6px; background: var(--tint); white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12.5px }
.notes { margin: 18px 0 0; padding: 0; list-style: none; color: var(--warn) }
footer { padding-top: 20px; padding-bottom: 32px; color: var(--faint); font-size: 12px; overflow-wrap: anywhere }
@media (max-width: 760px) { main, header, footer { padding-left: 12px; padding-right: 12px } section { padding: 12px } .lane { display: none } }
@media print { :root { --back: #fff; --card: #fff } body { font-size: 11px } section, .more section { break-inside: auto; border-color: #ccc } .more { columns: 1 } .lines tr, li { break-inside: avoid } .live .tools { display: none } pre { max-height: none } main, header, footer { max-width: none; padding-left: 0; padding-right: 0 } }
`

export const SCRIPT = `
document.documentElement.classList.add('live')
const rows = [...document.querySelectorAll('.lines tr')]
const find = document.getElementById('find'), least = document.getElementById('least')
const filter = () => {
  const text = find.value.toLowerCase()
  for (const row of rows) row.hidden = Number(row.dataset.rank) < Number(least.value) || !row.textContent.toLowerCase().includes(text)
}
for (const input of [find, least]) input?.addEventListener('input', filter)
addEventListener('beforeprint', () => { for (const details of document.querySelectorAll('details')) details.open = true })
`
