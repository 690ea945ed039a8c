import { formatValue, type Unit } from '../figure.ts'
import type { Bar, ClaimPicture, Panel } from './claim-picture.ts'
import { html, type Markup } from './markup.ts'
import type { ArmReport } from './schema.ts'

/** A mark beside the colour, for readers who do not tell red from green. */
const STATUSES: Readonly<Record<ArmReport['status'], readonly [mark: string, meaning: string]>> = {
  broke: ['✗', 'the stage broke'],
  held: ['✓', 'the stage held'],
  unknown: ['–', 'no threshold decides'],
}

/** Draws the claimed figures as horizontal bars in HTML, which fit any width. */
export function claimBars({ panels, zero }: ClaimPicture, label: string): Markup | undefined {
  if (panels.length + zero.length === 0) return undefined
  return html`<figure class="claim"><div class="panels">${panels.map(drawPanel)}</div>
<figcaption>${panels.length > 0 && legend(panels)}
${zero.length > 0 && html`<span>0 in every arm: ${zero.join(', ')}.</span> `}<span
class="label">${label}</span></figcaption></figure>`
}

function legend(panels: readonly Panel[]): Markup {
  const bars = panels.flatMap((panel) => panel.bars)
  const shown = new Set(bars.map(({ status }) => status))
  const statuses = (['broke', 'held', 'unknown'] as const).filter((status) => shown.has(status))
  const rounds = Math.max(...bars.map(({ values }) => values.length))
  return html`<span class="key">${statuses.map((status) => {
    const [mark, meaning] = STATUSES[status]
    return html`<span class="${status}"><b>${mark}</b> ${meaning}</span> `
  })}<span><i class="limit"></i>threshold</span>${
    rounds > 1 &&
    html` <span><i class="dot"></i>each of ${rounds} rounds; the bar is the last</span>`
  }</span>`
}

const drawPanel = (panel: Panel): Markup =>
  html`<div class="panel"><h2>${panel.title}</h2><ul>${panel.bars.map((bar) =>
    drawBar(panel, bar),
  )}</ul></div>`

function drawBar({ unit, max }: Panel, { title, status, values, thresholds }: Bar): Markup {
  const [mark, meaning] = STATUSES[status]
  const last = values.at(-1) ?? null
  const percent = (value: number | null): string =>
    `${max > 0 ? Math.min(100, Math.max(0, (100 * (value ?? 0)) / max)).toFixed(2) : '0'}%`
  const claims = thresholds.map(({ relation, value }) => `${relation} ${formatValue(unit, value)}`)
  return html`<li class="${status}"><span class="arm"><b title="${meaning}">${mark}</b> ${title}</span>
<span class="value"><b>${show(unit, last)}</b>${
    claims.length > 0 && html` <small>claim ${claims.join(', ')}</small>`
  }</span>
<div class="track">${
    last !== null && last > 0 && html`<div class="fill" style="width:${percent(last)}"></div>`
  }${thresholds.map(({ value }) => html`<i class="limit" style="left:clamp(3px, ${percent(value)}, calc(100% - 3px))"></i>`)}${
    values.length > 1 &&
    values.map(
      (value) =>
        html`<i class="dot" style="left:clamp(3px, ${percent(value)}, calc(100% - 3px))"></i>`,
    )
  }</div></li>`
}

const show = (unit: Unit, value: number | null): string => formatValue(unit, value ?? Number.NaN)
