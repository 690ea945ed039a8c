import { caveatsOf } from '../run/sample.ts'
import { caveats } from './labels.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'
import { withTitles } from './titles.ts'

/** The reasons for the verdict and the lab's caveats; caveats alone where the verdict says it all. */
export function listedReasons(report: Report): string[] {
  const known = caveats(report)
  if (saysItAll(report)) return known
  const coded = caveatsOf(report.samples)
  const reasons = report.reasons.filter((reason) => !coded.includes(reason))
  return [...reasons.map((reason) => withTitles(report, reason)), ...known]
}

/** The table of expectations has the reasons for a supported hypothesis. */
export const saysItAll = ({ verdict }: Report): boolean =>
  verdict === 'supported' || verdict === 'none'

export const bulletList = (title: string, items: readonly string[]): Markup =>
  html`<h2>${title}</h2><ul class="reasons">${items.map((item) => html`<li>${item}</li>`)}</ul>`
