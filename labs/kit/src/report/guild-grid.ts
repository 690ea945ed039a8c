import { samplesOf } from './arm-samples.ts'
import { brokenFirst } from './claim-picture.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'

/** From best to worst. The worse the state, the larger its mark, for readers without colours. */
const STATES = [
  { state: 'o', text: 'all messages delivered in time', color: 'var(--good)', size: 0.45 },
  { state: 'l', text: 'a delivery was late', color: 'var(--warn)', size: 0.7 },
  { state: 'x', text: 'a send failed or a delivery was lost', color: 'var(--bad)', size: 0.9 },
] as const

/** The gap between two seconds of different states, in seconds. */
const MARGIN = 0.04
const GRID_HEIGHT = 220
const ROW_HEIGHT = { min: 2, max: 20 } as const

/** The states of one arm's guilds in the last round. */
interface ArmGrid {
  readonly title: string
  readonly fault: string | undefined
  readonly rows: readonly string[]
  readonly seconds: number
}

/** Undefined if no guild sent anything. */
export function guildGrid(report: Report): Markup | undefined {
  const grids = brokenFirst(report.arms).flatMap(({ name, title, fault }): ArmGrid[] => {
    const rows = (samplesOf(report, name).at(-1)?.load.guilds ?? []).map(({ states }) => states)
    if (rows.every((row) => /^\.*$/.test(row))) return []
    return [{ title, fault, rows, seconds: Math.max(...rows.map((row) => row.length)) }]
  })
  if (grids.length === 0) return undefined
  return html`<ul class="legend">${STATES.map(
    ({ text, color }) => html`<li><i class="bar" style="color:${color}"></i>${text}</li>`,
  )}</ul><div class="grids">${grids.map(drawGrid)}</div>`
}

function drawGrid({ title, fault, rows, seconds }: ArmGrid): Markup {
  const { min, max } = ROW_HEIGHT
  const height = Math.min(max, Math.max(min, GRID_HEIGHT / rows.length)) * rows.length
  const label = `${title}: ${rows.length} guilds, ${seconds} seconds`
  return html`<div><h4>${title}</h4>
<svg role="img" aria-label="${label}" viewBox="0 0 ${seconds} ${rows.length}"
 preserveAspectRatio="none" style="height:${Math.round(height)}px">${STATES.map(
   ({ state, color, size }) => html`<path fill="${color}" d="${marks(rows, state, size)}"/>`,
 )}</svg>
<p class="axis"><span>second 1</span><span>${seconds}</span></p>
<p class="eyebrow">${rows.length} rows, one for each guild.${fault !== undefined && ` Fault: ${fault}.`}</p></div>`
}

/** A bar in the middle of the row for each run of seconds with the state. */
const marks = (rows: readonly string[], state: string, size: number): string =>
  rows
    .flatMap((row, y) =>
      [...row.matchAll(new RegExp(`${state}+`, 'g'))].map(({ index, 0: run }) => {
        const gap = (1 - size) / 2
        const left = (index + MARGIN).toFixed(2)
        const width = (run.length - 2 * MARGIN).toFixed(2)
        return `M${left} ${(y + gap).toFixed(2)}h${width}v${size}h-${width}z`
      }),
    )
    .join('')
