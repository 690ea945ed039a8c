import { formatValue } from '../figure.ts'
import { LATE_TEXT } from './charts.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'
import { titleOf } from './titles.ts'

/** Everything that a reader needs in order to check the figures. */
export function provenanceSection(report: Report): Markup {
  const { environment: machine, stages, arms, discarded, samples } = report
  const average = machine.loadAverage.map((value) => value.toFixed(2)).join(', ')
  const free = formatValue('bytes', machine.freeBytes)
  return html`<section><h3>Provenance</h3><dl>
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
<dd>${discarded.map(({ arm, round, reason }) => `${titleOf(report, arm)}, round ${round}: ${reason}. `)}</dd>`
}
</dl></section>`
}

function armEntry(arm: Report['arms'][number]): Markup {
  const { title, stage, stageTitle, load, fault, intervention, engine, context, env } = arm
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  const sentences = [
    `stage ${stage}, ${stageTitle}${engine === undefined ? '' : ` on ${engine.text}`}.`,
    `${load}.`,
    ...(fault === undefined ? [] : [`Fault: ${fault}.`]),
    ...(intervention === undefined ? [] : [`Intervention: ${intervention}.`]),
    ...(context ? ['It has no threshold.'] : []),
  ]
  return html`<dt>${title}</dt>
<dd>${sentences.join(' ')}${
    variables.length > 0 && html` <code>${variables.join(' ')}</code>`
  }</dd>`
}
