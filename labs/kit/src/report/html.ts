import { formatValue } from '../figure.ts'
import { cacheMissesOf } from '../run/engine-counters.ts'
import { caveatsOf } from '../run/sample.ts'
import { coresChart, LATE_TEXT, percentileChart, samplesOf, timelineChart } from './charts.ts'
import { stepsChart, throughputChart } from './charts-by-load.ts'
import { html, type Markup, raw } from './markup.ts'
import type { Report } from './schema.ts'
import {
  beside,
  engineLabel,
  formatUtc,
  headline,
  thresholdsSection,
  timesTable,
} from './sections.ts'
import { STYLE } from './style.ts'

const VERDICTS = {
  supported: ['Supported', 'Every threshold held in every round.'],
  refuted: ['Refuted', 'At least one threshold held in no round.'],
  inconclusive: [
    'Inconclusive',
    'A threshold held in some rounds and not in others. A larger size may tell.',
  ],
  'could-not-run': [
    'Could not run',
    'Nothing was measured that a verdict could rest on. This says nothing about the stage.',
  ],
} as const

/**
 * A page that opens from disk, asks no network for anything, and is drawn from report.json alone.
 */
export function renderReport(report: Report, previous?: Report): string {
  const { lab } = report
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Lab ${lab.id}, ${lab.title}: ${VERDICTS[report.verdict][0]}</title><style>${raw(STYLE)}</style></head><body><main>
${headerSection(report)}${thresholdsSection(report)}${measurementsSection(report, previous)}${beside(report, previous)}${provenanceSection(report)}${rerunSection(report)}
</main></body></html>
`
  return page.markup
}

function headerSection(report: Report): Markup {
  const [word, meaning] = VERDICTS[report.verdict]
  const {
    lab,
    control: twin,
    verdict,
    reasons,
    notes,
    prediction,
    size,
    startedAt,
    seconds,
  } = report
  // Where all held, the table of claims says why; what it cannot say is what nobody knows.
  const told = verdict === 'supported' ? caveatsOf(report.samples) : reasons
  return html`<header class="top"><p class="eyebrow">Threshold · Lab ${lab.id}, ${lab.title} · ${size} · ${formatUtc(startedAt)} · ${Math.round(seconds)} s</p>
<h1>${lab.question}</h1>
${twin !== undefined && html`<p class="twin"><b>Wrong twin.</b> This run was made in order to be refuted: ${twin}.</p>`}
<dl><dt>Hypothesis</dt><dd>${lab.hypothesis}</dd><dt>Prediction</dt><dd>${prediction.line}</dd><dt>Engine</dt><dd>${engineLabel(report)}</dd><dt>Machine</dt><dd>${report.environment.text}</dd></dl>
<div class="verdict ${verdict}"><b>${word}</b><span>${meaning}</span></div>
${headline(report)}
${told.length > 0 && html`<h3>${verdict === 'supported' ? 'What is not known' : 'Why'}</h3><ul class="reasons">${told.map((reason) => html`<li>${reason}</li>`)}</ul>`}
${notes.length > 0 && html`<h3>To take home</h3><ul class="reasons">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}</header>`
}

function measurementsSection(report: Report, previous: Report | undefined): Markup | undefined {
  if (report.samples.length === 0) return undefined
  const label = `${engineLabel(report)}; ${report.environment.text}.`
  const figure = (title: string, picture: Markup, text: string): Markup =>
    html`<h3>${title}</h3><figure>${picture}<figcaption>${text}<span class="label">${label}</span></figcaption></figure>`
  const reads = report.samples.some(({ load }) => load.reads.due > 0)
  return html`<section><h2>What was measured</h2>
${figure('What went wrong, by load', stepsChart(report), `Deliveries that came late (${LATE_TEXT}) or never, and sends and reads that nobody answered in time. All rounds together. The broken line is what was claimed.`)}
${figure('How much was delivered, by load', throughputChart(report), 'One message is due at every socket of its guild. Where the bars fall short of the dots, the stage no longer keeps up.')}
${figure('How long a message took to every socket', percentileChart(report, 'deliveries', previous), 'From the moment it was due to be sent, so that waiting in line counts too. The axis gives each nine the same room: the right end is where the unlucky are.')}
${figure('How long a sender waited for the answer', percentileChart(report, 'sends', previous), 'From the moment the send was due to its acknowledgement.')}
${reads && figure('How long a page of history took', percentileChart(report, 'reads', previous), 'The latest fifty messages of a channel, from the moment the read was due.')}
${figure('Second by second', timelineChart(report), 'Sends due and sends answered, in the first round of each arm. The schedule is made beforehand and waits for nobody.')}
${figure('Who used the machine', coresChart(report), 'CPU while the load ran, mean of all rounds. The load generator is a process of its own; what it uses is not the stage’s.')}
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
  const heads = [
    'Visit',
    'Stage memory',
    'Longest event-loop gap',
    'Engine cache misses',
    'Generator lag, p99',
    'Load average',
  ]
  return html`<details><summary>Every visit: stage, engine, generator</summary><div class="scroll"><table><thead><tr>${heads.map((head, index) => html`<th class="${index === 0 ? '' : 'n'}">${head}</th>`)}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class="${index === 0 ? '' : 'n'}">${cell}</td>`)}</tr>`)}</tbody></table></div><p class="eyebrow label">${label}</p></details>`
}

/** Everything one needs in order to doubt the figures. */
function provenanceSection(report: Report): Markup {
  const { environment: machine, stages, arms, discarded, samples } = report
  const [one, five, fifteen] = machine.loadAverage
  return html`<section><h2>Where this comes from</h2><dl>
${arms.map(
  ({ name, stage, stageTitle, load, fault, intervention: deed, engine, context: beside, env }) =>
    html`<dt>${name}</dt><dd>stage ${stage}, ${stageTitle}${engine !== undefined && html` on ${engine.text}`}. ${load}.${fault !== undefined && html` Fault: ${fault}.`}${deed !== undefined && html` Meanwhile: ${deed}.`}${
      Object.keys(env).length > 0 &&
      html` <code>${Object.entries(env)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ')}</code>`
    }${beside && ' Nothing is claimed of it.'}</dd>`,
)}
<dt>Machine</dt><dd>${machine.text}, ${machine.os}; load average at the start ${one.toFixed(2)}, ${five.toFixed(2)}, ${fifteen.toFixed(2)}; ${formatValue('bytes', machine.freeBytes)} of memory free</dd>
${stages.map(({ stage, tree, files }) => html`<dt>Stage ${stage}, code</dt><dd><code>${tree}</code> over ${files} files: all it imports, its stage.json and the lockfile</dd>`)}
<dt>Load</dt><dd>open: every send has its moment beforehand, and none waits for another's answer. ${samples.length > 0 && `Late means ${LATE_TEXT}.`}</dd>
${discarded.length > 0 && html`<dt>Not counted</dt><dd>${discarded.map(({ arm, round, why }) => html`${arm}, round ${round}: ${why}. `)}</dd>`}
</dl></section>`
}

function rerunSection(report: Report): Markup {
  const raws = report.arms.filter(({ name }) => samplesOf(report, name).length > 0)
  return html`<section><h2>Run it again</h2><p><code>${report.rerun}</code></p>
<p>The same seed gives the same schedule. A second run is set beside this one by itself. The figures for programs are in <code>report.json</code>${raws.length > 0 && html`, every single send and delivery in <code>samples/</code> (JSON lines, gzipped)`}, both beside this page.</p></section>`
}
