import { posix } from 'node:path'
import { LOGO } from '@threshold/page/design'
import { describeBusiest } from '../run/busiest.ts'
import { claimBars } from './claim-bars.ts'
import { claimPicture } from './claim-picture.ts'
import { engineLabel, engineNames, formatUtc, measuredOn } from './labels.ts'
import { html, type Markup, raw } from './markup.ts'
import { predictionSection } from './prediction.ts'
import { bulletList, listedReasons } from './reasons.ts'
import type { Report } from './schema.ts'

/** The verdict is about the hypothesis. Whether the stage broke is another question. */
export const VERDICTS = {
  supported: { word: 'Hypothesis supported', meaning: 'Every threshold held in every round.' },
  refuted: { word: 'Hypothesis refuted', meaning: 'At least one threshold failed in every round.' },
  inconclusive: {
    word: 'Inconclusive',
    meaning: 'A threshold held in some rounds only. A larger size may decide.',
  },
  'could-not-run': {
    word: 'Could not run',
    meaning: 'The lab could not measure enough for a verdict. This says nothing about the stage.',
  },
  none: {
    word: 'No verdict',
    meaning: 'A demonstration, whose figures decide nothing.',
  },
} as const

/** Everything that a reader needs in twenty seconds. It fits 1280 × 720 pixels. */
export function firstScreen(report: Report, repository: string): Markup {
  const couldNotRun = report.verdict === 'could-not-run'
  return html`<header class="first">
${titleBar(report)}
${banners(report)}
${couldNotRun ? failure(report) : result(report, repository)}
</header>`
}

function titleBar({ lab, size, startedAt, seconds, verdict }: Report): Markup {
  const { word, meaning } = VERDICTS[verdict]
  return html`<div class="bar">${raw(LOGO)}<b>Lab ${lab.id}, ${lab.title}</b>
<span class="run">${size} · ${formatUtc(startedAt)} · ${Math.round(seconds)} s</span>
<span class="verdict"><b>${word}.</b> ${meaning}</span></div>`
}

/** The kinds of runs that are easily taken for a measurement of this machine. */
function banners(report: Report): Markup {
  const { control, recorded, startedAt, environment } = report
  const source = `${startedAt.slice(0, 10)} on ${engineLabel(report)}, ${environment.text}`
  return html`${
    recorded &&
    html`<p class="banner"><b>Recorded run</b> of ${source}; not measured on this machine.</p>`
  }${
    control !== undefined &&
    html`<p class="banner"><b>Negative control.</b> This run must be refuted: ${control}.</p>`
  }`
}

function result(report: Report, repository: string): Markup {
  const { lab, headline, questions } = report
  // Three questions fill the right column.
  const manyQuestions = questions.length > 2
  return html`<p class="question">${lab.question}</p>
<h1>${headline.sentence ?? lab.question}</h1>
<div class="columns"><div>
${claimBars(claimPicture(report), measuredOn(report))}
${whySection(report, repository)}
${manyQuestions && nextSection(report)}
</div><div>
${predictionSection(report)}
${!manyQuestions && nextSection(report)}
</div></div>`
}

function whySection({ headline, verdict }: Report, repository: string): Markup {
  const { file, line, text } = headline.code
  const isContradicted = verdict === 'refuted' || verdict === 'inconclusive'
  return html`<section class="why"><h2>${isContradicted ? 'Why it was expected' : 'Why'}</h2>
<p>${headline.why} <a href="${encodeURI(`${repository}/${file}`)}" title="${file}"
>${posix.basename(file)}:${line}</a></p><pre><code>${text}</code></pre></section>`
}

function nextSection({ next }: Report): Markup {
  if (next === null)
    return html`<section class="next"><h2>Next</h2><p>This was the last lab. <code>npx threshold lab list</code></p></section>`
  return html`<section class="next"><h2>Next</h2>
<p>Lab ${next.id}, ${next.title} <code>${next.command}</code></p></section>`
}

/** The reasons and the next step. There is nothing else to read first without a verdict. */
function failure(report: Report): Markup {
  const { lab, rerun, nextStep, busiest } = report
  const steps = (nextStep ?? rerun).split('; or ')
  return html`<p class="question">${lab.question}</p>
<h1>The lab could not run. This says nothing about the stage.</h1>
<div class="columns"><div><section>${bulletList('Reasons', listedReasons(report))}${
    busiest.length > 0 &&
    html`<p>Busiest programs: ${describeBusiest(busiest)} of this machine’s CPU.</p>`
  }<p class="eyebrow">${startedEngines(report)} ${report.environment.text}.</p></section></div>
<div><section class="next"><h2>Next step</h2><ul class="reasons">${steps.map(
    (step) => html`<li>${commandsAsCode(step)}</li>`,
  )}</ul></section>
${predictionSection(report)}</div></div>`
}

const startedEngines = (report: Report): string =>
  engineNames(report).length === 0
    ? 'No engine was started.'
    : `The lab had started ${engineLabel(report)}.`

const COMMAND = /(npx threshold [a-z]+(?: (?:\d+\.\d+|--[a-z-]+))*)/

const commandsAsCode = (step: string): Markup =>
  html`${step.split(COMMAND).map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
