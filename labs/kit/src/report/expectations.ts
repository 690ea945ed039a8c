import { assertionText, formatValue, type Unit } from '../figure.ts'
import { engineLabel } from './labels.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'
import { titleOf, withTitles } from './titles.ts'

const OUTCOMES = { holds: ['yes', '✓'], fails: ['no', '✗'], unknown: ['unknown', '?'] } as const

const show = (unit: Unit, value: number | null): string => formatValue(unit, value ?? Number.NaN)

/** Every threshold, with its outcome in each round. */
export function thresholdsSection(report: Report): Markup {
  const arms = [...new Set(report.thresholds.map(({ arm }) => arm))]
  const texts = [...new Set(report.thresholds.map(({ text }) => text))]
  return html`<section><h3>Expectations</h3>
<p>These thresholds were in the lab's source before the run. They are counts and shares, so that a
slow machine alone does not decide them. Each must hold in every round.</p>
<div class="scroll"><table class="expectations">
<thead><tr><th>Threshold</th>${arms.map((arm) => html`<th class="n">${titleOf(report, arm)}</th>`)}</tr></thead>
<tbody>${texts.map(
    (text) =>
      html`<tr><td>${withTitles(report, text)}</td>${arms.map((arm) => thresholdCell(report, arm, text))}</tr>`,
  )}</tbody></table></div>
<p class="eyebrow label">${engineLabel(report)}</p>
<h3>Meaning of the figures</h3><dl>${report.measures.map(
    ({ name, text }) => html`<dt>${name}</dt><dd>${text}</dd>`,
  )}</dl></section>`
}

/** `0 ✓ · 0 ✓`: the value and the outcome of each round. */
function thresholdCell(report: Report, arm: string, text: string): Markup {
  const applies = report.thresholds.some(
    (threshold) => threshold.arm === arm && threshold.text === text,
  )
  const findings = report.findings.filter(
    (finding) => finding.arm === arm && assertionText(finding.assertion) === text,
  )
  if (!applies) return html`<td class="n"></td>`
  if (findings.length === 0) return html`<td class="n">not measured</td>`
  return html`<td class="n">${findings.map(({ assertion }, index) => {
    const [name, mark] = OUTCOMES[assertion.outcome]
    const value = show(assertion.unit, assertion.value)
    const dot = index > 0 && html`<span class="separator"> · </span>`
    return html`${dot}${value} <span class="${name}">${mark}</span>`
  })}</td>`
}
