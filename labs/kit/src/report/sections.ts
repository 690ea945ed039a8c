import { assertionText, formatValue, type Unit } from '../figure.ts'
import { percentileMs } from '../load/latency.ts'
import { latencyOfArm, samplesOf } from './charts.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'

const OUTCOMES = { holds: ['yes', '✓'], fails: ['no', '✗'], unknown: ['unknown', '?'] } as const

const show = (unit: Unit, value: number | null): string => formatValue(unit, value ?? Number.NaN)

/** What was claimed before anything ran, and beside each claim what came of it, round by round. */
export function thresholdsSection(report: Report): Markup {
  const arms = [...new Set(report.thresholds.map(({ arm }) => arm))]
  const texts = [...new Set(report.thresholds.map(({ text }) => text))]
  return html`<section><h2>What was claimed beforehand</h2>
<p>These thresholds stand in the lab's source. They are counts and shares, so that a slow laptop alone cannot decide them. Each must hold in every round.</p>
<div class="scroll"><table class="claims"><thead><tr><th>Claim</th>${arms.map((arm) => html`<th class="n">${arm}</th>`)}</tr></thead><tbody>
${texts.map((text) => html`<tr><td>${text}</td>${arms.map((arm) => claimCell(report, arm, text))}</tr>`)}
</tbody></table></div>
<p class="eyebrow label">${engineLabel(report)}</p>
<details><summary>What the figures mean</summary><dl>${report.measures.map(({ name, text }) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl></details></section>`
}

/** `0 · 0 ✓`: each round's value, and whether the claim held. */
function claimCell(report: Report, arm: string, text: string): Markup {
  const claimed = report.thresholds.some(
    (threshold) => threshold.arm === arm && threshold.text === text,
  )
  const found = report.findings.filter(
    (finding) => finding.arm === arm && assertionText(finding.assertion) === text,
  )
  if (!claimed) return html`<td class="n"></td>`
  if (found.length === 0) return html`<td class="n">not measured</td>`
  return html`<td class="n">${found.map(({ assertion: statement }, index) => {
    const [name, mark] = OUTCOMES[statement.outcome]
    return html`${index > 0 && html`<span class="dot"> · </span>`}${show(statement.unit, statement.value)} <span class="${name}">${mark}</span>`
  })}</td>`
}

/** The largest load that something is claimed of, in numbers that can be read from the last row. */
export function headline(report: Report): Markup | undefined {
  const claimed = report.arms.filter(
    ({ name, context: previousRunSection }) =>
      !previousRunSection && samplesOf(report, name).length > 0,
  )
  const arm = claimed.reduce<Report['arms'][number] | undefined>(
    (most, one) => (most === undefined || one.online > most.online ? one : most),
    undefined,
  )
  if (arm === undefined) return undefined
  const loads = samplesOf(report, arm.name).map(({ load }) => load)
  const owed = loads.map(({ deliveries }) => deliveries)
  const tiles: [string, number][] = [
    ['people online', arm.online],
    ['messages sent', total(loads.map(({ sends }) => sends.due))],
    ['deliveries owed', total(owed.map(({ expected }) => expected))],
    ['lost', total(owed.map(({ lost }) => lost))],
    ['late', total(owed.map(({ late }) => late))],
    ['not answered', total(loads.map(({ sends, reads }) => sends.errors + reads.errors))],
  ]
  return html`<div class="tiles">${tiles.map(([name, value], index) => html`<div><b class="${index > 2 && value > 0 && 'no'}">${show('count', value)}</b>${name}</div>`)}</div>
<p class="eyebrow">${arm.name}, ${loads.length === 1 ? 'one round' : `${loads.length} rounds together`}, on ${arm.engine?.text ?? 'an unknown engine'}</p>`
}

export const engineLabel = (report: Report): string => {
  const labels = [...new Set(report.arms.flatMap(({ engine }) => engine?.text ?? []))]
  return labels.length === 0 ? 'no engine: none was started' : labels.join('; ')
}

/** Absolute times and loads: they decide nothing, and whoever asks for them finds them. */
export function timesTable(report: Report, previous: Report | undefined): Markup | undefined {
  if (report.samples.length === 0) return undefined
  const rows = report.arms.filter(({ name }) => samplesOf(report, name).length > 0)
  const before = (arm: string, kind: 'sends' | 'deliveries', percentile: number): string =>
    previous === undefined || samplesOf(previous, arm).length === 0
      ? '–'
      : show('ms', percentileMs(latencyOfArm(previous, arm, kind), percentile))
  const last = previous === undefined ? [] : ['before']
  const ms = (arm: string, kind: 'sends' | 'deliveries', percentile: number): Markup[] => [
    html`<td class="n">${show('ms', percentileMs(latencyOfArm(report, arm, kind), percentile))}</td>`,
    ...last.map(() => html`<td class="n">${before(arm, kind, percentile)}</td>`),
  ]
  const headings = [
    'Answered, p50',
    'Answered, p99',
    'At the socket, p50',
    'At the socket, p99',
  ].flatMap((heading) => [heading, ...last])
  return html`<h3>In figures</h3>
<p>From the moment a message was due to be sent, all rounds together. Times are context: they belong to this machine and decide nothing.</p>
<div class="scroll"><table><thead><tr><th>Arm</th><th class="n">Messages due</th><th class="n">Deliveries owed</th>${headings.map((heading) => html`<th class="n">${heading}</th>`)}</tr></thead><tbody>
${rows.map(({ name }) => {
  const loads = samplesOf(report, name).map(({ load }) => load)
  return html`<tr><td>${name}</td><td class="n">${show('count', total(loads.map(({ sends }) => sends.due)))}</td><td class="n">${show('count', total(loads.map(({ deliveries }) => deliveries.expected)))}</td>${ms(name, 'sends', 50)}${ms(name, 'sends', 99)}${ms(name, 'deliveries', 50)}${ms(name, 'deliveries', 99)}</tr>`
})}</tbody></table></div>`
}

/** A run beside another, and whether the two may be compared at all. */
export function beside(report: Report, previous: Report | undefined): Markup | undefined {
  if (previous === undefined) return undefined
  const engines = (of: Report): string =>
    [...new Set(of.arms.flatMap(({ engine }) => engine?.text ?? []))].join(', ')
  const trees = (of: Report): string =>
    of.stages.map(({ stage, tree }) => `stage ${stage} ${tree.slice(0, 12)}`).join(', ')
  const different = [
    ...(engines(report) === engines(previous) ? [] : ['the engine']),
    ...(report.environment.text === previous.environment.text ? [] : ['the machine']),
    ...(trees(report) === trees(previous) ? [] : ['the code']),
  ]
  const rows: [string, string, string][] = [
    ['Verdict', report.verdict, previous.verdict],
    ['Begun', formatUtc(report.startedAt), formatUtc(previous.startedAt)],
    ['Engine', engines(report), engines(previous)],
    ['Machine', report.environment.text, previous.environment.text],
    ['Code', trees(report), trees(previous)],
  ]
  const how =
    different.length === 0
      ? 'Same engine, same machine, same code: what differs is chance, or what else the machine did.'
      : `Not alike in ${list(different)}: compare shapes, not digits.`
  return html`<section><h2>Beside the run before</h2><p>${how} Broken lines in the curves are the run before.</p>
<div class="scroll"><table><thead><tr><th></th><th>This run</th><th>The run before</th></tr></thead><tbody>${rows.map(([name, now, then]) => html`<tr><td>${name}</td><td>${now}</td><td>${then}</td></tr>`)}</tbody></table></div></section>`
}

export const formatUtc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const list = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' and $1')
