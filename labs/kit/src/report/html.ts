import { doubtSection } from './doubt.ts'
import { firstScreen, VERDICTS } from './first-screen.ts'
import { measuredOn } from './labels.ts'
import { html, type Markup, raw } from './markup.ts'
import { drawPicture, selectPictures } from './pictures.ts'
import { bulletList, listedReasons, saysItAll } from './reasons.ts'
import type { PreviousRun, Report } from './schema.ts'
import { STYLE } from './style.ts'

/**
 * Renders a self-contained page from report.json. It opens from disk and needs no network.
 *
 * @param repository the relative URL from the page's folder to the repository, for links to code
 */
export function renderReport(report: Report, previous: PreviousRun = {}, repository = '.'): string {
  const { lab } = report
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>Lab ${lab.id}, ${lab.title}: ${VERDICTS[report.verdict].word}</title>
<style>${raw(STYLE)}</style></head><body><main>
${firstScreen(report, repository)}
${reasonsSection(report)}
${picturesSection(report, previous.report)}
${doubtSection(report, previous)}
${rerunSection(report)}
</main></body></html>
`
  return page.markup
}

/** The reasons of a supported hypothesis are in the table of expectations. */
function reasonsSection(report: Report): Markup | undefined {
  const { verdict, notes } = report
  const reasons = verdict === 'could-not-run' ? [] : listedReasons(report)
  if (reasons.length + notes.length === 0) return undefined
  return html`<section>${
    reasons.length > 0 && bulletList(saysItAll(report) ? 'Not known' : 'Reasons', reasons)
  }${notes.length > 0 && bulletList('Conclusions', notes)}</section>`
}

function picturesSection(report: Report, previous: Report | undefined): Markup | undefined {
  const { named } = selectPictures(report)
  if (report.verdict === 'could-not-run' || named.length === 0) return undefined
  return html`<section><h2>Measurements</h2>
${named.map((name) => drawPicture(name, report, previous, measuredOn(report)))}</section>`
}

function rerunSection({ rerun, samples, recorded }: Report): Markup {
  const title = recorded ? 'Run it on this machine' : 'Run it again'
  return html`<section><h2>${title}</h2><p><code>${rerun}</code></p>
<p>The same seed gives the same schedule.${
    !recorded && ' The report of the next run compares it with this one.'
  } Programs find all figures in <code>report.json</code>${
    samples.length > 0 &&
    !recorded &&
    html` and every send and delivery in <code>samples/</code> (gzipped JSON lines)`
  }, in the folder of this page.</p></section>`
}
