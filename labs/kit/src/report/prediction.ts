import { formatValue, type Unit } from '../figure.ts'
import { html, type Markup } from './markup.ts'
import type { QuestionReport, Report } from './schema.ts'

/** A longer reason is shortened on the first screen and complete under “Doubt it”. */
const MAX_REASON = 160

/** The prediction beside the measured outcome, question by question. */
export function predictionSection(report: Report): Markup {
  const { questions, prediction, lab, control } = report
  const { answers, reason } = prediction
  // A negative control changes the answers, so a wrong one reveals nothing.
  const measured = report.verdict !== 'could-not-run'
  const shortened =
    reason !== undefined && reason.length > MAX_REASON
      ? `${reason.slice(0, MAX_REASON).trimEnd()}…`
      : reason
  return html`<section class="prediction"><h2>Your prediction</h2>
${
  answers === undefined &&
  html`<p>${prediction.line} <code>npx threshold lab ${lab.id}</code> asks for one.</p>`
}
<ol>${questions.map((question, index) => {
    const answer = answers?.[index]
    const score = prediction.scores[index]
    const reveals =
      measured && control === undefined && score !== 'exact' && typeof answer === 'number'
        ? revealedBy(question, answer)
        : undefined
    return html`<li>${question.text}<div class="outcome"><dl>
${answers !== undefined && html`<div><dt>You</dt><dd>${shownAnswer(question.unit, answer)}</dd></div>`}
${measured && html`<div><dt>Measured</dt><dd>${shown(question.unit, question.value)}</dd></div>`}
</dl>${measured && score !== undefined && html`<b class="score">${score}</b>`}</div>
${reveals !== undefined && html`<p>${reveals}</p>`}</li>`
  })}</ol>
${shortened !== undefined && html`<p class="reason">Your reason: “${shortened}”</p>`}</section>`
}

/** The explanation of the wrong answer that the prediction falls into. */
export const revealedBy = (question: QuestionReport, answer: number): string | undefined =>
  question.wrongAnswers.find(({ answer: [from, to] }) => from <= answer && answer <= to)?.reveals

const shown = (unit: Unit, value: number | null): string => formatValue(unit, value ?? Number.NaN)

const shownAnswer = (unit: Unit, answer: number | null | undefined): string =>
  answer === null || answer === undefined ? 'passed' : formatValue(unit, answer)
