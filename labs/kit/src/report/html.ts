import { formatValue } from '../figure.ts'
import { cacheMissesOf } from '../run/engine-counters.ts'
import { caveatsOf } from '../run/sample.ts'
import { coresChart, LATE_TEXT, percentileChart, samplesOf, timelineChart } from './charts.ts'
import { stepsChart, throughputChart } from './charts-by-load.ts'
import { html, type Markup, raw } from './markup.ts'
import type { PreviousRun, Report } from './schema.ts'
import {
  engineLabel,
  formatUtc,
  headline,
  previousRunSection,
  thresholdsSection,
  timesTable,
} from './sections.ts'
import { STYLE } from './style.ts'

const VERDICTS = {
  supported: ['Supported', 'Every threshold held in every round.'],
  refuted: ['Refuted', 'At least one threshold failed in every round.'],
  inconclusive: [
    'Inconclusive',
    'A threshold held in some rounds and failed in others. A larger size may decide.',
  ],
  'could-not-run': [
    'Could not run',
    'The lab could not measure enough for a verdict. This says nothing about the stage.',
  ],
  none: ['No verdict', 'This is a demonstration. Its figures decide nothing.'],
} as const

/** Renders a self-contained page from report.json. It opens from disk and needs no network. */
export function renderReport(report: Report, previous: PreviousRun = {}): string {
  const { lab } = report
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>Lab ${lab.id}, ${lab.title}: ${VERDICTS[report.verdict][0]}</title>
<style>${raw(STYLE)}</style></head><body><main>
${headerSection(report)}
${thresholdsSection(report)}
${measurementsSection(report, previous.report)}
${previousRunSection(report, previous)}
${provenanceSection(report)}
${rerunSection(report)}
</main></body></html>
`
  return page.markup
}

function headerSection(report: Report): Markup {
  const [word, meaning] = VERDICTS[report.verdict]
  const { lab, control, verdict, reasons, notes, prediction, size, startedAt, seconds } = report
  const facts = [
    ['Hypothesis', lab.hypothesis],
    ['Prediction', prediction.line],
    ['Engine', engineLabel(report)],
    ['Machine', report.environment.text],
  ]
  // The table of expectations already gives the reasons for a supported hypothesis.
  const listed = verdict === 'supported' ? caveatsOf(report.samples) : reasons
  return html`<header class="top">
<p class="eyebrow">Threshold · Lab ${lab.id}, ${lab.title} · ${size}
 · ${formatUtc(startedAt)} · ${Math.round(seconds)} s</p>
<h1>${lab.question}</h1>
${
  control !== undefined &&
  html`<p class="control"><b>Negative control.</b> This run must be refuted: ${control}.</p>`
}
<dl>${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>
<div class="verdict ${verdict}"><b>${word}</b><span>${meaning}</span></div>
${headline(report)}
${listed.length > 0 && bulletList(verdict === 'supported' ? 'Not known' : 'Reasons', listed)}
${notes.length > 0 && bulletList('Conclusions', notes)}</header>`
}

const bulletList = (title: string, items: readonly string[]): Markup =>
  html`<h3>${title}</h3><ul class="reasons">${items.map((item) => html`<li>${item}</li>`)}</ul>`

function measurementsSection(report: Report, previous: Report | undefined): Markup | undefined {
  if (report.samples.length === 0) return undefined
  const label = `${engineLabel(report)}; ${report.environment.text}.`
  const figure = (title: string, picture: Markup, text: string): Markup =>
    html`<h3>${title}</h3><figure>${picture}
<figcaption>${text}<span class="label">${label}</span></figcaption></figure>`
  const reads = report.samples.some(({ load }) => load.reads.due > 0)
  return html`<section><h2>Measurements</h2>
${figure(
  'Failures by load',
  stepsChart(report),
  `Late deliveries (${LATE_TEXT}), lost deliveries, and sends and reads without an answer in time.
   All rounds together. The dashed line is the threshold.`,
)}
${figure(
  'Deliveries by load',
  throughputChart(report),
  `Each message is expected at every socket of its guild. If the bars stay below the dots, the
   stage does not keep up with the load.`,
)}
${figure(
  'Time until a message reached every socket',
  percentileChart(report, 'deliveries', previous),
  `Measured from the moment the message was due, so that time in a queue counts. The axis gives
   90%, 99% and 99.9% equal room: the slowest deliveries are at the right end.`,
)}
${figure(
  'Time until a send was answered',
  percentileChart(report, 'sends', previous),
  'From the moment the send was due to its acknowledgement.',
)}
${
  reads &&
  figure(
    'Time until a page of history was read',
    percentileChart(report, 'reads', previous),
    'Fifty messages of a channel, from the moment the read was due.',
  )
}
${figure(
  'Second by second',
  timelineChart(report),
  `Sends that were due and sends that were answered, in the first round of each arm. The schedule
   is fixed before the run and does not wait for answers.`,
)}
${figure(
  'CPU use',
  coresChart(report),
  `Mean over all rounds while the load ran. The load generator is a separate process, so that its
   CPU does not count as the stage’s.`,
)}
${timesTable(report, previous)}${trialsTable(report, label)}</section>`
}

function trialsTable(report: Report, label: string): Markup {
  const rows = report.samples.map(({ arm, round, stage, engine, load, machine }) => [
    `${arm}, round ${round}`,
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
  return html`<details><summary>Every trial: stage, engine, generator</summary>
<div class="scroll"><table>
<thead><tr>${headings.map((text, i) => html`<th class="${numeric(i)}">${text}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td class="${numeric(i)}">${cell}</td>`)}</tr>`,
  )}</tbody>
</table></div><p class="eyebrow label">${label}</p></details>`
}

/** Everything that a reader needs in order to check the figures. */
function provenanceSection(report: Report): Markup {
  const { environment: machine, stages, arms, discarded, samples } = report
  const average = machine.loadAverage.map((value) => value.toFixed(2)).join(', ')
  const free = formatValue('bytes', machine.freeBytes)
  return html`<section><h2>Provenance</h2><dl>
${arms.map(armEntry)}
<dt>Machine</dt>
<dd>${machine.text}, ${machine.os}; load average at the start ${average}; ${free} of memory free</dd>
${stages.map(
  ({ stage, tree, files }) =>
    html`<dt>Stage ${stage}, code</dt>
<dd><code>${tree}</code> over ${files} files: its imports, its stage.json and the lockfile</dd>`,
)}
<dt>Load</dt>
<dd>open: the time of every send is fixed before the run, and no send waits for the answer to
another. ${samples.length > 0 && `Late means ${LATE_TEXT}.`}</dd>
${
  discarded.length > 0 &&
  html`<dt>Discarded trials</dt>
<dd>${discarded.map(({ arm, round, reason }) => `${arm}, round ${round}: ${reason}. `)}</dd>`
}
</dl></section>`
}

function armEntry(arm: Report['arms'][number]): Markup {
  const { name, stage, stageTitle, load, fault, intervention, engine, context, env } = arm
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const sentences = [
    `stage ${stage}, ${stageTitle}${engine === undefined ? '' : ` on ${engine.text}`}.`,
    `${load}.`,
    ...(fault === undefined ? [] : [`Fault: ${fault}.`]),
    ...(intervention === undefined ? [] : [`Intervention: ${intervention}.`]),
    ...(context ? ['It has no threshold.'] : []),
  ]
  return html`<dt>${name}</dt>
<dd>${sentences.join(' ')}${
    variables.length > 0 && html` <code>${variables.join(' ')}</code>`
  }</dd>`
}

function rerunSection(report: Report): Markup {
  const measured = report.arms.some(({ name }) => samplesOf(report, name).length > 0)
  return html`<section><h2>Run it again</h2><p><code>${report.rerun}</code></p>
<p>The same seed gives the same schedule. The report of the next run compares it with this one.
Programs find all figures in <code>report.json</code>${
    measured && html` and every send and delivery in <code>samples/</code> (gzipped JSON lines)`
  }, both in the folder of this page.</p></section>`
}
