import { formatValue } from '../figure.ts'
import { percentileMs } from '../load/latency.ts'
import { cacheMissesOf } from '../run/engine-counters.ts'
import { latencyOfArm, measuredArms, samplesOf, sum } from './arm-samples.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'
import { titleOf } from './titles.ts'

/** Absolute times. They do not affect the verdict. */
export function timesTable(report: Report, previous: Report | undefined): Markup | undefined {
  if (report.samples.length === 0) return undefined
  const rows = measuredArms(report)
  const columns = [
    ['Answered, p50', 'sends', 50],
    ['Answered, p99', 'sends', 99],
    ['At the socket, p50', 'deliveries', 50],
    ['At the socket, p99', 'deliveries', 99],
  ] as const
  const time = (run: Report, arm: string, kind: 'sends' | 'deliveries', percentile: number) =>
    samplesOf(run, arm).length === 0
      ? '–'
      : formatValue('ms', percentileMs(latencyOfArm(run, arm, kind), percentile))
  const headings = [
    'Messages due',
    'Deliveries expected',
    ...columns.flatMap(([heading]) => (previous === undefined ? [heading] : [heading, 'previous'])),
  ]
  const cells = (arm: string): string[] => {
    const loads = samplesOf(report, arm).map(({ load }) => load)
    return [
      formatValue('count', sum(loads.map(({ sends }) => sends.due))),
      formatValue('count', sum(loads.map(({ deliveries }) => deliveries.expected))),
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
    ({ name, title }) =>
      html`<tr><td>${title}</td>${cells(name).map((cell) => html`<td class="n">${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`
}

/** The machine's side of every trial. */
export function trialsTable(report: Report, label: string): Markup {
  const rows = report.samples.map(({ arm, round, stage, engine, load, machine }) => [
    `${titleOf(report, arm)}, round ${round}`,
    formatValue('bytes', stage.memoryBytes ?? Number.NaN),
    formatValue('ms', stage.gapMaxMs ?? Number.NaN),
    formatValue('count', cacheMissesOf(engine)),
    formatValue('ms', load.generator.lagP99Ms),
    machine.loadAverage.toFixed(1),
  ])
  const headings = [
    'Trial',
    'Stage memory',
    'Longest event-loop gap',
    'Engine cache misses',
    'Generator lag, p99',
    'Load average',
  ]
  const numeric = (column: number): string => (column === 0 ? '' : 'n')
  return html`<h3>Every trial: stage, engine, generator</h3>
<div class="scroll"><table>
<thead><tr>${headings.map((text, i) => html`<th class="${numeric(i)}">${text}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td class="${numeric(i)}">${cell}</td>`)}</tr>`,
  )}</tbody>
</table></div><p class="eyebrow label">${label}</p>`
}
