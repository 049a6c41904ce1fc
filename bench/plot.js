// Drawings of a report, as SVG: how far each figure is from its goal, and what more of something costs.

const STYLE = 'text{font:12px system-ui,sans-serif;fill:#222}.dim{fill:#777}.met{fill:#2e7d52}.missed{fill:#c0552b}.range{stroke:#222}.grid{stroke:#ddd}.axis{stroke:#777}' +
  '@media (prefers-color-scheme:dark){text{fill:#ddd}.dim{fill:#999}.range{stroke:#ddd}.grid{stroke:#444}.axis{stroke:#999}}'
const COLOURS = ['#2e7d52', '#c0552b', '#3465a4', '#8a5fbf', '#a07d00']

const LABEL = 640
const SCALE = 320
const VALUE = 180
const ROW = 20
const HEAD = 36
/** Of the scale of goals: a tenth of the goal to ten times as good. */
const DECADES = 1

const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x, y, words, attributes = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escape(words)}</text>`
const line = (x1, y1, x2, y2, kind) => `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" class="${kind}"/>`
const svg = (width, height, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><style>${STYLE}</style>\n${parts.join('\n')}\n</svg>\n`

/**
 * A bar from the goal to what was measured, to the right where it is better. `rows`: `{ what, shown, times }`, `times` being how many times
 * as good as the goal the median was, the worst and the best round.
 */
export function goalsPlot (title, rows) {
  const x = times => LABEL + SCALE / 2 * (1 + Math.max(-1, Math.min(1, Math.log10(times) / DECADES)))
  const height = HEAD + rows.length * ROW + 24
  const grid = [0.1, 0.2, 0.5, 1, 2, 5, 10].flatMap(times => [
    line(x(times), HEAD - 6, x(times), height - 20, times === 1 ? 'axis' : 'grid'),
    text(x(times), height - 6, times === 1 ? 'goal' : `${times} ×`, 'text-anchor="middle" class="dim"')
  ])
  const bars = rows.flatMap(({ what, shown, times: [median, worst, best] }, at) => {
    const y = HEAD + at * ROW
    const [from, to] = [x(1), x(median)].sort((a, b) => a - b)
    return [
      text(LABEL - 10, y + 10, what, 'text-anchor="end"'),
      `<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, to - from).toFixed(1)}" height="${ROW - 7}" class="${median >= 1 ? 'met' : 'missed'}"/>`,
      line(x(worst), y + 6.5, x(best), y + 6.5, 'range'),
      text(LABEL + SCALE + 10, y + 10, shown)
    ]
  })
  return svg(LABEL + SCALE + VALUE, height, [text(10, 18, title, 'font-weight="600"'), ...grid, ...bars])
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT] = [440, 280, 76, 40, 40, 24]

/** Curves over a logarithmic axis. `charts`: `{ title, unit, curves: [{ name, points: [[x, y]] }] }`, drawn side by side. */
export function curvesPlot (charts) {
  return svg(WIDTH * charts.length, HEIGHT, charts.flatMap((chart, at) => curves(chart, at * WIDTH)))
}

function curves ({ title, unit, curves }, left) {
  const all = curves.flatMap(({ points }) => points)
  const xs = [...new Set(all.map(([x]) => x))].sort((a, b) => a - b)
  const most = Math.max(...all.map(([, y]) => y))
  const [from, to] = [xs[0], xs.at(-1)].map(Math.log10)
  const X = value => left + LEFT + (Math.log10(value) - from) / (to - from || 1) * (WIDTH - LEFT - RIGHT)
  const Y = value => HEIGHT - BOTTOM - value / most * (HEIGHT - TOP - BOTTOM)
  return [
    text(left + 10, 18, title, 'font-weight="600"'),
    ...[0, 0.5, 1].flatMap(part => [
      line(left + LEFT, Y(most * part), left + WIDTH - RIGHT, Y(most * part), part === 0 ? 'axis' : 'grid'),
      text(left + LEFT - 6, Y(most * part) + 4, Math.round(most * part).toLocaleString('en'), 'text-anchor="end" class="dim"')
    ]),
    ...xs.map(x => text(X(x), HEIGHT - BOTTOM + 16, x.toLocaleString('en'), 'text-anchor="middle" class="dim"')),
    text(left + LEFT, HEIGHT - 6, unit, 'class="dim"'),
    ...curves.flatMap(({ name, points }, at) => [
      `<polyline fill="none" stroke="${COLOURS[at]}" stroke-width="2" points="${points.map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`).join(' ')}"/>`,
      `<text x="${left + LEFT + 8}" y="${TOP + 16 + at * 15}" style="fill:${COLOURS[at]}">${escape(name)}</text>`
    ])
  ]
}
