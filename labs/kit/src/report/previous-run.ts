import { engineNames, formatUtc } from './labels.ts'
import { html, type Markup } from './markup.ts'
import type { PreviousRun, Report } from './schema.ts'

/** The previous run beside this one, and whether the two are comparable. */
export function previousRunSection(report: Report, previous: PreviousRun): Markup | undefined {
  const title = html`<h3>Comparison with the previous run</h3>`
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
<thead><tr><td></td><th scope="col">This run</th><th scope="col">Previous run</th></tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div></section>`
}

const list = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' and $1')
