// Resident memory and backlog over time, with the faults marked: an SVG of plain shapes.

const [WIDTH, LEFT, RIGHT, TOP, HEIGHT, GAP] = [1200, 70, 190, 30, 230, 60]
const COLOURS = { jsonl: '#2b8a3e', parquet: '#7048e8', http: '#e8590c', exporter: '#1971c2' }
const MB = 2 ** 20

const escaped = said => said.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x, y, said, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(said)}</text>`

/** A number that is nice to read, at or above `most`. */
function ceiling (most) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)))
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(step => step * power).find(step => step >= most)
}

/** Axes of a panel, and a function that draws a series of [ms, value] into it. */
function panel ({ top, span, most, title, unit }) {
  const x = ms => LEFT + ms / span * (WIDTH - LEFT - RIGHT)
  const y = value => top + HEIGHT - value / most * HEIGHT
  const lines = [0, 0.25, 0.5, 0.75, 1].map(share => `<path d="M${LEFT} ${y(share * most)}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
    text(LEFT - 6, y(share * most) + 4, (share * most).toLocaleString('en', { maximumFractionDigits: 1 }), 'text-anchor="end"'))
  const minutes = span > 180_000
  const step = ceiling(span / (minutes ? 60_000 : 1000) / 12)
  for (let at = 0; at * (minutes ? 60_000 : 1000) <= span; at += step) {
    lines.push(text(x(at * (minutes ? 60_000 : 1000)), top + HEIGHT + 16, `${at}`, 'text-anchor="middle"'))
  }
  lines.push(text(LEFT, top - 10, `${title}, ${unit}`, 'font-weight="bold"'), text(WIDTH - RIGHT + 8, top + HEIGHT + 16, minutes ? 'min' : 's'))
  const draw = (series, colour) => series.length === 0 ? '' : `<path fill="none" stroke="${colour}" stroke-width="1.4" d="M${series.map(([ms, value]) => `${x(ms).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}"/>`
  return { x, lines, draw }
}

/** At most so many points to a series: the highest of each stretch. */
function thinned (series, most = 1500) {
  const each = Math.ceil(series.length / most)
  if (each <= 1) return series
  return Array.from({ length: Math.ceil(series.length / each) }, (_, at) => series.slice(at * each, (at + 1) * each).reduce((a, b) => b[1] > a[1] ? b : a))
}

export function plot ({ samples: lives, faults }) {
  const all = lives.flatMap(({ samples }) => samples)
  const span = Math.max(1000, ...all.slice(-1).map(({ at }) => at), ...faults.map(({ to }) => to))
  const kinds = Object.keys(COLOURS)
  const pending = (sample, kind) => sample.outputs.find(output => output.kind === kind)?.pendingRecords ?? 0
  const highest = values => values.reduce((most, value) => Math.max(most, value), 0)
  const memory = panel({ top: TOP, span, most: ceiling(highest(all.map(({ rss }) => rss / MB)) * 1.05), title: 'Resident memory of the application', unit: 'MiB' })
  const below = TOP + HEIGHT + GAP
  const backlog = panel({ top: below, span, most: ceiling(highest(all.flatMap(sample => kinds.map(kind => pending(sample, kind))))), title: 'Lines that wait in each output', unit: 'lines' })

  // Numbers stand for the faults, in the order in which their names first come.
  const names = [...new Set(faults.map(({ name }) => name))]
  const bands = faults.flatMap(({ name, from, to }) => {
    const [left, width] = [memory.x(from), Math.max(1.5, memory.x(to) - memory.x(from))]
    return [
      `<rect x="${left.toFixed(1)}" y="${TOP}" width="${width.toFixed(1)}" height="${below + HEIGHT - TOP}" fill="${name.startsWith('SIGKILL') ? '#fa5252' : '#868e96'}" opacity="0.18"><title>${escaped(name)}</title></rect>`,
      text(left + width / 2, below - 26, `${names.indexOf(name) + 1}`, 'text-anchor="middle" fill="#495057"')
    ]
  })
  const legend = names.map((name, at) => text(WIDTH - RIGHT + 12, TOP + 12 + at * 15, `${at + 1} ${name}`))
  const keys = kinds.map((kind, at) => text(WIDTH - RIGHT + 12, below + 12 + at * 15, kind, `fill="${COLOURS[kind]}" font-weight="bold"`))
  const series = lives.flatMap(({ samples }) => [
    memory.draw(thinned(samples.map(({ at, rss }) => [at, rss / MB])), '#212529'),
    ...kinds.map(kind => backlog.draw(thinned(samples.map(sample => [sample.at, pending(sample, kind)])), COLOURS[kind]))
  ])
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${below + HEIGHT + 30}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${[...bands, ...memory.lines, ...backlog.lines, ...series, ...legend, ...keys].join('\n')}
</svg>
`
}
