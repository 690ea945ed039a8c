import { formatValue } from '../figure.ts'
import { type Bar, claimPicture, type Panel } from './claim-picture.ts'
import { html, type Markup, raw } from './markup.ts'
import type { ArmReport, Report } from './schema.ts'
import { COLORS } from './style.ts'

/** Narrow, so that the text is legible on a phone. */
const WIDTH = 480
const MARGIN = 14
const TRACK = 290
const LINE = 19
const LETTERS_PER_LINE = 58

const STYLES = `svg { background: var(--surface); }
text { font: 14px var(--sans); fill: var(--text); }
.title { font-weight: 650; font-size: 15px; }
.small { fill: var(--muted); font-size: 13px; }
.track { fill: var(--neutral); }
.broke { fill: var(--bad); } .held { fill: var(--good); } .unknown { fill: var(--c6); }
.limit { fill: var(--text); }`

const COMMENT = /\/\*.*?\*\/\n/s

const MARKS: Readonly<Record<ArmReport['status'], string>> = {
  broke: '✗ broke:',
  held: '✓ held:',
  unknown: '–',
}

/**
 * Draws the claimed figures of each arm with their thresholds as a stand-alone SVG, for pages that
 * show it as an image. It follows the reader's light or dark mode and describes itself in words.
 */
export function claimSvg(report: Report): string {
  const { panels, zero } = claimPicture(report)
  const rows: Markup[] = []
  let y = MARGIN
  const write = (className: string, text: string): void => {
    for (const line of wrap(text)) {
      y += LINE
      rows.push(html`<text class="${className}" x="${MARGIN}" y="${y}">${line}</text>\n`)
    }
  }
  for (const panel of panels) {
    write('title', panel.title.charAt(0).toUpperCase() + panel.title.slice(1))
    for (const bar of panel.bars) {
      write('', `${MARKS[bar.status]} ${bar.title}`)
      rows.push(drawBar(panel, bar, y + 6))
      y += LINE + 6
    }
    y += 10
  }
  if (zero.length > 0) write('small', `0 in every arm: ${zero.join(', ')}`)
  write('small', 'A vertical line is a threshold of the hypothesis.')
  const height = y + MARGIN
  const { sentence } = report.headline
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">
<title id="title">Lab ${report.lab.id}: ${sentence ?? report.lab.title}</title>
<desc id="description">${inWords(panels, zero)}</desc>
<style>${raw(COLORS.replace(COMMENT, ''))}${raw(STYLES)}</style>
${rows}</svg>`.markup
  }\n`
}

function drawBar({ unit, max }: Panel, { status, values, thresholds }: Bar, y: number): Markup {
  const value = values.at(-1) ?? null
  const x = (of: number): number =>
    max > 0 ? Math.round(TRACK * Math.min(1, Math.max(0, of / max))) : 0
  return html`<rect class="track" x="${MARGIN}" y="${y}" width="${TRACK}" height="12" rx="3"/>
<rect class="${status}" x="${MARGIN}" y="${y}" width="${Math.max(2, x(value ?? 0))}" height="12" rx="3"/>
${thresholds.map(
  (threshold) =>
    html`<rect class="limit" x="${MARGIN + x(threshold.value) - 1}" y="${y - 3}" width="2" height="18"/>\n`,
)}<text x="${MARGIN + TRACK + 10}" y="${y + 11}">${withClaim(unit, value, thresholds)}</text>\n`
}

function withClaim(
  unit: Panel['unit'],
  value: number | null,
  thresholds: Bar['thresholds'],
): string {
  const claims = thresholds.map((each) => `${each.relation} ${formatValue(unit, each.value)}`)
  const text = formatValue(unit, value ?? Number.NaN)
  return claims.length === 0 ? text : `${text} (${claims.join(', ')})`
}

function inWords(panels: readonly Panel[], zero: readonly string[]): string {
  const shown = panels.map(({ title, unit, bars }) => {
    const values = bars.map(
      (bar) => `${bar.title}: ${withClaim(unit, bar.values.at(-1) ?? null, bar.thresholds)}`,
    )
    return `${title}. ${values.join('; ')}.`
  })
  return [...shown, ...(zero.length === 0 ? [] : [`0 in every arm: ${zero.join(', ')}.`])].join(' ')
}

/** SVG does not wrap text. */
function wrap(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`.trim()
    if (lines.length > 0 && longer.length <= LETTERS_PER_LINE) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
