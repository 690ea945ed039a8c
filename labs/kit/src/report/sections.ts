import { assertionText, formatValue, type Unit } from '../figure.ts'
import { percentileMs } from '../load/latency.ts'
import { latencyOfArm, samplesOf } from './charts.ts'
import { html, type Markup } from './markup.ts'
import type { PreviousRun, Report } from './schema.ts'

const OUTCOMES = { holds: ['yes', '✓'], fails: ['no', '✗'], unknown: ['unknown', '?'] } as const

const show = (unit: Unit, value: number | null): string => formatValue(unit, value ?? Number.NaN)

/** Every threshold, with its outcome in each round. */
export function thresholdsSection(report: Report): Markup {
  const arms = [...new Set(report.thresholds.map(({ arm }) => arm))]
  const texts = [...new Set(report.thresholds.map(({ text }) => text))]
  return html`<section><h2>Expectations</h2>
<p>These thresholds were in the lab's source before the run. They are counts and shares, so that a
slow machine alone does not decide them. Each must hold in every round.</p>
<div class="scroll"><table class="expectations">
<thead><tr><th>Threshold</th>${arms.map((arm) => html`<th class="n">${arm}</th>`)}</tr></thead>
<tbody>${texts.map(
    (text) => html`<tr><td>${text}</td>${arms.map((arm) => thresholdCell(report, arm, text))}</tr>`,
  )}</tbody></table></div>
<p class="eyebrow label">${engineLabel(report)}</p>
<details><summary>Meaning of the figures</summary><dl>${report.measures.map(
    ({ name, text }) => html`<dt>${name}</dt><dd>${text}</dd>`,
  )}</dl></details></section>`
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
    const dot = index > 0 && html`<span class="dot"> · </span>`
    return html`${dot}${value} <span class="${name}">${mark}</span>`
  })}</td>`
}

/** Large figures of the arm with the most users among those that have thresholds. */
export function headline(report: Report): Markup | undefined {
  const candidates = report.arms.filter(
    ({ name, context }) => !context && samplesOf(report, name).length > 0,
  )
  const arm = candidates.reduce<Report['arms'][number] | undefined>(
    (largest, candidate) =>
      largest === undefined || candidate.online > largest.online ? candidate : largest,
    undefined,
  )
  if (arm === undefined) return undefined
  const loads = samplesOf(report, arm.name).map(({ load }) => load)
  const deliveries = loads.map((load) => load.deliveries)
  const tiles: [string, number][] = [
    ['users online', arm.online],
    ['messages due', total(loads.map(({ sends }) => sends.due))],
    ['deliveries expected', total(deliveries.map(({ expected }) => expected))],
    ['lost', total(deliveries.map(({ lost }) => lost))],
    ['late', total(deliveries.map(({ late }) => late))],
    ['not answered', total(loads.map(({ sends, reads }) => sends.errors + reads.errors))],
  ]
  const rounds = loads.length === 1 ? 'one round' : `${loads.length} rounds together`
  return html`<div class="tiles">${tiles.map(
    ([name, value], index) =>
      html`<div><b class="${index > 2 && value > 0 && 'no'}">${show('count', value)}</b>${name}</div>`,
  )}</div>
<p class="eyebrow">${arm.name}, ${rounds}, on ${arm.engine?.text ?? 'an unknown engine'}</p>`
}

const engineNames = (report: Report): string[] => [
  ...new Set(report.arms.flatMap(({ engine }) => engine?.text ?? [])),
]

export const engineLabel = (report: Report): string =>
  engineNames(report).join('; ') || 'no engine: none was started'

/** Absolute times. They do not affect the verdict. */
export function timesTable(report: Report, previous: Report | undefined): Markup | undefined {
  if (report.samples.length === 0) return undefined
  const rows = report.arms.filter(({ name }) => samplesOf(report, name).length > 0)
  const columns = [
    ['Answered, p50', 'sends', 50],
    ['Answered, p99', 'sends', 99],
    ['At the socket, p50', 'deliveries', 50],
    ['At the socket, p99', 'deliveries', 99],
  ] as const
  const time = (run: Report, arm: string, kind: 'sends' | 'deliveries', percentile: number) =>
    samplesOf(run, arm).length === 0
      ? '–'
      : show('ms', percentileMs(latencyOfArm(run, arm, kind), percentile))
  const headings = [
    'Messages due',
    'Deliveries expected',
    ...columns.flatMap(([heading]) => (previous === undefined ? [heading] : [heading, 'previous'])),
  ]
  const cells = (arm: string): string[] => {
    const loads = samplesOf(report, arm).map(({ load }) => load)
    return [
      show('count', total(loads.map(({ sends }) => sends.due))),
      show('count', total(loads.map(({ deliveries }) => deliveries.expected))),
      ...columns.flatMap(([, kind, percentile]) => [
        time(report, arm, kind, percentile),
        ...(previous === undefined ? [] : [time(previous, arm, kind, percentile)]),
      ]),
    ]
  }
  return html`<h3>Times</h3>
<p>From the moment a message was due, all rounds together. Times depend on this machine and do not
affect the verdict.</p>
<div class="scroll"><table>
<thead><tr><th>Arm</th>${headings.map((text) => html`<th class="n">${text}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ name }) =>
      html`<tr><td>${name}</td>${cells(name).map((cell) => html`<td class="n">${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`
}

/** The previous run beside this one, and whether the two are comparable. */
export function previousRunSection(report: Report, previous: PreviousRun): Markup | undefined {
  const title = html`<h2>Comparison with the previous run</h2>`
  if (previous.report === undefined)
    return previous.note === undefined
      ? undefined
      : html`<section>${title}<p>${previous.note}</p></section>`
  const earlier = previous.report
  const engines = (run: Report): string => engineNames(run).join(', ')
  const code = (run: Report): string =>
    run.stages.map(({ stage, tree }) => `stage ${stage} ${tree.slice(0, 12)}`).join(', ')
  const differences = [
    ...(engines(report) === engines(earlier) ? [] : ['the engine']),
    ...(report.environment.text === earlier.environment.text ? [] : ['the machine']),
    ...(code(report) === code(earlier) ? [] : ['the code']),
  ]
  const rows: [string, string, string][] = [
    ['Verdict', report.verdict, earlier.verdict],
    ['Started', formatUtc(report.startedAt), formatUtc(earlier.startedAt)],
    ['Engine', engines(report), engines(earlier)],
    ['Machine', report.environment.text, earlier.environment.text],
    ['Code', code(report), code(earlier)],
  ]
  const comparable =
    differences.length === 0
      ? 'Same engine, same machine, same code: any difference is chance, or other work on the machine.'
      : `The runs differ in ${list(differences)}: compare the shape of the curves, not exact values.`
  return html`<section>${title}<p>${comparable} The dashed curves are the previous run.</p>
<div class="scroll"><table>
<thead><tr><th></th><th>This run</th><th>Previous run</th></tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div></section>`
}

export const formatUtc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const list = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' and $1')
