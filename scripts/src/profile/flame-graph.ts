import { readFile } from 'node:fs/promises'
import { html, raw } from '@threshold/lab-kit/markup'
import { type Frame, IDLE, largestOwn } from './profiles.ts'

/** `time`: wall time in milliseconds. `memory`: what was allocated and is still in use, in KiB. */
export type ProfileKind = 'time' | 'memory'

interface FlameGraph {
  readonly title: string
  readonly kind: ProfileKind
  readonly tree: Frame
}

const UNITS = { time: 'ms', memory: 'KiB' } as const

const TOP = 15
const D3 = new URL('../dist/d3.min.js', import.meta.resolve('d3'))
const FLAME_GRAPH = new URL('d3-flamegraph.umd.min.js', import.meta.resolve('d3-flame-graph'))

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
main { margin: 1.5rem auto; max-width: 100rem; padding: 0 1rem }
h1 { font-size: 1.4rem }
h2 { font-size: 1.1rem }
table { border-collapse: collapse; max-width: 100% }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; overflow-wrap: anywhere }
td + td, th + th { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.d3-flame-graph-label { color: #000 }
#details { min-height: 1.5em; overflow-wrap: anywhere }
input, button { font: inherit; padding: .2rem .6rem }
`

const SCRIPT = `
const element = (id) => document.getElementById(id)
const chart = flamegraph.default()
  .cellHeight(18)
  .inverted(true)
  .minFrameSize(1)
  .width(element('chart').clientWidth)
  .setLabelHandler(({ data }) => data.name + ': ' + data.value.toFixed(1) + ' ' + UNIT)
  .setDetailsHandler((text) => { element('details').textContent = text ?? '' })
  .setSearchHandler((found, sum, total) => {
    const share = (100 * sum / total).toFixed(1) + '%'
    element('details').textContent = 'frames found: ' + found.length + ', ' + share
  })
d3.select('#chart').datum(tree).call(chart)
const children = tree.children.filter(({ name }) => name !== IDLE)
const value = children.reduce((sum, child) => sum + child.value, 0)
element('find').oninput = ({ target }) =>
  target.value ? chart.search(target.value) : chart.clear()
element('busy').hidden = children.length === tree.children.length
element('busy').onclick = () => chart.update({ ...tree, value, children })
element('all').onclick = () => chart.update(tree)
`

/** A page with the flame graph, in one file that needs no network. */
export async function flameGraphPage({ title, kind, tree }: FlameGraph): Promise<string> {
  const [d3, flameGraph] = await Promise.all([readFile(D3, 'utf8'), readFile(FLAME_GRAPH, 'utf8')])
  const total = tree.value || 1
  const share = (value: number): string => `${((100 * value) / total).toFixed(1)}%`
  const idle = tree.children.find(({ name }) => name === IDLE)?.value ?? 0
  const unit = UNITS[kind]
  const intro = {
    time: `${share(total - idle)} of ${(total / 1_000).toFixed(1)} s at work, and idle the rest of the time. A frame is as wide as the wall time of a function with the functions that it called, which are below it.`,
    memory: `${(tree.value / 1_024).toFixed(1)} MiB were allocated meanwhile and were still in use at the end, by samples. A frame is as wide as what a function and the functions that it called, which are below it, have allocated of them.`,
  }[kind]
  const rows = largestOwn(tree, TOP).map(
    ({ name, value }) => html`<tr><td>${name}<td>${value.toFixed(1)}<td>${share(value)}\n`,
  )
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${title}</title>
<style>${raw(STYLE)}</style></head><body><main>
<h1>${title}</h1>
<p>${intro} Click a frame to enlarge it.</p>
<p><label>Find <input id="find" type="search" placeholder="a function or a file"></label>
<button id="busy" type="button">Hide the idle time</button>
<button id="all" type="button">Show all</button></p>
<p id="details"></p>
<div id="chart"></div>
<h2>Most in the function itself</h2>
<table><thead><tr><th>Function<th>${unit}<th>Share</thead><tbody>
${rows}</tbody></table>
</main>
<script>${raw(d3)}</script>
<script>${raw(flameGraph)}</script>
<script>
const tree = ${raw(JSON.stringify(tree).replaceAll('<', '\\u003c'))}
const IDLE = ${raw(JSON.stringify(IDLE))}
const UNIT = ${raw(JSON.stringify(unit))}
${raw(SCRIPT)}
</script></body></html>
`
  return page.markup
}
