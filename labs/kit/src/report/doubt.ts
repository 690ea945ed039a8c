import { thresholdsSection } from './expectations.ts'
import { VERDICTS } from './first-screen.ts'
import { measuredOn } from './labels.ts'
import { html, type Markup } from './markup.ts'
import { drawPicture, selectPictures } from './pictures.ts'
import { previousRunSection } from './previous-run.ts'
import { provenanceSection } from './provenance.ts'
import type { PreviousRun, Report } from './schema.ts'
import { timesTable, trialsTable } from './tables.ts'

/** Everything that a reader needs in order to check the first screen, folded away. */
export function doubtSection(report: Report, previous: PreviousRun): Markup {
  const { lab, prediction, samples, verdict } = report
  const { named, others } = selectPictures(report)
  const folded = verdict === 'could-not-run' ? [...named, ...others] : others
  const label = measuredOn(report)
  return html`<details class="doubt"><summary>Doubt it</summary>
<section><h3>Hypothesis</h3><p>${lab.hypothesis}</p>
<p><b>${VERDICTS[verdict].word}.</b> ${VERDICTS[verdict].meaning}</p>${
    prediction.reason !== undefined &&
    html`<h3>Your reason</h3><p class="reason">${prediction.reason}</p>`
  }</section>
${thresholdsSection(report)}
${
  folded.length > 0 &&
  html`<section>${folded.map((name) => drawPicture(name, report, previous.report, label))}</section>`
}
${
  samples.length > 0 &&
  html`<section>${timesTable(report, previous.report)}${trialsTable(report, label)}</section>`
}
${previousRunSection(report, previous)}
${provenanceSection(report)}</details>`
}
